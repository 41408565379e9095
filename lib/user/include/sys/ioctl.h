/* SPDX-License-Identifier: MIT */
#pragma once

#include <asm/ioctls.h>
#include <asm/termios.h>
#include <linux/ioctl.h>

int ioctl(int fd, unsigned long request, ...);
