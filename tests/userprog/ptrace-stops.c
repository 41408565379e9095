/* SPDX-License-Identifier: MIT */
/*
 * A tracer sees each signal before its tracee, also one that is ignored, and may withhold, change
 * or add one; a group-stop and SIGCONT as ptrace(2) tells them; attaching, seizing, interrupting,
 * listening; a tracee outlives its tracer, or does not (PTRACE_O_EXITKILL).
 */
#include "ptrace.h"

static volatile int handled;

static void note(int signal)
{
	handled = signal;
}

static void signals(void)
{
	siginfo_t info;
	pid_t child = traced_child();
	if (!child) {
		signal(SIGUSR1, note);
		signal(SIGUSR2, note);
		signal(SIGHUP, SIG_IGN);
		raise(SIGUSR1);      /* withheld */
		if (handled)
			_exit(1);
		raise(SIGUSR1);      /* becomes another */
		if (handled != SIGUSR2)
			_exit(2);
		raise(SIGHUP);
		_exit(3);
	}
	resume(PTRACE_CONT, child, 0);
	expect_stop(child, SIGUSR1);
	CHECK(trace(PTRACE_GETSIGINFO, child, 0, (uintptr_t)&info) == 0, "the information");
	CHECK(info.si_signo == SIGUSR1 && info.si_pid == child, "who sent it");
	resume(PTRACE_CONT, child, 0);
	expect_stop(child, SIGUSR1);
	resume(PTRACE_CONT, child, SIGUSR2);
	expect_stop(child, SIGHUP);
	resume(PTRACE_CONT, child, SIGHUP);
	expect_exit(child, 3);
	CHECK(trace(PTRACE_CONT, child, 0, 0) == -1 && errno == ESRCH, "nobody is there");
}

static pid_t sleeper(void)
{
	pid_t child = fork_checked();
	if (!child)
		for (;;)
			pause();
	return child;
}

static void attaching(void)
{
	int status;
	pid_t child = sleeper();
	CHECK(trace(PTRACE_CONT, child, 0, 0) == -1 && errno == ESRCH, "it is not traced");
	CHECK(trace(PTRACE_ATTACH, child, 0, 0) == 0, "attach");
	CHECK(trace(PTRACE_ATTACH, child, 0, 0) == -1 && errno == EPERM, "twice");
	CHECK(trace(PTRACE_ATTACH, getpid(), 0, 0) == -1 && errno == EPERM, "to itself");
	expect_stop(child, SIGSTOP);
	resume(PTRACE_CONT, child, SIGSTOP);
	expect_stop(child, SIGSTOP); /* the group-stop */
	CHECK(trace(PTRACE_GETSIGINFO, child, 0, (uintptr_t)&(siginfo_t){0}) == -1 &&
	      errno == EINVAL, "a group-stop has no information");
	CHECK(trace(PTRACE_CONT, child, 0, 1000) == -1 && errno == EIO, "no such signal");
	resume(PTRACE_CONT, child, 0);
	kill(child, SIGCONT);
	expect_stop(child, SIGCONT);
	CHECK(trace(PTRACE_DETACH, child, 0, SIGTERM) == 0, "let it go with SIGTERM");
	CHECK(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGTERM, "it had it");
}

static void seizing(void)
{
	int status, stopped = SIGSTOP | PTRACE_EVENT_STOP << 8;
	int interrupted = SIGTRAP | PTRACE_EVENT_STOP << 8;
	pid_t child = sleeper();
	CHECK(trace(PTRACE_SEIZE, child, 1, 0) == -1 && errno == EIO, "an address");
	CHECK(trace(PTRACE_SEIZE, child, 0, 1 << 30) == -1 && errno == EIO, "no such option");
	CHECK(trace(PTRACE_SEIZE, child, 0, PTRACE_O_EXITKILL) == 0, "seize");
	CHECK(waitpid(child, &status, WNOHANG) == 0, "it runs");
	CHECK(trace(PTRACE_INTERRUPT, child, 0, 0) == 0, "interrupt");
	expect_stop(child, interrupted);
	resume(PTRACE_CONT, child, 0);
	kill(child, SIGSTOP);
	expect_stop(child, SIGSTOP);
	resume(PTRACE_CONT, child, SIGSTOP);
	expect_stop(child, stopped);
	CHECK(trace(PTRACE_LISTEN, child, 0, 0) == 0, "listen");
	CHECK(trace(PTRACE_CONT, child, 0, 0) == -1 && errno == ESRCH, "no access meanwhile");
	kill(child, SIGCONT);
	expect_stop(child, interrupted);
	resume(PTRACE_CONT, child, 0);
	expect_stop(child, SIGCONT);
	resume(PTRACE_CONT, child, 0);
	CHECK(trace(PTRACE_KILL, child, 0, 0) == 0, "kill it");
	CHECK(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL, "dead");
}

/* The tracer is no parent of the tracee; it ends, and the parent learns what became of it. */
static void tracer_ends(unsigned long options, int expected)
{
	int status;
	pid_t child = sleeper(), tracer = fork_checked();
	if (!tracer) {
		CHECK(trace(PTRACE_SEIZE, child, 0, options) == 0, "seize");
		CHECK(trace(PTRACE_INTERRUPT, child, 0, 0) == 0, "interrupt");
		expect_stop(child, SIGTRAP | PTRACE_EVENT_STOP << 8);
		_exit(0);
	}
	expect_exit(tracer, 0);
	if (!options)
		kill(child, SIGTERM);
	CHECK(waitpid(child, &status, 0) == child && WTERMSIG(status) == expected,
	      "signal %d, not the status %#x", expected, status);
}

/* A tracee's end is its tracer's to see first. */
static void end_is_seen_first(void)
{
	int status, go[2];
	CHECK(pipe(go) == 0, "a pipe");
	pid_t child = fork_checked();
	if (!child) {
		char byte;
		(void)!read(go[0], &byte, 1);
		_exit(7);
	}
	pid_t tracer = fork_checked();
	if (!tracer) {
		CHECK(trace(PTRACE_SEIZE, child, 0, 0) == 0, "seize");
		(void)!write(go[1], "x", 1);
		expect_exit(child, 7);
		_exit(0);
	}
	expect_exit(tracer, 0);
	CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7, "then the parent");
}

int main(void)
{
	signals();
	attaching();
	seizing();
	tracer_ends(0, SIGTERM);
	tracer_ends(PTRACE_O_EXITKILL, SIGKILL);
	end_is_seen_first();
	say("signals, group-stops, attached and seized, and the tracer's end");
	return 0;
}
