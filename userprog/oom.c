/* SPDX-License-Identifier: MIT */
/*
 * The choice of a victim: the process whose end gives most back. That is its anonymous memory and
 * the shared memory that it maps, in frames or in swap slots; what waits in its pipes and sockets;
 * its files in memory; and what the kernel keeps for its areas and descriptors. (Other file pages
 * are evicted without ending anybody.) What several have open counts for each of them; shared memory
 * that several map for one: when that one has gone, for the next. oom_score_adj (proc(5)) moves the choice by thousandths of all memory. Process 1 is spared.
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
#include "userprog/descriptor.h"
#include "userprog/process.h"
#include "vm/evict.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/vm.h"

#define PATIENCE (NS_PER_SECOND / 2) /* for a victim to end */

static uint32_t passes; /* over descriptors: file_held; process_lock */

/* Without the space's own lock, which the asker may hold: a guess is good enough. process_lock
 * held. */
static uint32_t pages_locked(const struct process *process)
{
	const struct spt *spt = process->spt;
	size_t bytes = spt->areas.count * sizeof(struct area);
	if (process->files)
		bytes += descriptors_held(process->files, ++passes);
	return spt_anon_count(spt) + spt_shared_count(spt) + spt->pagedir.tables +
	       bytes / PAGE_SIZE;
}

static int32_t score_locked(const struct process *process)
{
	int32_t all = (int32_t)(physmem_total() + swap_total());
	int32_t score = (int32_t)pages_locked(process) + process->oom_adjust * (all / 1000);
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
		score = (1000 + score_locked(process) * 1000 / all) * 2 / 3;
	spin_unlock_irq(&process_lock, flags);
	return score > 0 ? (uint32_t)score : 0;
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
	int32_t most = 0;
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p)) {
		int32_t score = may_be_chosen_locked(p) && !p->oom_killed ? score_locked(p) : 0;
		if (score > most) {
			victim = p;
			most = score;
		}
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
	uint32_t held = pages_locked(victim) * (PAGE_SIZE / 1024);
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
