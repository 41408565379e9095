/* SPDX-License-Identifier: MIT */
/* poll(2), select(2): waiting for several files at once. */
#include <asm/poll.h>
#include <linux/personality.h>
#include <linux/time_types.h>

#include "kernel/charge.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "kernel/rights.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/process.h"
#include "userprog/signal_mask.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define ALWAYS_TOLD (POLLERR | POLLHUP | POLLNVAL)

/* Asks one file; enters its queues in the table (NULL: not). */
static uint32_t ask(int number, struct poll_table *table)
{
	struct file *file = descriptor_file(process_current()->files, number);
	if (!file)
		return POLLNVAL;
	uint32_t mask = file_poll(file, table);
	file_put(file);
	return mask;
}

/* What is polled, in a chain of pages. */
struct poll_page {
	struct poll_page *next;
	uint32_t count;
	struct pollfd fds[];
};

#define POLL_A_PAGE ((PAGE_SIZE - sizeof(struct poll_page)) / sizeof(struct pollfd))

/* More than a page is charged to the user: it lasts as long as the program waits. */
struct poll_set {
	uint32_t count;
	struct poll_page *first, *last;
	uint32_t uid, charged;
};

static void poll_set_init(struct poll_set *set)
{
	*set = (struct poll_set){.uid = rights_caller()->uid};
}

static void poll_set_free(const struct poll_set *set)
{
	for (struct poll_page *page = set->first, *next; page; page = next) {
		next = page->next;
		kfree(page);
	}
	if (set->charged)
		charge_return(set->uid, set->charged);
}

/* One more page at the end, for `room` entries; with it the queues that those will be on. 0 or
 * -ENOMEM. */
static int poll_set_grow(struct poll_set *set, uint32_t room)
{
	uint32_t bytes = sizeof(struct poll_page) + room * sizeof(struct pollfd);
	uint32_t charge = set->first ? bytes + room * POLL_SLEEPER_BYTES : 0;
	if (charge && charge_user(set->uid, charge))
		return -ENOMEM;
	set->charged += charge;
	struct poll_page *page = kmalloc(bytes);
	if (!page)
		return -ENOMEM;
	page->next = NULL;
	page->count = 0;
	*(set->last ? &set->last->next : &set->first) = page;
	set->last = page;
	return 0;
}

/* Fills in revents; how many are not 0. */
static int ask_all(const struct poll_set *set, struct poll_table *table)
{
	int ready = 0;
	for (struct poll_page *page = set->first; page; page = page->next)
		for (uint32_t i = 0; i < page->count; i++) {
			struct pollfd *look = &page->fds[i];
			look->revents = 0;
			if (look->fd >= 0)
				look->revents = (short)(ask(look->fd, ready ? NULL : table) &
				                        ((uint16_t)look->events | ALWAYS_TOLD));
			ready += look->revents != 0;
		}
	return ready;
}

/* How many are ready, 0 at the deadline, -EINTR, -ENOMEM. */
static int wait_for_any(const struct poll_set *set, uint64_t deadline)
{
	struct poll_sleeper *sleeper = poll_sleeper_create(set->count);
	int ready, error = 0;
	if (!sleeper)
		return -ENOMEM;
	/* After the time is over it looks once more. */
	for (;;) {
		ready = ask_all(set, poll_sleeper_reset(sleeper));
		if (ready || error || thread_current()->killed)
			break;
		error = deadline > clock_now() ? poll_sleep(sleeper, deadline) : -ETIMEDOUT;
	}
	poll_sleeper_destroy(sleeper);
	return ready ? ready : error == -ETIMEDOUT ? 0 : error;
}

static int poll_set_read(struct poll_set *set, const struct pollfd *user_fds, uint32_t count)
{
	int error = 0;
	while (!error && set->count < count) {
		uint32_t left = count - set->count, here = left < POLL_A_PAGE ? left : POLL_A_PAGE;
		error = thread_current()->killed ? -EINTR : poll_set_grow(set, here);
		if (!error)
			error = copy_from_user(set->last->fds, &user_fds[set->count],
			                       here * sizeof *user_fds);
		if (!error)
			set->last->count = here;
		set->count += here;
	}
	return error;
}

