/* SPDX-License-Identifier: MIT */
/*
 * A process that ends gives back all it had, however it ends: 60 processes with anonymous, shared
 * and file memory end by exit, by a signal or in the middle of a fault.
 *
 * guest: mem=16 swap=0 timeout=60
 */
#include "tests/test.h"

static void use_memory(uint32_t number)
{
	char *memory = memory_map(3 * MIB, PROT_READ | PROT_WRITE);
	char *shared = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *file = file_map(file_make("data", 16, number), 16 * PAGE, PROT_READ | PROT_WRITE,
	                      MAP_PRIVATE);

	CHECK(shared != MAP_FAILED, "shared memory");
	for (uint32_t i = 0; i < PAGES(3 * MIB); i++)
		page_fill(memory + i * PAGE, i);
	memset(shared, 1, MIB);
	memset(file, 2, 16 * PAGE);
	if (number % 3 == 1)
		kill(getpid(), SIGKILL);
	if (number % 3 == 2)
		write_byte(NULL);
	_exit(0);
}

int main(void)
{
	long before = 0, after = 0;

	for (uint32_t n = 0; n < 60; n++) {
		pid_t child = fork_checked();
		int status;

		if (!child)
			use_memory(n);
		status = wait_status(child);
		if (n % 3 == 0)
			CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%u ends well", n);
		else
			CHECK(WIFSIGNALED(status) && WTERMSIG(status) ==
			      (n % 3 == 1 ? SIGKILL : SIGSEGV), "child %u is killed", n);
		after = meminfo("MemFree");
		if (n == 9)
			before = after;
	}
	if (machine_is_ours())
		CHECK(before - after < 256, "50 processes left %ld KiB behind", before - after);
	say("60 processes ended; MemFree %ld KiB, then %ld", before, after);
	return 0;
}
