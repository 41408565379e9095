/* SPDX-License-Identifier: MIT */
/*
 * execve(2): another program in the current process.
 *
 * The new address space is made beside the old one: segments are promised (nothing but the
 * headers is read), the stack is filled. Only when nothing can fail any more does it replace
 * the old one; until then an error leaves the caller as it was.
 */
#pragma once

#include "lib/types.h"

#define PIE_BASE 0x56555000u /* where a position-independent program is put, as on Linux */

/* Strings in kernel memory, for process 1: argv and envp end with NULL. Sets the current
 * thread's user registers. 0 or -errno. May sleep. */
int exec_kernel(const char *path, const char *const *argv, const char *const *envp);
/* The system call's: everything in user memory but the path. */
int exec_user(const char *path, const uint32_t *user_argv, const uint32_t *user_envp);
/* The same with a file that has been found: the path is what programs will know it by.
 * path_ends: by a descriptor that is closed then. */
struct dentry;
int exec_user_file(const char *path, struct dentry *file, bool path_ends,
                   const uint32_t *user_argv, const uint32_t *user_envp);
