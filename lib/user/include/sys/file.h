/* SPDX-License-Identifier: MIT */
#pragma once

#include <fcntl.h>

int flock(int fd, int operation);
