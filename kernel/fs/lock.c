/* SPDX-License-Identifier: MIT */
/*
 * Advisory locks on files (lock.h). An inode has a list of those that are held: an owner's stand
 * together, in the order of their ranges, which do not overlap.
 *
 *   inode->locks:  [A 0-9 w] [A 20-29 r] [B 15-17 r]
 *                     ^
 *                     +-- blocked: C, who wants 5-25 w, sleeps until this lock changes
 *
 * Who finds a lock in his way joins its list and sleeps; when the lock goes or changes, all who
 * wait for it look again. A sleeper waits for one lock, so that "who waits for whom" is a chain,
 * and a circle is found by following it before going to sleep.
 *
 * One mutex guards all of it, in all files: circles go through several. Memory is allocated
 * before it is taken.
 *
 * Locks are charged to the user who took them (kernel/charge.h), who gets -ENOLCK when that is too
 * much. Letting go of the middle of a range makes one lock into two; that is charged as well, and
 * always possible.
 */
#include "kernel/fs/lock.h"

#include <asm/errno.h>

#include "kernel/charge.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/procfs.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sync/condition.h"

struct held_lock {
	struct lock lock;
	uint32_t uid;            /* to whom it is charged */
	struct inode *inode;     /* no reference: who has the lock has the file open */
	struct list_link link;   /* inode->locks */
	struct list_link all;    /* all_locks */
	struct list blocked;     /* struct sleeper, by link */
};

/* Who waits for a lock to change: lives on the stack of the thread. */
struct sleeper {
	struct list_link link;   /* of the lock that is in the way; not linked: it has changed */
	struct list_link all;    /* sleepers */
	const struct lock *wanted;
	const struct held_lock *in_way;
	struct condition changed;
};

static struct slab_cache lock_slab = SLAB_CACHE("file_lock", sizeof(struct held_lock));
static struct mutex locks_mutex = MUTEX_INIT(locks_mutex, "file locks");
static struct list all_locks = LIST_INIT(all_locks);
static struct list sleepers = LIST_INIT(sleepers);
static uint32_t sleeper_count;

/* --- what is in the way ------------------------------------------------------------------ */

static bool same_owner(const struct lock *a, const struct lock *b)
{
	return a->owner == b->owner && a->kind == b->kind;
}

static bool overlap(const struct lock *a, const struct lock *b)
{
	return a->first <= b->last && b->first <= a->last;
}

static bool conflict(const struct lock *a, const struct lock *b)
{
	return !same_owner(a, b) && (a->kind == LOCK_FLOCK) == (b->kind == LOCK_FLOCK) &&
	       (a->type == LOCK_EXCLUSIVE || b->type == LOCK_EXCLUSIVE) && overlap(a, b);
}

static struct held_lock *conflict_find(struct inode *inode, const struct lock *wanted)
{
	if (wanted->type == LOCK_NONE)
		return NULL;
	LIST_FOR(&inode->locks, struct held_lock, held, link)
		if (conflict(&held->lock, wanted))
			return held;
	return NULL;
}

/* The one that this owner waits for with a lock of this kind, or NULL: he does not. */
static const struct lock *waits_for(const struct lock *owner)
{
	LIST_FOR(&sleepers, struct sleeper, sleeper, all)
		if (same_owner(sleeper->wanted, owner) && list_linked(&sleeper->link))
			return &sleeper->in_way->lock;
	return NULL;
}

/* Whether those in the way wait, in the end, for who wants the lock. Only processes can be told
 * apart from those they wait for: an open file may be used by many. A process whose threads wait
 * for several may be in a circle that was not seen, so the walk ends after as many steps as there
 * are sleepers. */
static bool is_circle(const struct lock *wanted, const struct lock *in_way)
{
	if (wanted->kind != LOCK_POSIX)
		return false;
	for (uint32_t steps = 0; in_way && steps <= sleeper_count; steps++) {
		if (same_owner(in_way, wanted))
			return true;
		in_way = in_way->kind == LOCK_POSIX ? waits_for(in_way) : NULL;
	}
	return false;
}

/* --- waiting ----------------------------------------------------------------------------- */

