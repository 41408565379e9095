/* SPDX-License-Identifier: MIT */
/*
 * A file is cut off while its pages are being read in, from a disk that has other things to do:
 * what remains is read right, what is gone is SIGBUS, and zeros when the file grows again; what
 * the disk still brings is nobody's.
 *
 * guest: mem=16 swap=0
 */
#include "tests/test.h"

#define COUNT 64u
#define KEPT 60u
#define OTHER MIB

/* Keeps the disk at work until it is killed. */
static void write_for_ever(void)
{
	char *bytes = memory_map(OTHER, PROT_READ | PROT_WRITE);
	int fd = open("other", O_RDWR | O_CREAT | O_TRUNC, 0644);

	for (;;) {
		bytes[0]++;
		CHECK(pwrite(fd, bytes, OTHER, 0) == (ssize_t)OTHER && fsync(fd) == 0, "write");
	}
}

static void cut_while_read(uint32_t seed, int drop)
{
	int fd = file_make("data", COUNT, seed);
	char *file = file_map(fd, COUNT * PAGE, PROT_READ, MAP_SHARED);

	CHECK(fsync(fd) == 0, "the file is on the disk");
	if (machine_is_ours())
		CHECK(drop >= 0 && write(drop, "1", 1) == 1, "and not in memory");
	CHECK(madvise(file, COUNT * PAGE, MADV_WILLNEED) == 0, "it is being read");
	CHECK(ftruncate(fd, KEPT * PAGE) == 0, "cut off");
	CHECK_DIES(read_byte, file + KEPT * PAGE, SIGBUS, BUS_ADRERR, file + KEPT * PAGE);
	for (uint32_t i = 0; i < KEPT; i++)
		CHECK(page_has(file + i * PAGE, seed + i), "page %u stays", i);
	CHECK(ftruncate(fd, COUNT * PAGE) == 0, "it grows again");
	for (uint32_t i = KEPT; i < COUNT; i++)
		CHECK(all_bytes_are(file + i * PAGE, PAGE, 0), "page %u is zeros", i);
	CHECK(munmap(file, COUNT * PAGE) == 0 && close(fd) == 0, "done with it");
}

int main(void)
{
	int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
	pid_t writer = fork_checked();

	if (!writer)
		write_for_ever();
	for (uint32_t round = 0; round < 20; round++)
		cut_while_read(1000 * round, drop);
	CHECK(kill(writer, SIGKILL) == 0, "the writer has done its part");
	int status = wait_status(writer);
	CHECK(WIFSIGNALED(status), "and nothing went wrong with it: %#x", status);
	say("20 files of %u pages were cut to %u while they were read", COUNT, KEPT);
	return 0;
}