static int poll_set_write(const struct poll_set *set, struct pollfd *user_fds)
{
	for (const struct poll_page *page = set->first; page; page = page->next)
		for (uint32_t i = 0; i < page->count; i++, user_fds++)
			if (copy_to_user(&user_fds->revents, &page->fds[i].revents,
			                 sizeof user_fds->revents))
				return -EFAULT;
	return 0;
}

static int poll_user(struct pollfd *user_fds, uint32_t count, uint64_t deadline)
{
	struct poll_set set;
	if (count > process_current()->limits[RLIMIT_NOFILE].rlim_cur)
		return -EINVAL;
	poll_set_init(&set);
	int ready = poll_set_read(&set, user_fds, count);
	if (!ready)
		ready = wait_for_any(&set, deadline);
	if (ready >= 0 && poll_set_write(&set, user_fds))
		ready = -EFAULT;
	poll_set_free(&set);
	return ready;
}

static int32_t sys_poll(struct pollfd *user_fds, uint32_t count, int milliseconds)
{
	uint64_t deadline = restart_deadline(deadline_in(milliseconds));
	int ready = poll_user(user_fds, count, deadline);
	return ready == -EINTR ? restart_later(deadline) : ready;
}

/* ---- with a signal mask and a timeout in some form ---- */

typedef int time_writer(void *user_time, uint64_t ns);

struct time_form {
	time_reader *read;
	time_writer *write;
};

static const struct time_form timespec32 = {time_from_user32, time_to_user32};
static const struct time_form timespec64 = {time_from_user64, time_to_user64};
static const struct time_form timeval = {timeval_from_user, timeval_to_user};

/* Tells what is left of the time, so that a call that begins again waits no longer. */
static void write_rest(void *user_time, const struct time_form *form, uint64_t deadline)
{
	uint64_t now = clock_now();
	if (user_time && !(process_current()->personality & STICKY_TIMEOUTS))
		(void)form->write(user_time, deadline > now ? deadline - now : 0);
}

static int32_t ppoll(struct pollfd *user_fds, uint32_t count, void *user_time,
                     const struct time_form *form, const signal_set *user_mask, size_t size)
{
	uint64_t deadline;
	int error = deadline_from_user(user_time, form->read, &deadline);
	if (!error)
		error = signal_mask_lend_user(user_mask, size);
	if (error)
		return error;
	int ready = poll_user(user_fds, count, deadline);
	if (user_mask)
		signal_mask_return(ready == -EINTR);
	write_rest(user_time, form, deadline);
	return ready == -EINTR ? -ERESTARTNOHAND : ready;
}

static int32_t sys_ppoll(struct pollfd *user_fds, uint32_t count, void *user_time,
                         const signal_set *user_mask, size_t size)
{
	return ppoll(user_fds, count, user_time, &timespec32, user_mask, size);
}

static int32_t sys_ppoll_time64(struct pollfd *user_fds, uint32_t count, void *user_time,
                                const signal_set *user_mask, size_t size)
{
	return ppoll(user_fds, count, user_time, &timespec64, user_mask, size);
}

/* ---- select: the same by bit sets ---- */

#define SETS 3 /* to read, to write, exceptional */

static const uint16_t wanted[SETS] = {POLLIN, POLLOUT, POLLPRI};
static const uint32_t answers[SETS] = {POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI};

#define BLOCK 1024u /* so many numbers of the sets are looked at at a time */

/* The sets' words for the numbers of a block. */
struct bit_sets {
	uint32_t words[SETS][BLOCK / 32];
};

/* Bytes of the words for the numbers from `first` on, of a block or as many as there are. */
static uint32_t block_bytes(uint32_t first, uint32_t limit)
{
	uint32_t numbers = limit - first < BLOCK ? limit - first : BLOCK;
	return (numbers + 31) / 32 * 4;
}

