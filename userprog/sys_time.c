/* SPDX-License-Identifier: MIT */
/* Clocks and sleeping: time(2), clock_gettime(2), nanosleep(2). */
#include "userprog/sys_time.h"

#include <linux/time.h>
#include <linux/times.h>
#include <linux/time_types.h>
#include <linux/utime.h>

#include "kernel/sched/thread.h"
#include "kernel/sync/wait_queue.h"
#include "kernel/time/clock.h"
#include "userprog/countdown.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "userprog/usage.h"
#include "userprog/vdso.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define MICROSECONDS 1000000u
#define NS_PER_MILLISECOND 1000000u
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

int deadline_from_user(const void *user_time, time_reader *read, uint64_t *deadline)
{
	uint64_t ns;
	int error = user_time ? read(user_time, &ns) : 0;
	if (!error)
		*deadline = user_time ? time_after(clock_now(), ns) : WAIT_FOREVER;
	return error;
}

uint64_t deadline_in(int milliseconds)
{
	if (milliseconds < 0)
		return WAIT_FOREVER;
	return time_after(clock_now(), (uint64_t)milliseconds * NS_PER_MILLISECOND);
}

uint64_t time_of_realtime(uint64_t ns)
{
	return ns <= clock_realtime() ? 0 : clock_when_realtime(ns);
}

uint64_t restart_deadline(uint64_t deadline)
{
	const struct task *task = task_current();
	return task->restart_call >= 0 ? task->restart_deadline : deadline;
}

int restart_later(uint64_t deadline)
{
	struct task *task = task_current();
	task->restart_call = task->call;
	task->restart_deadline = deadline;
	return -ERESTART_RESTARTBLOCK;
}

/* ---- clocks ---- */

static uint64_t cpu_time(bool of_thread)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct usage usage = of_thread ? task_usage_locked(task_current())
	                               : process_usage_locked(process_current());
	spin_unlock_irq(&process_lock, flags);
	return usage.user_ns + usage.system_ns;
}

/* A process's own clock has its id in it (clock_getcpuclockid(3)): complemented, above three bits
 * that say what is counted. */
#define CPU_CLOCK_ID(clock) (~((clock) >> 3))
#define CPU_CLOCK_KIND(clock) ((clock) & 3)
#define CPU_CLOCK_KINDS 3 /* both times, user time, time scheduled; then files */
#define CPU_CLOCK_USER 1
#define CPU_CLOCK_OF_THREAD 4

static int process_clock_read(int clock, uint64_t *ns)
{
	pid_t id = CPU_CLOCK_ID(clock);
	bool of_thread = clock & CPU_CLOCK_OF_THREAD;
	struct usage usage;
	if (CPU_CLOCK_KIND(clock) == CPU_CLOCK_KINDS)
		return -EINVAL;
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct task *task = id ? task_find_locked(id) : task_current();
	/* Of another process's thread it is nobody's business. */
	bool known = task && (of_thread ? task->process == process_current()
	                                : task_is_first(task) || !id);
	if (known)
		usage = of_thread ? task_usage_locked(task) : process_usage_locked(task->process);
	spin_unlock_irq(&process_lock, flags);
	if (!known)
		return -EINVAL;
	*ns = usage.user_ns + (CPU_CLOCK_KIND(clock) == CPU_CLOCK_USER ? 0 : usage.system_ns);
	return 0;
}

static int clock_read(int clock, uint64_t *ns)
{
	if (clock < 0)
		return process_clock_read(clock, ns);
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		*ns = clock_realtime();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = clock_now();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
		*ns = cpu_time(clock == CLOCK_THREAD_CPUTIME_ID);
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

/* Who sleeps until the wall clock shows a time looks again when it is set. */
static struct wait_queue wall_changed = WAIT_QUEUE_INIT(wall_changed);

void wall_clock_changed(void)
{
	vdso_clock_was_set();
	countdown_wall_changed();
	wait_wake_all(&wall_changed);
}

static int set_wall_clock(int error, uint64_t ns)
{
	if (error)
		return error;
	if (process_current()->credentials.euid != 0)
		return -EPERM;
	clock_set_realtime(ns);
	wall_clock_changed();
	return 0;
}

/* What the caller read in user memory gave `error`. Of the numbered clocks only one can be set;
 * those with an id in them nobody may set. */
static int set_clock(int clock, int error, uint64_t ns)
{
	uint64_t now;
	if (clock >= 0 && clock != CLOCK_REALTIME)
		return -EINVAL;
	if (clock < 0 && error != -EFAULT)
		return clock_read(clock, &now) ? -EINVAL : -EPERM;
	return set_wall_clock(error, ns);
}

static int32_t sys_clock_settime(int clock, const void *user_time)
{
	uint64_t ns = 0;
	int error = time_from_user32(user_time, &ns);
	return set_clock(clock, error, ns);
}

static int32_t sys_clock_settime64(int clock, const void *user_time)
{
	uint64_t ns = 0;
	int error = time_from_user64(user_time, &ns);
	return set_clock(clock, error, ns);
}

static int32_t sys_settimeofday(const void *user_time, const void *user_zone)
{
	uint64_t ns = 0;
	(void)user_zone; /* the kernel keeps UTC and no time zone */
	int error = user_time ? timeval_from_user(user_time, &ns) : 0;
	return user_time ? set_wall_clock(error, ns) : 0;
}

static int32_t sys_stime(const uint32_t *user_seconds)
{
	uint32_t seconds;
	if (copy_from_user(&seconds, user_seconds, sizeof seconds))
		return -EFAULT;
	return set_wall_clock(0, seconds * NS_PER_SECOND);
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
		.ru_maxrss = (long)usage->resident_most * (PAGE_SIZE / 1024),
		.ru_inblock = (long)usage->sectors_read,
		.ru_oublock = (long)usage->sectors_written,
		.ru_nvcsw = (long)usage->switches_own,
		.ru_nivcsw = (long)usage->switches_forced,
	};
	return copy_to_user(user_usage, &copy, sizeof copy);
}

