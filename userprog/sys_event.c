/* SPDX-License-Identifier: MIT */
/*
 * Files that stand for something that happens: eventfd(2) for a count, timerfd_create(2) for a
 * timer, signalfd(2) for the reader's own pending signals, pidfd_open(2) for another process's
 * end. So poll(2) waits for all of it.
 */
#include <asm/poll.h>
#include <linux/fcntl.h>
#include <linux/signal.h>
#include <linux/signalfd.h>
#include <linux/time.h>
#include <linux/timerfd.h>

#include "kernel/fs/procfs.h"
#include "kernel/fs/transfer.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/pidfd.h"
#include "userprog/process.h"
#include "userprog/signal_queue.h"
#include "userprog/sys_signal.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "userprog/timers.h"
#include "vm/usercopy.h"

/* A new file for `private`, which is freed if that fails. The descriptor, or an error. */
static int open_new(const char *kind, const struct file_ops *ops, void *private, uint32_t flags)
{
	struct file *file;
	int error = nameless_open(kind, ops, private, flags & ~(uint32_t)O_CLOEXEC, &file);
	if (error) {
		kfree(private);
		return error;
	}
	return descriptor_new(file, 0, flags & O_CLOEXEC);
}

/* The open file, with a reference, if it is of this kind. -EBADF, and -EINVAL for another. */
static int file_of(int number, const struct file_ops *ops, struct file **file)
{
	*file = descriptor_file(process_current()->files, number);
	if (!*file)
		return -EBADF;
	if ((*file)->ops == ops)
		return 0;
	file_put(*file);
	return -EINVAL;
}

/* Gives a number of eight bytes to who reads. */
static ssize_t give_count(struct transfer *transfer, uint64_t count)
{
	return transfer_give(transfer, &count, sizeof count) == sizeof count
	               ? (ssize_t)sizeof count : -EFAULT;
}

/* ---- eventfd(2) ---- */

/* eventfd(2); older headers of Linux have no file for them. */
#define EVENT_ONE_BY_ONE 1u
#define EVENT_FLAGS ((uint32_t)(O_CLOEXEC | O_NONBLOCK))

#define COUNT_MOST (UINT64_MAX - 1)

struct event {
	struct spinlock lock;
	uint64_t count;            /* lock */
	bool one_by_one;           /* a read takes 1 */
	struct wait_queue changed;
};

/* Takes what there is; 0: nothing. */
static uint64_t event_take(struct event *event)
{
	spin_lock(&event->lock);
	uint64_t taken = event->one_by_one && event->count ? 1 : event->count;
	event->count -= taken;
	spin_unlock(&event->lock);
	return taken;
}

static ssize_t event_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct event *event = file->private;
	uint64_t taken = event_take(event);
	(void)position;
	if (transfer->left < sizeof taken)
		return -EINVAL;
	if (!taken && transfer->flags & O_NONBLOCK)
		return -EAGAIN;
	int error = WAIT_INTERRUPTIBLE(&event->changed, taken || (taken = event_take(event)));
	if (error)
		return error;
	wait_wake_all(&event->changed);
	return give_count(transfer, taken);
}

static bool event_add(struct event *event, uint64_t more)
{
	spin_lock(&event->lock);
	bool fits = more <= COUNT_MOST - event->count;
	if (fits)
		event->count += more;
	spin_unlock(&event->lock);
	return fits;
}

static ssize_t event_write(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct event *event = file->private;
	uint64_t more;
	(void)position;
	if (transfer->left < sizeof more)
		return -EINVAL;
	if (transfer_take(transfer, &more, sizeof more) != sizeof more)
		return -EFAULT;
	if (more == UINT64_MAX)
		return -EINVAL;
	bool added = event_add(event, more);
	if (!added && transfer->flags & O_NONBLOCK)
		return -EAGAIN;
	int error = WAIT_INTERRUPTIBLE(&event->changed, added || (added = event_add(event, more)));
	if (error)
		return error;
	wait_wake_all(&event->changed);
	return sizeof more;
}