/* The lock is another now, or about to go: who waits for it looks again. */
static void lock_changed(struct held_lock *held)
{
	struct list_link *link;

	while ((link = list_pop(&held->blocked)))
		condition_broadcast(&LIST_ENTRY(link, struct sleeper, link)->changed);
}

static int lock_wait(struct held_lock *in_way, const struct lock *wanted)
{
	struct sleeper sleeper = {.wanted = wanted, .in_way = in_way};
	int error = 0;

	if (is_circle(wanted, &in_way->lock))
		return -EDEADLK;
	condition_init(&sleeper.changed);
	list_append(&in_way->blocked, &sleeper.link);
	list_append(&sleepers, &sleeper.all);
	sleeper_count++;
	while (!error && list_linked(&sleeper.link))
		error = condition_wait(&sleeper.changed, &locks_mutex);
	list_remove(&sleeper.link);
	list_remove(&sleeper.all);
	sleeper_count--;
	return error;
}

/* --- what is held ------------------------------------------------------------------------ */

static void lock_drop(struct held_lock *held)
{
	lock_changed(held);
	list_remove(&held->link);
	list_remove(&held->all);
	charge_return(held->uid, sizeof *held);
	slab_free(&lock_slab, held);
}

/* Enters the lock, for which there is memory, at its place. Something is charged to the user. */
static void lock_enter(struct inode *inode, const struct lock *lock, struct held_lock *held,
                       uint32_t uid)
{
	struct list_link *place = &inode->locks.head;

	/* Before the owner's first that lies behind; else behind his last. */
	LIST_FOR(&inode->locks, struct held_lock, other, link) {
		if (!same_owner(&other->lock, lock))
			continue;
		place = &other->link;
		if (other->lock.first > lock->first)
			break;
		place = other->link.next;
	}
	charge_more(uid, sizeof *held);
	held->lock = *lock;
	held->uid = uid;
	held->inode = inode;
	list_init(&held->blocked);
	list_insert_before(place, &held->link);
	list_append(&all_locks, &held->all);
}

/* Memory for what a change may need: the lock itself, and the upper half of one that it cuts in
 * two. As long as this is there, it is charged. */
struct spare {
	struct held_lock *locks[2];
	uint32_t uid, charged;
};

static struct held_lock *spare_take(struct spare *spare)
{
	struct held_lock **place = spare->locks[0] ? &spare->locks[0] : &spare->locks[1];
	struct held_lock *held = *place;

	ASSERT_SAYING(held, "a change of locks needs more of them than two");
	*place = NULL;
	return held;
}

static void spare_free(struct spare *spare)
{
	for (int i = 0; i < 2; i++)
		if (spare->locks[i])
			slab_free(&lock_slab, spare->locks[i]);
	if (spare->charged)
		charge_return(spare->uid, spare->charged);
}

static int spare_fill(struct spare *spare, bool charge)
{
	uint32_t bytes = sizeof(struct held_lock);

	if (charge && charge_user(spare->uid, bytes))
		return -ENOLCK;
	spare->charged = charge ? bytes : 0;
	for (int i = 0; i < 2; i++)
		spare->locks[i] = slab_alloc(&lock_slab);
	return spare->locks[0] && spare->locks[1] ? 0 : -ENOLCK;
}

/* Whether the two ranges overlap, or one begins where the other ends. */
static bool meet(const struct lock *a, const struct lock *b)
{
	return (a->last == LOCK_RANGE_END || b->first <= a->last + 1) &&
	       (b->last == LOCK_RANGE_END || a->first <= b->last + 1);
}

/* Takes the range of `lock` away from a lock of the same owner; what lies on either side stays. */
static void lock_cut(struct held_lock *held, const struct lock *lock, struct spare *spare)
{
	struct lock below = held->lock, above = held->lock;

	bool has_below = below.first < lock->first, has_above = above.last > lock->last;
	if (has_below)
		below.last = lock->first - 1;
	if (has_above)
		above.first = lock->last + 1;
	if (has_below && has_above)
		lock_enter(held->inode, &above, spare_take(spare), held->uid);
	if (!has_below && !has_above) {
		lock_drop(held);
		return;
	}
	held->lock = has_below ? below : above;
	lock_changed(held);
}

