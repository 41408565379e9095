/* SPDX-License-Identifier: MIT */
/*
 * inotify(7) and F_NOTIFY (notify.h): who watches what, and the events that nobody has read.
 *
 *     inode.watchers ---- watch ---- watch ----      (one for each notifier that watches it)
 *                           |          |
 *     notifier.watches -----+----------)---- ...     notifier.events: in the order they came
 *
 * A watch of F_NOTIFY has an open directory in place of a notifier: its owner gets a signal, and
 * nothing is queued.
 *
 * A watch has a reference to its inode. notify_mutex guards all; it may be taken with inodes' locks
 * held, so references are given up without it.
 */
#include "kernel/fs/notify.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <linux/signal.h>

#include "kernel/charge.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/procfs.h"
#include "kernel/fs/transfer.h"
#include "kernel/mem/slab.h"
#include "kernel/owner.h"
#include "kernel/panic.h"
#include "lib/string.h"
#include "vm/usercopy.h"

#define EVENTS_MOST 16384u /* in one queue: Linux's max_queued_events */
#define TOLD_ANYWAY (IN_IGNORED | IN_UNMOUNT)

struct notifier {
	struct list_link link;     /* of all */
	struct list watches, events;
	uint32_t count, bytes;     /* of events */
	int last_watch;
	uint32_t uid;
	struct wait_queue changed;
	struct list owners;        /* kernel/owner.h */
};

struct watch {
	struct list_link of_inode, of_notifier;
	struct notifier *notifier; /* NULL: F_NOTIFY */
	struct file *file;         /* of F_NOTIFY, without a reference: it ends with it */
	const void *by;            /* who asked for it: only compared */
	struct inode *inode;       /* with a reference */
	int number;                /* of the watch, or of the file's descriptor */
	uint32_t mask;
	uint32_t uid;              /* to whom it is charged */
};

struct event {
	struct list_link link;
	uint32_t size;             /* of what is told: the head, and the name with zeros behind */
	struct inotify_event told;
};

volatile uint32_t notify_watches;
static struct list notifiers = LIST_INIT(notifiers); /* notify_mutex */
static struct mutex notify_mutex = MUTEX_INIT(notify_mutex, "notify");
static const struct file_ops notifier_ops;

bool file_is_notifier(const struct file *file)
{
	return file->ops == &notifier_ops;
}

