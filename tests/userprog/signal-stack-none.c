/* SPDX-License-Identifier: MIT */
/*
 * A handler without a stack of its own cannot run when the stack has overflowed: the process is
 * killed by SIGSEGV, and no loop comes of it. The same if the stack pointer is nonsense.
 */
#include "tests/test.h"

static void handler(int number)
{
	(void)number;
	_exit(50);
}

static __attribute__((noinline)) int descend(int depth)
{
	volatile char mine[4000];

	mine[0] = depth;
	return depth < 0 ? 0 : descend(depth + 1) + mine[0];
}

static void lose_stack(void)
{
	__asm__ volatile("movl $0x10, %esp; pushl %eax");
}

int main(void)
{
	for (int way = 0; way < 2; way++) {
		pid_t child = fork_checked();
		int status;

		if (!child) {
			struct rlimit limit = {MIB, MIB};

			setrlimit(RLIMIT_STACK, &limit);
			signal(SIGSEGV, handler);
			if (way == 0)
				descend(0);
			lose_stack();
			_exit(51);
		}
		status = wait_status(child);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "killed, not %#x",
		      status);
	}
	say("two processes without a stack were killed");
	return 0;
}
