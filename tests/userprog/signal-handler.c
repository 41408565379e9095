/* SPDX-License-Identifier: MIT */
/*
 * A signal runs its handler and then the program goes on where it was, registers and all; without
 * a handler it does what it does by default, or nothing if ignored.
 */
#include "tests/test.h"

static volatile sig_atomic_t count, last;

static void handler(int number)
{
	count++;
	last = number;
}

int main(void)
{
	uint32_t ebx = 0x11111111, esi = 0x22222222, edi = 0x33333333, result;

	CHECK(signal(SIGUSR1, handler) == SIG_DFL, "no handler before");
	CHECK(raise(SIGUSR1) == 0 && count == 1 && last == SIGUSR1, "the handler ran");
	CHECK(kill(getpid(), SIGUSR1) == 0 && count == 2, "again");
	__asm__ volatile("int $0x80" /* kill(getpid(), SIGUSR1), registers watched */
	                 : "=a"(result), "+S"(esi), "+D"(edi)
	                 : "a"(__NR_kill), "b"(getpid()), "c"(SIGUSR1)
	                 : "memory");
	CHECK(result == 0 && count == 3, "by a bare system call");
	CHECK(ebx == 0x11111111 && esi == 0x22222222 && edi == 0x33333333, "registers are kept");
	CHECK(signal(SIGUSR1, SIG_IGN) == handler, "the handler is told");
	CHECK(raise(SIGUSR1) == 0 && count == 3, "ignored");
	CHECK_ERRNO(sigaction(SIGKILL, &(struct sigaction){.sa_handler = handler}, NULL), EINVAL);
	CHECK_ERRNO(sigaction(SIGSTOP, &(struct sigaction){.sa_handler = handler}, NULL), EINVAL);
	CHECK_ERRNO(kill(getpid(), 65), EINVAL);
	CHECK_ERRNO(kill(0x3FFFFFF, SIGUSR1), ESRCH);
	CHECK(kill(getpid(), 0) == 0, "signal 0 does nothing");
	say("handled, ignored, refused");
	return 0;
}
