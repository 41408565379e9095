/* SPDX-License-Identifier: MIT */
/*
 * Futexes. A word is known by its space and address; in a shared mapping, by its file and
 * position, so that every process that maps it means the same word. Who waits holds on to the
 * file: the mapping may go meanwhile, and another file must not come to lie at its address.
 *
 * No wake is lost: a waiter joins the list before it reads the word, and a waker changed
 * the word before it looks at the list.
 */
#include "userprog/futex.h"

#include <linux/futex.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "userprog/process.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/area.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

struct futex_key {
	struct page_source *source; /* with a reference; NULL: the word is private */
	const struct spt *spt;      /* of a private one: the caller's own, which stays */
	uint64_t place;
};

struct futex_waiter {
	struct list_link link;
	struct futex_key key; /* futex_lock: it may be moved to another word */
	uint32_t bits;
	struct wait_queue queue;
	bool woken;
};

static struct spinlock futex_lock = SPINLOCK_INIT("futex");
static struct list waiters = LIST_INIT(waiters); /* futex_lock; the woken fields too */

static void key_get(const struct futex_key *key)
{
	if (key->source)
		key->source->ops->get(key->source);
}

static void key_put(const struct futex_key *key)
{
	if (key->source)
		key->source->ops->put(key->source);
}

/* The word at the address; key_put when done. -EINVAL, -EFAULT. */
static int key_of(uintptr_t address, struct futex_key *key)
{
	struct spt *spt = thread_current()->spt;
	if (address & 3)
		return -EINVAL;
	if (!user_range((void *)address, sizeof(uint32_t)))
		return -EFAULT;
	*key = (struct futex_key){.spt = spt, .place = address};
	SCOPED_MUTEX(&spt->lock);
	struct area *area = spt_area(spt, address);
	if (!area)
		return -EFAULT;
	if (area->flags & AREA_SHARED && area->source) {
		key->source = area->source;
		key->spt = NULL;
		key->place = (uint64_t)area_source_page(area, address) << PAGE_SHIFT |
		             page_offset(address);
		key_get(key);
	}
	return 0;
}

static bool same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->source == b->source && a->spt == b->spt && a->place == b->place;
}

static int wake_key(const struct futex_key *key, uint32_t most, uint32_t bits)
{
	uint32_t woken = 0;
	spin_lock(&futex_lock);
	LIST_FOR_SAFE (&waiters, struct futex_waiter, waiter, link) {
		if (woken == most)
			break;
		if (!same_key(&waiter->key, key) || !(waiter->bits & bits))
			continue;
		list_remove(&waiter->link);
		waiter->woken = true;
		wait_wake_all(&waiter->queue);
		woken++;
	}
	spin_unlock(&futex_lock);
	return (int)woken;
}

static int wake_bits(uintptr_t address, uint32_t most, uint32_t bits)
{
	struct futex_key key;
	int error = key_of(address, &key);
	if (error)
		return error;
	int woken = wake_key(&key, most, bits);
	key_put(&key);
	return woken;
}

int futex_wake(uintptr_t address, uint32_t most)
{
	return wake_bits(address, most, FUTEX_BITSET_MATCH_ANY);
}

static bool was_woken(struct futex_waiter *waiter)
{
	spin_lock(&futex_lock);
	bool woken = waiter->woken;
	spin_unlock(&futex_lock);
	return woken;
}

/* Sleeps if the word still has the value; 0, -EAGAIN, -ETIMEDOUT, -EINTR, -EFAULT. */
static int futex_wait(uintptr_t address, uint32_t value, uint32_t bits, uint64_t deadline)
{
	struct futex_waiter waiter = {.bits = bits};
	uint32_t now;
	int error = key_of(address, &waiter.key);
	if (error)
		return error;
	wait_queue_init(&waiter.queue);
	spin_lock(&futex_lock);
	list_append(&waiters, &waiter.link);
	spin_unlock(&futex_lock);

	if (copy_from_user(&now, (void *)address, sizeof now))
		error = -EFAULT;
	else if (now != value)
		error = -EAGAIN;
	else
		error = WAIT_FOR(&waiter.queue, was_woken(&waiter), true, deadline);

	spin_lock(&futex_lock);
	if (waiter.woken && error != -EFAULT)
		error = 0;
	list_remove(&waiter.link);
	spin_unlock(&futex_lock);
	key_put(&waiter.key);
	return error;
}

