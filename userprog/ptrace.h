/* SPDX-License-Identifier: MIT */
/*
 * Tracing (ptrace(2)): a process, the tracer, holds a thread of another, the tracee, looks at it and changes
 * it. The tracee stops itself, at certain points on its way (ptrace_trap), and sleeps there with
 * its registers in its frame until the tracer lets it go on; only SIGKILL wakes it otherwise.
 *
 *   signal-delivery-stop   a signal is about to be acted on            ptrace_deliver
 *   group-stop             it is stopped by job control, too           ptrace_group_stop
 *   event stop             fork, exec, exit; PTRACE_INTERRUPT          ptrace_event ...
 *   syscall-stop           before a system call, and after it          ptrace_call_begins ...
 *
 * All state is guarded by process_lock. sys_ptrace.c holds the tracer's requests.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"
#include "userprog/signal.h"

struct process;
struct task;
struct trap_frame;

/* A stop; it lies on the tracee's kernel stack for as long as it sleeps. */
struct ptrace_stop {
	int code;                /* as wait(2) tells it: a signal, and an event << 8 */
	int signal;              /* what PTRACE_GETSIGINFO tells; 0: there is nothing to tell */
	struct signal_info info;
	uint8_t call;            /* PTRACE_SYSCALL_INFO_ENTRY, _EXIT, or _NONE */
	bool of_group;
	bool told;               /* wait(2) has told it */
	bool listening;          /* PTRACE_LISTEN: the tracer has no access */
	bool over;
	int answer;              /* the signal that the tracer lets the tracee have; 0: none */
};

/* Of each thread; all of it is 0 while nobody traces it. */
struct tracing {
	struct process *tracer;
	struct list_link link;      /* of its tracer's tracees */
	struct ptrace_stop *stop;   /* NULL: it runs */
	uint32_t options, message;  /* PTRACE_O_..., PTRACE_GETEVENTMSG */
	bool seized;
	bool privileged;            /* the tracer may trace anyone: set-id programs are no secret */
	bool calls;                 /* stops at system calls */
	bool steps;                 /* TF in its flags is the tracer's */
	bool trap_due;              /* stops as soon as it can, by itself */
};

/* ---- the tracee's side; each for the current thread, which need not be traced ---- */

/* Stops before a signal is acted on. Returns the one to act on instead, and changes the info; 0:
 * none. */
int ptrace_deliver(struct task *, int signal, struct signal_info *);
/* Stops as one that job control has stopped. */
void ptrace_group_stop(struct task *, int signal);
/* Stops because of PTRACE_INTERRUPT and its like. */
void ptrace_trap_due(struct task *);
/* Stops for PTRACE_EVENT_..., if the tracer wants to know of it. */
void ptrace_event(struct task *, int event, uint32_t message);
/* Another program runs in it from now on. */
void ptrace_executed(struct task *);
/* Around a system call: task->call and the frame may be changed meanwhile. */
void ptrace_call_begins(struct task *, struct trap_frame *);
void ptrace_call_ends(struct task *, struct trap_frame *);
/* A step that led into a handler, whose frame was built without the tracer's TF. */
void ptrace_handler_starts(struct task *, struct trap_frame *);

/* Whether set-id bits are to be overlooked, since an unprivileged tracer would see it all. */
bool ptrace_forbids_privileges(struct task *);

/* The event that a fork with these flags and this signal (clone(2)) is to its tracer; 0: none. */
int ptrace_fork_event(const struct task *, uint32_t flags, uint32_t exit_signal);
/* The child of such a fork, before it runs: belongs to the same tracer, and stops first. */
void ptrace_follow_locked(struct task *child, struct task *parent, int event,
                          uint32_t flags);

/* ---- both sides; process_lock held ---- */

/* The thread belongs to the tracer from now on. */
void ptrace_hold_locked(struct task *tracee, struct process *tracer, bool seized,
                        uint32_t options);
/* It belongs to nobody any more, and goes on, with this signal if it was in a stop for one. */
void ptrace_let_go_locked(struct task *tracee, int signal);
/* The tracer ends: all that it holds goes on, or is killed. Zombies that nobody waits for have
 * left the tree are appended, each by its first thread, and threads that had ended: by task's link. */
void ptrace_tracer_ends_locked(struct process *tracer, struct list *forgotten);
/* Another thread, which nobody traces, takes the place of a tracee that is in no stop. */
void ptrace_pass_on_locked(struct task *from, struct task *to);
/* The stop ends, with that signal. */
void ptrace_resume_locked(struct task *tracee, int signal);
/* It shall stop by itself, soon: PTRACE_INTERRUPT, or SIGCONT came to a seized one. */
void ptrace_want_trap_locked(struct task *tracee);
/* TF, as the tracer wants it while the tracee runs on. */
void ptrace_set_step_locked(struct task *tracee, bool steps);
