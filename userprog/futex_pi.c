/* SPDX-License-Identifier: MIT */
/*
 * Locks with an owner (futex_pi.h). Who takes a free one, or lets go one that nobody waits for,
 * does it without the kernel: its word becomes the owner's number, or 0. Here come those who find
 * it taken; they set FUTEX_WAITERS in the word, so that its owner comes, too.
 *
 * What the kernel knows of a lock are its waiters, each with the owner. To let the lock go is to
 * give it to the first of them: the word names it before it runs. An owner that ends cannot write
 * the word, which may lie in a space where it has no place for it. There the heir writes, and until
 * then is listed as unsettled.
 *
 * pi_lock goes around each call from its look at the word to its change of the list. Programs
 * change the word meanwhile, hence each change here compares it.
 */
#include "userprog/futex_pi.h"

#include <asm/errno.h>
#include <linux/futex.h>

#include "kernel/sched/thread.h"
#include "kernel/sync/mutex.h"
#include "userprog/futex_waiters.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "userprog/task.h"
#include "vm/usercopy.h"

static struct mutex pi_lock = MUTEX_INIT(pi_lock, "futex owners");

#define TAKEN 1 /* beside 0 and errors: the lock is the thread's, now */

static struct futex_waiter *first_waiter(const struct futex_key *key)
{
	struct futex_waiter *found = NULL;
	spin_lock(&futex_lock);
	LIST_FOR (&futex_waiters, struct futex_waiter, waiter, link) {
		if (futex_same_key(&waiter->key, key)) {
			found = waiter;
			break;
		}
	}
	spin_unlock(&futex_lock);
	return found;
}

/* The owner of the lock that the thread waits for; NULL: it waits for none. */
static struct thread *owner_awaited(const struct thread *thread)
{
	struct thread *owner = NULL;
	spin_lock(&futex_lock);
	LIST_FOR (&futex_waiters, struct futex_waiter, waiter, link)
		if (waiter->thread == thread && !waiter->woken)
			owner = waiter->owner;
	spin_unlock(&futex_lock);
	return owner;
}

/* Whether the owner waits, over whatever chain of locks, for one that the thread has. Who is killed
 * on the long way through a chain is told that it is so. */
static bool waits_for(const struct thread *owner, const struct thread *thread)
{
	while (owner && owner != thread && !thread_current()->killed)
		owner = owner_awaited(owner);
	return owner != NULL;
}

/* The thread with this number that can own locks: it has a space still. */
static struct thread *thread_of(uint32_t id)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct task *task = task_find_locked((pid_t)id);
	struct thread *thread = task ? task->thread : NULL;
	if (thread && !thread->spt)
		thread = NULL;
	spin_unlock_irq(&process_lock, flags);
	return thread;
}

/* The owner of a lock that others wait for already, if what the word says can be so. */
static int owner_by_waiter(const struct futex_waiter *first, uint32_t word, struct thread **owner)
{
	uint32_t id = word & FUTEX_TID_MASK;
	if (!first->owner)
		return -EINVAL; /* it wants no lock, or is to be moved from here */
	*owner = first->unsettled ? first->thread : first->owner;
	bool ending = word & FUTEX_OWNER_DIED && !id; /* it has not passed the lock on yet */
	return first->unsettled || ending || id == (uint32_t)(*owner)->id ? 0 : -EINVAL;
}

/* One look at the word: takes a free lock for the thread, or marks one that is taken. -EAGAIN: the
 * word has changed meanwhile. */
static int look(uint32_t *user_word, const struct futex_key *key, const struct thread *thread,
                bool more_wait, struct thread **owner)
{
	uint32_t word, died = FUTEX_OWNER_DIED;
	if (copy_from_user(&word, user_word, sizeof word))
		return -EFAULT;
	uint32_t id = word & FUTEX_TID_MASK, expected = word;
	if (id == (uint32_t)thread->id)
		return -EDEADLK;
	const struct futex_waiter *first = first_waiter(key);
	if (first)
		return owner_by_waiter(first, word, owner);
	uint32_t mine = (word & died) | (uint32_t)thread->id | (more_wait ? FUTEX_WAITERS : 0);
	if (exchange_user(user_word, &word, id ? word | FUTEX_WAITERS : mine))
		return -EFAULT;
	if (word != expected)
		return -EAGAIN;
	if (!id)
		return TAKEN;
	*owner = thread_of(id);
	if (*owner)
		return 0;
	/* It ends: then it has let the lock go, perhaps, since the word was read. */
	if (copy_from_user(&word, user_word, sizeof word))
		return -EFAULT;
	return word == (expected | FUTEX_WAITERS) ? -ESRCH : -EAGAIN;
}

