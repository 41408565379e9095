/* SPDX-License-Identifier: MIT */
/* epoll_create(2), epoll_ctl(2), epoll_wait(2): the work is kernel/fs/epoll.c's. */
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "kernel/time/clock.h"
#include "userprog/descriptor.h"
#include "userprog/process.h"
#include "userprog/signal_mask.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define EVENTS_MOST (INT32_MAX / sizeof(struct epoll_event))
#define AT_ONCE 256u /* events that pass through the kernel at a time */

static int32_t sys_epoll_create1(uint32_t flags)
{
	struct file *file;
	if (flags & ~(uint32_t)EPOLL_CLOEXEC)
		return -EINVAL;
	int error = epoll_open(O_RDWR, &file);
	return error ? error : descriptor_new(file, 0, flags & EPOLL_CLOEXEC);
}

static int32_t sys_epoll_create(int size)
{
	return size > 0 ? sys_epoll_create1(0) : -EINVAL;
}

static int32_t sys_epoll_ctl(int epoll_number, int operation, int number,
                             const struct epoll_event *user_event)
{
	struct descriptor_table *table = process_current()->files;
	struct epoll_event event = {0};
	if (operation != EPOLL_CTL_DEL && copy_from_user(&event, user_event, sizeof event))
		return -EFAULT;
	struct file *epoll = descriptor_file(table, epoll_number);
	if (!epoll)
		return -EBADF;
	struct file *file = descriptor_file(table, number);
	int error = -EBADF;
	if (file) {
		error = !file->ops->poll ? -EPERM : !file_is_epoll(epoll) ? -EINVAL :
		        epoll_change(epoll, operation, file, number, &event);
		file_put(file);
	}
	file_put(epoll);
	return error;
}

/* How many events the program's memory has room for, at most `most`: so that what is taken can be
 * told. A word in each page is exchanged for itself, which changes nothing. */
static uint32_t room_for(struct epoll_event *user_events, uint32_t most)
{
	char *first = (char *)user_events, *end = (char *)&user_events[most];
	for (char *at = first; at < end; at = (char *)((uint32_t)at | (PAGE_SIZE - 1)) + 1) {
		uint32_t word = 0;
		if (exchange_user((uint32_t *)at, &word, word))
			return (uint32_t)(at - first) / sizeof *user_events;
	}
	return most;
}

/* How many were taken, or -EFAULT: there is one, and no room for it. */
static int take(struct file *epoll, struct epoll_event *user_events,
                struct epoll_event *events, uint32_t most)
{
	uint32_t room = room_for(user_events, most);
	if (!room)
		return file_poll(epoll, NULL) ? -EFAULT : 0;
	return (int)epoll_take(epoll, events, room);
}

/* How many events were told, 0 at the deadline, or an error. */
static int wait_for_events(struct file *epoll, struct epoll_event *user_events,
                           struct epoll_event *events, uint32_t most, uint64_t deadline)
{
	int count, error = 0;
	while (!(count = take(epoll, user_events, events, most)) && error != -ETIMEDOUT) {
		error = deadline > clock_now() ? epoll_sleep(epoll, deadline) : -ETIMEDOUT;
		if (error == -EINTR)
			return error;
	}
	if (count <= 0)
		return count;
	return copy_to_user(user_events, events, (uint32_t)count * sizeof *events) ? -EFAULT : count;
}

static int epoll_wait(int number, struct epoll_event *user_events, int most, uint64_t deadline)
{
	if (most <= 0 || most > (int)EVENTS_MOST)
		return -EINVAL;
	if (!user_range(user_events, (uint32_t)most * sizeof *user_events))
		return -EFAULT;
	struct file *file = descriptor_file(process_current()->files, number);
	if (!file)
		return -EBADF;
	uint32_t at_once = (uint32_t)most < AT_ONCE ? (uint32_t)most : AT_ONCE;
	struct epoll_event *events = kmalloc(at_once * sizeof *events);
	int result = -ENOMEM;
	if (events)
		result = file_is_epoll(file)
		                 ? wait_for_events(file, user_events, events, at_once, deadline)
		                 : -EINVAL;
	kfree(events);
	file_put(file);
	return result;
}

static int32_t sys_epoll_wait(int number, struct epoll_event *user_events, int most,
                              int milliseconds)
{
	return epoll_wait(number, user_events, most, deadline_in(milliseconds));
}

static int32_t wait_masked(int number, struct epoll_event *user_events, int most,
                           uint64_t deadline, const signal_set *user_mask, size_t size)
{
	int error = signal_mask_lend_user(user_mask, size);
	if (error)
		return error;
	int result = epoll_wait(number, user_events, most, deadline);
	if (user_mask)
		signal_mask_return(result == -EINTR);
	return result;
}

static int32_t sys_epoll_pwait(int number, struct epoll_event *user_events, int most,
                               int milliseconds, const signal_set *user_mask, size_t size)
{
	return wait_masked(number, user_events, most, deadline_in(milliseconds), user_mask, size);
}

static int32_t sys_epoll_pwait2(int number, struct epoll_event *user_events, int most,
                                const void *user_time, const signal_set *user_mask, size_t size)
{
	uint64_t deadline;
	int error = deadline_from_user(user_time, time_from_user64, &deadline);
	if (error)
		return error;
	return wait_masked(number, user_events, most, deadline, user_mask, size);
}

const struct system_call epoll_calls[] = {
	CALL(epoll_create, 1),
	CALL(epoll_create1, 1),
	CALL(epoll_ctl, 4),
	CALL(epoll_wait, 4),
	CALL(epoll_pwait, 6),
	CALL(epoll_pwait2, 6),
	CALLS_END,
};
