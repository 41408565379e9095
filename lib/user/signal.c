/* SPDX-License-Identifier: MIT */
/* Signals: from the program's struct sigaction to the kernel's and back. */
#include <asm/sigcontext.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

_Static_assert(sizeof(mcontext_t) == sizeof(struct sigcontext_32) &&
               REG_EIP * sizeof(greg_t) == offsetof(struct sigcontext_32, ip) &&
               offsetof(mcontext_t, cr2) == offsetof(struct sigcontext_32, cr2),
               "mcontext_t is the kernel's struct sigcontext");

/* What rt_sigaction(2) takes. */
struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	sigset_t mask;
};

void __signal_return(void);
void __signal_return_info(void);
int __jump_save_mask(sigjmp_buf environment, int save_mask);

int sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
	struct kernel_action new_action, old_action;

	if (action) {
		new_action.handler = action->sa_handler;
		new_action.flags = (unsigned long)action->sa_flags | SA_RESTORER;
		new_action.restorer =
			action->sa_flags & SA_SIGINFO ? __signal_return_info : __signal_return;
		new_action.mask = action->sa_mask;
	}
	if (syscall(SYS_rt_sigaction, signal, action ? &new_action : NULL,
	            old ? &old_action : NULL, sizeof(sigset_t)) < 0)
		return -1;
	if (old) {
		old->sa_handler = old_action.handler;
		old->sa_flags = (int)(old_action.flags & ~(unsigned long)SA_RESTORER);
		old->sa_restorer = old_action.restorer;
		old->sa_mask = old_action.mask;
	}
	return 0;
}

sighandler_t signal(int signal, sighandler_t handler)
{
	struct sigaction action = {.sa_flags = SA_RESTART}, old;

	action.sa_handler = handler;
	return sigaction(signal, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	return syscall(SYS_rt_sigprocmask, how, set, old, sizeof(*set));
}

int sigsuspend(const sigset_t *mask)
{
	return syscall(SYS_rt_sigsuspend, mask, sizeof(*mask));
}

int sigpending(sigset_t *set)
{
	return syscall(SYS_rt_sigpending, set, sizeof(*set));
}

int sigaltstack(const stack_t *stack, stack_t *old)
{
	return syscall(SYS_sigaltstack, stack, old);
}

int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	return syscall(SYS_rt_sigtimedwait, set, info, timeout, sizeof(*set));
}

int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	return sigtimedwait(set, info, NULL);
}

int sigwait(const sigset_t *set, int *signal)
{
	int got;

	do
		got = sigwaitinfo(set, NULL);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno;
	*signal = got;
	return 0;
}

int kill(pid_t pid, int signal)
{
	return syscall(SYS_kill, pid, signal);
}

int killpg(pid_t group, int signal)
{
	return kill(-group, signal);
}

int raise(int signal)
{
	return kill(getpid(), signal);
}

int pause(void)
{
	return syscall(SYS_pause);
}

int sigemptyset(sigset_t *set)
{
	memset(set, 0, sizeof(*set));
	return 0;
}

int sigfillset(sigset_t *set)
{
	memset(set, 0xff, sizeof(*set));
	return 0;
}

static int signal_valid(int signal)
{
	if (signal >= 1 && signal <= _NSIG)
		return 1;
	errno = EINVAL;
	return 0;
}

static unsigned long *signal_word(sigset_t *set, int signal)
{
	return &set->__words[(unsigned)(signal - 1) / 32];
}

static unsigned long signal_bit(int signal)
{
	return 1UL << (unsigned)(signal - 1) % 32;
}

int sigaddset(sigset_t *set, int signal)
{
	if (!signal_valid(signal))
		return -1;
	*signal_word(set, signal) |= signal_bit(signal);
	return 0;
}

int sigdelset(sigset_t *set, int signal)
{
	if (!signal_valid(signal))
		return -1;
	*signal_word(set, signal) &= ~signal_bit(signal);
	return 0;
}

int sigismember(const sigset_t *set, int signal)
{
	if (!signal_valid(signal))
		return -1;
	return (*signal_word((sigset_t *)set, signal) & signal_bit(signal)) != 0;
}

void psignal(int signal, const char *prefix)
{
	fprintf(stderr, "%s: %s\n", prefix, strsignal(signal));
}

/* The second half of sigsetjmp. */
int __jump_save_mask(sigjmp_buf environment, int save_mask)
{
	environment->mask_saved = save_mask;
	if (save_mask)
		sigprocmask(SIG_SETMASK, NULL, &environment->mask);
	return 0;
}

void siglongjmp(sigjmp_buf environment, int value)
{
	if (environment->mask_saved)
		sigprocmask(SIG_SETMASK, &environment->mask, NULL);
	longjmp(environment, value);
}
