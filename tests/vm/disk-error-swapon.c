/* SPDX-License-Identifier: MIT */
/*
 * A swap area whose header cannot be read: the machine starts without swap, swapon(2) says EIO,
 * and who uses more memory than there is is killed, nobody else.
 *
 * pagoda-only: the disk's errors are made by QEMU.
 * guest: mem=8 swap=16 errors="swap:read:0" pagoda-only
 */
#include "tests/test.h"

static void use_too_much(void)
{
	char *memory = memory_map(12 * MIB, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < PAGES(12 * MIB); i++)
		memory[i * PAGE] = 1;
	_exit(0);
}

int main(void)
{
	CHECK(meminfo("SwapTotal") == 0, "the start without swap went well");
	CHECK_ERRNO(syscall(__NR_swapon, "/dev/vdb", 0), EIO);
	CHECK_ERRNO(syscall(__NR_swapoff, "/dev/vdb"), EINVAL);
	pid_t child = fork_checked();
	if (!child)
		use_too_much();
	int status = wait_status(child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "killed, not %#x", status);
	say("no swap, and life goes on");
	return 0;
}
