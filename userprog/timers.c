/* SPDX-License-Identifier: MIT */
/*
 * Timers that send signals (timers.h).
 *
 * None goes on before the program has taken its signal: however many there are, and however short
 * their intervals, each costs one interrupt until then. One of timer_create(2) has one entry for
 * its signal; how often it would have come until that is taken is told as overruns. One that is
 * silent is only looked at. ITIMER_REAL of setitimer(2) goes on when a SIGALRM is taken, as on
 * Linux also when that was sent by somebody. The other two, by which the processor's use is
 * counted, ring at ticks, and go on by themselves.
 */
#include "userprog/timers.h"

#include <linux/signal.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "kernel/mem/slab.h"
#include "userprog/process.h"
#include "userprog/signal_queue.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

struct created_timer {
	struct list_link link;       /* process_lock, like all below: of its process's */
	int id;                      /* constant, like the next two */
	bool silent;                 /* SIGEV_NONE */
	struct task *to;             /* with a reference; NULL: the process */
	struct countdown countdown;
	struct queued_signal signal;
	uint64_t due;                /* its signal is pending since that deadline; 0: it is not */
	uint32_t overruns;           /* told with the signal that was taken last */
};

static struct slab_cache timer_slab = SLAB_CACHE("timer", sizeof(struct created_timer));

/* Most processes never use what each of them has: those are made at their first use, with
 * process_lock held. */
static void countdown_ensure(struct countdown *countdown, enum countdown_clock clock,
                             struct process *process, void (*expired)(struct countdown *))
{
	if (!countdown->process)
		countdown_init(countdown, clock, process, expired);
}

/* ---- RLIMIT_CPU ---- */

/* The soft limit tells the program once a second, the hard one ends it. */
static void processor_limit_reached(struct countdown *countdown)
{
	struct process *process = countdown->process;
	struct rlimit *limit = &process->limits[RLIMIT_CPU];
	uint64_t seconds = countdown_now(countdown) / NS_PER_SECOND;
	if (seconds >= limit->rlim_max) {
		countdown_set_locked(countdown, 0, 0);
		signal_send_locked(process, SIGKILL, NULL);
		return;
	}
	signal_send_locked(process, SIGXCPU, NULL);
	limit->rlim_cur++;
	countdown_set_locked(countdown, limit->rlim_cur * NS_PER_SECOND, 0);
}

void timers_limit_processor(struct process *process)
{
	struct countdown *countdown = &process->processor_limit;
	unsigned long limit = process->limits[RLIMIT_CPU].rlim_cur;
	uint64_t deadline = (limit ? limit : 1) * NS_PER_SECOND;
	if (limit == RLIM_INFINITY && !countdown->started)
		return;
	uint32_t flags = spin_lock_irq(&process_lock);
	countdown_ensure(countdown, COUNT_PROCESSOR, process, processor_limit_reached);
	if (limit != RLIM_INFINITY || countdown->deadline)
		countdown_set_locked(countdown, limit == RLIM_INFINITY ? 0 : deadline, 0);
	spin_unlock_irq(&process_lock, flags);
}

/* ---- setitimer(2) and alarm(2) ---- */

static void interval_expired(struct countdown *countdown)
{
	struct process *process = countdown->process;
	static const int signals[] = {
		[ITIMER_REAL] = SIGALRM, [ITIMER_VIRTUAL] = SIGVTALRM, [ITIMER_PROF] = SIGPROF};
	int which = (int)(countdown - process->interval_timers);
	countdown->rests = which == ITIMER_REAL && countdown->interval;
	if (!countdown->rests)
		countdown_forward_locked(countdown);
	signal_send_locked(process, signals[which], NULL);
}

void timers_alarm_taken_locked(struct process *process)
{
	struct countdown *countdown = &process->interval_timers[ITIMER_REAL];
	if (countdown->rests)
		countdown_forward_locked(countdown);
}

static bool valid_which(int which)
{
	return which >= ITIMER_REAL && which <= ITIMER_PROF;
}

