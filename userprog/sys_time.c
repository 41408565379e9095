/* SPDX-License-Identifier: MIT */
/* Clocks, sleeping and alarms: time(2), clock_gettime(2), nanosleep(2), setitimer(2). */
#include "userprog/sys_time.h"

#include <linux/time.h>
#include <linux/times.h>
#include <linux/time_types.h>
#include <linux/utime.h>

#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "userprog/usage.h"
#include "vm/usercopy.h"

#define NS_PER_MICROSECOND 1000u
#define MICROSECONDS 1000000u
#define SECONDS_MAX (UINT64_MAX / NS_PER_SECOND - 1)

/* ---- between user memory and nanoseconds ---- */

static int to_ns(int64_t seconds, int64_t fraction, uint32_t per_second, uint64_t *ns)
{
	if (seconds < 0 || fraction < 0 || fraction >= per_second)
		return -EINVAL;
	uint64_t whole = (uint64_t)seconds < SECONDS_MAX ? (uint64_t)seconds : SECONDS_MAX;
	*ns = whole * NS_PER_SECOND + (uint64_t)fraction * (uint32_t)(NS_PER_SECOND / per_second);
	return 0;
}

int time_from_user32(const void *user_time, uint64_t *ns)
{
	struct __kernel_old_timespec time;
	if (copy_from_user(&time, user_time, sizeof time))
		return -EFAULT;
	return to_ns(time.tv_sec, time.tv_nsec, (uint32_t)NS_PER_SECOND, ns);
}

int time_from_user64(const void *user_time, uint64_t *ns)
{
	struct __kernel_timespec time;
	if (copy_from_user(&time, user_time, sizeof time))
		return -EFAULT;
	/* The upper half of the nanoseconds is padding in a 32-bit program. */
	return to_ns(time.tv_sec, (int32_t)time.tv_nsec, (uint32_t)NS_PER_SECOND, ns);
}

int timeval_from_user(const void *user_time, uint64_t *ns)
{
	struct __kernel_old_timeval time;
	if (copy_from_user(&time, user_time, sizeof time))
		return -EFAULT;
	return to_ns(time.tv_sec, time.tv_usec, MICROSECONDS, ns);
}

static struct __kernel_old_timeval timeval_of(uint64_t ns)
{
	return (struct __kernel_old_timeval){
		.tv_sec = (long)(ns / NS_PER_SECOND),
		.tv_usec = (long)(ns % NS_PER_SECOND / NS_PER_MICROSECOND),
	};
}

int time_to_user32(void *user_time, uint64_t ns)
{
	struct __kernel_old_timespec time = {
		.tv_sec = (long)(ns / NS_PER_SECOND), .tv_nsec = (long)(ns % NS_PER_SECOND)};
	return copy_to_user(user_time, &time, sizeof time);
}

int time_to_user64(void *user_time, uint64_t ns)
{
	struct __kernel_timespec time = {
		.tv_sec = (int64_t)(ns / NS_PER_SECOND),
		.tv_nsec = (long long)(ns % NS_PER_SECOND),
	};
	return copy_to_user(user_time, &time, sizeof time);
}

int timeval_to_user(void *user_time, uint64_t ns)
{
	struct __kernel_old_timeval time = timeval_of(ns);
	return copy_to_user(user_time, &time, sizeof time);
}

uint64_t time_after(uint64_t now, uint64_t ns)
{
	return now + ns < now ? WAIT_FOREVER : now + ns;
}

uint64_t time_of_realtime(uint64_t ns)
{
	uint64_t real = clock_realtime();
	return ns <= real ? 0 : time_after(clock_now(), ns - real);
}

uint64_t restart_deadline(uint64_t deadline)
{
	const struct process *process = process_current();
	return process->restart_call >= 0 ? process->restart_deadline : deadline;
}

int restart_later(uint64_t deadline)
{
	struct process *process = process_current();
	process->restart_call = process->call;
	process->restart_deadline = deadline;
	return -ERESTART_RESTARTBLOCK;
}

/* ---- clocks ---- */

static uint64_t cpu_time(void)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct usage usage = process_usage_locked(process_current());
	spin_unlock_irq(&process_lock, flags);
	return usage.user_ns + usage.system_ns;
}

static int clock_read(int clock, uint64_t *ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI:
		*ns = clock_realtime();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = clock_now();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
		*ns = cpu_time();
		return 0;
	default:
		return -EINVAL;
	}
}

static int32_t sys_clock_gettime(int clock, void *user_time)
{
	uint64_t ns;
	int error = clock_read(clock, &ns);
	return error ? error : time_to_user32(user_time, ns);
}

static int32_t sys_clock_gettime64(int clock, void *user_time)
{
	uint64_t ns;
	int error = clock_read(clock, &ns);
	return error ? error : time_to_user64(user_time, ns);
}

/* The clock counts the processor's cycles; the coarse ones promise a tick. */
static uint64_t resolution(int clock)
{
	bool coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
	return coarse ? NS_PER_SECOND / TICKS_PER_SECOND : 1;
}

