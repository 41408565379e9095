/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/statfs.h>
