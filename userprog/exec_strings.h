/* SPDX-License-Identifier: MIT */
/*
 * The argument and environment strings of an execve on their way from the old address
 * space to the new one: one after the other, each with its NUL, in a chain of pages of kernel
 * memory.
 */
#pragma once

#include "lib/types.h"

#define EXEC_STRING_MAX (32u * 4096)     /* one string, as Linux's MAX_ARG_STRLEN */

struct exec_page;

struct exec_strings {
	struct exec_page *first, *last;
	uint32_t room;   /* bytes free in the last page */
	uint32_t bytes;  /* of strings */
	uint32_t count;  /* of strings */
	uint32_t most;   /* bytes of strings and of the pointers to them */
};

/* A place in the strings, from the first one on. */
struct exec_cursor {
	const struct exec_page *page;
	uint32_t at;
};

/* `stack_limit`: RLIMIT_STACK of who calls. A quarter of it is what there may be in all, at least
 * 128 KiB and at most 6 MiB (execve(2)). */
void exec_strings_init(struct exec_strings *, uint64_t stack_limit);
void exec_strings_destroy(struct exec_strings *);
/* Appends one string. 0, -E2BIG, -ENOMEM, and -EFAULT for one in user memory. */
int exec_strings_add(struct exec_strings *, const char *string);
int exec_strings_add_user(struct exec_strings *, const char *user_string);
/* Appends the strings of a vector from its element `first` on; NULL ends it, and a NULL
 * vector is empty. */
int exec_strings_add_vector(struct exec_strings *, const char *const *vector, uint32_t first);
int exec_strings_add_user_vector(struct exec_strings *, const uint32_t *user_vector,
                                 uint32_t first);
/* Copies them all to user memory, in order. 0 or -EFAULT. */
int exec_strings_copy_out(const struct exec_strings *, uintptr_t to);
struct exec_cursor exec_strings_begin(const struct exec_strings *);
/* The length with NUL of the string there; then the cursor is at the next one. */
uint32_t exec_strings_next(struct exec_cursor *);