static int sets_from_user(struct bit_sets *sets, uint32_t *const user_sets[SETS], uint32_t first,
                          uint32_t limit)
{
	memset(sets, 0, sizeof *sets);
	for (int s = 0; s < SETS; s++)
		if (user_sets[s] && copy_from_user(sets->words[s], user_sets[s] + first / 32,
		                                   block_bytes(first, limit)))
			return -EFAULT;
	return 0;
}

static int sets_to_user(const struct bit_sets *sets, uint32_t *const user_sets[SETS],
                        uint32_t first, uint32_t limit)
{
	for (int s = 0; s < SETS; s++)
		if (user_sets[s] && copy_to_user(user_sets[s] + first / 32, sets->words[s],
		                                 block_bytes(first, limit)))
			return -EFAULT;
	return 0;
}

static uint16_t events_of(const struct bit_sets *sets, uint32_t i)
{
	uint16_t events = 0;
	for (int s = 0; s < SETS; s++)
		events |= sets->words[s][i / 32] >> i % 32 & 1 ? wanted[s] : 0;
	return events;
}

static int add(struct poll_set *set, uint32_t number, uint16_t events)
{
	if (!set->last || set->last->count == POLL_A_PAGE) {
		int error = poll_set_grow(set, POLL_A_PAGE);
		if (error)
			return error;
	}
	set->last->fds[set->last->count++] =
		(struct pollfd){.fd = (int)number, .events = (short)events};
	set->count++;
	return 0;
}

/* The descriptors of a block that are in any set, as poll wants them. */
static int add_block(const struct bit_sets *sets, uint32_t first, uint32_t limit,
                     struct poll_set *set)
{
	int error = 0;
	for (uint32_t i = 0; !error && i < BLOCK && i < limit - first; i++) {
		uint16_t events = events_of(sets, i);
		if (events)
			error = add(set, first + i, events);
	}
	return error;
}

static int sets_read(struct poll_set *set, struct bit_sets *sets, uint32_t *const user_sets[SETS],
                     uint32_t limit)
{
	int error = 0;
	for (uint32_t first = 0; !error && first < limit; first += BLOCK) {
		error = sets_from_user(sets, user_sets, first, limit);
		if (!error)
			error = add_block(sets, first, limit, set);
	}
	return error;
}

/* Where one is in what was polled, in order of the descriptors. */
struct poll_cursor {
	const struct poll_page *page;
	uint32_t at;
};

/* The next one, if its number is below `end`; or NULL. */
static const struct pollfd *next_below(struct poll_cursor *cursor, uint32_t end)
{
	if (cursor->page && cursor->at == cursor->page->count)
		*cursor = (struct poll_cursor){cursor->page->next, 0};
	if (!cursor->page || (uint32_t)cursor->page->fds[cursor->at].fd >= end)
		return NULL;
	return &cursor->page->fds[cursor->at++];
}

/* Notes in the block's sets what is ready; how many bits. */
static int note_ready(struct bit_sets *sets, uint32_t first, struct poll_cursor *cursor)
{
	const struct pollfd *look;
	int bits = 0;
	memset(sets, 0, sizeof *sets);
	while ((look = next_below(cursor, first + BLOCK))) {
		uint32_t i = (uint32_t)look->fd - first;
		for (int s = 0; s < SETS; s++) {
			if (!((uint16_t)look->events & wanted[s]) ||
			    !((uint16_t)look->revents & answers[s]))
				continue;
			sets->words[s][i / 32] |= 1u << i % 32;
			bits++;
		}
	}
	return bits;
}

/* Leaves in the program's sets what is ready; how many bits, or -EFAULT. */
static int sets_write(const struct poll_set *set, struct bit_sets *sets,
                      uint32_t *const user_sets[SETS], uint32_t limit)
{
	struct poll_cursor cursor = {set->first, 0};
	int bits = 0;
	for (uint32_t first = 0; first < limit; first += BLOCK) {
		bits += note_ready(sets, first, &cursor);
		if (sets_to_user(sets, user_sets, first, limit))
			return -EFAULT;
	}
	return bits;
}