uint32_t notify_cookie(void)
{
	static uint32_t last;
	return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

/* --- events: with the mutex ------------------------------------------------------------- */

static uint32_t charge_of(const struct event *event)
{
	return offsetof(struct event, told) + event->size;
}

static struct event *event_make(uint32_t uid, int watch, uint32_t mask, uint32_t cookie,
                                const char *name)
{
	uint32_t head = sizeof(struct inotify_event), length = name ? strlen(name) + 1 : 0;
	uint32_t size = head + (length + head - 1) / head * head;
	uint32_t charge = offsetof(struct event, told) + size;

	if (charge_user(uid, charge))
		return NULL;
	struct event *event = kmalloc_zeroed(charge);
	if (!event) {
		charge_return(uid, charge);
		return NULL;
	}
	event->size = size;
	event->told = (struct inotify_event){watch, mask, cookie, size - head};
	if (name)
		strcpy(event->told.name, name);
	return event;
}

static void event_free(const struct notifier *notifier, struct event *event)
{
	charge_return(notifier->uid, charge_of(event));
	kfree(event);
}

static bool same(const struct event *a, const struct event *b)
{
	return a->size == b->size && !memcmp(&a->told, &b->told, a->size);
}

static struct event *last_event(const struct notifier *notifier)
{
	return list_empty(&notifier->events)
	               ? NULL : LIST_ENTRY(notifier->events.head.previous, struct event, link);
}

/* Adds it, unless it says what the last one does. One that there was no room or memory for is
 * lost, and that is told, if it can be. */
static void queue(struct notifier *notifier, int watch, uint32_t mask, uint32_t cookie,
                  const char *name)
{
	struct event *event = NULL, *last = last_event(notifier);

	if (notifier->count < EVENTS_MOST)
		event = event_make(notifier->uid, watch, mask, cookie, name);
	if (!event)
		event = event_make(notifier->uid, -1, IN_Q_OVERFLOW, 0, NULL);
	if (!event || (last && same(last, event))) {
		if (event)
			event_free(notifier, event);
		return;
	}
	list_append(&notifier->events, &event->link);
	notifier->count++;
	notifier->bytes += event->size;
	wait_wake_all(&notifier->changed);
	owners_tell(&notifier->owners, POLL_IN);
}

/* --- watches: with the mutex ------------------------------------------------------------ */

static uint32_t watch_charge(void)
{
	return sizeof(struct watch) + sizeof(struct inode); /* that stays in memory for it */
}

uint32_t notify_instances_most(void)
{
	return charge_bound() / sizeof(struct notifier);
}

uint32_t notify_watches_most(void)
{
	return charge_bound() / watch_charge();
}

uint32_t notify_events_most(void)
{
	return EVENTS_MOST;
}

/* It watches no more; its inode's reference goes on to the caller's list. */
static void watch_end(struct watch *watch, struct list *ended)
{
	list_remove(&watch->of_inode);
	list_remove(&watch->of_notifier);
	charge_return(watch->uid, watch_charge());
	__atomic_fetch_sub(&notify_watches, 1, __ATOMIC_RELAXED);
	list_append(ended, &watch->of_inode);
}

static void watch_ignored(struct watch *watch, struct list *ended)
{
	if (watch->notifier)
		queue(watch->notifier, watch->number, IN_IGNORED, 0, NULL);
	watch_end(watch, ended);
}

/* Without the mutex. */
static void free_all(struct list *ended)
{
	for (struct list_link *link; (link = list_pop(ended)) != NULL;) {
		struct watch *watch = LIST_ENTRY(link, struct watch, of_inode);
		inode_put(watch->inode);
		kfree(watch);
	}
}

static void tell_by_signal(struct watch *watch, uint32_t mask, struct list *ended)
{
	if (!(watch->mask & mask & (IN_ALL_EVENTS | IN_RENAMED)))
		return;
	owner_tell(watch->file->owner, watch->number, POLL_MSG);
	if (watch->mask & IN_ONESHOT)
		watch_end(watch, ended);
}

/* All who watch the inode are told what they want of it. */
static void tell(struct inode *inode, const char *name, uint32_t mask, uint32_t cookie,
                 bool removed, struct list *ended)
{
	LIST_FOR_SAFE(&inode->watchers, struct watch, watch, of_inode) {
		if (watch->file) {
			tell_by_signal(watch, mask, ended);
			continue;
		}
		if (!(watch->mask & mask & IN_ALL_EVENTS) && !(mask & TOLD_ANYWAY))
			continue;
		if (name && removed && watch->mask & IN_EXCL_UNLINK)
			continue;
		queue(watch->notifier, watch->number, mask, cookie, name);
		if (watch->mask & IN_ONESHOT)
			watch_ignored(watch, ended);
	}
}

/* --- what happens ----------------------------------------------------------------------- */

/* That a directory itself was moved is told without its kind, as on Linux. */
static uint32_t with_kind(const struct inode *inode, uint32_t mask)
{
	return mask | (S_ISDIR(inode->mode) && mask != IN_MOVE_SELF ? IN_ISDIR : 0);
}

static void tell_inode(struct inode *inode, uint32_t mask)
{
	struct list ended = LIST_INIT(ended);

	if (list_empty(&inode->watchers))
		return;
	mutex_lock(&notify_mutex);
	tell(inode, NULL, mask, 0, false, &ended);
	mutex_unlock(&notify_mutex);
	free_all(&ended);
}

void notify_name_slowly(struct inode *dir, const char *name, uint32_t mask, uint32_t cookie)
{
	struct list ended = LIST_INIT(ended);

	if (list_empty(&dir->watchers))
		return;
	mutex_lock(&notify_mutex);
	tell(dir, name, mask, cookie, false, &ended);
	mutex_unlock(&notify_mutex);
	free_all(&ended);
}

/* Its directory, if that is watched, hears of it first, as on Linux. */
static void tell_directory(struct dentry *dentry, uint32_t mask)
{
	struct list ended = LIST_INIT(ended);
	char *name = kmalloc(NAME_SIZE);
	bool removed;
	struct inode *dir = name ? dentry_watched_directory(dentry, name, &removed) : NULL;

	if (dir) {
		mutex_lock(&notify_mutex);
		tell(dir, name, mask, 0, removed, &ended);
		mutex_unlock(&notify_mutex);
		free_all(&ended);
		inode_put(dir);
	}
	kfree(name);
}

void notify_dentry_slowly(struct dentry *dentry, uint32_t mask)
{
	mask = with_kind(dentry->inode, mask);
	tell_directory(dentry, mask);
	tell_inode(dentry->inode, mask);
}

void notify_inode_slowly(struct inode *inode, uint32_t mask)
{
	struct dentry *dentry = NULL;

	if (!(mask & IN_UNNAMED))
		dentry = inode_known_name(inode);
	mask = with_kind(inode, mask & ~IN_UNNAMED);
	if (dentry) {
		tell_directory(dentry, mask);
		dentry_put(dentry);
	}
	tell_inode(inode, mask);
}

/* The last words of all that watch it. */
static void end_of(struct inode *inode, uint32_t mask)
{
	struct list ended = LIST_INIT(ended);

	mutex_lock(&notify_mutex);
	tell(inode, NULL, mask, 0, false, &ended);
	LIST_FOR_SAFE(&inode->watchers, struct watch, watch, of_inode)
		watch_ignored(watch, &ended);
	mutex_unlock(&notify_mutex);
	free_all(&ended);
}

void notify_gone_slowly(struct dentry *dentry)
{
	struct inode *inode = dentry->inode;

	if (!inode->links && !list_empty(&inode->watchers) && dentry->references == 1 &&
	    !dentry->hashed)
		end_of(inode, IN_DELETE_SELF);
}

static struct inode *watched_of(struct file_system *fs, struct notifier *notifier)
{
	LIST_FOR(&notifier->watches, struct watch, watch, of_notifier)
		if (watch->inode->fs == fs)
			return watch->inode;
	return NULL;
}

/* One that is watched, with a reference; NULL: none is. */
static struct inode *any_watched(struct file_system *fs)
{
	struct inode *inode = NULL;

	SCOPED_MUTEX(&notify_mutex);
	LIST_FOR(&notifiers, struct notifier, notifier, link)
		if (!inode)
			inode = watched_of(fs, notifier);
	return inode ? inode_get(inode) : NULL;
}

void notify_unmount(struct file_system *fs)
{
	struct inode *inode;

	while (notify_watches && (inode = any_watched(fs)) != NULL) {
		end_of(inode, IN_UNMOUNT);
		inode_put(inode);
	}
}

/* --- the calls -------------------------------------------------------------------------- */

static struct watch *find(const struct notifier *notifier, const struct inode *inode)
{
	LIST_FOR(&inode->watchers, struct watch, watch, of_inode)
		if (watch->notifier == notifier)
			return watch;
	return NULL;
}

static int watch_begin(struct inode *inode, uint32_t uid, uint32_t mask, struct watch **begun)
{
	int error = charge_user(uid, watch_charge());
	struct watch *watch = error ? NULL : kmalloc(sizeof *watch);

	if (error)
		return error;
	if (!watch) {
		charge_return(uid, watch_charge());
		return -ENOMEM;
	}
	*watch = (struct watch){.inode = inode_get(inode), .mask = mask, .uid = uid};
	list_link_init(&watch->of_notifier);
	list_append(&inode->watchers, &watch->of_inode);
	__atomic_fetch_add(&notify_watches, 1, __ATOMIC_RELAXED);
	*begun = watch;
	return 0;
}

static int notifier_begin(struct notifier *notifier, struct inode *inode, uint32_t mask)
{
	struct watch *watch;
	int error = watch_begin(inode, notifier->uid, mask, &watch);

	if (error)
		return error;
	watch->notifier = notifier;
	watch->number = ++notifier->last_watch;
	list_append(&notifier->watches, &watch->of_notifier);
	return watch->number;
}

int notify_watch(struct file *file, struct inode *inode, uint32_t mask)
{
	struct notifier *notifier = file->private;
	uint32_t kept = mask & (IN_ALL_EVENTS | IN_ONESHOT | IN_EXCL_UNLINK);

	SCOPED_MUTEX(&notify_mutex);
	struct watch *watch = find(notifier, inode);
	if (!watch)
		return notifier_begin(notifier, inode, kept);
	if (mask & IN_MASK_CREATE)
		return -EEXIST;
	watch->mask = mask & IN_MASK_ADD ? watch->mask | kept : kept;
	return watch->number;
}

int notify_unwatch(struct file *file, int number)
{
	struct notifier *notifier = file->private;
	struct list ended = LIST_INIT(ended);
	int error = -EINVAL;

	mutex_lock(&notify_mutex);
	LIST_FOR_SAFE(&notifier->watches, struct watch, watch, of_notifier) {
		if (watch->number != number)
			continue;
		watch_ignored(watch, &ended);
		error = 0;
	}
	mutex_unlock(&notify_mutex);
	free_all(&ended);
	return error;
}

/* Takes the first event, if it fits; NULL: there is none. -EINVAL: it does not. */
static int take(struct notifier *notifier, size_t room, struct event **taken)
{
	SCOPED_MUTEX(&notify_mutex);
	struct list_link *first = list_first(&notifier->events);
	*taken = first ? LIST_ENTRY(first, struct event, link) : NULL;
	if (*taken && (*taken)->size > room) {
		*taken = NULL;
		return -EINVAL;
	}
	if (*taken) {
		list_remove(first);
		notifier->count--;
		notifier->bytes -= (*taken)->size;
	}
	return 0;
}

static ssize_t notifier_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct notifier *notifier = file->private;
	struct event *event;
	size_t done = 0;

	(void)position;
	for (;;) {
		int error = take(notifier, transfer->left, &event);
		if (!event && (done || error))
			return done ? (ssize_t)done : error;
		if (!event) {
			if (transfer->flags & O_NONBLOCK)
				return -EAGAIN;
			error = WAIT_INTERRUPTIBLE(&notifier->changed, notifier->count);
			if (error)
				return error;
			continue;
		}
		size_t given = transfer_give(transfer, &event->told, event->size);
		bool whole = given == event->size;
		event_free(notifier, event);
		if (!whole)
			return done ? (ssize_t)done : -EFAULT;
		done += given;
	}
}

