/* SPDX-License-Identifier: MIT */
/*
 * A buffer that begins well and runs into nothing: what lies before the hole may be transferred,
 * nothing else; a structure that does not fit is EFAULT; a string that ends just before the hole
 * is fine, and one that does not is EFAULT.
 */
#include "tests/test.h"

int main(void)
{
	char *memory = memory_map(2 * PAGE, PROT_READ | PROT_WRITE), *edge = memory + PAGE;
	int fd = file_make("data", 4, 600), out = open("out", O_RDWR | O_CREAT | O_TRUNC, 0644);
	ssize_t n;

	CHECK(munmap(edge, PAGE) == 0, "the hole");
	memset(memory, '#', PAGE);
	CHECK(lseek(fd, 0, SEEK_SET) == 0, "seek");
	n = read(fd, edge - 100, 200);
	CHECK((n == -1 && errno == EFAULT) || (n >= 0 && n <= 100), "at most 100 bytes fit: %zd",
	      n);
	CHECK(all_bytes_are(memory, PAGE - 100, '#'), "nothing before the buffer has changed");

	memset(memory, 'w', PAGE);
	n = write(out, edge - 100, 200);
	CHECK((n == -1 && errno == EFAULT) || (n >= 0 && n <= 100), "at most 100 bytes are there");
	CHECK(lseek(out, 0, SEEK_END) <= 100, "and no more are in the file");

	CHECK_ERRNO(syscall(__NR_fstat64, fd, edge - 50), EFAULT);
	CHECK(syscall(__NR_fstat64, fd, edge - 96) == 0, "a structure that just fits");
	CHECK_ERRNO(syscall(__NR_pipe, edge - 4), EFAULT);
	CHECK(syscall(__NR_pipe, edge - 8) == 0, "two descriptors that just fit");

	memcpy(edge - 5, "data", 5);
	CHECK(access(edge - 5, F_OK) == 0, "a name that ends at the edge");
	memcpy(edge - 4, "data", 4);
	CHECK_ERRNO(access(edge - 4, F_OK), EFAULT);
	say("buffers were used up to the edge and not beyond");
	return 0;
}
