/* SPDX-License-Identifier: MIT */
/*
 * A debugger's hands: words of memory, a private page that its owner may only read (the copy is
 * broken there, and nobody else sees the change), registers, single steps, a breakpoint, and a
 * variable watched by a debug register; process_vm_readv(2) and writev.
 */
#include "ptrace.h"

#include <sys/uio.h>

static volatile uint32_t watched, after;
static const volatile uint32_t constant[1024] __attribute__((aligned(4096))) = {0x600d};

static void words(void)
{
	pid_t child = traced_child();
	if (!child)
		_exit(constant[0] == 0xbad && watched == 77 ? 6 : 1);
	watched = 5;
	CHECK(peek_word(child, &watched) == 0, "the child's own copy");
	CHECK(trace(PTRACE_POKEDATA, child, (uintptr_t)&watched, 77) == 0, "poke");
	CHECK(trace(PTRACE_POKETEXT, child, (uintptr_t)constant, 0xbad) == 0, "a read-only page");
	CHECK(constant[0] == 0x600d && watched == 5, "only there");
	CHECK(trace(PTRACE_PEEKDATA, child, 16, (uintptr_t)&(uint32_t){0}) == -1 && errno == EIO,
	      "nothing is there");
	CHECK(trace(PTRACE_POKEDATA, child, 16, 0) == -1 && errno == EIO, "nor to write");
	resume(PTRACE_CONT, child, 0);
	expect_exit(child, 6);
}

static void remote(void)
{
	char there[2 * PAGE], here[2 * PAGE];
	memset(there, 'a', sizeof there);
	pid_t child = traced_child();
	if (!child)
		_exit(there[0] == 'b' && there[sizeof there - 1] == 'b' ? 8 : 1);
	memset(there, 'b', sizeof there);
	struct iovec local[2] = {{here, 100}, {here + 100, sizeof here - 100}};
	struct iovec far[2] = {{there, PAGE}, {there + PAGE, PAGE}};
	CHECK(syscall(__NR_process_vm_readv, child, local, 2, far, 2, 0) == sizeof here, "read");
	for (size_t i = 0; i < sizeof here; i++)
		CHECK(here[i] == 'a', "the child's byte %zu", i);
	local[0] = (struct iovec){there, sizeof there};
	CHECK(syscall(__NR_process_vm_writev, child, local, 1, far, 2, 0) == sizeof there, "write");
	far[1].iov_base = (void *)16;
	CHECK(syscall(__NR_process_vm_readv, child, local, 1, far, 2, 0) == PAGE, "what there is");
	CHECK(syscall(__NR_process_vm_readv, child, local, 1, far, 1, 1) == -1 && errno == EINVAL,
	      "no flags");
	resume(PTRACE_CONT, child, 0);
	expect_exit(child, 8);
}

/* Step by step from the stop to its end; the instructions come one after the other. */
static void steps(void)
{
	uint32_t now[WORDS], count = 0;
	int status;
	pid_t child = traced_child();
	if (!child) {
		for (int i = 0; i < 10; i++)
			after++;
		_exit(after == 10 ? 4 : 1);
	}
	for (;;) {
		resume(PTRACE_SINGLESTEP, child, 0);
		CHECK(waitpid(child, &status, 0) == child, "a step");
		if (!WIFSTOPPED(status))
			break;
		CHECK(WSTOPSIG(status) == SIGTRAP, "not %#x", status);
		CHECK(trace(PTRACE_GETREGS, child, 0, (uintptr_t)now) == 0, "registers");
		CHECK(!(now[WORD_EFL] & 0x100), "the trap flag is not the program's");
		count++;
	}
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 4, "its end: %#x", status);
	CHECK(count > 30 && count < 10000, "so many steps: %u", count);
}

static void __attribute__((noinline)) broken_here(void)
{
	after = 1;
}

static void breakpoint(void)
{
	uint32_t now[WORDS], place = (uint32_t)(uintptr_t)broken_here;
	pid_t child = traced_child();
	if (!child) {
		broken_here();
		_exit(after == 1 ? 2 : 1);
	}
	uint32_t original = peek_word(child, (void *)place);
	uint32_t with_int3 = (original & ~0xffu) | 0xcc;
	CHECK(trace(PTRACE_POKETEXT, child, place, with_int3) == 0, "int3");
	resume(PTRACE_CONT, child, 0);
	expect_stop(child, SIGTRAP);
	CHECK(trace(PTRACE_GETREGS, child, 0, (uintptr_t)now) == 0, "registers");
	CHECK(now[WORD_EIP] == place + 1, "behind it");
	CHECK(trace(PTRACE_POKETEXT, child, place, original) == 0, "as it was");
	now[WORD_EIP] = place;
	CHECK(trace(PTRACE_SETREGS, child, 0, (uintptr_t)now) == 0, "back");
	resume(PTRACE_CONT, child, 0);
	expect_exit(child, 2);
}

