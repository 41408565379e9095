/* SPDX-License-Identifier: MIT */
/*
 * The choice of a victim: the process with the most anonymous memory, in frames or in swap
 * slots, which is what its end gives back (file pages are evicted without ending anybody).
 * oom_score_adj (proc(5)) moves the choice by thousandths of all memory. Process 1 is spared.
 *
 * The victim ends by SIGKILL on its own way out of the kernel. It may be unable to: asleep
 * for a lock that the one who asks for memory holds. So it gets a while, and then the next
 * one is chosen, in the end the asker itself, whose request then fails.
 */
#include "userprog/oom.h"

#include <linux/signal.h>

#include "kernel/log.h"
#include "kernel/mem/physmem.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "kernel/trace.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "userprog/process.h"
#include "vm/evict.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/vm.h"

#define PATIENCE (NS_PER_SECOND / 2) /* for a victim to end */

/* Held without the space's own lock, which the asker may hold: a guess is good enough. */
static uint32_t pages_of(const struct spt *spt)
{
	return spt_anon_count(spt) + spt->pagedir.tables;
}

static int32_t score_locked(const struct process *process)
{
	int32_t all = (int32_t)(physmem_total() + swap_total());
	int32_t score = (int32_t)pages_of(process->spt) + process->oom_adjust * (all / 1000);
	return score > 1 ? score : 1;
}

static bool may_be_chosen_locked(const struct process *process)
{
	return process->spt && process->id != 1 && process->oom_adjust > -1000;
}

/* One that is on its way out already, its memory not all back, and has not had its time yet.
 * process_lock held. */
static bool somebody_ends_locked(uint64_t now)
{
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		if (p->oom_killed && now - p->oom_killed < PATIENCE)
			return true;
	return false;
}

static struct process *choose_locked(void)
{
	struct process *victim = NULL;
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p)) {
		if (!may_be_chosen_locked(p) || p->oom_killed)
			continue;
		if (!victim || score_locked(p) > score_locked(victim))
			victim = p;
	}
	return victim;
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
	uint32_t held = pages_of(victim->spt) * (PAGE_SIZE / 1024);
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
