/* SPDX-License-Identifier: MIT */
/*
 * Tasks: the threads of control of a process (clone(2), CLONE_THREAD), as userprog sees them. What
 * its threads share is struct process's, what each has of its own is here; what the scheduler and
 * vm/ want of it is in struct thread.
 *
 * The first task of a process lies in struct process, has the process's number, and is there for as
 * long as the process is, even when its thread has ended before others. Each other one is made by
 * clone, holds a reference to its process, and is freed with its last reference.
 */
#pragma once

#include "lib/list.h"
#include "lib/tree.h"
#include "lib/types.h"
#include "kernel/sched/thread.h"
#include "userprog/ptrace.h"
#include "userprog/signal.h"

struct credentials;
struct process;

/* The latest processor exception of the thread, for sigcontext and the console's line. */
struct exception {
	uint32_t vector, error;
	uintptr_t address, eip; /* address: CR2 of a page fault */
};

/* The fields marked (p): process_lock. The others are the thread's own; what others read of them
 * was true a moment ago. */
struct task {
	struct process *process;   /* constant */
	uint32_t references;       /* atomic; of the first one of a process: unused */
	pid_t id;                  /* (p) what gettid(2) tells; changes only by exec */
	struct thread *thread;     /* (p) NULL once it has ended */
	struct list_link link;     /* (p) of its process's tasks; not linked once it has ended */
	struct tree_node node;     /* (p) of all that are not the first of their process, by id */
	struct task_signals signals; /* (p) */
	struct tracing tracing;    /* (p) by a debugger */
	bool ends;                 /* (p) since another one has ended them all, or runs a program */
	bool stop_due;             /* (p) shall stop with the others, as soon as it can */
	bool stopped;              /* (p) sleeps, with all others, by job control */
	bool ended;                /* (p) a zombie for its tracer, of which it has the ... */
	int status;                /* (p) ... status; not the first one of a process */

	uintptr_t clear_child_tid; /* user address to clear at exit, or 0 */
	uintptr_t robust_list;     /* user address of locks to let go at exit, or 0 */
	int call;                  /* the system call it is in, or -1 */
	int restart_call;          /* what restart_syscall(2) continues, or -1 ... */
	uint64_t restart_deadline; /* ... and until when */
	const struct credentials *acting; /* whose rights count for now, access(2); NULL: its own */
	struct exception exception;
};

/* The one that runs here; NULL in a kernel thread. */
static inline struct task *task_current(void)
{
	return thread_current()->task;
}

/* What the first one of a process is, all zeros before, until it has a thread. */
void task_init(struct task *, struct process *);
/* Another one, with one reference and one to its process; NULL if there is no memory. */
struct task *task_create(struct process *);

struct task *task_get(struct task *);
/* The last reference frees it. No lock held; may sleep. */
void task_put(struct task *);

/* It is one of its process's, and is found from now on. process_lock held. */
void task_enter_locked(struct task *);
/* It is not found any more; it is not the first one of its process. process_lock held. */
void task_leave_locked(struct task *);
/* The task with this number; of a process's first one, that of the process, as long as that is in
 * the tree. NULL: there is none. The second with a reference. */
struct task *task_find_locked(pid_t id);
struct task *task_find(pid_t id);
/* The lowest number >= from of one that is not the first of its process; INT32_MAX: none.
 * process_lock held. */
pid_t task_next_id_locked(pid_t from);
