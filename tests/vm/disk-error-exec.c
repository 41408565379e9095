/* SPDX-License-Identifier: MIT */
/*
 * A program whose first page the disk cannot read is not run: execve(2) says EIO, and the caller
 * goes on. One whose first page can be read, but is no program, is another error.
 *
 * pagoda-only: the disk's errors are made by QEMU.
 * guest: errors="root:read:0" pagoda-only
 */
#include "tests/test.h"

int main(void)
{
	char *arguments[] = {"errors", NULL};
	char *memory = memory_map(PAGE, PROT_READ | PROT_WRITE);
	static char page[PAGE];

	page_fill(memory, 1);
	CHECK(chmod("/root/errors", 0755) == 0, "the file may be executed");
	CHECK_ERRNO(execve("/root/errors", arguments, NULL), EIO);
	CHECK_ERRNO(execve("/root/errors", arguments, NULL), EIO);
	CHECK(page_has(memory, 1), "the caller is what it was");

	int fd = open("/root/errors", O_RDWR);
	CHECK(write(fd, page, PAGE) == (ssize_t)PAGE, "a whole page may be written over it");
	CHECK(close(fd) == 0, "close");
	CHECK_ERRNO(execve("/root/errors", arguments, NULL), ENOEXEC);
	say("EIO, and after the page was written anew ENOEXEC");
	return 0;
}
