/* SPDX-License-Identifier: MIT */
/*
 * Local descriptor tables: segments beside those of set_thread_area(2) that a program makes for itself
 * by modify_ldt(2). A table belongs to all threads, of whatever process, that run in one address
 * space; fork copies it, exec and the end leave it. One is made by the first call that sets an entry,
 * and it is charged to the user.
 */
#pragma once

#include "lib/types.h"

struct thread;

/* The thread, which nobody else knows yet, gets a copy of the other one's table, which is the caller's.
 * 0, or -ENOMEM. */
int ldt_copy(struct thread *to, const struct thread *from);
/* The thread, about to begin in the caller's space, has the caller's table. process_lock held. */
void ldt_share_locked(struct thread *);
/* The thread has no table any more: one that never ran; or the current one, which is none of its
 * process's tasks any more, or whose space nobody else runs in. */
void ldt_leave(struct thread *);
/* Whether the caller's table has this entry, with something present there. */
bool ldt_has(uint32_t entry);