/* Takes the lock for the thread, or finds who owns it: TAKEN, 0 with *owner, or an error. */
static int take(uintptr_t address, const struct futex_key *key, const struct thread *thread,
                bool more_wait, struct thread **owner)
{
	int result;
	do
		result = look((uint32_t *)address, key, thread, more_wait, owner);
	while (result == -EAGAIN && !thread_current()->killed);
	return result;
}

/* The waiter has the lock now, and the others wait for it to let it go. It stays listed as long as
 * the word does not say so. */
static void give(struct futex_waiter *heir, bool unsettled)
{
	spin_lock(&futex_lock);
	LIST_FOR (&futex_waiters, struct futex_waiter, waiter, link)
		if (waiter->owner && futex_same_key(&waiter->key, &heir->key))
			waiter->owner = heir->thread;
	heir->unsettled = unsettled;
	heir->woken = true;
	if (!unsettled)
		list_remove(&heir->link);
	wait_wake_all(&heir->queue);
	spin_unlock(&futex_lock);
}

static struct futex_waiter *heir_of(const struct thread *owner)
{
	struct futex_waiter *found = NULL;
	spin_lock(&futex_lock);
	LIST_FOR (&futex_waiters, struct futex_waiter, waiter, link) {
		if (waiter->owner == owner && !waiter->woken) {
			found = waiter;
			break;
		}
	}
	spin_unlock(&futex_lock);
	return found;
}

void futex_locks_pass_on(struct thread *thread)
{
	struct futex_waiter *heir;
	SCOPED_MUTEX(&pi_lock);
	while ((heir = heir_of(thread)))
		give(heir, true);
}

/* The heir of an owner that has ended writes into the word that the lock is its own. */
static int settle(uint32_t *user_word)
{
	uint32_t id = (uint32_t)thread_current()->id, word, expected;
	if (copy_from_user(&word, user_word, sizeof word))
		return -EFAULT;
	do {
		expected = word;
		if (exchange_user(user_word, &word, id | FUTEX_WAITERS | FUTEX_OWNER_DIED))
			return -EFAULT;
	} while (word != expected);
	return 0;
}

/* The end of a wait that ended with `error`: 0 if it has the lock at `address` by now. */
static int leave(struct futex_waiter *waiter, uintptr_t address, int error)
{
	spin_lock(&futex_lock);
	list_remove(&waiter->link);
	spin_unlock(&futex_lock);
	if (!waiter->woken)
		return error;
	error = waiter->unsettled ? settle((uint32_t *)address) : 0;
	if (error) { /* it cannot have it: the next one shall */
		struct futex_waiter *heir = first_waiter(&waiter->key);
		if (heir && heir->owner)
			give(heir, true);
	}
	return error;
}

int futex_lock_pi(uintptr_t address, bool private, bool tries, uint64_t deadline)
{
	struct futex_waiter waiter = {.thread = thread_current()};
	int error = futex_key_of(address, private, &waiter.key);
	if (error)
		return error;
	mutex_lock(&pi_lock);
	error = take(address, &waiter.key, waiter.thread, false, &waiter.owner);
	if (!error && tries)
		error = -EAGAIN;
	if (!error && waits_for(waiter.owner, waiter.thread))
		error = -EDEADLK;
	if (!error) {
		futex_enter(&waiter);
		mutex_unlock(&pi_lock);
		error = futex_sleep(&waiter, deadline);
		mutex_lock(&pi_lock);
		error = leave(&waiter, address, error);
	}
	mutex_unlock(&pi_lock);
	futex_key_put(&waiter.key);
	if (error == -EINTR)
		return -ERESTARTNOINTR;
	return error == TAKEN ? 0 : error;
}

static int unlock(uint32_t *user_word, const struct futex_key *key)
{
	struct thread *self = thread_current();
	uint32_t word, expected;
	SCOPED_MUTEX(&pi_lock);
	if (copy_from_user(&word, user_word, sizeof word))
		return -EFAULT;
	struct futex_waiter *heir = first_waiter(key);
	do {
		if ((word & FUTEX_TID_MASK) != (uint32_t)self->id)
			return -EPERM;
		if (heir && heir->owner != self)
			return -EINVAL;
		expected = word;
		uint32_t next = heir ? (uint32_t)heir->thread->id | FUTEX_WAITERS : 0;
		if (exchange_user(user_word, &word, next))
			return -EFAULT;
	} while (word != expected);
	if (heir)
		give(heir, false);
	return 0;
}

