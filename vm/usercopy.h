/* SPDX-License-Identifier: MIT */
/*
 * The only door to user memory. Bytes are copied by instructions that may fault: the
 * fault handler brings the page in as it would for the program, and a bad address ends
 * the copy with -EFAULT (kernel/cpu/trap.h, trap_fixup). Never called with vm_lock, or
 * any lock that a page fault may want (spt->lock, a file system's block-map lock).
 * May sleep.
 */
#pragma once

#include "lib/types.h"

struct trap_frame;

/* For the page-fault handler: whether the kernel faulted while it copied by the wide registers,
 * where no page can be brought in. If so the copy will go on in another way. */
bool user_wide_stop(struct trap_frame *);

/* 0 or -EFAULT; on error part of the bytes may have been copied. */
int copy_from_user(void *to, const void *user_from, size_t n);
int copy_to_user(void *user_to, const void *from, size_t n);
/* The same, which say how far they came: the number of bytes before the first that could not be
 * had; n if all could. The last writes zeros. */
size_t copy_from_user_some(void *to, const void *user_from, size_t n);
size_t copy_to_user_some(void *user_to, const void *from, size_t n);
size_t clear_user_some(void *user_to, size_t n);
/* In one step that nobody else's comes between: if the aligned word is *old it becomes `new`.
 * *old is then what it was. 0 or -EFAULT. */
int exchange_user(uint32_t *user_word, uint32_t *old, uint32_t new);
/* A string with its NUL, at most `size` bytes. Its length, -EFAULT, -ENAMETOOLONG. */
ssize_t copy_string_from_user(char *to, const char *user_from, size_t size);
/* Whether [address, address + n) lies below the kernel; says nothing about mappings. */
bool user_range(const void *address, size_t n);
