/* SPDX-License-Identifier: MIT */
/*
 * Signals. Numbers, flags and siginfo_t are the uapi's. Its struct sigaction and
 * sigset_t belong to the old calls for 32 signals, so they are put aside under other
 * names, and this file has its own for all 64.
 */
#pragma once

#include <sys/types.h>

#define sigaction __old_sigaction
#define sigset_t  __old_sigset_t
#include <linux/signal.h>
#undef sigaction
#undef sigset_t
#undef sa_handler
#undef sa_sigaction
#undef NSIG
#undef SIGUNUSED

struct timespec; /* newer uapi headers do not bring it along */

#define _NSIG 64
#define NSIG  (_NSIG + 1)

#define sigmask(signal) (1UL << ((signal) - 1))

typedef int sig_atomic_t;
typedef void (*sighandler_t)(int);

typedef struct {
	unsigned long __words[_NSIG / (8 * sizeof(unsigned long))];
} sigset_t;

struct sigaction {
	union {
		void (*sa_handler)(int);
		void (*sa_sigaction)(int, siginfo_t *, void *);
	};
	sigset_t sa_mask;
	int sa_flags;
	void (*sa_restorer)(void); /* the library sets it */
};

int sigaction(int signal, const struct sigaction *action, struct sigaction *old);
/* BSD's meaning: the handler stays, and interrupted calls restart. */
sighandler_t signal(int signal, sighandler_t handler);
int sigprocmask(int how, const sigset_t *set, sigset_t *old);
int sigsuspend(const sigset_t *mask);
int sigpending(sigset_t *set);
int sigaltstack(const stack_t *stack, stack_t *old);
int sigwait(const sigset_t *set, int *signal);
int sigwaitinfo(const sigset_t *set, siginfo_t *info);
int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout);
int kill(pid_t pid, int signal);
int killpg(pid_t group, int signal);
int raise(int signal);

int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int signal);
int sigdelset(sigset_t *set, int signal);
int sigismember(const sigset_t *set, int signal);

void psignal(int signal, const char *prefix);

#include <ucontext.h>