static int32_t sys_clock_getres(int clock, void *user_time)
{
	uint64_t ns;
	int error = clock_read(clock, &ns);
	return error || !user_time ? error : time_to_user32(user_time, resolution(clock));
}

static int32_t sys_clock_getres_time64(int clock, void *user_time)
{
	uint64_t ns;
	int error = clock_read(clock, &ns);
	return error || !user_time ? error : time_to_user64(user_time, resolution(clock));
}

static int set_wall_clock(int clock, int error, uint64_t ns)
{
	if (error)
		return error;
	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	if (process_current()->credentials.euid != 0)
		return -EPERM;
	clock_set_realtime(ns);
	return 0;
}

static int32_t sys_clock_settime(int clock, const void *user_time)
{
	uint64_t ns = 0;
	int error = time_from_user32(user_time, &ns);
	return set_wall_clock(clock, error, ns);
}

static int32_t sys_clock_settime64(int clock, const void *user_time)
{
	uint64_t ns = 0;
	int error = time_from_user64(user_time, &ns);
	return set_wall_clock(clock, error, ns);
}

static int32_t sys_settimeofday(const void *user_time, const void *user_zone)
{
	uint64_t ns = 0;
	(void)user_zone; /* the kernel keeps UTC and no time zone */
	int error = user_time ? timeval_from_user(user_time, &ns) : 0;
	return user_time ? set_wall_clock(CLOCK_REALTIME, error, ns) : 0;
}

static int32_t sys_stime(const uint32_t *user_seconds)
{
	uint32_t seconds;
	if (copy_from_user(&seconds, user_seconds, sizeof seconds))
		return -EFAULT;
	return set_wall_clock(CLOCK_REALTIME, 0, seconds * NS_PER_SECOND);
}

static int32_t sys_gettimeofday(void *user_time, struct timezone *user_zone)
{
	struct timezone zone = {0};
	if (user_time && timeval_to_user(user_time, clock_realtime()))
		return -EFAULT;
	return user_zone ? copy_to_user(user_zone, &zone, sizeof zone) : 0;
}

static int32_t sys_time(uint32_t *user_seconds)
{
	uint32_t seconds = (uint32_t)(clock_realtime() / NS_PER_SECOND);
	if (user_seconds && copy_to_user(user_seconds, &seconds, sizeof seconds))
		return -EFAULT;
	return (int32_t)seconds;
}

/* ---- usage of the processor ---- */

#define NS_PER_TICK (uint32_t)(NS_PER_SECOND / TICKS_PER_SECOND)

int usage_to_user(struct rusage *user_usage, const struct usage *usage)
{
	struct __kernel_old_timeval user = timeval_of(usage->user_ns);
	struct __kernel_old_timeval system = timeval_of(usage->system_ns);
	struct rusage copy = {
		.ru_utime = {.tv_sec = user.tv_sec, .tv_usec = user.tv_usec},
		.ru_stime = {.tv_sec = system.tv_sec, .tv_usec = system.tv_usec},
		.ru_minflt = (long)usage->minor_faults,
		.ru_majflt = (long)usage->major_faults,
	};
	return copy_to_user(user_usage, &copy, sizeof copy);
}

static void usage_now(struct usage *own, struct usage *reaped)
{
	struct process *process = process_current();
	uint32_t flags = spin_lock_irq(&process_lock);
	*own = process_usage_locked(process);
	*reaped = process->reaped;
	spin_unlock_irq(&process_lock, flags);
}

static int32_t sys_getrusage(int who, struct rusage *user_usage)
{
	struct usage own, reaped;
	usage_now(&own, &reaped);
	if (who == RUSAGE_SELF || who == RUSAGE_THREAD)
		return usage_to_user(user_usage, &own);
	return who == RUSAGE_CHILDREN ? usage_to_user(user_usage, &reaped) : -EINVAL;
}

static int32_t sys_times(struct tms *user_times)
{
	struct usage own, reaped;
	usage_now(&own, &reaped);
	struct tms times = {
		.tms_utime = (long)(own.user_ns / NS_PER_TICK),
		.tms_stime = (long)(own.system_ns / NS_PER_TICK),
		.tms_cutime = (long)(reaped.user_ns / NS_PER_TICK),
		.tms_cstime = (long)(reaped.system_ns / NS_PER_TICK),
	};
	if (user_times && copy_to_user(user_times, &times, sizeof times))
		return -EFAULT;
	return (int32_t)(clock_now() / NS_PER_TICK & INT32_MAX);
}

/* ---- sleeping ---- */

/* Sleeps until the deadline; 0 or -EINTR. */
static int sleep_until(uint64_t deadline)
{
	struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
	int error = WAIT_FOR(&nobody, false, true, deadline);
	return error == -ETIMEDOUT ? 0 : error;
}

typedef int time_writer(void *user_time, uint64_t ns);

static int sleep_for(uint64_t ns, void *user_rest, time_writer *write)
{
	uint64_t deadline = restart_deadline(time_after(clock_now(), ns));
	if (!sleep_until(deadline))
		return 0;
	uint64_t now = clock_now();
	if (user_rest && write(user_rest, deadline > now ? deadline - now : 0))
		return -EFAULT;
	return restart_later(deadline);
}

