/* SPDX-License-Identifier: MIT */
/*
 * Terminals as files. /dev/console and /dev/ttyS0 are the same one, the console;
 * /dev/ttyS1 to ttyS3 are the further serial lines that the machine has; /dev/pts/N are
 * pseudo-terminals (devpts.c). /dev/tty is the one that controls the caller's session.
 * kernel/dev/tty does the line discipline, on kernel memory; here bytes are copied from and
 * to programs, and the ioctls of tty_ioctl(4) are unpacked, but for those about sessions and
 * process groups, which userprog answers.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/poll.h>

#include <linux/major.h>

#include "kernel/dev/serial.h"
#include "kernel/dev/tty.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/pty.h"
#include "kernel/fs/transfer.h"
#include "kernel/mem/slab.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define PIECE PAGE_SIZE /* bytes that pass through the kernel at a time */

#define OWN_TERMINAL DEVICE(TTYAUX_MAJOR, 0)

static struct tty *tty_of(const struct file *file)
{
	return file->private;
}

/* What the device is; /dev/tty is the terminal of who asks. Held, if it is a pseudo-terminal. */
static struct tty *find(const struct file *file)
{
	const struct inode *inode = file->inode;

	if (pty_of(inode)) {
		inode_get(file->inode);
		return pty_of(inode);
	}
	if (inode->device == OWN_TERMINAL)
		return tty_of_session(tty_caller_session(), true);
	if (DEVICE_MAJOR(inode->device) == TTY_MAJOR)
		return serial_tty(DEVICE_MINOR(inode->device) - SERIAL_MINOR);
	return &console_tty;
}

static void let_go(struct tty *tty)
{
	if (pty_inode(tty))
		inode_put(pty_inode(tty));
}

static int tty_open(struct file *file)
{
	struct tty *tty = find(file);

	if (!tty)
		return -ENXIO;
	int error = pty_inode(tty) ? pty_may_open(tty) : 0;
	if (error) {
		let_go(tty);
		return error;
	}
	file->private = tty;
	file->stream = true;
	tty_opened(tty);
	return 0;
}

static void tty_close(struct file *file)
{
	struct tty *tty = tty_of(file);

	tty_closed(tty);
	let_go(tty);
}

/* Through a buffer of the kernel's that has room for the longest line. */
static ssize_t tty_file_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	size_t most = transfer->left < PIECE ? transfer->left : PIECE;
	char *piece = kmalloc(most);

	(void)position;
	if (!piece)
		return -ENOMEM;
	ssize_t length = tty_read(tty_of(file), piece, most, transfer->flags & O_NONBLOCK);
	if (length > 0) {
		size_t given = transfer_give(transfer, piece, length);
		length = given ? (ssize_t)given : -EFAULT;
	}
	kfree(piece);
	return length;
}

static ssize_t tty_file_write(struct file *file, struct transfer *transfer, loff_t *position)
{
	char *piece = kmalloc(transfer->left < PIECE ? transfer->left : PIECE);
	size_t done = 0;
	ssize_t written = piece ? 0 : -ENOMEM;

	(void)position;
	while (written >= 0 && transfer->left) {
		size_t part = transfer->left < PIECE ? transfer->left : PIECE;

		written = -EFAULT;
		if (transfer_take(transfer, piece, part) == part)
			written = tty_write(tty_of(file), piece, part,
			                    transfer->flags & O_NONBLOCK);
		if (written > 0)
			done += written;
		if (written < (ssize_t)part)
			break;
	}
	kfree(piece);
	return done ? (ssize_t)done : written;
}

static uint32_t tty_file_poll(struct file *file, struct poll_table *table)
{
	struct tty *tty = tty_of(file);
	uint32_t mask = 0;

	poll_wait(table, tty_readers(tty));
	poll_wait(table, tty_writers(tty));
	if (tty_is_hung_up(tty))
		mask |= POLLHUP | POLLERR | POLLIN | POLLRDNORM;
	if (tty_writable(tty))
		mask |= POLLOUT | POLLWRNORM;
	if (tty_readable(tty))
		mask |= POLLIN | POLLRDNORM;
	return mask;
}

static struct list *tty_file_owners(struct file *file)
{
	return tty_owners(tty_of(file));
}

/* --- ioctls ----------------------------------------------------------------------------- */

static int put_number(uintptr_t user_to, int number)
{
	return copy_to_user((void *)user_to, &number, sizeof(number));
}

static int get_settings(struct tty *tty, uintptr_t user_to)
{
	struct termios settings;

	tty_get_termios(tty, &settings);
	return copy_to_user((void *)user_to, &settings, sizeof(settings));
}

static int set_settings(struct tty *tty, uintptr_t user_from, uint32_t command)
{
	struct termios settings;

	if (copy_from_user(&settings, (const void *)user_from, sizeof(settings)))
		return -EFAULT;
	return tty_set_termios(tty, &settings, command != TCSETS, command == TCSETSF);
}

static int get_window(struct tty *tty, uintptr_t user_to)
{
	struct winsize window;

	tty_get_window(tty, &window);
	return copy_to_user((void *)user_to, &window, sizeof(window));
}

static int set_window(struct tty *tty, uintptr_t user_from)
{
	struct winsize window;

	if (copy_from_user(&window, (const void *)user_from, sizeof(window)))
		return -EFAULT;
	tty_set_window(tty, &window);
	return 0;
}

static int flush(struct tty *tty, uintptr_t which)
{
	if (which > TCIOFLUSH)
		return -EINVAL;
	tty_flush(tty, which != TCOFLUSH, which != TCIFLUSH);
	return 0;
}

int tty_file_command(struct tty *tty, uint32_t command, uintptr_t argument)
{
	switch (command) {
	case TCGETS:
		return get_settings(tty, argument);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_settings(tty, argument, command);
	case TIOCGWINSZ:
		return get_window(tty, argument);
	case TIOCSWINSZ:
		return set_window(tty, argument);
	case TCFLSH:
		return flush(tty, argument);
	case TCSBRK:
	case TCSBRKP:
		return tty_drain(tty); /* no break is sent */
	case FIONREAD:
		return put_number(argument, tty_pending(tty));
	case TIOCOUTQ:
		return put_number(argument, tty_unsent(tty));
	default:
		return -ENOTTY;
	}
}

static int tty_ioctl(struct file *file, uint32_t command, uintptr_t argument)
{
	struct tty *tty = tty_of(file);

	return tty_is_hung_up(tty) ? -EIO : tty_file_command(tty, command, argument);
}

const struct file_ops tty_file_ops = {
	.read = tty_file_read,
	.write = tty_file_write,
	.ioctl = tty_ioctl,
	.poll = tty_file_poll,
	.owners = tty_file_owners,
	.open = tty_open,
	.close = tty_close,
};