static uint32_t event_poll(struct file *file, struct poll_table *table)
{
	struct event *event = file->private;
	poll_wait(table, &event->changed);
	spin_lock(&event->lock);
	uint64_t count = event->count;
	spin_unlock(&event->lock);
	return (count ? POLLIN | POLLRDNORM : 0) |
	       (count < COUNT_MOST ? POLLOUT | POLLWRNORM : 0);
}

static void private_free(struct file *file)
{
	kfree(file->private);
}

static void event_show(struct file *file, struct text *text)
{
	struct event *event = file->private;
	spin_lock(&event->lock);
	uint64_t count = event->count;
	spin_unlock(&event->lock);
	text_print(text, "eventfd-count: %16llx\neventfd-semaphore: %d\n", count,
	           event->one_by_one);
}

static const struct file_ops event_ops = {
	.read = event_read, .write = event_write, .poll = event_poll, .close = private_free,
	.show = event_show};

static int32_t sys_eventfd2(uint32_t count, uint32_t flags)
{
	if (flags & ~(EVENT_FLAGS | EVENT_ONE_BY_ONE))
		return -EINVAL;
	struct event *event = kmalloc_zeroed(sizeof *event);
	if (!event)
		return -ENOMEM;
	spinlock_init(&event->lock, "event");
	wait_queue_init(&event->changed);
	event->count = count;
	event->one_by_one = flags & EVENT_ONE_BY_ONE;
	return open_new("eventfd", &event_ops, event,
	                O_RDWR | (flags & EVENT_FLAGS));
}

static int32_t sys_eventfd(uint32_t count)
{
	return sys_eventfd2(count, 0);
}

/* ---- timerfd_create(2) ---- */

struct timer_file {
	struct countdown countdown;
	int clock;                  /* which it was made with */
	uint32_t settime;           /* flags of the last timerfd_settime(2); process_lock */
	bool expired;               /* process_lock: and nobody has read how often */
	struct wait_queue changed;
};

/* It goes on when somebody reads. */
static void timer_file_expired(struct countdown *countdown)
{
	struct timer_file *timer = LIST_ENTRY(countdown, struct timer_file, countdown);
	timer->expired = true;
	wait_wake_all(&timer->changed);
}

static uint64_t timer_file_take(struct timer_file *timer)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	uint64_t taken = timer->expired ? countdown_forward_locked(&timer->countdown) : 0;
	timer->expired = false;
	spin_unlock_irq(&process_lock, flags);
	return taken;
}

static ssize_t timer_file_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct timer_file *timer = file->private;
	uint64_t taken;
	(void)position;
	if (transfer->left < sizeof taken)
		return -EINVAL;
	taken = timer_file_take(timer);
	if (!taken && transfer->flags & O_NONBLOCK)
		return -EAGAIN;
	int error = WAIT_INTERRUPTIBLE(&timer->changed,
	                               taken || (taken = timer_file_take(timer)));
	return error ? error : give_count(transfer, taken);
}

static uint32_t timer_file_poll(struct file *file, struct poll_table *table)
{
	struct timer_file *timer = file->private;
	poll_wait(table, &timer->changed);
	uint32_t flags = spin_lock_irq(&process_lock);
	bool expired = timer->expired;
	spin_unlock_irq(&process_lock, flags);
	return expired ? POLLIN | POLLRDNORM : 0;
}

static void timer_file_close(struct file *file)
{
	struct timer_file *timer = file->private;
	countdown_end(&timer->countdown);
	kfree(timer);
}

/* It has rung, or will in this moment: its time has come. */
static bool timer_file_due_locked(const struct timer_file *timer, uint64_t now)
{
	return timer->expired || (timer->countdown.deadline && timer->countdown.deadline <= now);
}

static struct countdown_setting timer_file_left_locked(const struct timer_file *timer,
                                                       uint64_t now)
{
	struct countdown_setting left = countdown_left_locked(&timer->countdown, now);
	if (timer_file_due_locked(timer, now) && !timer->countdown.interval)
		left.left = 0;
	return left;
}

static void show_setting(struct text *text, const char *name, uint64_t ns)
{
	text_print(text, "%s: (%llu, %llu)\n", name, ns / NS_PER_SECOND, ns % NS_PER_SECOND);
}