/* Moves waiters of one word to another; how many. */
static uint32_t move_waiters(const struct futex_key *key, const struct futex_key *to, uint32_t most)
{
	uint32_t moved = 0;
	spin_lock(&futex_lock);
	LIST_FOR (&waiters, struct futex_waiter, waiter, link) {
		if (moved == most || !same_key(&waiter->key, key))
			continue;
		key_get(to);
		waiter->key = *to;
		moved++;
	}
	spin_unlock(&futex_lock);
	/* The references that they had: giving up the last one may sleep, and it is ours. */
	for (uint32_t i = 0; i < moved; i++)
		key_put(key);
	return moved;
}

/* Wakes some waiters of one word and moves others to another. */
static int requeue_keys(const struct futex_key *key, uint32_t wake, uint32_t most,
                        const struct futex_key *to, uintptr_t address, const uint32_t *expected)
{
	uint32_t now;
	if (expected) {
		if (copy_from_user(&now, (void *)address, sizeof now))
			return -EFAULT;
		if (now != *expected)
			return -EAGAIN;
	}
	int woken = wake_key(key, wake, FUTEX_BITSET_MATCH_ANY);
	return woken + (int)move_waiters(key, to, most);
}

static int futex_requeue(uintptr_t address, uint32_t wake, uint32_t most, uintptr_t to,
                         const uint32_t *expected)
{
	struct futex_key key, to_key;
	int result = key_of(address, &key);
	if (result)
		return result;
	result = key_of(to, &to_key);
	if (!result) {
		result = requeue_keys(&key, wake, most, &to_key, address, expected);
		key_put(&to_key);
	}
	key_put(&key);
	return result;
}

/* `timeout`: relative for FUTEX_WAIT, else on the clock that the operation names. */
static int futex_deadline(int operation, uint64_t timeout, bool given, uint64_t *deadline)
{
	*deadline = WAIT_FOREVER;
	if (!given)
		return 0;
	if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT)
		*deadline = time_after(clock_now(), timeout);
	else if (operation & FUTEX_CLOCK_REALTIME)
		*deadline = time_of_realtime(timeout);
	else
		*deadline = timeout;
	return 0;
}

static int32_t futex(uintptr_t address, int operation, uint32_t value, uint64_t timeout,
                     bool given, uint32_t second, uintptr_t address2, uint32_t value3)
{
	uint64_t deadline;
	int command = operation & FUTEX_CMD_MASK;
	bool bitset = command == FUTEX_WAIT_BITSET || command == FUTEX_WAKE_BITSET;
	uint32_t bits = bitset ? value3 : FUTEX_BITSET_MATCH_ANY;

	if (!bits)
		return -EINVAL;
	switch (command) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		futex_deadline(operation, timeout, given, &deadline);
		return futex_wait(address, value, bits, deadline);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		return wake_bits(address, value, bits);
	case FUTEX_REQUEUE:
		return futex_requeue(address, value, second, address2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(address, value, second, address2, &value3);
	default:
		return -ENOSYS;
	}
}

/* Whether the fourth argument is a time; for the others it is a number. */
static bool takes_timeout(int operation)
{
	int command = operation & FUTEX_CMD_MASK;
	return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET;
}

static int32_t sys_futex(uintptr_t address, int operation, uint32_t value, void *user_timeout,
                         uintptr_t address2, uint32_t value3)
{
	uint64_t timeout = 0;
	bool given = user_timeout && takes_timeout(operation);
	int error = given ? time_from_user32(user_timeout, &timeout) : 0;
	return error ? error : futex(address, operation, value, timeout, given,
	                             (uint32_t)user_timeout, address2, value3);
}

static int32_t sys_futex_time64(uintptr_t address, int operation, uint32_t value,
                                void *user_timeout, uintptr_t address2, uint32_t value3)
{
	uint64_t timeout = 0;
	bool given = user_timeout && takes_timeout(operation);
	int error = given ? time_from_user64(user_timeout, &timeout) : 0;
	return error ? error : futex(address, operation, value, timeout, given,
	                             (uint32_t)user_timeout, address2, value3);
}

static int32_t sys_set_robust_list(void *head, size_t size)
{
	/* The list matters to threads that share memory and die; a process that dies alone
	 * leaves nobody who could wait for it. */
	(void)head;
	return size == 12 ? 0 : -EINVAL;
}

const struct system_call futex_calls[] = {
	CALL_RESTARTS(futex, 6),
	CALL_RESTARTS(futex_time64, 6),
	CALL(set_robust_list, 2),
	CALLS_END,
};
