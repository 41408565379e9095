/* SPDX-License-Identifier: MIT */
/*
 * The console terminal as a file: /dev/tty, /dev/console, /dev/ttyS0 are the same one.
 * kernel/dev/tty does the line discipline, on kernel memory; here bytes are copied from and
 * to programs, and the ioctls of tty_ioctl(4) are unpacked, but for those about sessions and
 * process groups, which userprog answers.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/poll.h>

#include "kernel/dev/tty.h"
#include "kernel/fs/fs.h"
#include "vm/usercopy.h"

#define PIECE 512u /* bytes copied over the stack at a time */

static int tty_open(struct file *file)
{
	file->stream = true;
	return 0;
}

static ssize_t tty_file_read(struct file *file, void *user_to, size_t n, loff_t *position)
{
	char piece[PIECE];

	(void)position;
	ssize_t length = tty_read(&console_tty, piece, n < PIECE ? n : PIECE,
	                          file->flags & O_NONBLOCK);
	if (length > 0 && copy_to_user(user_to, piece, length))
		return -EFAULT;
	return length;
}

static ssize_t tty_file_write(struct file *file, const void *user_from, size_t n, loff_t *position)
{
	char piece[PIECE];
	size_t done = 0;

	(void)file, (void)position;
	while (done < n) {
		size_t part = n - done < PIECE ? n - done : PIECE;

		if (copy_from_user(piece, (const char *)user_from + done, part))
			return done ? (ssize_t)done : -EFAULT;
		ssize_t written = tty_write(&console_tty, piece, part);
		if (written <= 0)
			return done ? (ssize_t)done : written;
		done += written;
	}
	return done;
}

static uint32_t tty_file_poll(struct file *file, struct poll_table *table)
{
	(void)file;
	poll_wait(table, tty_readers(&console_tty));
	uint32_t mask = POLLOUT | POLLWRNORM;
	if (tty_readable(&console_tty))
		mask |= POLLIN | POLLRDNORM;
	return mask;
}

/* --- ioctls ----------------------------------------------------------------------------- */

static int put_number(uintptr_t user_to, int number)
{
	return copy_to_user((void *)user_to, &number, sizeof(number));
}

static int get_settings(uintptr_t user_to)
{
	struct termios settings;

	tty_get_termios(&console_tty, &settings);
	return copy_to_user((void *)user_to, &settings, sizeof(settings));
}

static int set_settings(uintptr_t user_from, uint32_t command)
{
	struct termios settings;

	if (copy_from_user(&settings, (const void *)user_from, sizeof(settings)))
		return -EFAULT;
	tty_set_termios(&console_tty, &settings, command != TCSETS, command == TCSETSF);
	return 0;
}

static int get_window(uintptr_t user_to)
{
	struct winsize window;

	tty_get_window(&console_tty, &window);
	return copy_to_user((void *)user_to, &window, sizeof(window));
}

static int set_window(uintptr_t user_from)
{
	struct winsize window;

	if (copy_from_user(&window, (const void *)user_from, sizeof(window)))
		return -EFAULT;
	tty_set_window(&console_tty, &window);
	return 0;
}

static int flush(uintptr_t which)
{
	if (which > TCIOFLUSH)
		return -EINVAL;
	tty_flush(&console_tty, which != TCOFLUSH, which != TCIFLUSH);
	return 0;
}

static int tty_ioctl(struct file *file, uint32_t command, uintptr_t argument)
{
	(void)file;
	switch (command) {
	case TCGETS:
		return get_settings(argument);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_settings(argument, command);
	case TIOCGWINSZ:
		return get_window(argument);
	case TIOCSWINSZ:
		return set_window(argument);
	case TCFLSH:
		return flush(argument);
	case TCSBRK:
	case TCSBRKP:
		return 0; /* output is written when write returns, and no break is sent */
	case FIONREAD:
		return put_number(argument, tty_pending(&console_tty));
	case TIOCOUTQ:
		return put_number(argument, 0);
	default:
		return -ENOTTY;
	}
}

const struct file_ops tty_file_ops = {
	.read = tty_file_read,
	.write = tty_file_write,
	.ioctl = tty_ioctl,
	.poll = tty_file_poll,
	.open = tty_open,
};
