/* SPDX-License-Identifier: MIT */
/*
 * Leases (lease.h).
 *
 * Who opens a file first counts as one who has it open, then looks for leases; who takes a lease
 * first enters it, then looks who has the file open. So one of the two sees the other.
 *
 * A lease that is asked for back keeps its type until its holder answers, or until the time for that
 * is over. Nobody waits for that moment but those who break it; once they have left, whoever looks at
 * the file's leases next brings them up to date.
 *
 * One mutex guards all leases of all files; nothing but spinlocks is taken under it, and memory for
 * the text of /proc/locks. A lease's memory is charged to who took it.
 */
#include "kernel/fs/lease.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/signal.h>

#include "kernel/charge.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/procfs.h"
#include "kernel/mem/slab.h"
#include "kernel/owner.h"
#include "kernel/sync/condition.h"
#include "kernel/time/clock.h"

#define BREAK_SECONDS 45u /* Linux's */

struct lease {
	struct list_link of_inode; /* inode->leases */
	struct list_link link;     /* of all */
	struct file *file;         /* without a reference: it ends with it */
	int type;                  /* F_RDLCK or F_WRLCK */
	int number;                /* the descriptor by which it was taken last */
	pid_t process;             /* that took it: for /proc/locks */
	uint32_t uid;              /* to whom it is charged */
	bool ends, becomes_read;   /* it was asked for back, for writing and for reading ... */
	uint64_t end_at, read_at;  /* ... and this happens without an answer by then */
};

static struct mutex leases_mutex = MUTEX_INIT(leases_mutex, "leases");
static struct list leases = LIST_INIT(leases);
static struct condition leases_changed = {WAIT_QUEUE_INIT(leases_changed.waiters)};
static struct slab_cache lease_slab = SLAB_CACHE("file_lease", sizeof(struct lease));
static uint32_t enabled = 1;
static uint32_t break_seconds = BREAK_SECONDS;

uint32_t leases_enabled(void)
{
	return enabled;
}

int leases_enable(uint32_t on)
{
	enabled = on;
	return 0;
}

uint32_t lease_break_seconds(void)
{
	return break_seconds;
}

int lease_set_break_seconds(uint32_t seconds)
{
	break_seconds = seconds;
	return 0;
}

/* --- one lease: with the mutex ---------------------------------------------------------- */

static void make_read(struct lease *lease)
{
	lease->type = F_RDLCK;
	lease->becomes_read = false;
	lease->read_at = WAIT_FOREVER;
	condition_broadcast(&leases_changed);
}

/* As on Linux its end takes with it whom signals of the file tell. */
static void end(struct lease *lease)
{
	owner_reset(lease->file->owner);
	list_remove(&lease->of_inode);
	list_remove(&lease->link);
	charge_return(lease->uid, sizeof *lease);
	slab_free(&lease_slab, lease);
	condition_broadcast(&leases_changed);
}

/* What is overdue happens. */
static void bring_up_to_date(struct inode *inode)
{
	uint64_t now = clock_now();

	LIST_FOR_SAFE(&inode->leases, struct lease, lease, of_inode) {
		if (lease->end_at <= now)
			end(lease);
		else if (lease->read_at <= now)
			make_read(lease);
	}
}

static struct lease *lease_of(const struct file *file)
{
	LIST_FOR(&file->inode->leases, struct lease, lease, of_inode)
		if (lease->file == file)
			return lease;
	return NULL;
}

/* --- taking and giving up ---------------------------------------------------------------- */

/* Whether the file is in use in a way that keeps this one from having such a lease. It is written to
 * by truncate(2), too, without being open; and it may be running. Nobody counts who writes to a file
 * of memfd_create(2), so that has leases for reading alone, as on Linux. */
static bool is_used_otherwise(const struct file *file, int type)
{
	const struct inode *inode = file->inode;
	int32_t use = __atomic_load_n(&inode->use, __ATOMIC_SEQ_CST);

	if (type == F_RDLCK)
		return use > 0;
	return use != (file_may_write(file, false) ? 0 : 1) ||
	       __atomic_load_n(&inode->opens, __ATOMIC_SEQ_CST) != 1;
}

/* Whether another's lease on the file is in the way of a new one, or of one that changes. */
static bool is_leased_otherwise(const struct file *file, int type)
{
	LIST_FOR(&file->inode->leases, struct lease, lease, of_inode)
		if (lease->file != file && (type == F_WRLCK || lease->ends))
			return true;
	return false;
}

static int give_up(struct file *file)
{
	struct lease *lease = lease_of(file);

	if (lease)
		end(lease);
	return lease ? 0 : -EAGAIN;
}

