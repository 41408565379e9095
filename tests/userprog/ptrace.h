/* SPDX-License-Identifier: MIT */
/* What the tests of ptrace(2) share: the call itself, a child that asks to be traced, and waits
 * for a stop of a certain kind. */
#pragma once

#include "tests/test.h"

#include <linux/ptrace.h>
#include <stddef.h>

#define PTRACE_GETREGS 12
#define PTRACE_SETREGS 13
#define PTRACE_GETFPREGS 14
#define PTRACE_SETFPREGS 15
#define PTRACE_GETFPXREGS 18
#define PTRACE_SETFPXREGS 19

/* Words of PTRACE_GETREGS (asm/ptrace-abi.h). */
enum { WORD_EBX, WORD_EAX = 6, WORD_ORIG_EAX = 11, WORD_EIP = 12, WORD_EFL = 14, WORDS = 17 };

#define USER_DEBUG(number) (252 + 4 * (number)) /* offsetof(struct user, u_debugreg) */

static inline long trace(long request, pid_t pid, unsigned long address, unsigned long data)
{
	return syscall(__NR_ptrace, request, pid, address, data);
}

static inline uint32_t peek_word(pid_t pid, const volatile void *address)
{
	uint32_t word = 0;
	CHECK(trace(PTRACE_PEEKDATA, pid, (uintptr_t)address, (uintptr_t)&word) == 0, "peek");
	return word;
}

/* A child that is traced and stops itself first. In it, 0. */
static inline pid_t traced_child(void)
{
	pid_t child = fork_checked();
	int status;
	if (!child) {
		CHECK(trace(PTRACE_TRACEME, 0, 0, 0) == 0, "ask to be traced");
		raise(SIGSTOP);
		return 0;
	}
	CHECK(waitpid(child, &status, 0) == child, "the tracer hears of the stop");
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "SIGSTOP: %#x", status);
	return child;
}

static inline void resume(long request, pid_t child, int signal)
{
	CHECK(trace(request, child, 0, (unsigned long)signal) == 0, "it goes on (%ld)", request);
}

/* It stops, with this code: a signal, and an event << 8. */
static inline void expect_stop(pid_t child, int code)
{
	int status;
	CHECK(waitpid(child, &status, __WALL) == child, "a stop");
	CHECK(status == (code << 8 | 0x7f), "the stop %#x, not the status %#x", code, status);
}

static inline void expect_exit(pid_t child, int code)
{
	int status;
	CHECK(waitpid(child, &status, __WALL) == child && WIFEXITED(status) &&
	      WEXITSTATUS(status) == code, "it exits with %d, not the status %#x", code, status);
}
