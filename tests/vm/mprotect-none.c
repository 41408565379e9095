/* SPDX-License-Identifier: MIT */
/*
 * PROT_NONE forbids every access, the kernel's on the program's behalf too; the content is there
 * again when the right comes back.
 */
#include "tests/test.h"

int main(void)
{
	char *memory = memory_map(2 * PAGE, PROT_READ | PROT_WRITE);
	int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644);

	page_fill(memory, 1);
	page_fill(memory + PAGE, 2);
	CHECK(mprotect(memory, PAGE, PROT_NONE) == 0, "no access to page 0");
	CHECK_DIES(read_byte, memory + 7, SIGSEGV, SEGV_ACCERR, memory + 7);
	CHECK_DIES(write_byte, memory + 8, SIGSEGV, SEGV_ACCERR, memory + 8);
	CHECK_ERRNO(write(fd, memory, 100), EFAULT);
	CHECK_ERRNO(read(open("/proc/self/maps", O_RDONLY), memory, 10), EFAULT);
	CHECK(page_has(memory + PAGE, 2), "page 1 is as before");
	CHECK(mprotect(memory, PAGE, PROT_READ) == 0, "reading again");
	CHECK(page_has(memory, 1), "the content has survived");
	CHECK_DIES(write_byte, memory, SIGSEGV, SEGV_ACCERR, memory);
	say("PROT_NONE held against program and kernel");
	return 0;
}
