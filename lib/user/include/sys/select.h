/* SPDX-License-Identifier: MIT */
#pragma once

#include <linux/time.h>

#define FD_SETSIZE 1024

typedef struct {
	unsigned long __words[FD_SETSIZE / (8 * sizeof(unsigned long))];
} fd_set;

#define __FD_BITS         (8 * sizeof(unsigned long))
#define __FD_WORD(fd, set) ((set)->__words[(unsigned)(fd) / __FD_BITS])
#define __FD_BIT(fd)      (1UL << ((unsigned)(fd) % __FD_BITS))
#define FD_ZERO(set)      (*(set) = (fd_set){{0}})
#define FD_SET(fd, set)   ((void)(__FD_WORD(fd, set) |= __FD_BIT(fd)))
#define FD_CLR(fd, set)   ((void)(__FD_WORD(fd, set) &= ~__FD_BIT(fd)))
#define FD_ISSET(fd, set) ((__FD_WORD(fd, set) & __FD_BIT(fd)) != 0)

int select(int fds, fd_set *readable, fd_set *writable, fd_set *exceptional,
           struct timeval *timeout);
