/* SPDX-License-Identifier: MIT */
#pragma once

#include <asm/poll.h>

typedef unsigned long nfds_t;

int poll(struct pollfd *files, nfds_t count, int timeout_ms);
