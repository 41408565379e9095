/* SPDX-License-Identifier: MIT */
/*
 * Signals (signal(7)): what is pending, what is blocked, and what shall happen.
 *
 * Sending only marks the signal as pending and ends an interruptible sleep. The process
 * acts on it itself, on its way back to user mode: signal_deliver. All state is guarded by
 * process_lock, so a signal may be sent from anywhere, interrupts included.
 *
 * A signal is sent to a process, then any thread of it that does not block it may take it; or to one
 * thread (task.h). What is to happen is the process's, what is blocked each thread's own.
 */
#pragma once

#include <asm/signal.h>

#include "lib/list.h"
#include "lib/types.h"

struct process;
struct task;
struct trap_frame;

#define SIGNALS 64

/* A set of signals as the interface has it: bit number - 1. */
typedef uint64_t signal_set;

static inline signal_set signal_bit(int signal)
{
	return 1ull << (signal - 1);
}

/* Whether it is in the set. By halves: a shift of the whole takes twice as long. */
static inline bool signal_in(signal_set set, int signal)
{
	uint32_t half = signal > 32 ? (uint32_t)(set >> 32) : (uint32_t)set;
	return half >> ((uint32_t)(signal - 1) % 32) & 1;
}

/* The lowest of a set that is not empty. By halves: gcc has a function of its own for the whole. */
static inline int signal_first(signal_set set)
{
	uint32_t low = (uint32_t)set, high = (uint32_t)(set >> 32);
	return low ? __builtin_ctz(low) + 1 : __builtin_ctz(high) + 33;
}

/* Those of which the codes above 0 have meanings of their own. */
static inline bool signal_has_own_codes(int signal)
{
	return signal == SIGILL || signal == SIGFPE || signal == SIGSEGV || signal == SIGBUS ||
	       signal == SIGTRAP || signal == SIGCHLD || signal == SIGSYS;
}

#define SIGNALS_UNBLOCKABLE (signal_bit(SIGKILL) | signal_bit(SIGSTOP))
/* Exceptions: what the program did itself, and cannot go on without an answer; and SIGKILL. */
#define SIGNALS_URGENT                                                                  \
	(signal_bit(SIGKILL) | signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGFPE) | \
	 signal_bit(SIGILL) | signal_bit(SIGTRAP))

/* What siginfo_t tells: si_code, si_errno, and the first words of the member that the signal
 * uses: sender, user and value, or status and times; timer, overruns and value; the address. */
struct signal_info {
	int code, error;
	uint32_t value[5];
};

/* As rt_sigaction(2) passes it. */
struct signal_action {
	uintptr_t handler; /* SIG_DFL, SIG_IGN or where */
	uint32_t flags;
	uintptr_t restorer;
	signal_set mask;
} __attribute__((packed));

/* What is to happen with each. Mostly each process has its own; clone(2) with CLONE_SIGHAND has two
 * share one. */
struct signal_actions {
	uint32_t references;     /* atomic: processes */
	struct signal_action of[SIGNALS]; /* process_lock; by number - 1 */
};

/* sigaltstack(2): where handlers run that want it. */
struct signal_stack {
	uintptr_t start;
	uint32_t size;           /* 0: there is none */
	bool auto_disarm;        /* there is none while a handler runs on it */
};

/* What waits for its turn. A timer's entry lies in the timer, so that it can always be sent: `taken`, if not NULL, is
 * called when it leaves the queue instead of freeing it, and may change what it tells. */
struct queued_signal {
	struct list_link link;
	int signal;
	struct signal_info info;
	void (*taken)(struct queued_signal *);
};

struct signal_queue {
	signal_set set;          /* at least one of it is pending */
	struct list entries;     /* of struct queued_signal, oldest first */
};

/* A thread's. */
struct task_signals {
	signal_set blocked;
	signal_set awaited;      /* what sigtimedwait(2) sleeps for, blocked or not */
	bool restore_saved;      /* rt_sigsuspend: `saved` comes back after the handler */
	signal_set saved;
	struct signal_stack stack;
	struct signal_queue queue; /* of what was sent to it: signal_queue.h */
};

