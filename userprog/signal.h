/* SPDX-License-Identifier: MIT */
/*
 * Signals (signal(7)): what is pending, what is blocked, and what shall happen.
 *
 * Sending only marks the signal as pending and ends an interruptible sleep. The process
 * acts on it itself, on its way back to user mode: signal_deliver. All state is guarded by
 * process_lock, so a signal may be sent from anywhere, interrupts included.
 */
#pragma once

#include <asm/signal.h>

#include "lib/types.h"

struct process;
struct trap_frame;

#define SIGNALS 64

/* A set of signals as the interface has it: bit number - 1. */
typedef uint64_t signal_set;

static inline signal_set signal_bit(int signal)
{
	return 1ull << (signal - 1);
}

#define SIGNALS_UNBLOCKABLE (signal_bit(SIGKILL) | signal_bit(SIGSTOP))

/* What siginfo_t tells: si_code, and the first words of the member that the signal uses:
 * sender, user and status or value; or the address. */
struct signal_info {
	int code;
	uint32_t value[3];
};

/* As rt_sigaction(2) passes it. */
struct signal_action {
	uintptr_t handler; /* SIG_DFL, SIG_IGN or where */
	uint32_t flags;
	uintptr_t restorer;
	signal_set mask;
} __attribute__((packed));

struct signal_state {
	signal_set pending, blocked;
	bool restore_saved;     /* rt_sigsuspend: `saved` comes back after the handler */
	signal_set saved;
	uintptr_t alternate;    /* sigaltstack(2) */
	uint32_t alternate_size; /* 0: none */
	struct signal_action actions[SIGNALS];
	struct signal_info info[SIGNALS]; /* of the pending ones; each is pending once */
};

/* Sends; info NULL: from the kernel. Ignored signals vanish. Any context. */
void signal_send(struct process *, int signal, const struct signal_info *);
void signal_send_locked(struct process *, int signal, const struct signal_info *);
/* To each member of the process group; false if there is none. */
bool signal_send_group(pid_t group, int signal, const struct signal_info *);
/* What the current program did itself, an exception: cannot be blocked or ignored. */
void signal_force(int signal, const struct signal_info *);
/* Whether the current process is to act on a signal before it goes on. */
bool signal_pending(void);
/* Whether SIGKILL is pending for the current process. */
bool signal_killed(void);

/* The hook on the way to user mode: acts on every pending signal, stops, ends, builds the
 * handler's frame; restarts or ends an interrupted system call. */
void signal_deliver(struct trap_frame *);

/* execve: handlers are reset, ignored ones stay so. fork: nothing is pending. */
void signals_reset_for_exec(struct process *);
void signals_copy_for_fork(struct process *child, const struct process *parent);

/* The action for the signal changed: if it is ignored now, it is pending no more.
 * process_lock held. */
void signal_forget_ignored_locked(struct process *, int signal);

/* The full structure that programs see. */
struct siginfo;
void signal_info_fill(struct siginfo *, int signal, const struct signal_info *);

/* Sets what the current process blocks. */
void signal_set_blocked(signal_set);
