/* SPDX-License-Identifier: MIT */
/*
 * Pseudo-terminals, pty(7), and their names in /dev/pts.
 *
 *     who holds the master                             programs at the terminal
 *     /dev/ptmx, opened -- write --> line discipline --> read -- /dev/pts/N
 *                       <-- read --- ring <------------ write
 *
 * The terminal is a tty like any (kernel/dev/tty.c); its line is the master: what is written to
 * the line goes into a ring, and what is written to the master is input. A pty lives as long as
 * its inode has references: the master's file, names and files of the other side.
 *
 * Locks: ptys_lock guards which there are; the directory's lock, outside of it, that a name is not
 * looked up while its master closes. A pty's own lock (irq) guards the ring, inside of the tty's.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/signal.h>

#include "kernel/charge.h"
#include "kernel/dev/tty.h"
#include "kernel/dev/unsent.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/pty.h"
#include "kernel/fs/transfer.h"
#include "kernel/mem/slab.h"
#include "kernel/owner.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define PTYS_MOST 1024u
#define FIRST_NUMBER 3u   /* of an inode: after the directory's */
#define CHARGE (2 * PAGE_SIZE + sizeof(struct pty) + 2048) /* with the tty and its input */
#define PIECE 512u        /* bytes of input copied over the stack at a time */

_Static_assert(TTY_UNSENT_MAX == PAGE_SIZE, "the ring is a page");

struct pty {
	struct inode inode;
	struct list_link link;     /* ptys_lock */
	struct tty *tty;
	uint32_t number, uid;
	bool locked;               /* TIOCSPTLCK: nobody opens the other side */
	bool master_closed;
	bool packets;              /* TIOCPKT: a byte of 0 before what is read */
	volatile bool left;        /* all who had opened the other side have closed it */
	struct spinlock lock;      /* irq */
	struct unsent unsent;      /* lock */
	struct wait_queue master;  /* those who wait at the master */
	struct list owners;        /* of the master: kernel/owner.h */
	bool cut_short;            /* atomic: ROOM_OR_MARK's, of a write to it */
};

static struct spinlock ptys_lock = SPINLOCK_INIT("ptys");
static struct list ptys = LIST_INIT(ptys); /* by number */
static struct file_system *devpts;         /* the one that is mounted, or NULL */
static struct slab_cache pty_slab = SLAB_CACHE("pty", sizeof(struct pty));

static struct pty *of(const struct inode *inode)
{
	return LIST_ENTRY(inode, struct pty, inode);
}

/* --- the line of the terminal ----------------------------------------------------------- */

static struct pty *of_tty(const struct tty *tty)
{
	return tty_device(tty);
}

static void line_listen(struct tty *tty, bool on)
{
	struct pty *pty = of_tty(tty);

	pty->left = !on;
	wait_wake_all(&pty->master);
}

/* More than there is room for is lost: an echo that nobody reads. */
static void line_write(struct tty *tty, const char *bytes, size_t n)
{
	struct pty *pty = of_tty(tty);

	spin_lock(&pty->lock);
	unsent_add(&pty->unsent, bytes, n);
	spin_unlock(&pty->lock);
	wait_wake_all(&pty->master);
	owners_tell(&pty->owners, POLL_IN);
}

static uint32_t line_unsent(struct tty *tty)
{
	return unsent_count(&of_tty(tty)->unsent);
}

static void line_discard(struct tty *tty)
{
	struct pty *pty = of_tty(tty);
	uint32_t flags = spin_lock_irq(&pty->lock);

	unsent_forget(&pty->unsent);
	spin_unlock_irq(&pty->lock, flags);
	tty_wake_writers(tty);
}

static void line_go_on(struct tty *tty)
{
	struct pty *pty = of_tty(tty);

	wait_wake_all(&pty->master);
	if (tty_has_room(tty))
		owners_tell_room(&pty->owners, &pty->cut_short);
}

static bool line_hold(struct tty *tty)
{
	return inode_try_get(&of_tty(tty)->inode);
}

static const struct tty_line line = {
	.listen = line_listen,
	.write = line_write,
	.unsent = line_unsent,
	.discard = line_discard,
	.go_on = line_go_on,
	.hold = line_hold,
};

