/* SPDX-License-Identifier: MIT */
/*
 * Lengths that run past the end of the address space are refused before anything is touched.
 */
#include "tests/test.h"

#include <sys/uio.h>

int main(void)
{
	char *memory = memory_map(PAGE, PROT_READ | PROT_WRITE);
	int fd = file_make("data", 1, 1);
	struct iovec wrap[2] = {{memory, 0x7FFFFFFF}, {memory, 0x7FFFFFFF}};
	struct iovec negative = {memory, 0x80000000u};
	ssize_t n;

	page_fill(memory, 3);
	CHECK(lseek(fd, 0, SEEK_SET) == 0, "seek");
	n = syscall(__NR_write, fd, (void *)0xFFFFFF00u, 0x1000);
	CHECK(n == -1 && errno == EFAULT, "a buffer around the end of addresses: %zd", n);
	n = syscall(__NR_read, fd, (void *)0xFFFFFF00u, 0xFFFFFFFF);
	CHECK(n == -1 && (errno == EFAULT || errno == EINVAL), "a length below zero: %zd", n);
	CHECK_ERRNO(syscall(__NR_readv, fd, &negative, 1), EINVAL);
	CHECK_ERRNO(syscall(__NR_readv, fd, wrap, -1), EINVAL);
	CHECK_ERRNO(syscall(__NR_readv, fd, wrap, 100000), EINVAL);
	CHECK(page_has(memory, 3), "memory has not changed");
	CHECK(lseek(fd, 0, SEEK_END) == (off_t)PAGE, "the file neither");
	say("impossible lengths were refused");
	return 0;
}
