/* SPDX-License-Identifier: MIT */
/* Text that grows as it is printed: what a file of /proc shows, made when it is read. */
#pragma once

#include "kernel/fs/procfs.h"

struct transfer;

struct text *text_create(void); /* NULL: no memory */
void text_destroy(struct text *);
/* Forgets what was printed. */
void text_clear(struct text *);
uint32_t text_length(const struct text *); /* bytes */
/* Gives the transfer bytes from the position on. Their number, 0 at the end, -EFAULT;
 * -ENOMEM if there was no memory for all of the text. */
ssize_t text_read(struct text *, struct transfer *, loff_t position);