/* Sets it, if there is a new setting, and tells what it was. */
static struct countdown_setting interval_set(int which, const struct countdown_setting *new)
{
	static const enum countdown_clock clocks[] = {
		[ITIMER_REAL] = COUNT_MONOTONIC, [ITIMER_VIRTUAL] = COUNT_USER,
		[ITIMER_PROF] = COUNT_PROCESSOR};
	struct process *process = process_current();
	struct countdown *countdown = &process->interval_timers[which];
	uint32_t flags = spin_lock_irq(&process_lock);
	countdown_ensure(countdown, clocks[which], process, interval_expired);
	uint64_t now = countdown_now(countdown);
	struct countdown_setting old = countdown_left_locked(countdown, now);
	if (countdown->rests)
		old.left = 0;
	if (new)
		countdown_set_locked(countdown, new->left ? time_after(now, new->left) : 0,
		                     new->interval);
	spin_unlock_irq(&process_lock, flags);
	return old;
}

static int32_t sys_alarm(uint32_t seconds)
{
	struct countdown_setting new = {.left = seconds * NS_PER_SECOND};
	struct countdown_setting old = interval_set(ITIMER_REAL, &new);
	/* To the next second, but one that runs is never told as none. */
	uint32_t left = (uint32_t)((old.left + NS_PER_SECOND / 2) / NS_PER_SECOND);
	return (int32_t)(old.left && !left ? 1 : left);
}

static int interval_to_user(struct __kernel_old_itimerval *user_timer,
                            const struct countdown_setting *setting)
{
	if (timeval_to_user(&user_timer->it_interval, setting->interval))
		return -EFAULT;
	/* As with alarm(2). */
	uint64_t left = setting->left && setting->left < NS_PER_MICROSECOND ? NS_PER_MICROSECOND
	                                                                   : setting->left;
	return timeval_to_user(&user_timer->it_value, left);
}

static int32_t sys_getitimer(int which, struct __kernel_old_itimerval *user_timer)
{
	if (!valid_which(which))
		return -EINVAL;
	struct countdown_setting setting = interval_set(which, NULL);
	return interval_to_user(user_timer, &setting);
}

static int32_t sys_setitimer(int which, const struct __kernel_old_itimerval *user_new,
                             struct __kernel_old_itimerval *user_old)
{
	struct countdown_setting new = {0};
	int error = user_new ? timeval_from_user(&user_new->it_interval, &new.interval) : 0;
	if (!error && user_new)
		error = timeval_from_user(&user_new->it_value, &new.left);
	if (error)
		return error;
	if (!valid_which(which))
		return -EINVAL;
	if (which == ITIMER_REAL && !new.left)
		new.interval = 0; /* the other two keep it, to be told */
	struct countdown_setting old = interval_set(which, &new);
	return user_old ? interval_to_user(user_old, &old) : 0;
}

/* ---- timer_create(2) ---- */

static struct created_timer *of_countdown(struct countdown *countdown)
{
	return LIST_ENTRY(countdown, struct created_timer, countdown);
}

static void created_expired(struct countdown *countdown)
{
	struct created_timer *timer = of_countdown(countdown);
	if (timer->silent) {
		/* Without a signal nobody notices: its next time is found when somebody asks. */
		if (!countdown->interval || countdown_counts_use(countdown))
			countdown_forward_locked(countdown);
		return;
	}
	timer->due = countdown->deadline;
	countdown_set_locked(countdown, 0, countdown->interval);
	signal_send_own_locked(countdown->process, timer->to, &timer->signal);
	if (!list_linked(&timer->signal.link))
		timer->signal.taken(&timer->signal); /* it is ignored */
}

/* The signal comes to the program, or is forgotten: the timer goes on. */
static void signal_taken(struct queued_signal *signal)
{
	struct created_timer *timer = LIST_ENTRY(signal, struct created_timer, signal);
	struct countdown *countdown = &timer->countdown;
	uint64_t times = 1;
	if (timer->due && countdown->interval) {
		countdown->deadline = timer->due;
		times = countdown_forward_locked(countdown);
	}
	timer->due = 0;
	timer->overruns = times > INT32_MAX ? INT32_MAX : (uint32_t)times - 1;
	signal->info.value[1] = timer->overruns;
}