int futex_unlock_pi(uintptr_t address, bool private)
{
	struct futex_key key;
	uint32_t word; /* whose it is comes before whether it can be a lock */
	if (copy_from_user(&word, (void *)address, sizeof word))
		return -EFAULT;
	if ((word & FUTEX_TID_MASK) != (uint32_t)thread_current()->id)
		return -EPERM;
	int error = futex_key_of(address, private, &key);
	if (error)
		return error;
	error = unlock((uint32_t *)address, &key);
	futex_key_put(&key);
	return error;
}

/* ---- from a word to a lock ---- */

/* Enters the waiter if the word has the value: nobody is moved between the two. */
static int enter_if(struct futex_waiter *waiter, uintptr_t address, uint32_t value)
{
	uint32_t word;
	SCOPED_MUTEX(&pi_lock);
	if (copy_from_user(&word, (void *)address, sizeof word))
		return -EFAULT;
	if (word != value)
		return -EAGAIN;
	futex_enter(waiter);
	return 0;
}

static int wait_to_be_moved(struct futex_waiter *waiter, uintptr_t address, uint32_t value,
                            uintptr_t lock, uint64_t deadline)
{
	int error = futex_same_key(&waiter->key, waiter->moves_to) ? -EINVAL : 0;
	if (!error)
		error = enter_if(waiter, address, value);
	if (error)
		return error;
	error = futex_sleep(waiter, deadline);
	SCOPED_MUTEX(&pi_lock);
	error = leave(waiter, lock, error);
	if (error != -EINTR)
		return error;
	/* Where it was moved from, the word has another value by now. */
	return waiter->moves_to ? -ERESTARTNOINTR : -EAGAIN;
}

int futex_wait_requeue_pi(uintptr_t address, bool private, uint32_t value, uintptr_t lock,
                          uint64_t deadline)
{
	struct futex_key to;
	struct futex_waiter waiter = {.thread = thread_current(), .moves_to = &to};
	if (address == lock)
		return -EINVAL;
	int error = futex_key_of(address, private, &waiter.key);
	if (error)
		return error;
	error = futex_key_of(lock, private, &to);
	if (!error) {
		error = wait_to_be_moved(&waiter, address, value, lock, deadline);
		futex_key_put(&to);
	}
	futex_key_put(&waiter.key);
	return error;
}

/* The waiter's word is the lock from now on, at the end of those who wait for it. */
static void move(struct futex_waiter *waiter, const struct futex_key *to, struct thread *owner)
{
	struct futex_key from;
	futex_key_get(to);
	spin_lock(&futex_lock);
	from = waiter->key;
	waiter->key = *to;
	waiter->owner = owner;
	waiter->moves_to = NULL;
	list_remove(&waiter->link);
	list_append(&futex_waiters, &waiter->link);
	spin_unlock(&futex_lock);
	futex_key_put(&from);
}

/* The first that waits for the word, if it is one that this lock fits. */
static int first_to_move(const struct futex_key *key, const struct futex_key *to,
                         struct futex_waiter **first)
{
	*first = first_waiter(key);
	if (*first && (!(*first)->moves_to || !futex_same_key((*first)->moves_to, to)))
		return -EINVAL;
	return 0;
}

static int requeue(uintptr_t address, const struct futex_key *key, uint32_t most, uintptr_t lock,
                   const struct futex_key *to, uint32_t value)
{
	struct futex_waiter *first;
	struct thread *owner;
	uint32_t word, count = 0;
	if (copy_from_user(&word, (void *)address, sizeof word))
		return -EFAULT;
	if (word != value)
		return -EAGAIN;
	int error = first_to_move(key, to, &first);
	if (error || !first)
		return error;
	error = take(lock, to, first->thread, most > 0, &owner);
	if (error < 0)
		return error;
	if (error == TAKEN) {
		owner = first->thread;
		move(first, to, owner);
		give(first, false);
		count++;
	}
	/* The one that is given the lock, or would have been, is not counted among those moved. */
	while (count <= most) {
		error = first_to_move(key, to, &first);
		if (!error && first && waits_for(owner, first->thread))
			error = -EDEADLK;
		if (error || !first)
			return error ? error : (int)count;
		move(first, to, owner);
		count++;
	}
	return (int)count;
}

int futex_requeue_pi(uintptr_t address, bool private, int wake, int most, uintptr_t lock,
                     uint32_t value)
{
	struct futex_key key, to;
	if (most < 0 || wake != 1 || address == lock)
		return -EINVAL;
	int result = futex_key_of(address, private, &key);
	if (result)
		return result;
	result = futex_key_of(lock, private, &to);
	if (!result) {
		mutex_lock(&pi_lock);
		result = futex_same_key(&key, &to)
		                 ? -EINVAL
		                 : requeue(address, &key, (uint32_t)most, lock, &to, value);
		mutex_unlock(&pi_lock);
		futex_key_put(&to);
	}
	futex_key_put(&key);
	return result;
}