static void timer_file_show(struct file *file, struct text *text)
{
	struct timer_file *timer = file->private;
	uint32_t flags = spin_lock_irq(&process_lock);
	uint64_t now = countdown_now(&timer->countdown);
	struct countdown_setting left = timer_file_left_locked(timer, now);
	uint32_t settime = timer->settime;
	uint64_t ticks = timer_file_due_locked(timer, now)
	                         ? countdown_times_locked(&timer->countdown, now) : 0;
	spin_unlock_irq(&process_lock, flags);
	text_print(text, "clockid: %d\nticks: %llu\nsettime flags: 0%o\n", timer->clock, ticks,
	           settime);
	show_setting(text, "it_value", left.left);
	show_setting(text, "it_interval", left.interval);
}

static const struct file_ops timer_file_ops = {
	.read = timer_file_read, .poll = timer_file_poll, .close = timer_file_close,
	.show = timer_file_show};

static int32_t sys_timerfd_create(int clock, uint32_t flags)
{
	bool wall = clock == CLOCK_REALTIME;
	if (flags & ~(uint32_t)(TFD_CLOEXEC | TFD_NONBLOCK) ||
	    (!wall && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME))
		return -EINVAL;
	struct timer_file *timer = kmalloc_zeroed(sizeof *timer);
	if (!timer)
		return -ENOMEM;
	countdown_init(&timer->countdown, wall ? COUNT_WALL : COUNT_MONOTONIC, NULL,
	               timer_file_expired);
	timer->clock = clock;
	wait_queue_init(&timer->changed);
	return open_new("timerfd", &timer_file_ops, timer, O_RDWR | flags);
}

/* Sets it, if there is a new setting, and tells what it was. */
static struct countdown_setting timer_file_set(struct timer_file *timer, uint32_t settime,
                                               const struct countdown_setting *new)
{
	struct countdown *countdown = &timer->countdown;
	uint32_t flags = spin_lock_irq(&process_lock);
	uint64_t now = countdown_now(countdown);
	struct countdown_setting old = timer_file_left_locked(timer, now);
	if (new) {
		uint64_t from = settime & TFD_TIMER_ABSTIME ? 0 : now;
		timer->expired = false;
		timer->settime = settime;
		countdown_set_locked(countdown, new->left ? time_after(from, new->left) : 0,
		                     new->interval);
	}
	spin_unlock_irq(&process_lock, flags);
	return old;
}

static int32_t timerfd_settime(const struct setting_form *form, int number, uint32_t flags,
                               const char *user_new, char *user_old)
{
	struct countdown_setting new;
	struct file *file;
	int error = setting_from_user(form, user_new, &new);
	if (error)
		return error;
	if (flags & ~(uint32_t)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return -EINVAL;
	error = file_of(number, &timer_file_ops, &file);
	if (error)
		return error;
	struct countdown_setting old =
		timer_file_set(file->private, flags, &new);
	file_put(file);
	return user_old ? setting_to_user(form, user_old, &old) : 0;
}

static int32_t timerfd_gettime(const struct setting_form *form, int number, char *user_setting)
{
	struct file *file;
	int error = file_of(number, &timer_file_ops, &file);
	if (error)
		return error;
	struct countdown_setting setting = timer_file_set(file->private, 0, NULL);
	file_put(file);
	return setting_to_user(form, user_setting, &setting);
}

static int32_t sys_timerfd_settime(int number, uint32_t flags, const void *new, void *old)
{
	return timerfd_settime(&setting_form32, number, flags, new, old);
}

static int32_t sys_timerfd_settime64(int number, uint32_t flags, const void *new, void *old)
{
	return timerfd_settime(&setting_form64, number, flags, new, old);
}

static int32_t sys_timerfd_gettime(int number, void *user_setting)
{
	return timerfd_gettime(&setting_form32, number, user_setting);
}

static int32_t sys_timerfd_gettime64(int number, void *user_setting)
{
	return timerfd_gettime(&setting_form64, number, user_setting);
}

/* ---- signalfd(2) ---- */

struct signal_file {
	signal_set set;
};

static int signal_file_take(const struct signal_file *file, struct signal_info *info)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	int signal = signal_queue_take_locked(task_current(), file->set, info);
	spin_unlock_irq(&process_lock, flags);
	return signal;
}

