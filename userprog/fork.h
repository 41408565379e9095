/* SPDX-License-Identifier: MIT */
/* fork(2), vfork(2), clone(2): a process made after another's likeness, or another thread. */
#pragma once

#include "lib/types.h"

/* What clone(2) takes. */
struct fork_request {
	uint32_t flags;           /* CLONE_... */
	uint32_t exit_signal;
	bool clear_handlers;      /* CLONE_CLEAR_SIGHAND */
	uintptr_t stack;          /* the child's ESP, or 0: the parent's */
	uintptr_t parent_tid;     /* user addresses */
	uintptr_t child_tid;
	uintptr_t tls;            /* struct user_desc */
	uintptr_t pidfd;          /* where to tell the descriptor: CLONE_PIDFD */
};

/* The child's id in the parent; the child starts with 0 in EAX. -EINVAL for flags that do not go
 * together or that there are not, -EAGAIN, -ENOMEM. May sleep. */
int process_fork(const struct fork_request *);

/* There are no namespaces, as if configured so: where the flags, of clone(2) or unshare(2), ask for new
 * ones, -EPERM for who might not make any, else -EINVAL. */
int check_namespaces(uint32_t flags);
