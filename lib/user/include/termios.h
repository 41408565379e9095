/* SPDX-License-Identifier: MIT */
#pragma once

#include <asm/termios.h>
#include <sys/types.h>

#define TCSANOW   0
#define TCSADRAIN 1
#define TCSAFLUSH 2

int tcgetattr(int fd, struct termios *);
int tcsetattr(int fd, int when, const struct termios *);
int tcflush(int fd, int queue);
void cfmakeraw(struct termios *);
