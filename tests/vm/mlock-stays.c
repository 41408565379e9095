/* SPDX-License-Identifier: MIT */
/*
 * Locked pages stay in memory while everything else is driven out: mlock(2) of memory and of a
 * file, mlockall(2) of what is there and of what comes later; after munlockall(2) they may go.
 * Locks are not inherited by a child. msync(2) with MS_INVALIDATE is refused.
 *
 * guest: mem=8 swap=32 linux-root
 */
#include "tests/test.h"

#define COUNT 64u

static long locked(void)
{
	return proc_number("/proc/self/status", "VmLck");
}

/* More than all memory is written, in a child, so that whatever may go has to. */
static void pressure(void *unused)
{
	uint32_t size = machine_is_ours() ? 12 * MIB : MIB;
	char *memory = memory_map(size, PROT_READ | PROT_WRITE);

	(void)unused;
	for (uint32_t at = 0; at < size; at += PAGE)
		memory[at] = 1;
}

int main(void)
{
	int fd = file_make("data", COUNT, 5);
	char *file = file_map(fd, COUNT * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	char *other = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	int policy = open("/proc/sys/vm/policy", O_WRONLY);
	char *later;
	long major;

	/* Pagoda's choice of victims: one that spares nobody who is not locked. */
	if (policy >= 0)
		CHECK(write(policy, "fifo", 4) == 4, "the oldest page goes");

	for (uint32_t i = 0; i < COUNT; i++) {
		page_fill(memory + i * PAGE, i);
		page_fill(other + i * PAGE, i);
	}
	CHECK(mlock(memory, COUNT * PAGE) == 0 && mlock(file, COUNT * PAGE) == 0, "mlock");
	CHECK(locked() == 2 * COUNT * 4, "VmLck: %ld KiB", locked());
	CHECK_ERRNO(msync(file, PAGE, MS_SYNC | MS_INVALIDATE), EBUSY);
	in_child(pressure, NULL);
	CHECK(pages_resident(memory, COUNT * PAGE) == COUNT, "locked memory is all there");
	CHECK(pages_resident(file, COUNT * PAGE) == COUNT, "the locked file, too");
	if (machine_is_ours())
		CHECK(pages_resident(other, COUNT * PAGE) < COUNT, "what is not locked had to go");
	major = faults_major();
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(page_has(memory + i * PAGE, i) && page_has(file + i * PAGE, 5 + i),
		      "page %u", i);
	CHECK(faults_major() == major || !machine_is_ours(), "no disk was needed for them");

	CHECK(munlockall() == 0 && locked() == 0, "munlockall");
	CHECK(msync(file, PAGE, MS_SYNC | MS_INVALIDATE) == 0, "MS_INVALIDATE is possible again");
	in_child(pressure, NULL);
	if (machine_is_ours())
		CHECK(pages_resident(memory, COUNT * PAGE) < COUNT, "now it may go");

	CHECK(mlockall(MCL_FUTURE) == 0, "mlockall of what comes");
	later = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	CHECK(pages_resident(later, COUNT * PAGE) == COUNT, "a new mapping is there at once");
	CHECK(locked() >= (long)COUNT * 4, "and locked: %ld KiB", locked());
	CHECK(mlockall(MCL_CURRENT) == 0, "mlockall of what is there");
	CHECK(pages_resident(memory, COUNT * PAGE) == COUNT, "which brings it back in");
	char *none = memory_map(PAGE, PROT_NONE);
	CHECK_DIES(read_byte, none, SIGSEGV, SEGV_ACCERR, none); /* no lock is a right */
	CHECK(munmap(none, PAGE) == 0, "munmap");
	CHECK_ERRNO(mlockall(0), EINVAL);
	CHECK_ERRNO(mlockall(1 << 10), EINVAL);
	pid_t child = fork_checked();
	if (!child)
		_exit(locked() != 0);
	wait_success(child);
	CHECK(munlock(memory, PAGE) == 0, "munlock");
	CHECK(munmap(other, PAGE) == 0, "a hole");
	CHECK_ERRNO(mlock(other, 2 * PAGE), ENOMEM);
	say("%u locked pages stayed", 2 * COUNT);
	return 0;
}
