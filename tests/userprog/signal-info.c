/* SPDX-License-Identifier: MIT */
/*
 * A handler with SA_SIGINFO learns who sent the signal and why: another process, a child's end, an
 * illegal instruction, a division by zero.
 */
#include "tests/test.h"

static siginfo_t last[32]; /* by signal */

static void handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	last[number] = *info;
}

static void check(int number, int code, pid_t sender, int status, const char *what)
{
	siginfo_t *info = &last[number];

	CHECK(info->si_signo == number && info->si_code == code, "%s: code %d, not %d", what, code,
	      info->si_code);
	CHECK(info->si_pid == sender && info->si_uid == getuid(), "%s: the sender is %d", what,
	      info->si_pid);
	CHECK(number != SIGCHLD || info->si_status == status, "%s: status %d", what,
	      info->si_status);
}

static void illegal(void *unused)
{
	(void)unused;
	__asm__ volatile("ud2");
}

static void divide(void *zero)
{
	__asm__ volatile("xorl %%edx, %%edx; movl $1, %%eax; divl %0"
	                 : : "r"(zero) : "eax", "edx");
}

int main(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART};
	struct death death;
	pid_t parent = getpid(), child;

	action.sa_sigaction = handler;
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGCHLD, &action, NULL) == 0,
	      "set");
	kill(getpid(), SIGUSR1);
	check(SIGUSR1, SI_USER, parent, 0, "from ourselves");
	child = fork_checked();
	if (!child) {
		kill(parent, SIGUSR1);
		_exit(17);
	}
	wait_status(child);
	check(SIGUSR1, SI_USER, child, 0, "from the child");
	check(SIGCHLD, CLD_EXITED, child, 17, "the child exited");
	child = fork_checked();
	if (!child)
		pause();
	kill(child, SIGTERM);
	wait_status(child);
	check(SIGCHLD, CLD_KILLED, child, SIGTERM, "the child was killed");
	death = death_of(illegal, NULL);
	CHECK(death.signal == SIGILL, "an illegal instruction, not %d", death.signal);
	death = death_of(divide, NULL);
	CHECK(death.signal == SIGFPE && death.code == FPE_INTDIV, "a division by zero");
	say("signals told where they came from");
	return 0;
}
