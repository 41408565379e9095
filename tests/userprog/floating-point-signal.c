/* SPDX-License-Identifier: MIT */
/*
 * A handler may compute with floating point, and the interrupted program finds its registers as
 * they were. A child of fork(2) inherits them.
 */
#include "tests/test.h"

static void handler(int number)
{
	uint32_t zeros[4] = {0};

	(void)number;
	__asm__ volatile("movups %0, %%xmm3; fninit; fldz; fldz; fldz" : : "m"(zeros));
}

static void check_xmm3(const uint32_t *in, const char *who)
{
	uint32_t out[4];

	__asm__ volatile("movups %%xmm3, %0" : "=m"(out));
	CHECK(memcmp(in, out, sizeof(out)) == 0, "%s has xmm3", who);
}

int main(void)
{
	static uint32_t in[4] = {0xDEADBEEF, 2, 0x33333333, 4}, out[4];
	uint32_t seven = 0;
	long pid = getpid(), result, child;

	signal(SIGUSR1, handler);
	/* kill(pid, SIGUSR1) between loading and storing, without a call that may use them. */
	__asm__ volatile("pushl $7\n\t"
	                 "fildl (%%esp)\n\t"
	                 "movups %3, %%xmm3\n\t"
	                 "int $0x80\n\t"
	                 "movups %%xmm3, %1\n\t"
	                 "fistpl (%%esp)\n\t"
	                 "popl %2"
	                 : "=a"(result), "=m"(out), "=r"(seven)
	                 : "m"(in), "a"(__NR_kill), "b"(pid), "c"(SIGUSR1)
	                 : "memory");
	CHECK(result == 0 && seven == 7, "st(0) has come through the handler: %u", seven);
	CHECK(memcmp(in, out, sizeof(out)) == 0, "xmm3 too");
	__asm__ volatile("movups %2, %%xmm3; int $0x80"
	                 : "=a"(child) : "a"(__NR_fork), "m"(in) : "memory");
	if (child == 0) {
		check_xmm3(in, "the child");
		_exit(0);
	}
	check_xmm3(in, "the parent");
	wait_success(child);
	say("floating point came through a handler and a fork");
	return 0;
}
