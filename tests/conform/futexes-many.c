/* SPDX-License-Identifier: MIT */
/* futex_waitv(2): what is wrong with its words, numbers and times; which of several words woke it;
 * and words of a file that has become shorter. */
#include "case.h"
#include <linux/futex.h>

#define WORDS 4

struct time64 {
	long long seconds, nanoseconds;
};

static uint32_t *shared;

static long wait_for(const void *words, unsigned count, unsigned flags, const struct time64 *time,
                     int clock)
{
	return syscall(SYS_futex_waitv, words, count, flags, time, clock);
}

static struct time64 soon(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	struct time64 time = {now.tv_sec, now.tv_nsec + 30000000};
	if (time.nanoseconds >= 1000000000) {
		time.nanoseconds -= 1000000000;
		time.seconds++;
	}
	return time;
}

static void wrong(void)
{
	static uint32_t word;
	struct time64 time = soon(CLOCK_MONOTONIC), bad = {0, 1000000000};
	struct futex_waitv good = {.uaddr = (uintptr_t)&word, .flags = FUTEX_32}, one = good;
	static struct futex_waitv many[FUTEX_WAITV_MAX + 1];
	GIVES(wait_for(&one, 1, 1, &time, CLOCK_MONOTONIC), "flags");
	GIVES(wait_for(&one, 0, 0, &time, CLOCK_MONOTONIC), "no words");
	GIVES(wait_for(NULL, 1, 0, &time, CLOCK_MONOTONIC), "NULL");
	GIVES(wait_for((void *)8, 1, 0, &time, CLOCK_MONOTONIC), "a bad place");
	GIVES(wait_for(&one, 1, 0, &time, CLOCK_BOOTTIME), "another clock");
	GIVES(wait_for(&one, 1, 0, &bad, CLOCK_MONOTONIC), "a bad time");
	GIVES(wait_for(&one, 1, 0, (void *)8, CLOCK_MONOTONIC), "a time at a bad place");
	one.val = 1;
	GIVES(wait_for(&one, 1, 0, NULL, 99), "another value, no time and no clock");
	one = good;
	one.val = 1ull << 32;
	GIVES(wait_for(&one, 1, 0, &time, CLOCK_MONOTONIC), "a value of more bits");
	one = good;
	one.flags = 0;
	GIVES(wait_for(&one, 1, 0, &time, CLOCK_MONOTONIC), "no size");
	one.flags = FUTEX_32 | FUTEX_CLOCK_REALTIME;
	GIVES(wait_for(&one, 1, 0, &time, CLOCK_MONOTONIC), "an odd flag");
	one = good;
	one.__reserved = 1;
	GIVES(wait_for(&one, 1, 0, &time, CLOCK_MONOTONIC), "what is reserved");
	one = good;
	one.uaddr++;
	GIVES(wait_for(&one, 1, 0, &time, CLOCK_MONOTONIC), "an odd address");
	one.uaddr = 64;
	GIVES(wait_for(&one, 1, 0, &time, CLOCK_MONOTONIC), "a bad address");
	for (unsigned i = 0; i <= FUTEX_WAITV_MAX; i++)
		many[i] = good;
	GIVES(wait_for(many, FUTEX_WAITV_MAX + 1, 0, &time, CLOCK_MONOTONIC), "too many");
	GIVES(wait_for(many, FUTEX_WAITV_MAX, 0, &time, CLOCK_MONOTONIC), "as many as can be");
	many[77].val = 5;
	GIVES(wait_for(many, FUTEX_WAITV_MAX, 0, &time, CLOCK_MONOTONIC), "one with another value");
	time = soon(CLOCK_REALTIME);
	GIVES(wait_for(&good, 1, 0, &time, CLOCK_REALTIME), "by the wall clock");
}

static void woken(unsigned flag, unsigned which)
{
	struct futex_waitv words[WORDS];
	for (unsigned i = 0; i < WORDS; i++)
		words[i] = (struct futex_waitv){.uaddr = (uintptr_t)&shared[i],
		                                .flags = FUTEX_32 | flag};
	pid_t child = fork();
	if (child == 0) {
		/* As long as nobody waits there it wakes nobody. */
		long n = 0;
		for (int i = 0; i < 2000 && n == 0; i++) {
			usleep(1000);
			n = syscall(SYS_futex, &shared[which], FUTEX_WAKE, 9, NULL, NULL, 0);
		}
		_exit((int)n);
	}
	struct time64 time = soon(CLOCK_MONOTONIC);
	time.seconds += flag ? 0 : 10;
	GIVES(wait_for(words, WORDS, 0, &time, CLOCK_MONOTONIC), "private %d, wake %u", flag != 0,
	      which);
	if (flag)
		kill(child, SIGKILL);
	int status;
	waitpid(child, &status, 0);
	say("  woke %d", WEXITSTATUS(status));
}

static void handler(int signal)
{
	(void)signal;
}

static void interrupted(int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
	struct itimerval timer = {{0, 0}, {0, 10000}};
	struct futex_waitv one = {.uaddr = (uintptr_t)shared, .flags = FUTEX_32};
	struct time64 time = soon(CLOCK_MONOTONIC);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	GIVES(wait_for(&one, 1, 0, &time, CLOCK_MONOTONIC), "a signal, SA_RESTART %d", flags != 0);
}

static void truncated(void)
{
	int fd = new_file("f", 2);
	uint32_t *words = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	GIVES(syscall(SYS_futex, words + PAGE / 4, FUTEX_WAKE, 1, NULL, NULL, 0), "in the file");
	if (ftruncate(fd, 100))
		return;
	GIVES(syscall(SYS_futex, words + 25, FUTEX_WAKE, 1, NULL, NULL, 0), "in its last page");
	GIVES(syscall(SYS_futex, words + PAGE / 4, FUTEX_WAKE, 1, NULL, NULL, 0), "behind its end");
	GIVES(syscall(SYS_futex, words + PAGE / 4, FUTEX_WAIT, 0, NULL, NULL, 0), "wait there");
	GIVES(syscall(SYS_futex, words + PAGE / 4, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), "as private");
}

int main(void)
{
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	wrong();
	for (unsigned i = 0; i < WORDS; i++)
		woken(0, i);
	woken(FUTEX_PRIVATE_FLAG, 1);
	interrupted(0);
	interrupted(SA_RESTART);
	truncated();
	return 0;
}