struct inode *pty_inode(const struct tty *tty)
{
	return tty_is_on(tty, &line) ? &of_tty(tty)->inode : NULL;
}

int pty_may_open(const struct tty *tty)
{
	const struct pty *pty = of_tty(tty);

	return pty->locked || pty->master_closed ? -EIO : 0;
}

/* --- life ------------------------------------------------------------------------------- */

static void pty_free(struct pty *pty)
{
	if (pty->tty)
		tty_destroy(pty->tty);
	kfree(pty->unsent.bytes);
	charge_return(pty->uid, CHARGE);
	slab_free(&pty_slab, pty);
}

static void pty_release(struct inode *inode)
{
	struct pty *pty = of(inode);

	spin_lock(&ptys_lock);
	list_remove(&pty->link);
	spin_unlock(&ptys_lock);
	pty_free(pty);
}

static const struct inode_ops pty_inode_ops = {.release = pty_release};
static const struct page_source_ops no_pages;

struct tty *pty_of(const struct inode *inode)
{
	return inode->ops == &pty_inode_ops ? of(inode)->tty : NULL;
}

/* In the order of numbers; the lowest that is free. False: all are taken. */
static bool enter(struct pty *pty)
{
	uint32_t number = 0;

	spin_lock(&ptys_lock);
	struct list_link *place = ptys.head.next;
	while (place != &ptys.head && LIST_ENTRY(place, struct pty, link)->number == number) {
		place = place->next;
		number++;
	}
	bool free = number < PTYS_MOST;
	pty->number = number;
	if (free)
		list_insert_before(place, &pty->link);
	spin_unlock(&ptys_lock);
	return free;
}

static int pty_make(struct pty **made)
{
	uint32_t uid = rights_caller()->uid;
	int error = charge_user(uid, CHARGE);
	struct pty *pty = error ? NULL : slab_alloc_zeroed(&pty_slab);

	if (error)
		return error;
	if (!pty) {
		charge_return(uid, CHARGE);
		return -ENOMEM;
	}
	pty->uid = uid;
	pty->locked = true;
	spinlock_init(&pty->lock, "pty");
	wait_queue_init(&pty->master);
	list_init(&pty->owners);
	inode_init(&pty->inode, devpts, &pty_inode_ops, &no_pages, S_IFCHR | 0620);
	inode_own(&pty->inode, NULL);
	pty->inode.gid = 5; /* tty: whom its owner lets write to it, as Debian mounts devpts */
	pty->inode.file_ops = &tty_file_ops;
	pty->unsent.bytes = kmalloc(TTY_UNSENT_MAX);
	pty->tty = pty->unsent.bytes ? tty_make(&line, pty) : NULL;
	if (!pty->tty || !enter(pty)) {
		error = pty->tty ? -ENOSPC : -ENOMEM;
		pty_free(pty);
		return error;
	}
	pty->inode.number = FIRST_NUMBER + pty->number;
	pty->inode.device = DEVICE(UNIX98_PTY_SLAVE_MAJOR, pty->number);
	tty_set_number(pty->tty, pty->inode.device);
	*made = pty;
	return 0;
}

/* --- the master ------------------------------------------------------------------------- */

static int master_open(struct file *file)
{
	struct pty *pty;

	if (!devpts)
		return -ENODEV;
	int error = pty_make(&pty);
	if (error)
		return error;
	file->private = pty;
	file->stream = true;
	return 0;
}

/* The name is gone before the master is. */
static void forget_name(struct pty *pty)
{
	struct dentry *root = devpts->root, *dentry;
	char name[12];

	snprintf(name, sizeof name, "%u", pty->number);
	SCOPED_MUTEX(&root->inode->lock);
	pty->master_closed = true;
	if (dentry_lookup_cached(root, name, &dentry))
		return;
	dentry_remove(dentry);
	dentry_put(dentry);
}

static void master_close(struct file *file)
{
	struct pty *pty = file->private;

	forget_name(pty);
	tty_hang_up(pty->tty);
	inode_put(&pty->inode);
}

