/* SPDX-License-Identifier: MIT */
/*
 * A program calls harmless system calls with nonsense arguments, thousands of times, in children
 * that may die of it. The machine must not.
 */
#include "tests/test.h"

static const uint16_t calls[] = {
	__NR_read, __NR_write, __NR_close, __NR_waitpid, __NR_lseek, __NR_access, __NR_dup,
	__NR_pipe, __NR_brk, __NR_dup2, __NR_getrusage, __NR_readlink, __NR_munmap,
	__NR_mprotect, __NR_msync, __NR_readv, __NR_writev, __NR_mremap, __NR_poll,
	__NR_rt_sigaction, __NR_rt_sigprocmask, __NR_getcwd, __NR_sigaltstack, __NR_mmap2,
	__NR_stat64, __NR_fstat64, __NR_mincore, __NR_madvise, __NR_getdents64, __NR_fcntl64,
	__NR_clock_gettime, __NR__llseek, __NR_getrlimit, __NR_set_thread_area, __NR_uname,
	__NR_times, __NR_ioctl, __NR_pread64, __NR_getpgid, __NR_getsid, __NR_statfs64,
	__NR_mmap, __NR_sched_yield, __NR_rt_sigpending, __NR_fstatat64, __NR_readlinkat,
	__NR_pipe2, __NR_dup3,
};

static uint32_t random_state;
static volatile uint32_t *calls_made; /* shared */

static uint32_t nonsense(void)
{
	static const uint32_t edges[] = {
		0, 1, 2, 3, 4, 8, 16, PAGE, PAGE - 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
		0xFFFFF000, 0xC0000000, 0xBFFFFFFF, 0xBFFFF000, 0x08048000, 0x08049FFF,
		0xC0100000, 0xFFFFFFF8,
	};
	uint32_t x = next_random(&random_state);

	switch (x % 4) {
	case 0: return edges[x / 4 % (sizeof(edges) / sizeof(edges[0]))];
	case 1: return x / 4 % 64;
	case 2: return (uintptr_t)&x + (int32_t)(x / 4 % 20000) - 10000;
	default: return next_random(&random_state);
	}
}

static void attack(void *seed)
{
	random_state = (uintptr_t)seed + 1;
	for (int fd = 0; fd < 3; fd++)
		dup2(open("/dev/null", O_RDWR), fd); /* so that nothing waits for a terminal */
	for (uint32_t n = 0; n < 200; n++) {
		uint32_t i = next_random(&random_state) % (sizeof(calls) / sizeof(calls[0]));

		++*calls_made;
		syscall(calls[i], nonsense(), nonsense(), nonsense(), nonsense(), nonsense(),
		        nonsense());
	}
}

/* Waits for the attacker, who may have put himself to sleep for ever. */
static bool died(pid_t child)
{
	int status;

	for (int tries = 0; waitpid(child, &status, WNOHANG) == 0; tries++) {
		usleep(2000);
		if (tries == 10)
			kill(child, SIGKILL);
	}
	return WIFSIGNALED(status);
}

int main(void)
{
	uint32_t killed = 0;

	calls_made = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(calls_made != MAP_FAILED, "a shared counter");
	for (uintptr_t round = 0; round < 150; round++) {
		pid_t child = fork_checked();

		if (!child) {
			attack((void *)(round * 7919));
			_exit(0);
		}
		killed += died(child);
	}
	CHECK(*calls_made > 5000, "thousands of calls, not %u", *calls_made);
	say("150 attackers made %u calls; %u of them died of it", *calls_made, killed);
	return 0;
}