/* A process's. */
struct signal_state {
	struct signal_actions *actions;
	struct signal_queue queue;  /* of what was sent to it: signal_queue.h */
	struct queued_signal spare; /* for the first that is pending: mostly the only one */
	uint32_t counted;        /* entries, and timers: in its user's count for
	                            RLIMIT_SIGPENDING */
};

/* The signals that are pending for the thread, wherever they were sent to. */
signal_set signals_pending(const struct task *);

/* Sends; info NULL: from the kernel. Ignored signals vanish, unless they are blocked: who
 * unblocks them may have a handler by then, or wait for them. 0, or -EAGAIN as
 * signal_queue_add_locked has it. Any context. */
int signal_send(struct process *, int signal, const struct signal_info *);
int signal_send_locked(struct process *, int signal, const struct signal_info *);
int signal_send_task_locked(struct task *, int signal, const struct signal_info *);
/* A timer's own, to the process, or to one thread of it if that is not NULL; it stays where it is if
 * it is pending already. */
void signal_send_own_locked(struct process *, struct task *, struct queued_signal *);
/* To the current thread, for what it does: as if it had sent it itself. */
void signal_send_self(int signal);
/* To each member of the process group; false if there is none. */
bool signal_send_group(pid_t group, int signal, const struct signal_info *);
/* From a terminal, to the group in its foreground: to those of the terminal's session alone, as the
 * group may have ended, and its number be another's by now. */
void signal_send_foreground(pid_t session, pid_t group, int signal);
/* What the current program did itself, an exception: cannot be blocked or ignored. */
void signal_force(int signal, const struct signal_info *);
/* Whether the current thread is to act on a signal before it goes on. */
bool signal_pending(void);
/* Whether the current thread is to end. */
bool signal_killed(void);

/* The hook on the way to user mode: acts on every pending signal, stops, ends, builds the
 * handler's frame; restarts or ends an interrupted system call. */
void signal_deliver(struct trap_frame *);

/* A new process's signals: nothing is pending; the actions are its parent's, or as at the start if
 * that is NULL. 0 or -ENOMEM. May sleep. The process gives them back at its end: signals_destroy,
 * which may be called without. */
int signals_create(struct process *, const struct process *parent);
/* The same, with the parent's actions themselves. */
void signals_share(struct process *, const struct process *parent);
/* For exec: the process's actions are its own from now on. 0 or -ENOMEM. May sleep. */
int signals_unshare(struct process *);
void signals_destroy(struct process *);
/* Handlers are reset, ignored ones stay so; execve: of the current process, which has no alternate
 * stack either. */
void signals_clear_handlers(struct process *);
void signals_reset_for_exec(struct process *);

/* Of the set, what is sent to the process and pending: whoever may act on it now learns so, since the
 * thread that was about to does not. process_lock held. */
void signal_retarget_locked(struct process *, signal_set set);

/* A new thread, which does not run yet, stops if the others are about to. process_lock held. */
void signal_join_stop_locked(struct task *);
/* The thread stops with the others, or ends: if it was the last that they wait for, the process has
 * stopped. process_lock held. */
void signal_stop_done_locked(struct task *);
/* A tracer lets it go on, though the process is stopped. process_lock held. */
void signal_leave_stop_locked(struct task *);

/* The action for the signal changed: if it is ignored now, it is pending no more.
 * process_lock held. */
void signal_forget_ignored_locked(struct process *, int signal);

/* The full structure that programs see, and what of it a signal carries. */
struct siginfo;
void signal_info_fill(struct siginfo *, int signal, const struct signal_info *);
void signal_info_take(struct signal_info *, const struct siginfo *);

/* Whether the stack pointer is on the alternate stack, as sigaltstack(2) tells it. */
bool signal_on_stack(const struct task_signals *, uintptr_t esp);
/* The alternate stack in the form that programs have it, seen from this stack pointer. */
void signal_stack_tell(const struct task_signals *, uintptr_t esp, stack_t *);
/* Sets the current thread's. 0, -EPERM: it runs on it; -EINVAL, -ENOMEM: too small. */
int signal_stack_set(const stack_t *, uintptr_t esp);

/* Sets what the current thread blocks. */
void signal_set_blocked(signal_set);
