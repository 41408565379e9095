/* SPDX-License-Identifier: MIT */
/*
 * A system call that is to write to a bad address returns EFAULT: pointers to nothing, into the
 * kernel, to read-only memory and to the program's code.
 */
#include "tests/test.h"

#include <sys/uio.h>
#include <time.h>

int main(void)
{
	char *memory = memory_map(3 * PAGE, PROT_READ | PROT_WRITE);
	int fd = file_make("data", 2, 1), status;
	struct iovec vector = {memory, 10};
	void *volatile bad[] = {NULL, memory + PAGE, memory + 2 * PAGE, (void *)(uintptr_t)main,
	               (void *)0xC0100000, (void *)0xFFFFF000};
	pid_t child;

	page_fill(memory + 2 * PAGE, 5);
	CHECK(munmap(memory + PAGE, PAGE) == 0, "nothing in the second page");
	CHECK(mprotect(memory + 2 * PAGE, PAGE, PROT_READ) == 0, "the third is read-only");
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(lseek(fd, 0, SEEK_SET) == 0, "seek");
		CHECK_ERRNO(read(fd, bad[i], 10), EFAULT);
		CHECK_ERRNO(pread(fd, bad[i], 10, 0), EFAULT);
		vector.iov_base = bad[i];
		CHECK_ERRNO(readv(fd, &vector, 1), EFAULT);
		CHECK_ERRNO(syscall(__NR_pipe, bad[i]), EFAULT);
		CHECK_ERRNO(syscall(__NR_fstat64, fd, bad[i]), EFAULT);
		CHECK_ERRNO(syscall(__NR_stat64, "data", bad[i]), EFAULT);
		CHECK_ERRNO(syscall(__NR_uname, bad[i]), EFAULT);
		CHECK_ERRNO(syscall(__NR_getdents64, open(".", O_RDONLY), bad[i], 1000), EFAULT);
		CHECK_ERRNO(syscall(__NR_clock_gettime, CLOCK_MONOTONIC, bad[i]), EFAULT);
		if (bad[i]) {
			CHECK_ERRNO(syscall(__NR_getcwd, bad[i], 100), EFAULT);
			child = fork_checked();
			if (!child)
				_exit(3);
			CHECK_ERRNO(syscall(__NR_wait4, child, bad[i], 0, NULL), EFAULT);
		}
	}
	CHECK(page_has(memory + 2 * PAGE, 5), "the read-only page is as before");
	CHECK(waitpid(-1, &status, 0) < 0 || WIFEXITED(status), "no child is lost in pieces");
	say("bad pointers to write to: EFAULT");
	return 0;
}
