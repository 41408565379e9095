/* SPDX-License-Identifier: MIT */
/*
 * Threads of control: creation, switch, sleep, wake, preemption. Round robin over one
 * run queue; a timer tick ends a slice. A thread carries a CR3 value, not an address
 * space: `spt` and `process` are opaque here.
 *
 * The kernel stack is two pages in the stack window with a hole below it: running over
 * its end is a double fault that says so, not silent damage.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/trap.h"
#include "kernel/panic.h"
#include "kernel/sched/preempt.h"
#include "kernel/sync/lockorder.h"

struct debug_registers;
struct fault;
struct frame;
struct process;
struct spt;
struct task;
struct mutex;
struct waiter;

#define THREAD_STACK_SIZE 8192u
#define THREAD_NAME_MAX 16

enum thread_state { THREAD_RUNNING, THREAD_READY, THREAD_SLEEPING, THREAD_DEAD };

struct thread {
	/* Owned by kernel/sched; guarded by the run queue's lock. */
	struct list_link run_link;
	struct list_link all_link;     /* every thread, for gdb and the auditor */
	enum thread_state state;
	uint32_t slice;                /* ticks left */
	void *context;                 /* saved stack pointer while switched out */
	uintptr_t stack;               /* lowest address of the kernel stack */
	uint8_t woken;                 /* WOKEN_BY_...: wakes since wait_prepare */
	bool interruptible;            /* the sleep it is in ends by thread_interrupt() */
	bool timed;                    /* the sleep it is in ends by itself, at a deadline */
	uint64_t run_ns;               /* time on a CPU (user and kernel) */
	uint64_t user_ns;              /* of that, ticks found in user mode */
	uint32_t switches_own, switches_forced; /* away from it: it slept; others had their turn */
	uint64_t watch_ns;             /* run_ns at which the processor hook is called */
	struct mutex *waiting_for;     /* for gdb and panics */
	struct debug_registers *debug; /* that a debugger set; NULL: none */
	uint32_t debug_status;         /* DR6 at its latest debug exception */
	void *fpu;                     /* FXSAVE area, made at first use; NULL: none yet */
	void (*start)(void *);         /* where it begins, and with what */
	void *argument;

	/* Owned by the thread itself (or its creator, before it runs). */
	char name[THREAD_NAME_MAX];
	pid_t id;                      /* unique; process ids come from the same counter */
	physaddr_t cr3;                /* 0: kernel thread, runs on whatever is loaded */
	uint64_t tls[3];               /* user segment descriptors for set_thread_area */
	struct ldt *ldt;               /* and others, of modify_ldt; NULL: none (userprog/ldt.c) */
	struct spt *spt;               /* its address space (vm/), or NULL */
	struct process *process;       /* its process (userprog/), or NULL; */
	struct task *task;             /* and which of its threads it is */
	bool reclaiming;               /* is freeing memory: may use the reserve */
	bool writes_out;               /* what it is there for frees memory of others: the same */
	bool hides_time;               /* its program may not read the time-stamp counter */
	bool traced;                   /* chosen for the trace, with all its children */
	uint32_t waits;                /* wait queues it is on */
	uintptr_t fault_address;       /* CR2 of its latest page fault */
	const struct fault *fault;     /* the one it is in (vm/), or NULL */
	const struct frame *awaited;   /* the frame whose transfer it waits for (vm/), or NULL */
	uint8_t fault_row;             /* of its latest: 1 + the row of the table; 0: none yet */
	uint32_t minor_faults, major_faults; /* of vm/fault: major needed the disk */
	uint64_t sectors_read, sectors_written; /* of disks, on its request */

	volatile bool interrupted;     /* thread_interrupt() came; guarded by nothing: a flag */
	volatile bool killed;          /* SIGKILL came: what takes long ends early; a flag, too */

#ifdef PAGODA_DEBUG
	uint32_t fail_after; /* allocations until one fails on purpose; 0: none will */
	uint32_t progress;   /* times it slept, or went back to its program; for the watchdog, */
	uint32_t progress_seen, looks; /* which found it busy in the kernel so often since then */
	struct locks_held mutexes;     /* lockorder.c's */
#endif
};

/* The current thread is about to sleep, or to go back to its program: it is in no endless loop. */
static inline void thread_note_progress(void)
{
#ifdef PAGODA_DEBUG
	this_cpu()->current->progress++;
#endif
}

/* The thread of start-up, current from the first instruction on. It and the idle thread
 * have id 0; 1 is never given out, so that process 1 can have it. */
extern struct thread boot_thread;

void thread_init(void); /* makes the code that runs now the first thread */

/* A new kernel thread, ready to run start(argument); when that returns it exits. NULL if
 * there is no memory. thread_create_stopped: not yet ready; the caller fills in spt, cr3,
 * process, then thread_start. */
struct thread *thread_create(const char *name, void (*start)(void *), void *argument);
struct thread *thread_create_stopped(const char *name, void (*start)(void *), void *argument);
void thread_start(struct thread *);
/* A stopped thread that shall not run after all. */
void thread_discard(struct thread *);

static inline struct thread *thread_current(void)
{
	return this_cpu()->current;
}
_Noreturn void thread_exit(void); /* its stack is freed by whoever runs next */
void thread_yield(void);
void thread_sleep_until(uint64_t deadline_ns);

