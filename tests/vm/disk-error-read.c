/* SPDX-License-Identifier: MIT */
/*
 * A page of a file that the disk cannot read: read(2) says EIO, a mapping gives SIGBUS, a system
 * call that is given such memory EFAULT. The pages beside it, read in the same transfer, are as
 * good as ever, and who only asks for those notices nothing.
 *
 * pagoda-only: the disk's errors are made by QEMU.
 * guest: errors="root:read:3 root:read:7" pagoda-only
 */
#include "tests/test.h"

#define FILE_PAGES 12u

static bool is_bad(uint32_t page)
{
	return page == 3 || page == 7;
}

static void check_reading(int fd)
{
	static char bytes[FILE_PAGES * PAGE];

	for (uint32_t i = 0; i < FILE_PAGES; i++) {
		if (is_bad(i))
			CHECK_ERRNO(pread(fd, bytes, PAGE, i * PAGE), EIO);
		else
			CHECK(pread(fd, bytes, PAGE, i * PAGE) == (ssize_t)PAGE &&
			      all_bytes_are(bytes, PAGE, 'a' + i), "page %u can be read", i);
	}
	CHECK(pread(fd, bytes, sizeof(bytes), 0) == 3 * (ssize_t)PAGE,
	      "a long read ends before the bad page");
	CHECK_ERRNO(pread(fd, bytes, 1, 3 * PAGE + 5), EIO);
	say("read(2): EIO for two pages, ten are good");
}

static void check_mapping(int fd, int flags)
{
	char *memory = file_map(fd, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, flags);
	int zero = open("/dev/zero", O_RDWR);
	int ends[2];

	CHECK(pipe(ends) == 0 && zero >= 0, "a pipe and /dev/zero");
	for (uint32_t i = 0; i < FILE_PAGES; i++) {
		char *page = memory + i * PAGE;

		if (!is_bad(i)) {
			CHECK(all_bytes_are(page, PAGE, 'a' + i), "page %u can be seen", i);
			continue;
		}
		CHECK(death_of(read_byte, page + 9).signal == SIGBUS, "reading: SIGBUS");
		CHECK(death_of(write_byte, page + 9).signal == SIGBUS, "writing: SIGBUS");
		CHECK_ERRNO(write(ends[1], page, 1), EFAULT);
		CHECK_ERRNO(read(zero, page, 1), EFAULT);
	}
	CHECK(munmap(memory, FILE_PAGES * PAGE) == 0, "munmap");
	close(zero);
	close(ends[0]);
	close(ends[1]);
	say("mmap: SIGBUS for two pages, ten are good");
}

int main(void)
{
	int fd = open("/root/errors", O_RDWR);
	int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);

	CHECK(fd >= 0 && drop >= 0, "the file, and drop_caches");
	check_reading(fd);
	CHECK(write(drop, "1", 1) == 1, "forget what was read");
	check_mapping(fd, MAP_SHARED);
	CHECK(write(drop, "1", 1) == 1, "forget what was read");
	check_mapping(fd, MAP_PRIVATE);
	return 0;
}