/* Takes bytes out of the ring; how many. */
static size_t take(struct pty *pty, char *to, size_t n)
{
	size_t count = 0;
	uint32_t flags = spin_lock_irq(&pty->lock);

	while (count < n && unsent_count(&pty->unsent))
		to[count++] = (char)unsent_take(&pty->unsent);
	spin_unlock_irq(&pty->lock, flags);
	if (count)
		tty_wake_writers(pty->tty);
	return count;
}

static bool has_output(const struct pty *pty)
{
	return unsent_count(&pty->unsent);
}

/* Until there is something to read: 0, -EAGAIN, -EINTR; -EIO: and never will be. */
static int wait_for_output(struct pty *pty, bool nonblock)
{
	int error = 0;

	if (!nonblock)
		error = WAIT_INTERRUPTIBLE(&pty->master, has_output(pty) || pty->left);
	if (error || has_output(pty))
		return error;
	return pty->left ? -EIO : -EAGAIN;
}

static ssize_t master_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct pty *pty = file->private;
	size_t most = transfer->left < PAGE_SIZE ? transfer->left : PAGE_SIZE, prefix = 0, n = 0;
	char *piece = kmalloc(most);

	(void)position;
	if (!piece)
		return -ENOMEM;
	if (pty->packets)
		piece[prefix++] = TIOCPKT_DATA;
	int error = 0;
	while (!error && !n && most > prefix) { /* another reader may be quicker */
		error = wait_for_output(pty, transfer->flags & O_NONBLOCK);
		n = error ? 0 : take(pty, piece + prefix, most - prefix);
	}
	if (!error) {
		n = transfer_give(transfer, piece, prefix + n);
		error = n ? 0 : -EFAULT;
	}
	kfree(piece);
	return error ? error : (ssize_t)n;
}

/* Until the terminal takes a byte: 0, -EAGAIN, -EINTR. */
static int wait_for_room(struct pty *pty, bool nonblock)
{
	if (!nonblock)
		return WAIT_INTERRUPTIBLE(&pty->master, tty_has_room(pty->tty));
	return ROOM_OR_MARK(&pty->cut_short, tty_has_room(pty->tty)) ? 0 : -EAGAIN;
}

static ssize_t master_write(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct pty *pty = file->private;
	size_t done = 0;
	char piece[PIECE];
	int error = 0;

	(void)position;
	while (!error && transfer->left) {
		size_t n = transfer->left < PIECE ? transfer->left : PIECE;
		if (transfer_take(transfer, piece, n) < n)
			error = -EFAULT;
		for (size_t i = 0; !error && i < n; i++) {
			error = wait_for_room(pty, transfer->flags & O_NONBLOCK);
			if (!error && thread_current()->killed)
				error = -EINTR;
			if (error)
				break;
			tty_input(pty->tty, (uint8_t)piece[i]);
			done++;
		}
	}
	return done ? (ssize_t)done : error;
}

static uint32_t master_poll(struct file *file, struct poll_table *table)
{
	struct pty *pty = file->private;
	uint32_t mask = 0;

	poll_wait(table, &pty->master);
	if (has_output(pty))
		mask |= POLLIN | POLLRDNORM;
	if (pty->left)
		mask |= POLLHUP;
	if (tty_has_room(pty->tty))
		mask |= POLLOUT | POLLWRNORM;
	return mask;
}

static struct list *master_owners(struct file *file)
{
	struct pty *pty = file->private;

	return &pty->owners;
}

static int put_number(uintptr_t user_to, uint32_t number)
{
	return copy_to_user((void *)user_to, &number, sizeof number);
}

static int set_flag(bool *flag, uintptr_t user_from)
{
	int value;

	if (copy_from_user(&value, (const void *)user_from, sizeof value))
		return -EFAULT;
	*flag = value;
	return 0;
}

static int master_ioctl(struct file *file, uint32_t command, uintptr_t argument)
{
	struct pty *pty = file->private;

	switch (command) {
	case TIOCGPTN:
		return put_number(argument, pty->number);
	case TIOCSPTLCK:
		return set_flag(&pty->locked, argument);
	case TIOCGPTLCK:
		return put_number(argument, pty->locked);
	case TIOCPKT:
		return set_flag(&pty->packets, argument);
	case TIOCGPKT:
		return put_number(argument, pty->packets);
	case FIONREAD:
		return put_number(argument, line_unsent(pty->tty));
	default:
		return tty_file_command(pty->tty, command, argument);
	}
}