static void watch(void)
{
	uint32_t status = 0;
	siginfo_t info;
	watched = 0;
	pid_t child = traced_child();
	if (!child) {
		after = 1;
		watched = 42;
		after = 2;
		_exit(after);
	}
	CHECK(trace(PTRACE_POKEUSR, child, USER_DEBUG(0), (uintptr_t)&watched) == 0, "where");
	/* Four bytes, when written: LEN0 = 3, RW0 = 1; L0. */
	CHECK(trace(PTRACE_POKEUSR, child, USER_DEBUG(7), 0xd0001) == 0, "when");
	resume(PTRACE_CONT, child, 0);
	expect_stop(child, SIGTRAP);
	CHECK(peek_word(child, &watched) == 42, "just written: %u", peek_word(child, &watched));
	CHECK(peek_word(child, &after) == 1, "before what comes next");
	CHECK(trace(PTRACE_PEEKUSR, child, USER_DEBUG(6), (uintptr_t)&status) == 0, "DR6");
	CHECK((status & 0xf) == 1, "which register: %#x", status);
	CHECK(trace(PTRACE_GETSIGINFO, child, 0, (uintptr_t)&info) == 0 && info.si_code == 4,
	      "TRAP_HWBKPT");
	CHECK(trace(PTRACE_POKEUSR, child, USER_DEBUG(7), 0) == 0, "no more");
	resume(PTRACE_CONT, child, 0);
	expect_exit(child, 2);
	watched = 43; /* this process watches nothing */
}

/* The top of the floating-point stack in both forms; 1.5 becomes 2.5. */
static void floating_point(void)
{
	static const uint8_t before[10] = {0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0x3f};
	static const uint8_t now[10] = {0, 0, 0, 0, 0, 0, 0, 0xa0, 0x00, 0x40};
	uint8_t old_form[108], new_form[512];
	pid_t child = traced_child();
	if (!child) {
		float value = 1.5f;
		__asm__ volatile("flds %0; int3; fstps %0" : "+m"(value));
		_exit((int)(value * 2));
	}
	resume(PTRACE_CONT, child, 0);
	expect_stop(child, SIGTRAP);
	CHECK(trace(PTRACE_GETFPXREGS, child, 0, (uintptr_t)new_form) == 0, "as FXSAVE has it");
	CHECK(memcmp(new_form + 32, before, sizeof before) == 0, "its top");
	CHECK(trace(PTRACE_GETFPREGS, child, 0, (uintptr_t)old_form) == 0, "as FSAVE has it");
	CHECK(memcmp(old_form + 28, before, sizeof before) == 0, "its top");
	memcpy(old_form + 28, now, sizeof now);
	CHECK(trace(PTRACE_SETFPREGS, child, 0, (uintptr_t)old_form) == 0, "set");
	CHECK(trace(PTRACE_GETFPXREGS, child, 0, (uintptr_t)new_form) == 0, "again");
	CHECK(memcmp(new_form + 32, now, sizeof now) == 0, "its top");
	CHECK(trace(PTRACE_SETFPXREGS, child, 0, (uintptr_t)new_form) == 0, "set so, too");
	resume(PTRACE_CONT, child, 0);
	expect_exit(child, 5);
}

static void user_area(void)
{
	uint32_t word, now[WORDS];
	pid_t child = traced_child();
	if (!child)
		_exit(0);
	CHECK(trace(PTRACE_GETREGS, child, 0, (uintptr_t)now) == 0, "registers");
	CHECK(trace(PTRACE_PEEKUSR, child, 4 * WORD_EIP, (uintptr_t)&word) == 0 &&
	      word == now[WORD_EIP], "the same");
	CHECK(trace(PTRACE_PEEKUSR, child, 3, (uintptr_t)&word) == -1 && errno == EIO, "odd");
	CHECK(trace(PTRACE_PEEKUSR, child, 4096, (uintptr_t)&word) == -1 && errno == EIO, "far");
	CHECK(trace(12345, child, 0, 0) == -1 && errno == EIO, "no such request");
	resume(PTRACE_CONT, child, 0);
	expect_exit(child, 0);
}

int main(void)
{
	words();
	remote();
	steps();
	breakpoint();
	watch();
	floating_point();
	user_area();
	say("memory, registers, steps, a breakpoint and a watched variable");
	return 0;
}
