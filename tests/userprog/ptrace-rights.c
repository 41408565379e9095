/* SPDX-License-Identifier: MIT */
/*
 * A program with a set-user-id bit gains nothing while a tracer without rights holds it, for that
 * one would see and change all it does; its tracer's number stands in /proc; root's processes are
 * not its to trace.
 */
#include "ptrace.h"

#define PRIVILEGED 10
#define PLAIN 11

/* In one without rights: how the set-id program sees itself, traced or not. */
static void run(bool traced, int expected)
{
	char *const arguments[] = {"./set-id", "who", NULL};
	pid_t child = traced ? traced_child() : fork_checked();
	if (!child) {
		execve(arguments[0], arguments, NULL);
		_exit(1);
	}
	if (traced) {
		resume(PTRACE_CONT, child, 0);
		expect_stop(child, SIGTRAP);
		resume(PTRACE_CONT, child, 0);
	}
	expect_exit(child, expected);
}

static void without_rights(pid_t of_root)
{
	CHECK(setgid(1000) == 0 && setuid(1000) == 0, "no rights");
	CHECK(trace(PTRACE_ATTACH, of_root, 0, 0) == -1 && errno == EPERM, "root's is not its");
	run(false, PRIVILEGED);
	run(true, PLAIN);
	_exit(0);
}

int main(int argc, char **argv)
{
	char status[64];
	uint32_t length;
	pid_t child, tracer;
	if (argc > 1 && argv[1][0] == 'w')
		return geteuid() == 0 ? PRIVILEGED : PLAIN;
	CHECK(chmod(".", 0755) == 0, "the directory may be searched");
	unsigned char *image = program_image(&length);
	program_make("set-id", image, length);
	CHECK(chown("set-id", 0, 0) == 0 && chmod("set-id", 04755) == 0, "set-id");
	child = traced_child();
	if (!child)
		_exit(0);
	snprintf(status, sizeof status, "/proc/%d/status", child);
	CHECK(proc_number(status, "TracerPid") == getpid(), "whose it is");
	tracer = fork_checked();
	if (!tracer)
		without_rights(child);
	expect_exit(tracer, 0);
	resume(PTRACE_DETACH, child, 0);
	expect_exit(child, 0);
	CHECK(unlink("set-id") == 0, "clean up");
	say("a set-id program that is traced is an ordinary one");
	return 0;
}
