/* SPDX-License-Identifier: MIT */
/* poll(2), select(2): waiting for several files at once. */
#include <asm/poll.h>
#include <linux/time_types.h>

#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/process.h"
#include "userprog/signal_mask.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define POLL_A_PAGE (PAGE_SIZE / sizeof(struct pollfd))
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

/* What is polled: up to DESCRIPTORS_MAX, in pages. */
struct poll_set {
	uint32_t count;
	struct pollfd *pages[(DESCRIPTORS_MAX + POLL_A_PAGE - 1) / POLL_A_PAGE];
};

static struct pollfd *poll_at(const struct poll_set *set, uint32_t i)
{
	return &set->pages[i / POLL_A_PAGE][i % POLL_A_PAGE];
}

/* Bytes of the page that begins with the i-th. */
static uint32_t page_bytes(uint32_t i, uint32_t count)
{
	uint32_t here = count - i < POLL_A_PAGE ? count - i : POLL_A_PAGE;
	return here * sizeof(struct pollfd);
}

static void poll_set_free(const struct poll_set *set)
{
	for (uint32_t i = 0; i < set->count; i += POLL_A_PAGE)
		kfree(set->pages[i / POLL_A_PAGE]);
}

/* Room for so many. */
static int poll_set_make(struct poll_set *set, uint32_t count)
{
	for (set->count = 0; set->count < count;) {
		struct pollfd *page = kmalloc(page_bytes(set->count, count));
		if (!page) {
			poll_set_free(set);
			return -ENOMEM;
		}
		set->pages[set->count / POLL_A_PAGE] = page;
		set->count += POLL_A_PAGE;
	}
	set->count = count;
	return 0;
}

/* Fills in revents; how many are not 0. */
static int ask_all(const struct poll_set *set, struct poll_table *table)
{
	int ready = 0;
	for (uint32_t i = 0; i < set->count; i++) {
		struct pollfd *look = poll_at(set, i);
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
		if (ready || error)
			break;
		error = deadline > clock_now() ? poll_sleep(sleeper, deadline) : -ETIMEDOUT;
	}
	poll_sleeper_destroy(sleeper);
	return ready ? ready : error == -ETIMEDOUT ? 0 : error;
}

static int poll_set_read(const struct poll_set *set, const struct pollfd *user_fds)
{
	int error = 0;
	for (uint32_t i = 0; !error && i < set->count; i += POLL_A_PAGE)
		error = copy_from_user(poll_at(set, i), &user_fds[i], page_bytes(i, set->count));
	return error;
}

static int poll_set_write(const struct poll_set *set, struct pollfd *user_fds)
{
	int error = 0;
	for (uint32_t i = 0; !error && i < set->count; i++)
		error = copy_to_user(&user_fds[i].revents, &poll_at(set, i)->revents,
		                     sizeof user_fds->revents);
	return error;
}

static int poll_user(struct pollfd *user_fds, uint32_t count, uint64_t deadline)
{
	struct poll_set set;
	if (count > process_current()->limits[RLIMIT_NOFILE].rlim_cur)
		return -EINVAL;
	int error = poll_set_make(&set, count);
	if (error)
		return error;
	int ready = poll_set_read(&set, user_fds);
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
	if (user_time)
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

struct bit_sets {
	uint32_t words[SETS][DESCRIPTORS_MAX / 32];
};

static int sets_from_user(struct bit_sets *sets, uint32_t *const user_sets[SETS],
                          uint32_t bytes)
{
	memset(sets, 0, sizeof *sets);
	for (int s = 0; s < SETS; s++)
		if (user_sets[s] && copy_from_user(sets->words[s], user_sets[s], bytes))
			return -EFAULT;
	return 0;
}

static int sets_to_user(const struct bit_sets *sets, uint32_t *const user_sets[SETS],
                        uint32_t bytes)
{
	for (int s = 0; s < SETS; s++)
		if (user_sets[s] && copy_to_user(user_sets[s], sets->words[s], bytes))
			return -EFAULT;
	return 0;
}

static bool set_has(const struct bit_sets *sets, int s, uint32_t number)
{
	return sets->words[s][number / 32] >> number % 32 & 1;
}

/* The descriptors in any set, as poll wants them; the set of them has room for all. */
static void to_poll_set(const struct bit_sets *sets, uint32_t limit, struct poll_set *set)
{
	set->count = 0;
	for (uint32_t number = 0; number < limit; number++) {
		uint16_t events = 0;
		for (int s = 0; s < SETS; s++)
			events |= set_has(sets, s, number) ? wanted[s] : 0;
		if (events)
			*poll_at(set, set->count++) =
				(struct pollfd){.fd = (int)number, .events = (short)events};
	}
}

/* Leaves in the sets what is ready; how many bits, or -EBADF. */
static int from_poll_set(struct bit_sets *sets, const struct poll_set *set)
{
	int bits = 0;
	memset(sets, 0, sizeof *sets);
	for (uint32_t i = 0; i < set->count; i++) {
		const struct pollfd *look = poll_at(set, i);
		if (look->revents & POLLNVAL)
			return -EBADF;
		for (int s = 0; s < SETS; s++) {
			if (!((uint16_t)look->events & wanted[s]) ||
			    !((uint16_t)look->revents & answers[s]))
				continue;
			sets->words[s][look->fd / 32] |= 1u << look->fd % 32;
			bits++;
		}
	}
	return bits;
}

static int select_kernel(struct bit_sets *sets, uint32_t limit, uint64_t deadline)
{
	struct poll_set set;
	int error = poll_set_make(&set, limit);
	if (error)
		return error;
	to_poll_set(sets, limit, &set);
	int ready = wait_for_any(&set, deadline);
	if (ready >= 0)
		ready = from_poll_set(sets, &set);
	set.count = limit; /* as it was made */
	poll_set_free(&set);
	return ready;
}

static int select_user(int limit, uint32_t *const user_sets[SETS], uint64_t deadline)
{
	uint32_t most = limit < (int)DESCRIPTORS_MAX ? (uint32_t)limit : DESCRIPTORS_MAX;
	uint32_t bytes = (most + 31) / 32 * 4;
	if (limit < 0)
		return -EINVAL;
	struct bit_sets *sets = kmalloc(sizeof *sets);
	int ready = sets ? sets_from_user(sets, user_sets, bytes) : -ENOMEM;
	if (!ready)
		ready = select_kernel(sets, most, deadline);
	if (ready >= 0 && sets_to_user(sets, user_sets, bytes))
		ready = -EFAULT;
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