static uint32_t notifier_poll(struct file *file, struct poll_table *table)
{
	struct notifier *notifier = file->private;

	poll_wait(table, &notifier->changed);
	return notifier->count ? POLLIN | POLLRDNORM : 0;
}

static struct list *notifier_owners(struct file *file)
{
	struct notifier *notifier = file->private;

	return &notifier->owners;
}

static int notifier_ioctl(struct file *file, uint32_t command, uintptr_t argument)
{
	const struct notifier *notifier = file->private;
	uint32_t bytes = notifier->bytes;

	if (command != FIONREAD)
		return -ENOTTY;
	return copy_to_user((void *)argument, &bytes, sizeof bytes);
}

static void notifier_free(struct notifier *notifier)
{
	charge_return(notifier->uid, sizeof *notifier);
	kfree(notifier);
}

static void notifier_close(struct file *file)
{
	struct notifier *notifier = file->private;
	struct list ended = LIST_INIT(ended);

	mutex_lock(&notify_mutex);
	list_remove(&notifier->link);
	LIST_FOR_SAFE(&notifier->watches, struct watch, watch, of_notifier)
		watch_end(watch, &ended);
	mutex_unlock(&notify_mutex);
	free_all(&ended);
	for (struct list_link *link; (link = list_pop(&notifier->events)) != NULL;)
		event_free(notifier, LIST_ENTRY(link, struct event, link));
	notifier_free(notifier);
}

