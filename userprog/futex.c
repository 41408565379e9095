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
#include "userprog/futex_pi.h"
#include "userprog/futex_waiters.h"
#include "userprog/process.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/area.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

struct spinlock futex_lock = SPINLOCK_INIT("futex");
struct list futex_waiters = LIST_INIT(futex_waiters);

void futex_key_get(const struct futex_key *key)
{
	if (key->source)
		key->source->ops->get(key->source);
}

void futex_key_put(const struct futex_key *key)
{
	if (key->source)
		key->source->ops->put(key->source);
}

/* Whether a word of the area can be one: the page must be there to be found again, so that one of
 * memory that nobody can write is none. */
static bool can_hold(const struct area *area)
{
	return area->flags & AREA_WRITE || (area->flags & AREA_READ && area->source);
}

/* What FUTEX_PRIVATE_FLAG says is of this space alone is not looked at; nor is it the same word as
 * without that. */
int futex_key_of(uintptr_t address, bool private, struct futex_key *key)
{
	struct spt *spt = thread_current()->spt;
	if (address & 3)
		return -EINVAL;
	if (!user_range((void *)address, sizeof(uint32_t)))
		return -EFAULT;
	*key = (struct futex_key){.spt = spt, .place = address | private};
	if (private)
		return 0;
	SCOPED_WRITE(&spt->lock);
	struct area *area = spt_area(spt, address);
	if (!area || !can_hold(area))
		return -EFAULT;
	if (area->flags & AREA_SHARED && area->source) {
		if (area_source_page(area, address) >= source_pages(area->source))
			return -EFAULT; /* behind the file's end */
		key->source = area->source;
		key->spt = NULL;
		key->place = (uint64_t)area_source_page(area, address) << PAGE_SHIFT |
		             page_offset(address);
		futex_key_get(key);
	}
	return 0;
}

bool futex_same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->source == b->source && a->spt == b->spt && a->place == b->place;
}

/* How many, or -EINVAL: somebody waits there for a lock, which a wake does not give. */
static int wake_key(const struct futex_key *key, uint32_t most, uint32_t bits)
{
	uint32_t woken = 0;
	bool locks = false;
	spin_lock(&futex_lock);
	LIST_FOR_SAFE (&futex_waiters, struct futex_waiter, waiter, link) {
		if (woken == most)
			break;
		if (!futex_same_key(&waiter->key, key))
			continue;
		locks = waiter->thread;
		if (locks)
			break;
		if (!(waiter->bits & bits))
			continue;
		list_remove(&waiter->link);
		waiter->woken = true;
		wait_wake_all(waiter->shared_queue ? waiter->shared_queue : &waiter->queue);
		woken++;
	}
	spin_unlock(&futex_lock);
	return locks ? -EINVAL : (int)woken;
}

/* At least one, whatever `most` says: as on Linux. */
static int wake_bits(uintptr_t address, bool private, int most, uint32_t bits)
{
	struct futex_key key;
	int error = futex_key_of(address, private, &key);
	if (error)
		return error;
	int woken = wake_key(&key, most < 1 ? 1 : (uint32_t)most, bits);
	futex_key_put(&key);
	return woken;
}

int futex_wake(uintptr_t address, int most)
{
	return wake_bits(address, false, most, FUTEX_BITSET_MATCH_ANY);
}

void futex_enter(struct futex_waiter *waiter)
{
	wait_queue_init(&waiter->queue);
	spin_lock(&futex_lock);
	list_append(&futex_waiters, &waiter->link);
	spin_unlock(&futex_lock);
}

static bool was_woken(struct futex_waiter *waiter)
{
	spin_lock(&futex_lock);
	bool woken = waiter->woken;
	spin_unlock(&futex_lock);
	return woken;
}

int futex_sleep(struct futex_waiter *waiter, uint64_t deadline)
{
	return WAIT_FOR(&waiter->queue, was_woken(waiter), true, deadline);
}

