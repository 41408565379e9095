/* SPDX-License-Identifier: MIT */
/*
 * A system call that is to read from a bad address returns EFAULT and does nothing else: pointers
 * to nothing, to page 0, into the kernel, and such that run off the end of a mapping.
 */
#include "tests/test.h"

#include <sys/uio.h>

int main(void)
{
	char *memory = memory_map(2 * PAGE, PROT_READ | PROT_WRITE);
	int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644), ends[2];
	void *volatile bad[] = {NULL, (void *)8, memory + PAGE, (void *)0xC0100000,
	                        (void *)0xFFFFF000, (void *)0xFFFFFFFF};
	char byte;

	CHECK(fd >= 0 && pipe(ends) == 0, "a file and a pipe");
	CHECK(munmap(memory + PAGE, PAGE) == 0, "nothing behind the first page");
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct iovec vector = {bad[i], 10};

		CHECK_ERRNO(write(fd, bad[i], 10), EFAULT);
		CHECK_ERRNO(write(ends[1], bad[i], 10), EFAULT);
		CHECK_ERRNO(pwrite(fd, bad[i], 10, 0), EFAULT);
		CHECK_ERRNO(writev(fd, &vector, 1), EFAULT);
		CHECK_ERRNO(writev(fd, bad[i], 1), EFAULT);
		CHECK_ERRNO(open(bad[i], O_RDONLY), EFAULT);
		CHECK_ERRNO(unlink(bad[i]), EFAULT);
		CHECK_ERRNO(mkdir(bad[i], 0755), EFAULT);
		CHECK_ERRNO(chdir(bad[i]), EFAULT);
		CHECK_ERRNO(rename("data", bad[i]), EFAULT);
		CHECK_ERRNO(syscall(__NR_execve, bad[i], NULL, NULL), EFAULT);
		if (bad[i]) {
			CHECK_ERRNO(syscall(__NR_execve, "/proc/self/exe", bad[i], NULL), EFAULT);
			CHECK_ERRNO(syscall(__NR_nanosleep, bad[i], NULL), EFAULT);
			CHECK_ERRNO(syscall(__NR_rt_sigaction, SIGUSR1, bad[i], NULL, 8), EFAULT);
			CHECK_ERRNO(syscall(__NR_rt_sigprocmask, SIG_BLOCK, bad[i], NULL, 8),
			            EFAULT);
		}
	}
	CHECK(lseek(fd, 0, SEEK_END) == 0, "nothing was written to the file");
	CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0, "do not wait");
	CHECK_ERRNO(read(ends[0], &byte, 1), EAGAIN);
	say("bad pointers to read from: EFAULT");
	return 0;
}
