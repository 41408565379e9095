/* SPDX-License-Identifier: MIT */
/*
 * mmap(2), munmap(2) and mprotect(2) refuse what makes no sense, with the errno of the manual,
 * and change nothing.
 */
#include "tests/test.h"

int main(void)
{
	const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
	int fd = file_make("data", 1, 1);
	char *memory = memory_map(2 * PAGE, PROT_READ | PROT_WRITE);

	page_fill(memory, 9);
	CHECK_ERRNO((long)mmap(NULL, 0, PROT_READ, anonymous, -1, 0), EINVAL);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
	CHECK_ERRNO((long)mmap(memory + 1, PAGE, PROT_READ, anonymous | MAP_FIXED, -1, 0), EINVAL);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 77, 0), EBADF);
	CHECK_ERRNO((long)mmap(NULL, 0xFFFF0000u, PROT_READ, anonymous, -1, 0), ENOMEM);
	CHECK_ERRNO((long)mmap(NULL, 0xFFFFFFFFu, PROT_READ, anonymous, -1, 0), ENOMEM);
	CHECK_ERRNO(munmap(memory + 1, PAGE), EINVAL);
	CHECK_ERRNO(munmap(memory, 0), EINVAL);
	CHECK_ERRNO(munmap(memory, 0xFFFFF000u), EINVAL);
	CHECK_ERRNO(mprotect(memory + 1, PAGE, PROT_READ), EINVAL);
	CHECK(mprotect(memory, 0, PROT_NONE) == 0, "mprotect of nothing is no error");
	CHECK(page_has(memory, 9), "the memory is as it was");
	CHECK(close(fd) == 0, "the file too");
	say("12 senseless calls were refused");
	return 0;
}