/* Sleeps if the word still has the value; 0, -EAGAIN, -ETIMEDOUT, -EINTR, -EFAULT. */
static int futex_wait(uintptr_t address, bool private, uint32_t value, uint32_t bits,
                      uint64_t deadline)
{
	struct futex_waiter waiter = {.bits = bits};
	uint32_t now;
	int error = futex_key_of(address, private, &waiter.key);
	if (error)
		return error;
	futex_enter(&waiter);
	if (copy_from_user(&now, (void *)address, sizeof now))
		error = -EFAULT;
	else if (now != value)
		error = -EAGAIN;
	else
		error = futex_sleep(&waiter, deadline);

	spin_lock(&futex_lock);
	if (waiter.woken && error != -EFAULT)
		error = 0;
	list_remove(&waiter.link);
	spin_unlock(&futex_lock);
	futex_key_put(&waiter.key);
	return error;
}

/* Moves waiters of one word to another; how many, or -EINVAL as wake_key. */
static int move_waiters(const struct futex_key *key, const struct futex_key *to, uint32_t most)
{
	uint32_t moved = 0;
	bool locks = false;
	spin_lock(&futex_lock);
	LIST_FOR (&futex_waiters, struct futex_waiter, waiter, link) {
		if (moved == most || !futex_same_key(&waiter->key, key))
			continue;
		locks = waiter->thread;
		if (locks)
			break;
		futex_key_get(to);
		waiter->key = *to;
		moved++;
	}
	spin_unlock(&futex_lock);
	/* The references that they had: giving up the last one may sleep, and it is ours. */
	for (uint32_t i = 0; i < moved; i++)
		futex_key_put(key);
	return locks ? -EINVAL : (int)moved;
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
	if (woken < 0)
		return woken;
	int moved = move_waiters(key, to, most);
	return moved < 0 ? moved : woken + moved;
}

static int futex_requeue(uintptr_t address, bool private, int wake, int most, uintptr_t to,
                         const uint32_t *expected)
{
	struct futex_key key, to_key;
	if (wake < 0 || most < 0)
		return -EINVAL;
	int result = futex_key_of(address, private, &key);
	if (result)
		return result;
	result = futex_key_of(to, private, &to_key);
	if (!result) {
		result = requeue_keys(&key, (uint32_t)wake, (uint32_t)most, &to_key, address,
		                      expected);
		futex_key_put(&to_key);
	}
	futex_key_put(&key);
	return result;
}

/* ---- FUTEX_WAKE_OP ---- */

/* What its last argument says: an operation on the second word, and a question to what that was
 * (futex(2)). */
struct wake_op {
	uint32_t operation, operand, comparison, compared;
};

static int32_t signed_12(uint32_t bits)
{
	return (int32_t)(bits << 20) >> 20;
}

/* -ENOSYS: there is no such operation or comparison. */
static int wake_op_of(uint32_t code, struct wake_op *op)
{
	op->operation = code >> 28 & 7;
	op->comparison = code >> 24 & 15;
	op->operand = (uint32_t)signed_12(code >> 12);
	op->compared = (uint32_t)signed_12(code);
	if (code >> 28 & FUTEX_OP_OPARG_SHIFT)
		op->operand = 1u << (op->operand & 31);
	return op->operation > FUTEX_OP_XOR || op->comparison > FUTEX_OP_CMP_GE ? -ENOSYS : 0;
}

static uint32_t operate(const struct wake_op *op, uint32_t word)
{
	switch (op->operation) {
	case FUTEX_OP_SET:
		return op->operand;
	case FUTEX_OP_ADD:
		return word + op->operand;
	case FUTEX_OP_OR:
		return word | op->operand;
	case FUTEX_OP_ANDN:
		return word & ~op->operand;
	default:
		return word ^ op->operand;
	}
}

static bool compares(const struct wake_op *op, uint32_t word)
{
	int32_t was = (int32_t)word, with = (int32_t)op->compared;
	switch (op->comparison) {
	case FUTEX_OP_CMP_EQ:
		return was == with;
	case FUTEX_OP_CMP_NE:
		return was != with;
	case FUTEX_OP_CMP_LT:
		return was < with;
	case FUTEX_OP_CMP_LE:
		return was <= with;
	case FUTEX_OP_CMP_GT:
		return was > with;
	default:
		return was >= with;
	}
}

/* Changes the word in one step; *was is what it was. */
static int change_word(uint32_t *user_word, const struct wake_op *op, uint32_t *was)
{
	uint32_t expected;
	int error = copy_from_user(was, user_word, sizeof *was);
	do {
		expected = *was;
		if (!error)
			error = exchange_user(user_word, was, operate(op, expected));
	} while (!error && *was != expected);
	return error;
}

