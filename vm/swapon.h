/* SPDX-License-Identifier: MIT */
/* swapon(2) and swapoff(2). */
#pragma once

#include "lib/types.h"

struct block_device;
struct page_source;

/* Uses the disk, or the file on the disk (which must then not be written or shortened: its
 * file system sees to that). The name is what /proc/swaps shows and swap_off wants. -EINVAL: no
 * swap device (logged in words); -EBUSY: in use already; -EPERM: too many; -EIO; -ENOMEM. */
int swap_on(const char *name, struct block_device *disk, struct page_source *file);
/* Brings every page in that lies there, and stops using it. May take long. -EINVAL: no such
 * device; and while it stays in use -ENOMEM: what it holds does not fit into memory; -EIO: some
 * of it cannot be read; -EINTR: the thread was killed. */
int swap_off(const char *name);
