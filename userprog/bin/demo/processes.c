/* SPDX-License-Identifier: MIT */
/* Children, and accesses that may be answered by a signal. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

/* Exit status of a child that gave up, and of one whose claims did not all hold. */
#define GAVE_UP 2
#define CLAIM_FAILED 254

pid_t child_start(int (*run)(void *), void *argument)
{
	pid_t child = fork();

	if (child < 0)
		give_up("fork: %s", strerror(errno));
	if (child == 0) {
		failures = 0;
		int result = run(argument);
		_exit(failures ? CLAIM_FAILED : result);
	}
	return child;
}

int child_wait(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) != child)
		if (errno != EINTR)
			give_up("waitpid: %s", strerror(errno));
	if (WIFSIGNALED(status))
		claim(false, "the child ends by itself, not by %s", strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == GAVE_UP)
		exit(GAVE_UP); /* it has said why */
	else if (WEXITSTATUS(status) == CLAIM_FAILED)
		failures++;
	return WIFSIGNALED(status) ? 255 : WEXITSTATUS(status);
}

int in_child(int (*run)(void *), void *argument)
{
	return child_wait(child_start(run, argument));
}

pid_t part_start(const char *name, const char *argument)
{
	pid_t child = fork();

	if (child == 0) {
		execl("/proc/self/exe", "demo", "--part", name, argument, NULL);
		_exit(2);
	}
	if (child < 0)
		give_up("fork: %s", strerror(errno));
	return child;
}

/* ---- traps ------------------------------------------------------------------------- */

static sigjmp_buf after_access;
static struct trap caught;

static const char *reason(int signal, int code)
{
	if (signal == SIGSEGV && code == SEGV_MAPERR)
		return "SEGV_MAPERR, nothing is mapped there";
	if (signal == SIGSEGV && code == SEGV_ACCERR)
		return "SEGV_ACCERR, the area forbids it";
	if (signal == SIGBUS && code == BUS_ADRERR)
		return "BUS_ADRERR, past the end of the file";
	return "another reason";
}

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)context;
	caught = (struct trap){signal, info->si_code, reason(signal, info->si_code),
	                       (uintptr_t)info->si_addr};
	siglongjmp(after_access, 1);
}

struct trap trap_of(void (*access)(void *), void *argument)
{
	static char stack[4 * PAGE];
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP};
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK}, old[4];
	stack_t signal_stack = {.ss_sp = stack, .ss_size = sizeof(stack)};

	action.sa_sigaction = handler;
	sigaltstack(&signal_stack, NULL);
	for (int i = 0; i < 4; i++)
		sigaction(signals[i], &action, &old[i]);
	caught = (struct trap){.why = "allowed"};
	if (sigsetjmp(after_access, 1) == 0)
		access(argument);
	for (int i = 0; i < 4; i++)
		sigaction(signals[i], &old[i], NULL);
	return caught;
}

void read_byte(void *address)
{
	(void)*(volatile char *)address;
}

void write_byte(void *address)
{
	*(volatile char *)address = 1;
}