static void notifier_show(struct file *file, struct text *text)
{
	const struct notifier *notifier = file->private;

	SCOPED_MUTEX(&notify_mutex);
	LIST_FOR(&notifier->watches, struct watch, watch, of_notifier)
		text_print(text, "inotify wd:%x ino:%x sdev:%x mask:%x ignored_mask:0\n",
		           watch->number, watch->inode->number, inode_device(watch->inode),
		           watch->mask);
}

static const struct file_ops notifier_ops = {
	.read = notifier_read,
	.poll = notifier_poll,
	.owners = notifier_owners,
	.ioctl = notifier_ioctl,
	.show = notifier_show,
	.close = notifier_close,
};

int notify_open(uint32_t flags, struct file **opened)
{
	uint32_t uid = rights_caller()->uid;
	int error = charge_user(uid, sizeof(struct notifier));
	struct notifier *notifier = error ? NULL : kmalloc_zeroed(sizeof *notifier);

	if (error)
		return error == -ENOSPC ? -EMFILE : error;
	if (!notifier) {
		charge_return(uid, sizeof *notifier);
		return -ENOMEM;
	}
	notifier->uid = uid;
	list_init(&notifier->watches);
	list_init(&notifier->events);
	wait_queue_init(&notifier->changed);
	list_init(&notifier->owners);
	error = nameless_open("inotify", &notifier_ops, notifier, flags, opened);
	if (error) {
		notifier_free(notifier);
		return error;
	}
	SCOPED_MUTEX(&notify_mutex);
	list_append(&notifiers, &notifier->link);
	return 0;
}

