/* SPDX-License-Identifier: MIT */
/* Users by their real ids, and what they have (user.h). */
#include "userprog/user.h"

#include <asm/errno.h>

#include "kernel/mem/slab.h"
#include "userprog/process.h"

static struct slab_cache user_slab = SLAB_CACHE("user", sizeof(struct user));
static struct tree users; /* process_lock */

static struct user *find_locked(uint32_t uid)
{
	struct tree_node *node = tree_find(&users, uid);
	return node ? TREE_ENTRY(node, struct user, node) : NULL;
}

/* Of the process, beside its first one. */
static uint32_t threads_locked(const struct process *process)
{
	uint32_t count = 0;
	LIST_FOR (&process->tasks, struct task, task, link)
		count += !task_is_first(task);
	return count;
}

static void enter_locked(struct process *process, struct user *user)
{
	process->user = user;
	user->processes++;
	user->threads += threads_locked(process);
	user->signals += process->signals.counted;
}

/* Takes the process from its user; returns the user if that was its last. */
static struct user *leave_locked(struct process *process)
{
	struct user *user = process->user;
	if (!user)
		return NULL;
	process->user = NULL;
	user->threads -= threads_locked(process);
	user->signals -= process->signals.counted;
	if (--user->processes)
		return NULL;
	tree_remove(&users, &user->node);
	return user;
}

void user_share(struct process *process, const struct process *parent)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	enter_locked(process, parent->user);
	spin_unlock_irq(&process_lock, flags);
}

int user_become(struct process *process, uint32_t uid)
{
	struct user *made = slab_alloc_zeroed(&user_slab);
	struct user *last;
	if (!made)
		return -EAGAIN;
	made->node.key = uid;

	uint32_t flags = spin_lock_irq(&process_lock);
	last = leave_locked(process);
	struct user *user = find_locked(uid);
	if (!user) {
		tree_insert(&users, &made->node);
		user = made;
		made = NULL;
	}
	enter_locked(process, user);
	spin_unlock_irq(&process_lock, flags);

	if (made)
		slab_free(&user_slab, made);
	if (last)
		slab_free(&user_slab, last);
	return 0;
}

void user_leave(struct process *process)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct user *last = leave_locked(process);
	spin_unlock_irq(&process_lock, flags);
	if (last)
		slab_free(&user_slab, last);
}

void user_thread_begins_locked(struct process *process)
{
	process->user->threads++;
}

void user_thread_ends_locked(struct process *process)
{
	process->user->threads--;
}

bool user_too_many(const struct process *process, bool one_more)
{
	if (process->credentials.uid == 0 || right_has(MAY_EXCEED_LIMITS, NULL))
		return false;
	uint32_t flags = spin_lock_irq(&process_lock);
	uint32_t count = process->user->processes + process->user->threads + one_more;
	spin_unlock_irq(&process_lock, flags);
	return count > process->limits[RLIMIT_NPROC].rlim_cur;
}