static int futex_wake_op(uintptr_t address, bool private, int wake, int wake_second,
                         uintptr_t second, uint32_t code)
{
	struct wake_op op;
	uint32_t was = 0;
	int error = second & 3 || address & 3 ? -EINVAL : wake_op_of(code, &op);
	if (!error)
		error = change_word((uint32_t *)second, &op, &was);
	if (error)
		return error;
	int woken = wake_bits(address, private, wake, FUTEX_BITSET_MATCH_ANY);
	if (woken < 0 || !compares(&op, was))
		return woken;
	int more = wake_bits(second, private, wake_second, FUTEX_BITSET_MATCH_ANY);
	return more < 0 ? more : woken + more;
}

/* `timeout`: relative for FUTEX_WAIT, else on the clock that the operation names, which for
 * FUTEX_LOCK_PI is the wall clock. NULL: none. */
static uint64_t futex_deadline(int operation, const uint64_t *timeout)
{
	int command = operation & FUTEX_CMD_MASK;
	if (!timeout)
		return WAIT_FOREVER;
	if (command == FUTEX_WAIT)
		return time_after(clock_now(), *timeout);
	bool wall = operation & FUTEX_CLOCK_REALTIME || command == FUTEX_LOCK_PI;
	return wall ? time_of_realtime(*timeout) : *timeout;
}

/* With a time-out it goes on after a signal without a handler, and no longer. */
static int wait_in_time(uintptr_t address, int operation, uint32_t value, uint32_t bits,
                        const uint64_t *timeout)
{
	bool private = operation & FUTEX_PRIVATE_FLAG;
	if (!timeout)
		return futex_wait(address, private, value, bits, WAIT_FOREVER);
	uint64_t deadline = restart_deadline(futex_deadline(operation, timeout));
	int error = futex_wait(address, private, value, bits, deadline);
	return error == -EINTR ? restart_later(deadline) : error;
}

/* The operations on locks with an owner. */
static int32_t futex_of_locks(uintptr_t address, int operation, uint32_t value, uint64_t deadline,
                              uint32_t second, uintptr_t address2, uint32_t value3)
{
	bool private = operation & FUTEX_PRIVATE_FLAG;
	switch (operation & FUTEX_CMD_MASK) {
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return futex_lock_pi(address, private, false, deadline);
	case FUTEX_TRYLOCK_PI:
		return futex_lock_pi(address, private, true, deadline);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(address, private);
	case FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(address, private, value, address2, deadline);
	case FUTEX_CMP_REQUEUE_PI:
		return futex_requeue_pi(address, private, (int)value, (int)second, address2,
		                        value3);
	default:
		return -ENOSYS;
	}
}

/* Whether the operation may say by which clock it waits. */
static bool has_clock(int operation)
{
	int command = operation & FUTEX_CMD_MASK;
	return command == FUTEX_WAIT_BITSET || command == FUTEX_WAIT_REQUEUE_PI ||
	       command == FUTEX_LOCK_PI2;
}