static void enter(struct lease *lease)
{
	list_append(&lease->file->inode->leases, &lease->of_inode);
	list_append(&leases, &lease->link);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* A lease that the file has becomes of this type; if there is none, *made is taken over, and NULL
 * then. */
static int take(struct file *file, int number, int type, struct lease **made)
{
	bring_up_to_date(file->inode);
	struct lease *lease = lease_of(file);
	if (is_used_otherwise(file, type) || is_leased_otherwise(file, type))
		return -EAGAIN;
	if (!lease && !enabled)
		return -EINVAL;
	if (!lease) {
		lease = *made;
		enter(lease);
		if (is_used_otherwise(file, type)) {
			list_remove(&lease->of_inode);
			list_remove(&lease->link);
			return -EAGAIN;
		}
		*made = NULL;
	}
	if (type == F_RDLCK)
		make_read(lease);
	lease->type = type;
	lease->number = number;
	return 0;
}

static int lease_make(struct lease **made)
{
	uint32_t uid = rights_caller()->uid;

	if (charge_user(uid, sizeof(struct lease)))
		return -ENOLCK;
	*made = slab_alloc_zeroed(&lease_slab);
	if (!*made) {
		charge_return(uid, sizeof(struct lease));
		return -ENOLCK;
	}
	(*made)->uid = uid;
	(*made)->end_at = (*made)->read_at = WAIT_FOREVER;
	return 0;
}

static int take_with(struct file *file, struct owner *owner, int number, pid_t process, int type)
{
	struct lease *made;
	int error = lease_make(&made);

	if (error)
		return error;
	made->file = file;
	made->process = process;
	mutex_lock(&leases_mutex);
	error = take(file, number, type, &made);
	if (!error)
		owner_set(owner, F_OWNER_PID, process, false);
	mutex_unlock(&leases_mutex);
	if (!made)
		return error;
	charge_return(made->uid, sizeof *made);
	slab_free(&lease_slab, made);
	return error;
}

int lease_set(struct file *file, int number, pid_t process, int type)
{
	struct object object = inode_object(file->inode);
	struct owner *owner;

	if (type != F_RDLCK && type != F_WRLCK && type != F_UNLCK)
		return -EINVAL;
	int error = right_check(MAY_LEASE, &object);
	if (error)
		return error;
	if (!S_ISREG(file->inode->mode))
		return -EINVAL;
	if (type == F_UNLCK) {
		SCOPED_MUTEX(&leases_mutex);
		return give_up(file);
	}
	error = file_owner(file, &owner);
	return error ? -ENOLCK : take_with(file, owner, number, process, type);
}

/* What it is to become, if it was asked for back. */
static int target(const struct lease *lease)
{
	if (lease->ends)
		return F_UNLCK;
	return lease->becomes_read ? F_RDLCK : lease->type;
}

int lease_type(struct file *file)
{
	if (list_empty(&file->inode->leases))
		return F_UNLCK;
	SCOPED_MUTEX(&leases_mutex);
	bring_up_to_date(file->inode);
	struct lease *lease = lease_of(file);
	return lease ? target(lease) : F_UNLCK;
}

/* --- breaking ---------------------------------------------------------------------------- */

/* One that is in the way, in its present state. */
static struct lease *in_way(struct inode *inode, bool write)
{
	LIST_FOR(&inode->leases, struct lease, lease, of_inode)
		if (write || lease->type == F_WRLCK)
			return lease;
	return NULL;
}

static uint64_t time_to_answer(void)
{
	return break_seconds ? clock_now() + break_seconds * NS_PER_SECOND : WAIT_FOREVER;
}

/* The holder is told, once for each of the two. */
static void ask_back(struct lease *lease, bool write)
{
	if (lease->ends || (!write && lease->becomes_read))
		return;
	if (write) {
		lease->ends = true;
		lease->end_at = time_to_answer();
	} else {
		lease->becomes_read = true;
		lease->read_at = time_to_answer();
	}
	owner_tell(lease->file->owner, lease->number, POLL_MSG);
}

static void ask_all_back(struct inode *inode, bool write)
{
	LIST_FOR(&inode->leases, struct lease, lease, of_inode)
		if (write || lease->type == F_WRLCK)
			ask_back(lease, write);
}

int lease_break(struct inode *inode, bool write, bool nonblock)
{
	const struct lease *lease;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (list_empty(&inode->leases))
		return 0;
	SCOPED_MUTEX(&leases_mutex);
	for (;;) {
		bring_up_to_date(inode);
		lease = in_way(inode, write);
		if (!lease)
			return 0;
		ask_all_back(inode, write);
		if (nonblock)
			return -EAGAIN;
		uint64_t until = lease->end_at < lease->read_at ? lease->end_at : lease->read_at;
		if (condition_wait_until(&leases_changed, &leases_mutex, until) == -EINTR)
			return -EINTR;
	}
}

/* --- who has the file open ---------------------------------------------------------------- */

static bool is_counted(const struct file *file)
{
	return S_ISREG(file->inode->mode) && !(file->flags & O_PATH);
}

int lease_opened(struct file *file, uint32_t flags)
{
	if (!is_counted(file))
		return 0;
	__atomic_fetch_add(&file->inode->opens, 1, __ATOMIC_SEQ_CST);
	return lease_break(file->inode, (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC,
	                   flags & O_NONBLOCK);
}

void lease_closed(struct file *file)
{
	if (!is_counted(file))
		return;
	/* Who has a lease here has taken it himself: he need not be waited for to see it. */
	if (!list_empty(&file->inode->leases)) {
		mutex_lock(&leases_mutex);
		(void)give_up(file);
		mutex_unlock(&leases_mutex);
	}
	__atomic_fetch_sub(&file->inode->opens, 1, __ATOMIC_SEQ_CST);
}

/* --- /proc/locks ------------------------------------------------------------------------- */

void leases_show(struct text *text, uint32_t number)
{
	static const char *const types[] = {[F_RDLCK] = "READ", [F_WRLCK] = "WRITE",
	                                    [F_UNLCK] = "UNLCK"};

	SCOPED_MUTEX(&leases_mutex);
	LIST_FOR(&leases, struct lease, lease, link) {
		const struct inode *inode = lease->file->inode;
		bool breaking = lease->ends || lease->becomes_read;

		text_print(text, "%u: LEASE  %s%s %d %02x:%02x:%u 0 EOF\n", ++number,
		           breaking ? "BREAKING  " : "ACTIVE    ", types[target(lease)],
		           lease->process, DEVICE_MAJOR(inode->fs->number),
		           DEVICE_MINOR(inode->fs->number), inode->number);
	}
}
