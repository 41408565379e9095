/* SPDX-License-Identifier: MIT */
#pragma once

#include <linux/random.h>
#include <sys/types.h>

ssize_t getrandom(void *to, size_t n, unsigned flags);