const struct file_ops ptmx_file_ops = {
	.read = master_read,
	.write = master_write,
	.ioctl = master_ioctl,
	.poll = master_poll,
	.owners = master_owners,
	.open = master_open,
	.close = master_close,
};

bool file_is_master(const struct file *file)
{
	return file->ops == &ptmx_file_ops;
}

struct tty *file_terminal(const struct file *file)
{
	if (file_is_master(file))
		return ((const struct pty *)file->private)->tty;
	return file->ops == &tty_file_ops ? file->private : NULL;
}

/* --- the directory ---------------------------------------------------------------------- */

/* The first that has a name, of number `from` or above, with a reference; NULL: none. */
static struct pty *next(uint32_t from)
{
	struct pty *found = NULL;

	spin_lock(&ptys_lock);
	LIST_FOR(&ptys, struct pty, pty, link)
		if (!found && pty->number >= from && !pty->master_closed &&
		    inode_try_get(&pty->inode))
			found = pty;
	spin_unlock(&ptys_lock);
	return found;
}

static int devpts_lookup(struct inode *dir, const char *name, struct inode **found)
{
	char exact[12];
	uint32_t number = 0;

	(void)dir;
	for (const char *c = name; *c >= '0' && *c <= '9' && number < PTYS_MOST; c++)
		number = number * 10 + (uint32_t)(*c - '0');
	struct pty *pty = next(number);
	if (!pty)
		return -ENOENT;
	snprintf(exact, sizeof exact, "%u", pty->number);
	if (!strcmp(exact, name)) {
		*found = &pty->inode;
		return 0;
	}
	inode_put(&pty->inode);
	return -ENOENT;
}

/* Positions: 0 and 1 for the dots, then the numbers. */
static int devpts_iterate(struct file *file, loff_t *position,
                          bool (*emit)(void *, const char *, size_t, uint32_t, loff_t, uint32_t),
                          void *context)
{
	struct pty *pty;
	char name[12];
	bool room = true;

	for (; room && *position < 2; *position += room)
		room = emit(context, "..", (size_t)*position + 1, file->inode->number,
		            *position + 1, S_IFDIR >> 12);
	while (room && (pty = next((uint32_t)*position - 2)) != NULL) {
		int length = snprintf(name, sizeof name, "%u", pty->number);
		loff_t after = (loff_t)pty->number + 3;
		room = emit(context, name, (size_t)length, pty->inode.number, after, S_IFCHR >> 12);
		if (room)
			*position = after;
		inode_put(&pty->inode);
	}
	return 0;
}

static void directory_release(struct inode *inode)
{
	kfree(inode);
}

static const struct inode_ops directory_inode_ops = {
	.lookup = devpts_lookup, .release = directory_release};
static const struct file_ops directory_ops = {.iterate = devpts_iterate};

static int devpts_statfs(struct file_system *fs, struct statfs64 *to)
{
	(void)fs;
	to->f_type = DEVPTS_SUPER_MAGIC;
	return 0;
}

static int devpts_unmount(struct file_system *fs)
{
	(void)fs;
	spin_lock(&ptys_lock);
	bool any = !list_empty(&ptys);
	if (!any)
		devpts = NULL;
	spin_unlock(&ptys_lock);
	return any ? -EBUSY : 0;
}

static const struct file_system_ops devpts_ops = {
	.statfs = devpts_statfs, .unmount = devpts_unmount};

/* There is one, since a name leads to what /dev/ptmx made. */
static int devpts_mount(struct file_system *fs, struct inode **root)
{
	if (devpts)
		return -EBUSY;
	struct inode *inode = kmalloc_zeroed(sizeof *inode);
	if (!inode)
		return -ENOMEM;
	inode_init(inode, fs, &directory_inode_ops, &no_pages, S_IFDIR | 0755);
	inode->number = 1;
	inode->links = 2;
	inode->file_ops = &directory_ops;
	fs->ops = &devpts_ops;
	devpts = fs;
	*root = inode;
	return 0;
}

const struct file_system_type devpts_type = {
	.name = "devpts",
	.names_change = true,
	.mount = devpts_mount,
};
