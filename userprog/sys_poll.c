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

#define POLL_MOST (PAGE_SIZE / sizeof(struct pollfd))
#define ALWAYS_TOLD (POLLERR | POLLHUP | POLLNVAL)
#define NS_PER_MILLISECOND 1000000u

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

/* Fills in revents; how many are not 0. */
static int ask_all(struct pollfd *fds, uint32_t count, struct poll_table *table)
{
	int ready = 0;
	for (uint32_t i = 0; i < count; i++) {
		fds[i].revents = 0;
		if (fds[i].fd >= 0)
			fds[i].revents = (short)(ask(fds[i].fd, ready ? NULL : table) &
			                         ((uint16_t)fds[i].events | ALWAYS_TOLD));
		ready += fds[i].revents != 0;
	}
	return ready;
}

/* How many are ready, 0 at the deadline, -EINTR, -ENOMEM. */
static int wait_for_any(struct pollfd *fds, uint32_t count, uint64_t deadline)
{
	struct poll_table *table = poll_table_create();
	int ready, error = 0;
	if (!table)
		return -ENOMEM;
	/* After the time is over it looks once more. */
	for (;;) {
		poll_table_reset(table);
		ready = ask_all(fds, count, table);
		if (ready || error)
			break;
		error = deadline > clock_now() ? poll_table_sleep(table, deadline) : -ETIMEDOUT;
	}
	poll_table_destroy(table);
	return ready ? ready : error == -ETIMEDOUT ? 0 : error;
}

static int poll_user(struct pollfd *user_fds, uint32_t count, uint64_t deadline)
{
	uint32_t bytes = count * sizeof *user_fds;
	if (count > POLL_MOST)
		return -EINVAL;
	struct pollfd *fds = kmalloc(bytes ? bytes : 1);
	if (!fds)
		return -ENOMEM;
	int ready = copy_from_user(fds, user_fds, bytes);
	if (!ready)
		ready = wait_for_any(fds, count, deadline);
	if (ready >= 0 && copy_to_user(user_fds, fds, bytes))
		ready = -EFAULT;
	kfree(fds);
	return ready;
}

static int32_t sys_poll(struct pollfd *user_fds, uint32_t count, int milliseconds)
{
	uint64_t deadline = WAIT_FOREVER;
	if (milliseconds >= 0)
		deadline = time_after(clock_now(), (uint64_t)milliseconds * NS_PER_MILLISECOND);
	deadline = restart_deadline(deadline);
	int ready = poll_user(user_fds, count, deadline);
	return ready == -EINTR ? restart_later(deadline) : ready;
}

/* ---- with a signal mask and a timeout in some form ---- */

typedef int time_reader(const void *user_time, uint64_t *ns);
typedef int time_writer(void *user_time, uint64_t ns);

struct time_form {
	time_reader *read;
	time_writer *write;
};

static const struct time_form timespec32 = {time_from_user32, time_to_user32};
static const struct time_form timespec64 = {time_from_user64, time_to_user64};
static const struct time_form timeval = {timeval_from_user, timeval_to_user};

static int read_timeout(const void *user_time, const struct time_form *form,
                        uint64_t *deadline)
{
	uint64_t ns;
	*deadline = WAIT_FOREVER;
	if (!user_time)
		return 0;
	int error = form->read(user_time, &ns);
	if (!error)
		*deadline = time_after(clock_now(), ns);
	return error;
}

/* Tells what is left of the time, so that a call that begins again waits no longer. */
static void write_rest(void *user_time, const struct time_form *form, uint64_t deadline)
{
	uint64_t now = clock_now();
	if (user_time)
		(void)form->write(user_time, deadline > now ? deadline - now : 0);
}

static int lend_mask(const signal_set *user_mask, size_t size)
{
	signal_set mask;
	if (!user_mask)
		return 0;
	if (size != sizeof mask)
		return -EINVAL;
	if (copy_from_user(&mask, user_mask, sizeof mask))
		return -EFAULT;
	signal_mask_lend(mask);
	return 0;
}

static int32_t ppoll(struct pollfd *user_fds, uint32_t count, void *user_time,
                     const struct time_form *form, const signal_set *user_mask, size_t size)
{
	uint64_t deadline;
	int error = read_timeout(user_time, form, &deadline);
	if (!error)
		error = lend_mask(user_mask, size);
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

/* The descriptors in any set, as poll wants them; how many. */
static uint32_t to_pollfds(const struct bit_sets *sets, uint32_t limit, struct pollfd *fds)
{
	uint32_t count = 0;
	for (uint32_t number = 0; number < limit && count < POLL_MOST; number++) {
		uint16_t events = 0;
		for (int s = 0; s < SETS; s++)
			events |= set_has(sets, s, number) ? wanted[s] : 0;
		if (events)
			fds[count++] = (struct pollfd){.fd = (int)number, .events = (short)events};
	}
	return count;
}

/* Leaves in the sets what is ready; how many bits, or -EBADF. */
static int from_pollfds(struct bit_sets *sets, const struct pollfd *fds, uint32_t count)
{
	int bits = 0;
	memset(sets, 0, sizeof *sets);
	for (uint32_t i = 0; i < count; i++) {
		if (fds[i].revents & POLLNVAL)
			return -EBADF;
		for (int s = 0; s < SETS; s++) {
			if (!((uint16_t)fds[i].events & wanted[s]) ||
			    !((uint16_t)fds[i].revents & answers[s]))
				continue;
			sets->words[s][fds[i].fd / 32] |= 1u << fds[i].fd % 32;
			bits++;
		}
	}
	return bits;
}

static int select_kernel(struct bit_sets *sets, struct pollfd *fds, uint32_t limit,
                         uint64_t deadline)
{
	uint32_t count = to_pollfds(sets, limit, fds);
	int ready = wait_for_any(fds, count, deadline);
	return ready < 0 ? ready : from_pollfds(sets, fds, count);
}

static int select_user(int limit, uint32_t *const user_sets[SETS], uint64_t deadline)
{
	uint32_t most = limit < (int)DESCRIPTORS_MAX ? (uint32_t)limit : DESCRIPTORS_MAX;
	uint32_t bytes = (most + 31) / 32 * 4;
	if (limit < 0)
		return -EINVAL;
	struct bit_sets *sets = kmalloc(sizeof *sets);
	struct pollfd *fds = kmalloc(PAGE_SIZE);
	int ready = sets && fds ? sets_from_user(sets, user_sets, bytes) : -ENOMEM;
	if (!ready)
		ready = select_kernel(sets, fds, most, deadline);
	if (ready >= 0 && sets_to_user(sets, user_sets, bytes))
		ready = -EFAULT;
	kfree(fds);
	kfree(sets);
	return ready;
}

static int32_t select(int limit, uint32_t *const user_sets[SETS], void *user_time,
                      const struct time_form *form)
{
	uint64_t deadline;
	int error = read_timeout(user_time, form, &deadline);
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
	int error = lend_mask(mask.mask, mask.size);
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
