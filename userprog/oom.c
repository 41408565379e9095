/* SPDX-License-Identifier: MIT */
/*
 * The choice of a victim: whose end gives most back. What counts is a process's anonymous memory and
 * the shared memory that it maps, in frames or in swap slots; what waits in its pipes and sockets;
 * its files in memory; and what the kernel keeps for its areas, its descriptors and the strings of
 * its execve. (Other file pages are evicted without ending anybody.) What several have counts for
 * one of them: when that one has gone, for the next. oom_score_adj (proc(5)) moves the choice by
 * thousandths of all memory. Process 1 is spared.
 *
 * A hundred small processes take as much from others as a large one does. So the processes of a
 * user count together, and with them what is charged to the user (kernel/charge.h): of the user who
 * has most, the largest goes. Root's are everybody's, and each counts alone.
 *
 * The victim ends by SIGKILL on its own way out of the kernel. It may be unable to: asleep
 * for a lock that the one who asks for memory holds. So it gets a while, and then the next
 * one is chosen, in the end the asker itself, whose request then fails.
 */
#include "userprog/oom.h"

#include <linux/signal.h>

#include "kernel/charge.h"
#include "kernel/log.h"
#include "kernel/mem/physmem.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "kernel/trace.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/process.h"
#include "userprog/user.h"
#include "vm/evict.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/vm.h"

#define PATIENCE (NS_PER_SECOND / 2)        /* for a victim to leave its space */
#define PATIENCE_LEAVING (8 * NS_PER_SECOND) /* to give that back, which is much, perhaps */

static uint32_t passes; /* over descriptors: file_held; process_lock */

/* Without the space's own lock, which the asker may hold: a guess is good enough. What is open and
 * was counted in this pass is 0. process_lock held. */
static uint32_t pages_locked(const struct process *process, uint32_t pass)
{
	const struct spt *spt = process->spt;
	size_t bytes = spt->areas.count * sizeof(struct area);
	if (process->files)
		bytes += descriptors_held(process->files, pass);
	return spt_anon_count(spt) + spt_shared_count(spt) + spt->pagedir.tables +
	       process->exec_pages + bytes / PAGE_SIZE;
}

static int32_t score_locked(const struct process *process, uint32_t pass)
{
	int32_t all = (int32_t)(physmem_total() + swap_total());
	int32_t score = (int32_t)pages_locked(process, pass) + process->oom_adjust * (all / 1000);
	return score > 1 ? score : 1;
}

static bool may_be_chosen_locked(const struct process *process)
{
	return process->spt && process->id != 1 && process->oom_adjust > -1000;
}

uint32_t oom_score(struct process *process)
{
	int32_t all = (int32_t)(physmem_total() + swap_total()), score = 0;
	uint32_t flags = spin_lock_irq(&process_lock);
	if (may_be_chosen_locked(process))
		score = (1000 + score_locked(process, ++passes) * 1000 / all) * 2 / 3;
	spin_unlock_irq(&process_lock, flags);
	return score > 0 ? (uint32_t)score : 0;
}

/* One that is on its way out already, its memory not all back, and has not had its time yet.
 * process_lock held. */
static bool somebody_ends_locked(uint64_t now)
{
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		if (p->oom_killed && now - p->oom_killed < (p->spt ? PATIENCE : PATIENCE_LEAVING))
			return true;
	return false;
}

/* The one to go, so far. */
struct choice {
	struct process *victim;
	int32_t most; /* pages */
};

static void consider(struct choice *choice, struct process *process, int32_t pages)
{
	if (pages > choice->most)
		*choice = (struct choice){process, pages};
}

/* Its user has so much more, and it may be the largest of the user's. What several of them have
 * open is counted once. */
static void add_to_user(struct process *process, uint32_t pass)
{
	struct user *user = process->user;
	int32_t pages = score_locked(process, pass);
	if (user->counted != pass) {
		user->counted = pass;
		user->largest = NULL;
		user->largest_pages = 0;
		user->pages = (int32_t)(charge_total(user_id(user)) / PAGE_SIZE);
	}
	user->pages += pages;
	if (pages > user->largest_pages) {
		user->largest_pages = pages;
		user->largest = process;
	}
}

static struct process *choose_locked(void)
{
	struct choice choice = {NULL, 0};
	uint32_t pass = ++passes;
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p)) {
		if (!may_be_chosen_locked(p) || p->oom_killed)
			continue;
		if (user_id(p->user) == 0)
			consider(&choice, p, score_locked(p, ++passes));
		else
			add_to_user(p, pass);
	}
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		if (p->user->counted == pass && p->user->largest == p)
			consider(&choice, p, p->user->pages);
	return choice.victim;
}

/* 12340 as "12,340". */
static const char *with_commas(uint32_t number, char *to, size_t size)
{
	if (number < 1000)
		snprintf(to, size, "%u", number);
	else if (number < 1000000)
		snprintf(to, size, "%u,%03u", number / 1000, number % 1000);
	else
		snprintf(to, size, "%u,%03u,%03u", number / 1000000, number / 1000 % 1000,
		         number % 1000);
	return to;
}

/* Chooses and kills; false if the caller's own memory is to go. */
static bool kill_one(void)
{
	const struct spt *own = thread_current()->spt;
	char name[THREAD_NAME_MAX], kib[16];
	uint32_t flags = spin_lock_irq(&process_lock);
	/* The last one may have ended since the caller found nothing: that is room enough. */
	if (somebody_ends_locked(clock_now()) || physmem_free() > evict_reserve()) {
		spin_unlock_irq(&process_lock, flags);
		return true;
	}
	struct process *victim = choose_locked();
	if (!victim) {
		spin_unlock_irq(&process_lock, flags);
		return false;
	}
	bool is_own = victim->spt == own;
	uint32_t held = pages_locked(victim, ++passes) * (PAGE_SIZE / 1024);
	pid_t id = victim->id;
	strlcpy(name, victim->name, sizeof name);
	victim->oom_killed = clock_now();
	victim->spt->dying = true;
	signal_send_locked(victim, SIGKILL, NULL);
	spin_unlock_irq(&process_lock, flags);
	vm_count(VM_oom_kill);
	trace_oom(id);
	log_print("out of memory: killed %s[%d], which held %s KiB", name, id,
	          with_commas(held, kib, sizeof kib));
	return !is_own;
}

static bool out_of_memory(void)
{
	const struct spt *own = thread_current()->spt;
	return !(own && own->dying) && kill_one();
}

void oom_init(void)
{
	evict_set_oom_hook(out_of_memory);
}