static int sleep_on_clock(int clock, bool absolute, uint64_t ns, void *user_rest,
                          time_writer *write)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME &&
	    clock != CLOCK_TAI)
		return clock == CLOCK_PROCESS_CPUTIME_ID ? -EOPNOTSUPP : -EINVAL;
	if (!absolute)
		return sleep_for(ns, user_rest, write);
	bool wall = clock == CLOCK_REALTIME || clock == CLOCK_TAI;
	return sleep_until(wall ? time_of_realtime(ns) : ns) ? -ERESTARTNOHAND : 0;
}

static int32_t sys_nanosleep(const void *user_time, void *user_rest)
{
	uint64_t ns;
	int error = time_from_user32(user_time, &ns);
	return error ? error : sleep_for(ns, user_rest, time_to_user32);
}

static int32_t sys_clock_nanosleep(int clock, int flags, const void *user_time, void *user_rest)
{
	uint64_t ns;
	int error = time_from_user32(user_time, &ns);
	return error ? error : sleep_on_clock(clock, flags & TIMER_ABSTIME, ns, user_rest,
	                                      time_to_user32);
}

static int32_t sys_clock_nanosleep_time64(int clock, int flags, const void *user_time,
                                          void *user_rest)
{
	uint64_t ns;
	int error = time_from_user64(user_time, &ns);
	return error ? error : sleep_on_clock(clock, flags & TIMER_ABSTIME, ns, user_rest,
	                                      time_to_user64);
}

/* ---- alarms: ITIMER_REAL; the timer of sched/ makes SIGALRM ---- */

struct alarm {
	uint64_t left, interval; /* ns; 0: none */
};

static struct alarm alarm_read_locked(const struct process *process)
{
	uint64_t now = clock_now(), deadline = process->alarm_deadline;
	return (struct alarm){
		.left = !deadline ? 0 : deadline > now ? deadline - now : 1,
		.interval = process->alarm_interval,
	};
}

/* Sets it and returns what it was. */
static struct alarm alarm_set(struct alarm alarm)
{
	struct process *process = process_current();
	uint64_t deadline = alarm.left ? time_after(clock_now(), alarm.left) : 0;
	uint32_t flags = spin_lock_irq(&process_lock);
	struct alarm old = alarm_read_locked(process);
	process->alarm_interval = alarm.interval;
	process->alarm_deadline = deadline;
	spin_unlock_irq(&process_lock, flags);
	if (deadline)
		timer_set(&process->alarm, deadline);
	else
		timer_cancel(&process->alarm);
	return old;
}

static int32_t sys_alarm(uint32_t seconds)
{
	struct alarm old = alarm_set((struct alarm){.left = seconds * NS_PER_SECOND});
	return (int32_t)((old.left + NS_PER_SECOND - 1) / NS_PER_SECOND);
}

static int alarm_to_user(struct __kernel_old_itimerval *user_timer, const struct alarm *alarm)
{
	struct __kernel_old_itimerval timer = {
		.it_interval = timeval_of(alarm->interval), .it_value = timeval_of(alarm->left)};
	return copy_to_user(user_timer, &timer, sizeof timer);
}

static int32_t sys_getitimer(int which, struct __kernel_old_itimerval *user_timer)
{
	if (which != ITIMER_REAL)
		return -EINVAL;
	uint32_t flags = spin_lock_irq(&process_lock);
	struct alarm alarm = alarm_read_locked(process_current());
	spin_unlock_irq(&process_lock, flags);
	return alarm_to_user(user_timer, &alarm);
}

static int32_t sys_setitimer(int which, const struct __kernel_old_itimerval *user_new,
                             struct __kernel_old_itimerval *user_old)
{
	struct alarm alarm = {0};
	if (which != ITIMER_REAL)
		return -EINVAL;
	int error = user_new ? timeval_from_user(&user_new->it_interval, &alarm.interval) : 0;
	if (!error && user_new)
		error = timeval_from_user(&user_new->it_value, &alarm.left);
	if (error)
		return error;
	struct alarm old = alarm_set(alarm);
	return user_old ? alarm_to_user(user_old, &old) : 0;
}

const struct system_call time_calls[] = {
	CALL(clock_gettime, 2),
	CALL(clock_gettime64, 2),
	CALL(clock_getres, 2),
	CALL(clock_getres_time64, 2),
	CALL(clock_settime, 2),
	CALL(clock_settime64, 2),
	CALL(settimeofday, 2),
	CALL(stime, 1),
	CALL(gettimeofday, 2),
	CALL(time, 1),
	CALL(getrusage, 2),
	CALL(times, 1),
	CALL(nanosleep, 2),
	CALL(clock_nanosleep, 4),
	CALL(clock_nanosleep_time64, 4),
	CALL(alarm, 1),
	CALL(getitimer, 2),
	CALL(setitimer, 3),
	CALLS_END,
};