/* Whether an open file's owner is told (kernel/owner.h): then the code is one of POLL_IN ..., and not
 * one of those that the signal has of its own. */
static bool is_about_file(int signal, int code)
{
	return code == SI_SIGIO || (code > 0 && code <= NSIGPOLL && !signal_has_own_codes(signal));
}

/* What a signal tells, in the form of this file. */
static void fill(struct signalfd_siginfo *to, int signal, const struct signal_info *info)
{
	*to = (struct signalfd_siginfo){.ssi_signo = (uint32_t)signal, .ssi_errno = info->error,
	                                .ssi_code = info->code};
	if (is_about_file(signal, info->code)) {
		to->ssi_band = info->value[0];
		to->ssi_fd = (int32_t)info->value[1];
		return;
	}
	if (info->code == SI_TIMER) {
		to->ssi_tid = info->value[0];
		to->ssi_overrun = info->value[1];
	} else if (info->code > 0 && info->code != SI_KERNEL && signal != SIGCHLD) {
		to->ssi_addr = info->value[0];
		return;
	} else {
		to->ssi_pid = info->value[0];
		to->ssi_uid = info->value[1];
	}
	if (signal == SIGCHLD && info->code > 0) {
		to->ssi_status = (int32_t)info->value[2];
		to->ssi_utime = info->value[3];
		to->ssi_stime = info->value[4];
	} else if (info->code < 0 && info->code != SI_TKILL) {
		to->ssi_int = (int32_t)info->value[2];
		to->ssi_ptr = info->value[2];
	}
}

static ssize_t signal_file_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct process *self = process_current();
	struct signalfd_siginfo told;
	struct signal_info info;
	ssize_t done = 0;
	int signal;
	(void)position;
	if (transfer->left < sizeof told)
		return -EINVAL;
	signal = signal_file_take(file->private, &info);
	if (!signal && transfer->flags & O_NONBLOCK)
		return -EAGAIN;
	int error = WAIT_INTERRUPTIBLE(&self->signalled,
	                               signal || (signal = signal_file_take(file->private, &info)));
	if (error)
		return error;
	do {
		fill(&told, signal, &info);
		if (transfer_give(transfer, &told, sizeof told) != sizeof told)
			return done ? done : -EFAULT;
		done += (ssize_t)sizeof told;
	} while (transfer->left >= sizeof told &&
	         (signal = signal_file_take(file->private, &info)));
	return done;
}

static uint32_t signal_file_poll(struct file *file, struct poll_table *table)
{
	const struct signal_file *signals = file->private;
	struct process *self = process_current();
	poll_wait(table, &self->signalled);
	return signals_pending(task_current()) & signals->set ? POLLIN | POLLRDNORM : 0;
}

static void signal_file_show(struct file *file, struct text *text)
{
	const struct signal_file *signals = file->private;
	text_print(text, "sigmask:\t%016llx\n", signals->set);
}

static const struct file_ops signal_file_ops = {
	.read = signal_file_read, .poll = signal_file_poll, .close = private_free,
	.show = signal_file_show};

static int change_signal_file(int number, signal_set set)
{
	struct file *file;
	int error = file_of(number, &signal_file_ops, &file);
	if (error)
		return error;
	((struct signal_file *)file->private)->set = set;
	file_put(file);
	return number;
}

static int32_t sys_signalfd4(int number, const signal_set *user_set, size_t size, uint32_t flags)
{
	signal_set set;
	if (size != sizeof set)
		return -EINVAL;
	if (copy_from_user(&set, user_set, sizeof set))
		return -EFAULT;
	if (flags & ~(uint32_t)(SFD_CLOEXEC | SFD_NONBLOCK))
		return -EINVAL;
	set &= ~SIGNALS_UNBLOCKABLE;
	if (number != -1)
		return change_signal_file(number, set);
	struct signal_file *file = kmalloc(sizeof *file);
	if (!file)
		return -ENOMEM;
	file->set = set;
	return open_new("signalfd", &signal_file_ops, file, O_RDWR | flags);
}

static int32_t sys_signalfd(int number, const signal_set *user_set, size_t size)
{
	return sys_signalfd4(number, user_set, size, 0);
}

/* ---- pidfd_open(2) ---- */

