/* SPDX-License-Identifier: MIT */
/*
 * A page of a file that cannot be written: the next fsync or msync says EIO, also if it was
 * another's (sync's) writing that failed; and it says so once. The page stays in memory, dirty, so
 * nothing is lost while there is a chance that a later write succeeds.
 *
 * pagoda-only: the disk's errors are made by QEMU.
 * guest: errors="root:write-twice:1-4 root:write:9" host=disk-error-write pagoda-only
 */
#include "tests/test.h"

static void write_page(int fd, uint32_t page, char letter)
{
	char bytes[PAGE];

	memset(bytes, letter, PAGE);
	CHECK(pwrite(fd, bytes, PAGE, page * PAGE) == (ssize_t)PAGE, "page %u is written", page);
}

int main(void)
{
	int fd = open("/root/errors", O_RDWR);
	int other = open("/root/errors", O_RDWR);
	char byte;

	CHECK(fd >= 0 && other >= 0, "the file can be opened twice");
	write_page(fd, 0, 'A');
	write_page(fd, 1, 'B');
	CHECK_ERRNO(fsync(fd), EIO);
	CHECK(fsync(fd) == 0, "what failed is tried again, and told once");
	say("fsync said it");

	char *memory = file_map(fd, 12 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	memset(memory + 2 * PAGE, 'C', PAGE);
	CHECK_ERRNO(msync(memory, 12 * PAGE, MS_SYNC), EIO);
	CHECK(msync(memory, 12 * PAGE, MS_SYNC) == 0, "told once");
	memset(memory + 2 * PAGE, 'c', PAGE);
	CHECK(msync(memory, 12 * PAGE, MS_SYNC) == 0, "a change after the failure is seen, too");
	memset(memory + 2 * PAGE, 'C', PAGE);
	say("msync said it");

	write_page(fd, 3, 'D');
	sync();
	CHECK_ERRNO(fdatasync(fd), EIO);
	CHECK_ERRNO(fdatasync(other), EIO);
	CHECK(fdatasync(other) == 0, "each open file is told, once");
	say("after sync(), fdatasync said it");

	memset(memory + 4 * PAGE, 'E', PAGE);
	CHECK(munmap(memory, 12 * PAGE) == 0, "munmap");
	CHECK_ERRNO(fsync(fd), EIO);
	CHECK(fsync(fd) == 0, "told once");

	/* For ever: as often as it is tried. */
	write_page(fd, 9, 'J');
	for (int i = 0; i < 3; i++)
		CHECK_ERRNO(fsync(fd), EIO);
	CHECK(pread(fd, &byte, 1, 9 * PAGE) == 1 && byte == 'J', "it is in memory all the same");
	CHECK(ftruncate(fd, 9 * PAGE) == 0, "the bad page is cut off");
	CHECK(fsync(fd) == 0, "then all is well");
	close(fd);
	close(other);
	return 0;
}
