/* SPDX-License-Identifier: MIT */
/*
 * The argument and environment strings of an execve on their way from the old address
 * space to the new one: one after the other, each with its NUL, in pages of kernel memory.
 */
#pragma once

#include "lib/types.h"

#define EXEC_PAGES_MAX 128u              /* 512 KiB of strings and pointers in all */
#define EXEC_STRING_MAX (32u * 4096)     /* one string, as Linux's MAX_ARG_STRLEN */

struct exec_strings {
	char **pages;    /* EXEC_PAGES_MAX of them */
	uint32_t bytes;  /* of strings */
	uint32_t count;  /* of strings */
};

/* 0 or -ENOMEM. */
int exec_strings_create(struct exec_strings *);
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
/* The length with NUL of the string at this offset. */
uint32_t exec_strings_length(const struct exec_strings *, uint32_t offset);