static uint32_t pid_file_poll(struct file *file, struct poll_table *table)
{
	struct process *process = file->private;
	poll_wait(table, &process->changed);
	uint32_t flags = spin_lock_irq(&process_lock);
	bool ended = process->zombie;
	spin_unlock_irq(&process_lock, flags);
	return ended ? POLLIN | POLLRDNORM : 0;
}

static void pid_file_close(struct file *file)
{
	process_put(file->private);
}

/* -1: it has been waited for. */
static void pid_file_show(struct file *file, struct text *text)
{
	const struct process *process = file->private;
	uint32_t flags = spin_lock_irq(&process_lock);
	bool known = process_find_locked(process->id) == process;
	spin_unlock_irq(&process_lock, flags);
	pid_t id = known ? process->id : -1;
	text_print(text, "Pid:\t%d\nNSpid:\t%d\n", id, id);
}

static const struct file_ops pid_file_ops = {
	.poll = pid_file_poll, .close = pid_file_close, .show = pid_file_show};

int pidfd_new(struct process *process, uint32_t flags)
{
	struct file *file;
	int error = nameless_open("pidfd", &pid_file_ops, process_get(process), O_RDWR | flags,
	                          &file);
	if (!error)
		return descriptor_new(file, 0, true);
	process_put(process);
	return error;
}

static int32_t sys_pidfd_open(pid_t id, uint32_t flags)
{
	if (flags & ~(uint32_t)O_NONBLOCK || id <= 0)
		return -EINVAL;
	struct process *process = process_find(id);
	if (!process)
		return -ESRCH;
	int number = pidfd_new(process, flags);
	process_put(process);
	return number;
}

pid_t pidfd_process(int number, bool *nonblock)
{
	struct file *file;
	int error = file_of(number, &pid_file_ops, &file);
	if (error)
		return -EBADF;
	struct process *process = file->private;
	uint32_t flags = spin_lock_irq(&process_lock);
	bool known = process_find_locked(process->id) == process;
	spin_unlock_irq(&process_lock, flags);
	pid_t id = known ? process->id : 0;
	*nonblock = file->flags & O_NONBLOCK;
	file_put(file);
	return id;
}

/* A directory of /proc stands for its process here, as from before there were pidfds. */
static pid_t process_of_directory(int number)
{
	struct file *file = descriptor_file(process_current()->files, number);
	if (!file)
		return -EBADF;
	pid_t id = procfs_process_of(file);
	file_put(file);
	return id;
}

static int32_t sys_pidfd_send_signal(int number, int signal, const siginfo_t *user_info,
                                     uint32_t flags)
{
	bool nonblock;
	if (flags)
		return -EINVAL;
	pid_t id = pidfd_process(number, &nonblock);
	if (id < 0)
		id = process_of_directory(number);
	return id < 0 ? id : signal_send_to_one(id, signal, user_info);
}

/* The open file of another process that the caller may trace. */
static int file_of_other(struct process *process, int number, struct file **file)
{
	struct descriptor_table *files = process_files(process);
	int error = files ? process_right(process, MAY_TRACE) : -ESRCH;
	*file = files && !error ? descriptor_place(files, number) : NULL;
	if (files)
		descriptors_put(files);
	return error ? error : *file ? 0 : -EBADF;
}

static int32_t sys_pidfd_getfd(int number, int theirs, uint32_t flags)
{
	struct file *pid_file, *file;
	if (flags)
		return -EINVAL;
	if (file_of(number, &pid_file_ops, &pid_file))
		return -EBADF;
	int error = file_of_other(pid_file->private, theirs, &file);
	file_put(pid_file);
	return error ? error : descriptor_new(file, 0, true);
}

const struct system_call event_calls[] = {
	CALL(eventfd, 1),
	CALL(eventfd2, 2),
	CALL(timerfd_create, 2),
	CALL(timerfd_settime, 4),
	CALL(timerfd_settime64, 4),
	CALL(timerfd_gettime, 2),
	CALL(timerfd_gettime64, 2),
	CALL(signalfd, 3),
	CALL(signalfd4, 4),
	CALL(pidfd_open, 2),
	CALL(pidfd_send_signal, 4),
	CALL(pidfd_getfd, 3),
	CALLS_END,
};