static struct usage usage_of_thread(uint32_t resident_most)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct usage usage = task_usage_locked(task_current());
	spin_unlock_irq(&process_lock, flags);
	usage.resident_most = resident_most; /* the process's */
	return usage;
}

static void usage_now(struct usage *own, struct usage *reaped)
{
	struct process *process = process_current();
	process_note_resident(process);
	uint32_t flags = spin_lock_irq(&process_lock);
	*own = process_usage_locked(process);
	*reaped = process->reaped;
	spin_unlock_irq(&process_lock, flags);
}

static int32_t sys_getrusage(int who, struct rusage *user_usage)
{
	struct usage own, reaped;
	usage_now(&own, &reaped);
	if (who == RUSAGE_THREAD)
		own = usage_of_thread(own.resident_most);
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
	if (user_rest && deadline <= now)
		return 0; /* interrupted when it was over already: there is no rest to tell */
	if (user_rest && write(user_rest, deadline - now))
		return -EFAULT;
	return restart_later(deadline);
}

/* Whether one can sleep on the clock: -EINVAL: there is none; -EOPNOTSUPP: one cannot. Of those
 * with an id that is found out later. */
static int check_sleeps(int clock)
{
	uint64_t ns;
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_TAI:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_PROCESS_CPUTIME_ID:
		return 0;
	default:
		return clock < 0 ? 0 : clock_read(clock, &ns) ? -EINVAL : -EOPNOTSUPP;
	}
}

/* With an id: one's own as a process, for nobody is awake to see another's. */
static int check_sleeps_on(int clock)
{
	uint64_t ns;
	pid_t id = CPU_CLOCK_ID(clock);
	if (clock_read(clock, &ns) || clock & CPU_CLOCK_OF_THREAD)
		return -EINVAL;
	return id == 0 || id == process_current()->id ? 0 : -EOPNOTSUPP;
}

/* 0, or -EINTR. */
static int sleep_until_wall(uint64_t ns)
{
	int error;
	do /* it may have become slower meanwhile */
		error = WAIT_FOR(&wall_changed, clock_realtime() >= ns, true, time_of_realtime(ns));
	while (error == -ETIMEDOUT && clock_realtime() < ns);
	return error == -ETIMEDOUT ? 0 : error;
}

struct use_sleep {
	struct countdown countdown;
	struct wait_queue queue;
	bool over;
};

static void wake_sleeper(struct countdown *countdown)
{
	struct use_sleep *sleep = (struct use_sleep *)countdown; /* its first field */
	(void)countdown_forward_locked(countdown);
	sleep->over = true;
	wait_wake_all(&sleep->queue);
}

/* On the process's use of the processor, with which its other threads go on. 0 or -EINTR. */
static int sleep_until_used(uint64_t ns)
{
	struct use_sleep sleep = {.over = false};
	if (cpu_time(false) >= ns)
		return 0;
	wait_queue_init(&sleep.queue);
	countdown_init(&sleep.countdown, COUNT_PROCESSOR, process_current(), wake_sleeper);
	uint32_t flags = spin_lock_irq(&process_lock);
	countdown_set_locked(&sleep.countdown, ns, 0);
	spin_unlock_irq(&process_lock, flags);
	int error = WAIT_FOR(&sleep.queue, *(volatile bool *)&sleep.over, true, WAIT_FOREVER);
	countdown_end(&sleep.countdown);
	return error;
}

static int sleep_on_own_use(bool absolute, uint64_t ns, void *user_rest, time_writer *write)
{
	uint64_t until = absolute ? ns : time_after(cpu_time(false), ns);
	if (!sleep_until_used(until))
		return 0;
	uint64_t now = cpu_time(false);
	if (!absolute && user_rest && write(user_rest, until > now ? until - now : 0))
		return -EFAULT;
	return -ERESTARTNOHAND;
}

static int sleep_on_clock(int clock, bool absolute, uint64_t ns, void *user_rest,
                          time_writer *write)
{
	int error = clock < 0 ? check_sleeps_on(clock) : 0;
	if (error)
		return error;
	if (clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID)
		return sleep_on_own_use(absolute, ns, user_rest, write);
	if (!absolute)
		return sleep_for(ns, user_rest, write);
	bool wall = clock == CLOCK_REALTIME || clock == CLOCK_TAI;
	return (wall ? sleep_until_wall(ns) : sleep_until(ns)) ? -ERESTARTNOHAND : 0;
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
	int error = check_sleeps(clock);
	if (!error)
		error = time_from_user32(user_time, &ns);
	return error ? error : sleep_on_clock(clock, flags & TIMER_ABSTIME, ns, user_rest,
	                                      time_to_user32);
}

static int32_t sys_clock_nanosleep_time64(int clock, int flags, const void *user_time,
                                          void *user_rest)
{
	uint64_t ns;
	int error = check_sleeps(clock);
	if (!error)
		error = time_from_user64(user_time, &ns);
	return error ? error : sleep_on_clock(clock, flags & TIMER_ABSTIME, ns, user_rest,
	                                      time_to_user64);
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
	CALLS_END,
};
