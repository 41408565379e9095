/* SPDX-License-Identifier: MIT */
/* The one spinlock of virtual memory, and its counters. */
#pragma once

#include "lib/types.h"
#include "kernel/sync/spinlock.h"

/*
 * The one spinlock of vm/. It guards all that says where a page is: page-table entries,
 * the fields marked (v) of frame, anon and page_source, the page cache's index, the
 * policies' queues and the swap map. One, because every step worth taking moves a page
 * between two of these at the same time. It is held for a bounded number of steps (a longer
 * walk lets it go between them, vm_breathe below) and never across a sleep.
 *
 * Lock order, outermost first:
 *   spt->lock (sleeps; page faults: for reading) -> a file system's own mutexes (sleep)
 *   -> a busy frame (sleeps) -> vm_lock -> physmem, slab and wait-queue spinlocks
 * An inode's lock comes before spt->lock: write(2) holds it while it copies from user
 * memory, so a page fault never takes one.
 */
extern struct spinlock vm_lock;

/* What happened since boot; /proc/vmstat shows each under this name. */
#define VM_COUNTERS(count)                                                              \
	/* faults, by row of the table in fault.c */                                    \
	count(fault_no_area) count(fault_forbidden) count(fault_not_code)               \
	count(fault_stack_grown)                                                        \
	count(fault_anon_mapped) count(fault_anon_shared_read)                          \
	count(fault_cow_copied) count(fault_cow_reused)                                 \
	count(fault_zero_mapped) count(fault_zero_filled)                               \
	count(fault_file_shared) count(fault_file_private_read)                         \
	count(fault_file_private_write) count(fault_past_end)                           \
	count(fault_swapped_in) count(fault_around) count(fault_beside)                 \
	count(pgfault) count(pgmajfault)                                                \
	/* frames */                                                                    \
	count(pgalloc) count(pgfree) count(pgcleared_ahead)                             \
	/* eviction, by kind */                                                         \
	count(pgscan) count(evict_file_clean) count(evict_file_dirty)                   \
	count(evict_anon_clean) count(evict_anon_dirty) count(evict_failed)             \
	count(pageout_wakes) count(direct_reclaims) count(oom_kill)                     \
	/* traffic, in pages */                                                         \
	count(pswpin) count(pswpout) count(cache_read) count(cache_written)             \
	count(cache_hit) count(cache_miss)                                              \
	/* translations forgotten */                                                    \
	count(tlb_flush_page) count(tlb_flush_all) count(directory_loads)               \
	/* fork */                                                                      \
	count(fork_anons_shared) count(fork_spans_shared)                               \
	count(fork_spans_copied) count(fork_spans_kept)                                 \
	/* chaos mode */                                                                \
	count(chaos_dropped) count(chaos_evicted)

enum vm_counter {
#define VM_COUNTER_ENUM(name) VM_##name,
	VM_COUNTERS(VM_COUNTER_ENUM)
#undef VM_COUNTER_ENUM
	VM_COUNTER_COUNT
};

/* A lost increment between two CPUs would be tolerable; on one CPU there is none. */
extern uint32_t vm_counters[VM_COUNTER_COUNT];
extern const char *const vm_counter_names[VM_COUNTER_COUNT];

/* In a long walk under vm_lock, after each step: lets the lock go for a moment every so many
 * steps, so that nobody waits long for it. What was looked at before may have changed then, so
 * the walk keeps no pointer to it, but a number, or its place in a list that it turns. */
static inline void vm_breathe(uint32_t *steps, uint32_t steps_a_hold)
{
	if (++*steps % steps_a_hold != 0)
		return;
	spin_unlock(&vm_lock);
	spin_lock(&vm_lock);
}

static inline void vm_count_many(enum vm_counter counter, uint32_t times)
{
	__atomic_fetch_add(&vm_counters[counter], times, __ATOMIC_RELAXED);
}

static inline void vm_count(enum vm_counter counter)
{
	vm_count_many(counter, 1);
}