/* --- F_NOTIFY --------------------------------------------------------------------------- */

static uint32_t by_signal = 1; /* whether it is switched on */

uint32_t notify_by_signal_enabled(void)
{
	return by_signal;
}

int notify_by_signal_enable(uint32_t on)
{
	by_signal = on;
	return 0;
}

static struct watch *find_by_signal(const struct file *file, const void *by)
{
	LIST_FOR(&file->inode->watchers, struct watch, watch, of_inode)
		if (watch->file == file && (!by || watch->by == by))
			return watch;
	return NULL;
}

int notify_by_signal(struct file *file, const void *by, int number, uint32_t events, bool again)
{
	struct owner *owner;

	if (!by_signal)
		return -EINVAL;
	if (!events) {
		notify_by_signal_end(file, by);
		return 0;
	}
	if (!S_ISDIR(file->inode->mode))
		return -ENOTDIR;
	int error = file_owner(file, &owner);
	if (error)
		return error;
	SCOPED_MUTEX(&notify_mutex);
	struct watch *watch = find_by_signal(file, by);
	if (!watch)
		error = watch_begin(file->inode, rights_caller()->uid, IN_ONESHOT, &watch);
	if (error)
		return error;
	watch->file = file;
	watch->by = by;
	watch->number = number;
	watch->mask |= events;
	if (again)
		watch->mask &= ~IN_ONESHOT;
	return 0;
}

void notify_by_signal_end_slowly(struct file *file, const void *by)
{
	struct list ended = LIST_INIT(ended);
	struct watch *watch;

	if (!S_ISDIR(file->inode->mode) || list_empty(&file->inode->watchers))
		return;
	mutex_lock(&notify_mutex);
	while ((watch = find_by_signal(file, by)) != NULL)
		watch_end(watch, &ended);
	mutex_unlock(&notify_mutex);
	free_all(&ended);
}