/* `timeout` NULL: none. */
static int32_t futex(uintptr_t address, int operation, uint32_t value, const uint64_t *timeout,
                     uint32_t second, uintptr_t address2, uint32_t value3)
{
	bool private = operation & FUTEX_PRIVATE_FLAG;
	if (operation & FUTEX_CLOCK_REALTIME && !has_clock(operation))
		return -ENOSYS;
	switch (operation & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
		value3 = FUTEX_BITSET_MATCH_ANY;
		/* fall through */
	case FUTEX_WAIT_BITSET:
		return value3 ? wait_in_time(address, operation, value, value3, timeout) : -EINVAL;
	case FUTEX_WAKE:
		value3 = FUTEX_BITSET_MATCH_ANY;
		/* fall through */
	case FUTEX_WAKE_BITSET:
		return value3 ? wake_bits(address, private, (int)value, value3) : -EINVAL;
	case FUTEX_REQUEUE:
		return futex_requeue(address, private, (int)value, (int)second, address2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(address, private, (int)value, (int)second, address2, &value3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(address, private, (int)value, (int)second, address2, value3);
	default:
		return futex_of_locks(address, operation, value, futex_deadline(operation, timeout),
		                      second, address2, value3);
	}
}

/* Whether the fourth argument is a time; for the others it is a number. */
static bool takes_timeout(int operation)
{
	int command = operation & FUTEX_CMD_MASK;
	return command == FUTEX_WAIT || command == FUTEX_LOCK_PI || has_clock(operation);
}

static int32_t sys_futex(uintptr_t address, int operation, uint32_t value, void *user_timeout,
                         uintptr_t address2, uint32_t value3)
{
	uint64_t timeout = 0;
	bool given = user_timeout && takes_timeout(operation);
	int error = given ? time_from_user32(user_timeout, &timeout) : 0;
	return error ? error : futex(address, operation, value, given ? &timeout : NULL,
	                             (uint32_t)user_timeout, address2, value3);
}

static int32_t sys_futex_time64(uintptr_t address, int operation, uint32_t value,
                                void *user_timeout, uintptr_t address2, uint32_t value3)
{
	uint64_t timeout = 0;
	bool given = user_timeout && takes_timeout(operation);
	int error = given ? time_from_user64(user_timeout, &timeout) : 0;
	return error ? error : futex(address, operation, value, given ? &timeout : NULL,
	                             (uint32_t)user_timeout, address2, value3);
}

/* ---- robust ones: the owner ends while it holds them ---- */

/* So many are let go at most: the list is the program's, and may be a ring. */
#define ROBUST_MOST ROBUST_LIST_LIMIT

/* Who waits for the word learns that its owner has died, if that is the caller. `pending`: the
 * word may just have been let go, and nobody woken yet. `owned`: it is a lock with an owner, which
 * futex_locks_pass_on gives to whoever waits. */
static int let_go(uintptr_t address, bool pending, bool owned)
{
	uint32_t word, owner = (uint32_t)task_current()->id;
	if (address & 3 || copy_from_user(&word, (void *)address, sizeof word))
		return -EFAULT;
	if (pending && !word && !owned) {
		futex_wake(address, 1);
		return 0;
	}
	uint32_t before;
	do {
		before = word;
		if ((word & FUTEX_TID_MASK) != owner)
			return 0;
		if (exchange_user((uint32_t *)address, &word,
		                  (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
			return -EFAULT;
	} while (word != before);
	if (word & FUTEX_WAITERS && !owned)
		futex_wake(address, 1);
	return 0;
}

#define ENTRY_FLAG 1u /* in a pointer of the list: its word is a lock with an owner */

void futex_owner_ends(struct task *task)
{
	struct {
		uintptr_t first;
		intptr_t offset;
		uintptr_t pending;
	} head;
	uintptr_t list = task->robust_list, next;
	task->robust_list = 0;
	if (!list || copy_from_user(&head, (void *)list, sizeof head))
		return;
	uintptr_t pending = head.pending & ~ENTRY_FLAG, entry = head.first & ~ENTRY_FLAG;
	bool owned = head.first & ENTRY_FLAG;
	for (uint32_t count = 0; entry != list && count < ROBUST_MOST; count++) {
		if (copy_from_user(&next, (void *)entry, sizeof next))
			break;
		if (entry != pending && let_go(entry + (uintptr_t)head.offset, false, owned))
			break;
		entry = next & ~ENTRY_FLAG;
		owned = next & ENTRY_FLAG;
	}
	if (pending)
		(void)let_go(pending + (uintptr_t)head.offset, true, head.pending & ENTRY_FLAG);
}

#define HEAD_SIZE 12u

static int32_t sys_set_robust_list(uintptr_t head, size_t size)
{
	if (size != HEAD_SIZE)
		return -EINVAL;
	task_current()->robust_list = head;
	return 0;
}

static int32_t sys_get_robust_list(pid_t id, uint32_t *user_head, uint32_t *user_size)
{
	struct task *task = task_find(id ? id : task_current()->id);
	uint32_t size = HEAD_SIZE;
	if (!task)
		return -ESRCH;
	uint32_t head = task->robust_list;
	bool allowed = !process_right(task->process, MAY_LOOK_INTO);
	task_put(task);
	if (!allowed)
		return -EPERM;
	if (copy_to_user(user_size, &size, sizeof size))
		return -EFAULT;
	return copy_to_user(user_head, &head, sizeof head);
}

const struct system_call futex_calls[] = {
	CALL_RESTARTS(futex, 6),
	CALL_RESTARTS(futex_time64, 6),
	CALL(set_robust_list, 2),
	CALL(get_robust_list, 3),
	CALLS_END,
};
