/* SPDX-License-Identifier: MIT */
/*
 * A program that is killed while it waits for a page from the swap device is gone, whether it
 * touched the page itself, had a system call read it, or was emptying the device. The page is whole
 * for those who share it, and the device is in use as before, or is not, but nothing between.
 *
 * guest: swap=16 pagoda-only
 * pagoda-only: it takes the machine's swap away.
 */
#include <sys/swap.h>

#include "tests/disk.h"

#define COUNT 600u
#define RESIDENT 200u /* of these, at most; the others are on the device */
#define ROUNDS 12u

static char *memory;
static int file;

static void touch(void)
{
	for (uint32_t i = 0;; i = (i + 7) % COUNT)
		(void)*(volatile char *)(memory + i * PAGE);
}

static void have_read(void)
{
	for (uint32_t i = 0;; i = (i + 7) % COUNT)
		pwrite(file, memory + i * PAGE, PAGE, 0);
}

static void empty_device(void)
{
	swapoff(disk_path(DISK_SWAP));
	for (;;)
		pause();
}

/* The child has read `least` pages from the device by now. */
static void wait_for_reads(long before, long least)
{
	for (int tries = 0; tries < 1000; tries++) {
		if (proc_number("/proc/vmstat", "pswpin") - before >= least)
			return;
		usleep(100);
	}
	CHECK(false, "%ld pages come from the swap device", least);
}

static void kill_while(void (*act)(void), uint32_t round)
{
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is whole in round %u", i, round);
	long before = proc_number("/proc/vmstat", "pswpin");
	pid_t child = fork_checked();
	if (!child)
		act();
	wait_for_reads(before, 1 + round * 5);
	CHECK(kill(child, SIGKILL) == 0, "the child can be killed");
	int status = wait_status(child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it is, not %#x", status);
	if (meminfo("SwapTotal") == 0)
		CHECK(swapon(disk_path(DISK_SWAP), 0) == 0, "the device was empty before that");
}

int main(void)
{
	static void (*const acts[])(void) = {touch, have_read, empty_device};

	struct rlimit limit = {RESIDENT * PAGE, RESIDENT * PAGE};

	CHECK(setrlimit(RLIMIT_RSS, &limit) == 0, "a resident limit");
	memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	file = open("file", O_CREAT | O_RDWR, 0644);
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t round = 0; round < ROUNDS; round++)
		kill_while(acts[round % 3], round);
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is whole in the end", i);
	say("%u programs were killed while pages came", ROUNDS);
	return 0;
}
