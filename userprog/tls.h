/* SPDX-License-Identifier: MIT */
/* Thread-local storage: GDT entries 6 to 8, which a thread may set (set_thread_area(2)). */
#pragma once

#include "lib/types.h"

struct thread;
struct user_desc;

#define DESCRIPTOR_PRESENT (1ull << 47)
#define DESCRIPTOR_AVAILABLE (1ull << 52) /* to programs, as a note */

/* The structure as the processor wants its bits. */
uint64_t tls_descriptor(const struct user_desc *);

/* Sets the entry that the (kernel) structure names; -1 names the first free one and is
 * replaced by its number. Not loaded yet if it is another thread's. 0, -EINVAL, -ESRCH. */
int tls_set(struct thread *, struct user_desc *);
int tls_get(const struct thread *, struct user_desc *);