static bool any_closed(const struct poll_set *set)
{
	for (const struct poll_page *page = set->first; page; page = page->next)
		for (uint32_t i = 0; i < page->count; i++)
			if (page->fds[i].revents & POLLNVAL)
				return true;
	return false;
}

/* Numbers that the table has no place for are not looked at. */
static int select_user(int limit, uint32_t *const user_sets[SETS], uint64_t deadline)
{
	uint32_t most = process_current()->files->capacity;
	struct poll_set set;
	if (limit < 0)
		return -EINVAL;
	if (most < BLOCK)
		most = BLOCK;
	if ((uint32_t)limit < most)
		most = (uint32_t)limit;
	struct bit_sets *sets = kmalloc(sizeof *sets);
	if (!sets)
		return -ENOMEM;
	poll_set_init(&set);
	int ready = sets_read(&set, sets, user_sets, most);
	if (!ready)
		ready = wait_for_any(&set, deadline);
	if (ready >= 0)
		ready = any_closed(&set) ? -EBADF : sets_write(&set, sets, user_sets, most);
	poll_set_free(&set);
	kfree(sets);
	return ready;
}

static int32_t select(int limit, uint32_t *const user_sets[SETS], void *user_time,
                      const struct time_form *form)
{
	uint64_t deadline;
	int error = deadline_from_user(user_time, form->read, &deadline);
	if (error)
		return error;
	int ready = select_user(limit, user_sets, deadline);
	write_rest(user_time, form, deadline);
	return ready == -EINTR ? -ERESTARTNOHAND : ready;
}

static int32_t sys__newselect(int limit, uint32_t *read, uint32_t *write, uint32_t *except,
                              void *user_time)
{
	uint32_t *const user_sets[SETS] = {read, write, except};
	return select(limit, user_sets, user_time, &timeval);
}

/* The oldest form passes its five arguments in memory. */
static int32_t sys_select(const uint32_t *user_arguments)
{
	uint32_t a[5];
	if (copy_from_user(a, user_arguments, sizeof a))
		return -EFAULT;
	return sys__newselect((int)a[0], (uint32_t *)a[1], (uint32_t *)a[2], (uint32_t *)a[3],
	                      (void *)a[4]);
}

/* The sixth argument of pselect6: the mask and its size. */
struct mask_argument {
	const signal_set *mask;
	size_t size;
};

static int32_t pselect(int limit, uint32_t *const user_sets[SETS], void *user_time,
                       const struct time_form *form, const struct mask_argument *user_mask)
{
	struct mask_argument mask = {0};
	if (user_mask && copy_from_user(&mask, user_mask, sizeof mask))
		return -EFAULT;
	int error = signal_mask_lend_user(mask.mask, mask.size);
	if (error)
		return error;
	int32_t ready = select(limit, user_sets, user_time, form);
	if (mask.mask)
		signal_mask_return(ready == -ERESTARTNOHAND);
	return ready;
}

static int32_t sys_pselect6(int limit, uint32_t *read, uint32_t *write, uint32_t *except,
                            void *user_time, const struct mask_argument *user_mask)
{
	uint32_t *const user_sets[SETS] = {read, write, except};
	return pselect(limit, user_sets, user_time, &timespec32, user_mask);
}

static int32_t sys_pselect6_time64(int limit, uint32_t *read, uint32_t *write,
                                   uint32_t *except, void *user_time,
                                   const struct mask_argument *user_mask)
{
	uint32_t *const user_sets[SETS] = {read, write, except};
	return pselect(limit, user_sets, user_time, &timespec64, user_mask);
}

const struct system_call poll_calls[] = {
	CALL(poll, 3),
	CALL(ppoll, 5),
	CALL(ppoll_time64, 5),
	CALL(_newselect, 5),
	CALL(select, 1),
	CALL(pselect6, 6),
	CALL(pselect6_time64, 6),
	CALLS_END,
};