static int clock_of(int clock, enum countdown_clock *found)
{
	switch (clock) {
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
		*found = COUNT_MONOTONIC;
		return 0;
	case CLOCK_REALTIME:
	case CLOCK_TAI:
		*found = COUNT_WALL;
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
		*found = COUNT_PROCESSOR;
		return 0;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}

static int check_event(const struct sigevent *event)
{
	int notify = event->sigev_notify & ~SIGEV_THREAD_ID;
	if (event->sigev_notify & SIGEV_THREAD_ID && notify != SIGEV_SIGNAL)
		return -EINVAL;
	if (notify == SIGEV_NONE)
		return 0;
	if (notify != SIGEV_SIGNAL && notify != SIGEV_THREAD)
		return -EINVAL;
	return event->sigev_signo < 1 || event->sigev_signo > SIGNALS ? -EINVAL : 0;
}

/* Where a process's next one is found; they lie in order of their numbers, and numbers do not
 * come again before all have been used. */
static int new_id_locked(struct process *process)
{
	int id = process->next_timer_id;
	process->next_timer_id = id == INT32_MAX ? 0 : id + 1;
	return id;
}

/* `event` NULL: SIGALRM, which tells the timer's number. */
static void fill(struct created_timer *timer, const struct sigevent *event)
{
	struct signal_info info = {.code = SI_TIMER, .value = {
		(uint32_t)timer->id, 0,
		(uint32_t)(event ? event->sigev_value.sival_int : timer->id)}};
	int notify = event ? event->sigev_notify : SIGEV_SIGNAL;
	timer->silent = (notify & ~SIGEV_THREAD_ID) == SIGEV_NONE;
	timer->signal = (struct queued_signal){
		.signal = event ? event->sigev_signo : SIGALRM, .info = info,
		.taken = signal_taken};
	list_link_init(&timer->signal.link);
}

/* The thread of the process that the event names gets the signal. */
static int find_receiver_locked(struct process *process, struct created_timer *timer,
                                const struct sigevent *event)
{
	if (!event || !(event->sigev_notify & SIGEV_THREAD_ID))
		return 0;
	struct task *task = task_find_locked(event->sigev_notify_thread_id);
	if (!task || task->process != process || !task->thread)
		return -EINVAL;
	timer->to = task_get(task);
	return 0;
}

/* Enters it among the process's, with a number. 0, -EINVAL, or -EAGAIN: RLIMIT_SIGPENDING. */
static int enter(struct process *process, struct created_timer *timer,
                 const struct sigevent *event)
{
	int error = -EAGAIN;
	uint32_t flags = spin_lock_irq(&process_lock);
	if (signal_queue_has_room_locked(process))
		error = find_receiver_locked(process, timer, event);
	if (!error) {
		signal_queue_count_locked(process, 1);
		timer->id = new_id_locked(process);
		fill(timer, event);
		list_append(&process->created_timers, &timer->link);
	}
	spin_unlock_irq(&process_lock, flags);
	return error;
}

/* One that is no more among the process's. */
static void end(struct process *process, struct created_timer *timer)
{
	countdown_end(&timer->countdown);
	uint32_t flags = spin_lock_irq(&process_lock);
	signal_queue_remove_own_locked(process, &timer->signal);
	signal_queue_count_locked(process, -1);
	spin_unlock_irq(&process_lock, flags);
	if (timer->to)
		task_put(timer->to);
	slab_free(&timer_slab, timer);
}

static struct created_timer *find_locked(int id)
{
	LIST_FOR(&process_current()->created_timers, struct created_timer, timer, link)
		if (timer->id == id)
			return timer;
	return NULL;
}

/* Of several threads one deletes it. */
static int delete(struct process *process, int id)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct created_timer *timer = find_locked(id);
	if (timer)
		list_remove(&timer->link);
	spin_unlock_irq(&process_lock, flags);
	if (!timer)
		return -EINVAL;
	end(process, timer);
	return 0;
}

static int create(enum countdown_clock clock, const struct sigevent *event, int *user_id)
{
	struct process *process = process_current();
	struct created_timer *timer = slab_alloc_zeroed(&timer_slab);
	if (!timer)
		return -EAGAIN;
	list_link_init(&timer->link);
	countdown_init(&timer->countdown, clock, process, created_expired);
	int error = enter(process, timer, event);
	if (error) {
		slab_free(&timer_slab, timer);
		return error;
	}
	int id = timer->id; /* another thread may delete it from now on */
	error = copy_to_user(user_id, &id, sizeof id);
	if (error)
		(void)delete(process, id);
	return error;
}

static int32_t sys_timer_create(int clock, const struct sigevent *user_event, int *user_id)
{
	struct sigevent event;
	enum countdown_clock counts;
	if (user_event && copy_from_user(&event, user_event, sizeof event))
		return -EFAULT;
	int error = clock_of(clock, &counts);
	if (!error && user_event)
		error = check_event(&event);
	return error ? error : create(counts, user_event ? &event : NULL, user_id);
}

