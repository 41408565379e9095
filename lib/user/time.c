/* SPDX-License-Identifier: MIT */
/* Clocks, sleeping and timers. */
#include <errno.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

time_t time(time_t *to)
{
	return syscall(SYS_time, to);
}

clock_t clock(void)
{
	struct timespec used;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) < 0)
		return -1;
	return used.tv_sec * CLOCKS_PER_SEC + used.tv_nsec / (1000000000 / CLOCKS_PER_SEC);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	return syscall(SYS_clock_gettime, clock, now);
}

int clock_getres(clockid_t clock, struct timespec *resolution)
{
	return syscall(SYS_clock_getres, clock, resolution);
}

/* Unlike the others, returns the error and leaves errno alone. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                    struct timespec *left)
{
	int before = errno, error = 0;

	if (syscall(SYS_clock_nanosleep, clock, flags, time, left) < 0)
		error = errno;
	errno = before;
	return error;
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
	return syscall(SYS_nanosleep, time, left);
}

/* Returns the whole seconds that a signal cut off. */
unsigned sleep(unsigned seconds)
{
	struct timespec time = {(time_t)seconds, 0};

	if (nanosleep(&time, &time) == 0)
		return 0;
	return (unsigned)time.tv_sec + (time.tv_nsec > 0);
}

int usleep(unsigned microseconds)
{
	struct timespec time = {(time_t)(microseconds / 1000000),
	                        (long)(microseconds % 1000000) * 1000};

	return nanosleep(&time, NULL);
}

unsigned alarm(unsigned seconds)
{
	return (unsigned)syscall(SYS_alarm, seconds);
}

int gettimeofday(struct timeval *now, void *zone)
{
	return syscall(SYS_gettimeofday, now, zone);
}

int getitimer(int which, struct itimerval *value)
{
	return syscall(SYS_getitimer, which, value);
}

int setitimer(int which, const struct itimerval *value, struct itimerval *old)
{
	return syscall(SYS_setitimer, which, value, old);
}

clock_t times(struct tms *used)
{
	return syscall(SYS_times, used);
}
