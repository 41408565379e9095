/* SPDX-License-Identifier: MIT */
/* What each processor has of its own. One processor today; code goes through
 * this_cpu() and takes real locks, so that a second one changes this file alone. */
#pragma once

#include "lib/types.h"
#include "kernel/sync/lockorder.h"

struct thread;
struct trap_frame;

/* A local descriptor table (modify_ldt(2)), with what userprog/ldt.c notes of it: together a frame.
 * A descriptor of zeros is none. All of it changes under process_lock; the processor, and a thread of
 * its own table, read without it. */
#define LDT_ROOM 510u /* entries */
struct ldt {
	uint64_t entries[LDT_ROOM];
	uint32_t count;      /* of entries up to the highest that was ever set */
	uint32_t references; /* threads that have it */
	uint32_t uid;        /* to whom it is charged */
};

struct cpu {
	struct thread *current;      /* the thread that runs here */
	struct thread *idle;         /* runs when nothing else can */
	uint32_t preempt_off;        /* spinlocks held and other reasons not to be preempted */
	uint32_t interrupt_depth;    /* > 0 inside an interrupt handler */
	bool resched;                /* a switch is due when preempt_off falls to 0 */
	physaddr_t cr3;              /* the page directory loaded now */
	const struct trap_frame *interrupted; /* by the hardware interrupt being handled */
	uint64_t directory_loads;    /* how often CR3 was loaded */
	const struct ldt *ldt;       /* the one loaded now; NULL: none */
	bool fpu_loaded;             /* the FPU's registers hold current's state */
	bool has_global_pages, has_large_pages, has_fxsr;
	bool has_no_execute;         /* and page tables that can say so */
	bool hides_time;             /* programs may not read the time-stamp counter now */
#ifdef PAGODA_DEBUG
	struct locks_held spinlocks; /* lockorder.c's */
#endif
};

extern struct cpu boot_cpu;

static inline struct cpu *this_cpu(void)
{
	return &boot_cpu;
}

#define INTERRUPT_FLAG 0x200u /* in EFLAGS */

/* Interrupts off, returning EFLAGS as they were; and back to what those say of interrupts. */
static inline uint32_t interrupts_off(void)
{
	uint32_t flags;
	__asm__ volatile("pushfl; popl %0; cli" : "=r"(flags) : : "memory");
	return flags;
}

static inline void interrupts_restore(uint32_t flags)
{
	if (flags & INTERRUPT_FLAG)
		__asm__ volatile("sti" : : : "memory");
}

static inline bool interrupts_enabled(void)
{
	uint32_t flags;
	__asm__ volatile("pushfl; popl %0" : "=r"(flags));
	return flags & INTERRUPT_FLAG;
}

/* GDT, IDT, TSS, control registers of this processor. */
void cpu_init(void);
/* The descriptor-table entries that programs use for thread-local storage
 * (set_thread_area, entries 6 to 8 as on Linux i386): loads three descriptors. */
void cpu_load_tls(const uint64_t descriptors[3]);
/* Selectors of a local table are looked up in this one from now on; NULL: there is none. Interrupts
 * off, or preemption. */
void cpu_load_ldt(const struct ldt *);
/* Where the processor puts its stack pointer when user mode is interrupted. */
void cpu_set_kernel_stack(uintptr_t top);
/* Whether programs that read the time-stamp counter get a general protection fault (CR4.TSD). */
void cpu_hide_time(bool);
/* Loads the page directory unless it is loaded; counts what it does. */
void cpu_load_directory(physaddr_t directory);