static struct countdown_setting left_locked(const struct created_timer *timer)
{
	struct countdown countdown = timer->countdown;
	if (timer->due && countdown.interval)
		countdown.deadline = timer->due;
	return countdown_left_locked(&countdown, countdown_now(&countdown));
}

static int timer_get(int id, struct countdown_setting *setting)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct created_timer *timer = find_locked(id);
	if (timer)
		*setting = left_locked(timer);
	spin_unlock_irq(&process_lock, flags);
	return timer ? 0 : -EINVAL;
}

static int timer_set_to(int id, bool absolute, const struct countdown_setting *new,
                        struct countdown_setting *old)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct created_timer *timer = find_locked(id);
	if (timer) {
		struct countdown *countdown = &timer->countdown;
		uint64_t from = absolute ? 0 : countdown_now(countdown);
		*old = left_locked(timer);
		signal_queue_remove_own_locked(countdown->process, &timer->signal);
		timer->due = 0;
		timer->overruns = 0;
		countdown_set_locked(countdown, new->left ? time_after(from, new->left) : 0,
		                     new->interval);
	}
	spin_unlock_irq(&process_lock, flags);
	return timer ? 0 : -EINVAL;
}

const struct setting_form setting_form32 = {sizeof(struct __kernel_old_timespec),
                                             time_from_user32, time_to_user32};
const struct setting_form setting_form64 = {sizeof(struct __kernel_timespec), time_from_user64,
                                             time_to_user64};

int setting_from_user(const struct setting_form *form, const char *user_setting,
                      struct countdown_setting *setting)
{
	int error = form->read(user_setting, &setting->interval);
	return error ? error : form->read(user_setting + form->size, &setting->left);
}

int setting_to_user(const struct setting_form *form, char *user_setting,
                    const struct countdown_setting *setting)
{
	int error = form->write(user_setting, setting->interval);
	return error ? error : form->write(user_setting + form->size, setting->left);
}

static int32_t settime(const struct setting_form *form, int id, int flags, const char *user_new,
                       char *user_old)
{
	struct countdown_setting new, old;
	if (!user_new)
		return -EINVAL;
	int error = setting_from_user(form, user_new, &new);
	if (!error)
		error = timer_set_to(id, flags & TIMER_ABSTIME, &new, &old);
	return error || !user_old ? error : setting_to_user(form, user_old, &old);
}

static int32_t gettime(const struct setting_form *form, int id, char *user_setting)
{
	struct countdown_setting setting;
	int error = timer_get(id, &setting);
	return error ? error : setting_to_user(form, user_setting, &setting);
}

static int32_t sys_timer_settime(int id, int flags, const void *user_new, void *user_old)
{
	return settime(&setting_form32, id, flags, user_new, user_old);
}

static int32_t sys_timer_settime64(int id, int flags, const void *user_new, void *user_old)
{
	return settime(&setting_form64, id, flags, user_new, user_old);
}

static int32_t sys_timer_gettime(int id, void *user_setting)
{
	return gettime(&setting_form32, id, user_setting);
}

static int32_t sys_timer_gettime64(int id, void *user_setting)
{
	return gettime(&setting_form64, id, user_setting);
}

static int32_t sys_timer_getoverrun(int id)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct created_timer *timer = find_locked(id);
	int32_t result = timer ? (int32_t)timer->overruns : -EINVAL;
	spin_unlock_irq(&process_lock, flags);
	return result;
}

static int32_t sys_timer_delete(int id)
{
	return delete(process_current(), id);
}

/* ---- with the process ---- */

void timers_init(struct process *process)
{
	list_init(&process->countdowns);
	list_init(&process->created_timers);
}

void timers_delete_created(struct process *process)
{
	struct list_link *link;
	while ((link = list_pop(&process->created_timers)))
		end(process, LIST_ENTRY(link, struct created_timer, link));
}

void timers_end(struct process *process)
{
	for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++)
		countdown_end(&process->interval_timers[which]);
	countdown_end(&process->processor_limit);
	timers_delete_created(process);
}

const struct system_call timer_calls[] = {
	CALL(alarm, 1),
	CALL(getitimer, 2),
	CALL(setitimer, 3),
	CALL(timer_create, 3),
	CALL(timer_settime, 4),
	CALL(timer_settime64, 4),
	CALL(timer_gettime, 2),
	CALL(timer_gettime64, 2),
	CALL(timer_getoverrun, 1),
	CALL(timer_delete, 1),
	CALLS_END,
};
