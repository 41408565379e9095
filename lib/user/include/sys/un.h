/* SPDX-License-Identifier: MIT */
#pragma once

#include <linux/un.h>
