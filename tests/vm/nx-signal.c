/* SPDX-License-Identifier: MIT */
/*
 * A signal handler that was installed without a way back of its own (SA_RESTORER, which C libraries
 * give) returns by the vDSO's, so that the stack needs to hold no code: with the arguments of
 * SA_SIGINFO and without. The frame on the stack has a copy of the vDSO's instructions, by which
 * debuggers know it.
 */
#include "tests/test.h"

#include <asm/sigcontext.h>
#include <vdso.h>

/* sigaction(2) as the kernel takes it. */
struct kernel_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

/* Where code lies in the frame, whose first word is the handler's return address (Linux's
 * arch/x86/include/asm/sigframe.h). */
#define OLD_CODE (8 + sizeof(struct sigcontext) + sizeof(struct _fpstate_32) + 4)
#define INFO_CODE (16 + sizeof(siginfo_t) + 20 + sizeof(struct sigcontext) + 8)

static volatile uint32_t runs;
static void *volatile back;
static unsigned char code[8];

/* The C library's frame pointer is kept: above it lies the return address. */
static void see(uint32_t *frame, size_t code_at)
{
	runs++;
	back = (void *)(uintptr_t)frame[0];
	memcpy(code, (unsigned char *)frame + code_at, sizeof(code));
}

static void plain(int signal)
{
	CHECK(signal == SIGUSR1, "the signal");
	see((uint32_t *)__builtin_frame_address(0) + 1, OLD_CODE);
}

static void told(int signal, siginfo_t *info, void *context)
{
	CHECK(signal == SIGUSR1 && info->si_signo == SIGUSR1 && context, "the signal, told");
	see((uint32_t *)__builtin_frame_address(0) + 1, INFO_CODE);
}

static void run(void *handler, unsigned long flags, const char *way_back, size_t length)
{
	struct kernel_action action = {handler, flags, NULL, 0};
	unsigned char *expected = vdso_function("LINUX_2.5", way_back);
	uint32_t before = runs;

	CHECK(expected, "the vDSO has %s", way_back);
	CHECK(syscall(__NR_rt_sigaction, SIGUSR1, &action, NULL, 8) == 0, "install it");
	CHECK(raise(SIGUSR1) == 0 && raise(SIGUSR1) == 0, "two signals");
	CHECK(runs == before + 2, "the handler ran twice, and returned");
	CHECK(back == expected, "by %s at %p, not %p", way_back, (void *)expected, back);
	CHECK(memcmp(code, expected, length) == 0, "whose instructions are in the frame");
}

int main(void)
{
	run(plain, 0, "__kernel_sigreturn", 8);
	run(told, SA_SIGINFO, "__kernel_rt_sigreturn", 7);
	say("handlers without a way back returned by the vDSO");
	return 0;
}
