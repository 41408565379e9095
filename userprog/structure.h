/* SPDX-License-Identifier: MIT */
/* Structures of the interface that grow: a program says how long the one it knows is. */
#pragma once

#include "lib/types.h"

/* The program's structure of `size` bytes, into one of `known`, zeros behind it if it is shorter.
 * A later Linux's is longer, and is one of today's if what came behind it is zeros: -E2BIG.
 * Also -E2BIG (more than a page), -EFAULT. */
int structure_from_user(void *to, size_t known, const void *user_from, size_t size);
