/* SPDX-License-Identifier: MIT */
/*
 * A program that runs twice has its code in memory once: parent and a newly started child have
 * the same frame for the same page of code.
 *
 * guest: linux-root
 */
#include "tests/test.h"

static int constant_function(int x)
{
	return x * 3 + 1;
}

int main(int argc, char **argv)
{
	int (*volatile function)(int) = constant_function;
	uint64_t frame;
	char text[32];
	pid_t child;

	CHECK(function(2) == 7, "the code is in memory");
	frame = pagemap_entry((void *)(uintptr_t)function) & PAGEMAP_FRAME;
	CHECK(frame != 0, "pagemap tells the frame");
	if (argc > 1) {
		CHECK(frame == strtoull(argv[1], NULL, 16) || !pages_stay(), "the same frame: %s",
		      argv[1]);
		return 0;
	}
	snprintf(text, sizeof(text), "%llx", (unsigned long long)frame);
	child = fork_checked();
	if (!child) {
		execl("/proc/self/exe", "child", text, NULL);
		_exit(1);
	}
	wait_success(child);
	say("two processes run code from frame %s", text);
	return 0;
}
