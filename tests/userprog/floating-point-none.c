/* SPDX-License-Identifier: MIT */
/*
 * guest: cpu=qemu32,-fxsr pagoda-only
 *
 * A processor without FXSAVE and FXRSTOR: the kernel keeps no floating-point state, so a program
 * that computes is told by a signal, and no other way leads there either, whether a forged signal
 * frame or a debugger. All else is as usual. (Linux has FSAVE for such a processor.)
 */
#include "tests/userprog/ptrace.h"

#include <ucontext.h>

static char forged[1024] __attribute__((aligned(64)));
static void *state;
static volatile sig_atomic_t handled;

static void handler(int number, siginfo_t *info, void *context)
{
	mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;

	(void)number;
	(void)info;
	CHECK(!machine->fpregs, "the frame has no floating-point state");
	machine->fpregs = state;
	handled++;
}

static void raise_handled(void *as_state)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};

	state = as_state;
	action.sa_sigaction = handler;
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0, "a handler");
	raise(SIGUSR1);
}

static void computing_is_a_signal(void)
{
	pid_t child = fork_checked();
	int status;

	if (!child) {
		__asm__ volatile("fldz");
		_exit(0);
	}
	status = wait_status(child);
	CHECK(WIFSIGNALED(status), "who computes is killed: %#x", status);
}

static void forged_frame_is_a_signal(void)
{
	pid_t child = fork_checked();
	int status;

	if (!child) {
		raise_handled(forged);
		_exit(0);
	}
	status = wait_status(child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
	      "a frame with such a state is a false one: %#x", status);
}

static void debugger_is_refused(void)
{
	pid_t child = traced_child();

	if (!child)
		_exit(3);
	CHECK_ERRNO(trace(PTRACE_SETFPREGS, child, 0, (uintptr_t)forged), ENODEV);
	CHECK_ERRNO(trace(PTRACE_SETFPXREGS, child, 0, (uintptr_t)forged), ENODEV);
	resume(PTRACE_CONT, child, 0);
	expect_exit(child, 3);
}

int main(void)
{
	raise_handled(NULL);
	CHECK(handled == 1, "a handler without it returns");
	computing_is_a_signal();
	forged_frame_is_a_signal();
	debugger_is_refused();
	return 0;
}