/* Nothing is in the way: the owner's locks become what is wanted. */
static void lock_apply(struct inode *inode, const struct lock *wanted, struct spare *spare)
{
	struct lock lock = *wanted;

	LIST_FOR_SAFE(&inode->locks, struct held_lock, held, link) {
		if (!same_owner(&held->lock, &lock))
			continue;
		if (held->lock.type == lock.type && meet(&held->lock, &lock)) {
			if (held->lock.first < lock.first)
				lock.first = held->lock.first;
			if (held->lock.last > lock.last)
				lock.last = held->lock.last;
			lock_drop(held);
		} else if (overlap(&held->lock, &lock)) {
			lock_cut(held, &lock, spare);
		}
	}
	if (lock.type != LOCK_NONE)
		lock_enter(inode, &lock, spare_take(spare), spare->uid);
}

/* The owner's flock of another type goes first. */
static void flock_convert(struct inode *inode, const struct lock *wanted)
{
	LIST_FOR_SAFE(&inode->locks, struct held_lock, held, link)
		if (same_owner(&held->lock, wanted) && held->lock.type != wanted->type)
			lock_drop(held);
}

static int lock_set_locked(struct inode *inode, const struct lock *wanted, bool wait,
                           struct spare *spare)
{
	struct held_lock *in_way;

	if (wanted->kind == LOCK_FLOCK)
		flock_convert(inode, wanted);
	while ((in_way = conflict_find(inode, wanted))) {
		int error = wait ? lock_wait(in_way, wanted) : -EAGAIN;
		if (error)
			return error;
	}
	lock_apply(inode, wanted, spare);
	return 0;
}

int lock_set(struct inode *inode, const struct lock *wanted, bool wait)
{
	bool all = wanted->first == 0 && wanted->last == LOCK_RANGE_END;
	struct spare spare = {.uid = rights_caller()->uid};
	int error = 0;

	/* Letting go of everything needs no memory, and so never fails. */
	if (wanted->type != LOCK_NONE || !all)
		error = spare_fill(&spare, wanted->type != LOCK_NONE);
	if (!error) {
		mutex_lock(&locks_mutex);
		error = lock_set_locked(inode, wanted, wait, &spare);
		mutex_unlock(&locks_mutex);
	}
	spare_free(&spare);
	return error;
}

bool lock_find_conflict(struct inode *inode, const struct lock *wanted, struct lock *found)
{
	SCOPED_MUTEX(&locks_mutex);
	struct held_lock *held = conflict_find(inode, wanted);
	if (held)
		*found = held->lock;
	return held != NULL;
}

void locks_release(struct inode *inode, const void *owner)
{
	/* Who has locks here has taken them himself: he need not be waited for to see them. */
	if (list_empty(&inode->locks))
		return;
	SCOPED_MUTEX(&locks_mutex);
	LIST_FOR_SAFE(&inode->locks, struct held_lock, held, link)
		if (held->lock.owner == owner)
			lock_drop(held);
}

/* --- /proc/locks ------------------------------------------------------------------------- */

static void lock_show(struct text *text, uint32_t number, const char *arrow,
                      const struct lock *lock, const struct inode *inode)
{
	static const char *const kinds[] = {"FLOCK ", "POSIX ", "OFDLCK"};

	text_print(text, "%u: %s%s ADVISORY  %s %d %02x:%02x:%u %llu ", number, arrow,
	           kinds[lock->kind], lock->type == LOCK_SHARED ? "READ " : "WRITE", lock->pid,
	           DEVICE_MAJOR(inode->fs->number), DEVICE_MINOR(inode->fs->number),
	           inode->number, (unsigned long long)lock->first);
	if (lock->last == LOCK_RANGE_END)
		text_print(text, "EOF\n");
	else
		text_print(text, "%llu\n", (unsigned long long)lock->last);
}

uint32_t locks_show(struct text *text)
{
	uint32_t number = 0;

	SCOPED_MUTEX(&locks_mutex);
	LIST_FOR(&all_locks, struct held_lock, held, all) {
		lock_show(text, ++number, "", &held->lock, held->inode);
		LIST_FOR(&held->blocked, struct sleeper, sleeper, link)
			lock_show(text, number, "-> ", sleeper->wanted, held->inode);
	}
	return number;
}