/* Ends an interruptible sleep of the thread with -EINTR; one that comes while it does
 * not sleep ends the next one. The flag stays set until thread_clear_interrupt(). */
void thread_interrupt_other(struct thread *); /* for thread_interrupt alone */
static inline void thread_interrupt(struct thread *thread)
{
	if (thread == thread_current())
		thread->interrupted = true; /* it does not sleep */
	else
		thread_interrupt_other(thread);
}
static inline void thread_clear_interrupt(void) /* of the current thread */
{
	thread_current()->interrupted = false;
}

/* Underneath wait queues (callers otherwise use those). thread_block sleeps until the
 * current thread has been woken, or interrupted if interruptible; at once if that is so
 * already. Returns the WOKEN_BY_ bits and forgets them; 0: interrupted. thread_wake is
 * callable from interrupt handlers. */
#define WOKEN_BY_WAKER 1
#define WOKEN_BY_TIMER 2
uint32_t thread_block(bool interruptible);
void thread_forget_wake(void);
void thread_wake(struct thread *, uint8_t reason);

/* Where the current thread's user registers lie: the top of its kernel stack. */
static inline struct trap_frame *thread_user_frame(const struct thread *thread)
{
	return (struct trap_frame *)(thread->stack + THREAD_STACK_SIZE) - 1;
}

/* Whether sleeping is allowed here: preemption on, not in an interrupt. */
#if __STDC_HOSTED__
bool thread_may_sleep(void); /* the unit tests' */
#else
static inline bool thread_may_sleep(void)
{
	const struct cpu *cpu = this_cpu();
	return !cpu->preempt_off && !cpu->interrupt_depth && interrupts_enabled();
}
#endif
#define ASSERT_MAY_SLEEP() \
	ASSERT_SAYING(thread_may_sleep(), "sleeping with a spinlock held or in an interrupt")

/* Switches to the next ready thread: for the trap dispatch, which found that one is due.
 * Interrupts off. */
void thread_preempt(void);
/* The timer's tick, in its interrupt: accounts time and ends slices. */
void thread_tick(bool in_user_mode);

/* Sets the current thread's address space and loads it. directory 0: none. */
void thread_set_space(struct spt *, physaddr_t directory);

/* A new id for threads and processes; never repeats within 32,767, then wraps and skips
 * those in use. */
pid_t thread_new_id(void);
/* Who else uses numbers (processes that ended but were not waited for, groups): the door for
 * userprog. It tells the lowest one in use that is >= from, or a number above all; called with
 * no lock held. */
void thread_set_id_hook(pid_t (*next_used)(pid_t from));
/* Numbers given out are below this (proc_sys_kernel(5), pid_max). -EINVAL: out of range. */
uint32_t thread_id_limit(void);
int thread_set_id_limit(uint32_t limit);
/* The number given out last; and which it is to be, so that the next free one above it follows. -EINVAL:
 * out of range. */
uint32_t thread_last_id(void);
int thread_set_last_id(uint32_t id);
/* What a thread uses of the processor: run_ns of the current thread counts up to now after
 * thread_account. When the thread has used `ns` more, the next tick that finds it running calls
 * the hook, in the timer's interrupt; UINT64_MAX: never. The door for userprog. */
void thread_account(void);
void thread_watch_processor(struct thread *, uint64_t ns);
void thread_set_processor_hook(void (*used)(struct thread *));
/* Every thread, with the list locked (spinlock): visit must not sleep. */
void thread_for_each(void (*visit)(struct thread *, void *), void *context);
/* The same without the lock: for last words. */
void thread_for_each_unlocked(void (*visit)(struct thread *, void *), void *context);
uint32_t thread_count(void);
uint64_t thread_switches(void); /* since boot */
/* Run queue length and time spent idle, for /proc/loadavg and /proc/stat. */
uint32_t thread_ready_count(void);
/* From now on the next thread to run is any of those that are ready, as the random numbers
 * say: to find what depends on the order. */
void schedule_shuffle(uint32_t (*random)(void));
uint64_t thread_idle_ns(void);

/* FPU state: programs own it lazily (CR0.TS, vector 7). Copy for fork and signals:
 * 512 bytes as FXSAVE leaves them (SDM vol. 1, 10.5). 0, or -ENOMEM; a processor without FXSAVE
 * has none of it: -ENODEV. */
int thread_fpu_copy(struct thread *to, struct thread *from);
int thread_fpu_get(void *area);        /* of the current thread; 1 if it has none */
/* The same without a copy: the current thread's area, up to date until it uses the FPU again; NULL
 * if it has none. */
const void *thread_fpu_saved(void);
/* The area, for another state to be put there, whole; then thread_fpu_replaced. NULL: no memory,
 * or no FXSAVE. */
void *thread_fpu_replace(void);
void thread_fpu_replaced(void);
/* The same of another thread that does not run; peek gives the initial state if it has none. */
void thread_fpu_peek(const struct thread *, void *area);
int thread_fpu_poke(struct thread *, const void *area);
void thread_fpu_drop(void);            /* exec: start afresh */
void thread_fpu_renew(void);           /* a handler: the same, but soon it will be wanted again */
