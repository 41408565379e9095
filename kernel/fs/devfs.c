/* SPDX-License-Identifier: MIT */
/*
 * Devices: what opening a device node gives, and the nodes of /dev, which is a tmpfs that
 * is filled when it is mounted. Numbers are Linux's (admin-guide/devices.rst), so a node
 * made by mknod or found on a disk works as well.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/major.h>

#include "kernel/dev/block.h"
#include "kernel/dev/random.h"
#include "kernel/dev/serial.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/transfer.h"
#include "kernel/log.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "vm/page.h"

#define PIECE 256u /* bytes copied over the stack at a time */

/* --- memory devices --------------------------------------------------------------------- */

static ssize_t null_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	(void)file, (void)transfer, (void)position;
	return 0;
}

static ssize_t null_write(struct file *file, struct transfer *transfer, loff_t *position)
{
	(void)file, (void)position;
	return transfer->left;
}

/* A page at a time: a signal ends it after any. */
static ssize_t zero_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	size_t done = 0, part, cleared;

	(void)file, (void)position;
	do {
		part = transfer->left < PAGE_SIZE ? transfer->left : PAGE_SIZE;
		cleared = transfer_clear(transfer, part);
		done += cleared;
	} while (cleared == part && transfer->left && !thread_current()->interrupted);
	return done ? (ssize_t)done : -EFAULT;
}

static ssize_t full_write(struct file *file, struct transfer *transfer, loff_t *position)
{
	(void)file, (void)transfer, (void)position;
	return -ENOSPC;
}

static ssize_t random_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	char piece[PIECE];
	size_t done = 0, part, given;

	(void)file, (void)position;
	do {
		part = transfer->left < PIECE ? transfer->left : PIECE;
		random_bytes(piece, part);
		given = transfer_give(transfer, piece, part);
		done += given;
	} while (given == part && transfer->left &&
	         (done % PAGE_SIZE || !thread_current()->interrupted));
	return done ? (ssize_t)done : -EFAULT;
}

/* The level that a line "<3>text" begins with, passed over, and perhaps with more in higher bits: the
 * facility, syslog(3). -1: none. */
static int take_level(const char **line)
{
	char *end;
	unsigned long priority = **line == '<' ? strtoul(*line + 1, &end, 10) : 0;

	if (**line != '<' || end == *line + 1 || *end != '>')
		return -1;
	*line = end + 1;
	return (int)(priority & 7);
}

/* Each write is a line of the kernel's log, as on Linux. */
static ssize_t kmsg_write(struct file *file, struct transfer *transfer, loff_t *position)
{
	char line[PIECE];
	size_t n = transfer->left, length = n < PIECE - 1 ? n : PIECE - 1;

	(void)file, (void)position;
	if (transfer_take(transfer, line, length) < length)
		return -EFAULT;
	while (length && line[length - 1] == '\n')
		length--;
	line[length] = '\0';
	const char *words = line;
	int level = take_level(&words);
	log_with_level(level, "%s", words);
	return n;
}

/* The log as it is now, from the position on; there is no waiting for more. */
static ssize_t kmsg_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	char piece[PIECE];
	size_t done = 0;

	(void)file;
	while (transfer->left && *position < INT32_MAX) {
		size_t wanted = transfer->left < PIECE ? transfer->left : PIECE;
		uint32_t from = log_start() + (uint32_t)*position;
		size_t part = log_read(&from, piece, wanted);

		if (!part)
			break;
		size_t given = transfer_give(transfer, piece, part);
		done += given;
		*position += given;
		if (given < part)
			return done ? (ssize_t)done : -EFAULT;
	}
	return done;
}

static const struct file_ops null_ops = {
	.at_start = true, .read = null_read, .write = null_write,
};
static const struct file_ops zero_ops = {
	.at_start = true, .read = zero_read, .write = null_write,
};
static const struct file_ops full_ops = {
	.at_start = true, .read = zero_read, .write = full_write,
};
static const struct file_ops random_ops = {
	.at_start = true, .read = random_read, .write = null_write,
};
static const struct file_ops kmsg_ops = {.read = kmsg_read, .write = kmsg_write};

/* --- the table -------------------------------------------------------------------------- */

static const struct character_device {
	const char *name;
	uint32_t number;
	uint32_t mode;
	const struct file_ops *ops;
} character_devices[] = {
	{"null", DEVICE(MEM_MAJOR, 3), 0666, &null_ops},
	{"zero", DEVICE(MEM_MAJOR, 5), 0666, &zero_ops},
	{"full", DEVICE(MEM_MAJOR, 7), 0666, &full_ops},
	{"random", DEVICE(MEM_MAJOR, 8), 0666, &random_ops},
	{"urandom", DEVICE(MEM_MAJOR, 9), 0666, &random_ops},
	{"kmsg", DEVICE(MEM_MAJOR, 11), 0644, &kmsg_ops},
	{"tty", DEVICE(TTYAUX_MAJOR, 0), 0666, &tty_file_ops},
	{"loop-control", DEVICE(MISC_MAJOR, LOOP_CONTROL_MINOR), 0600, &loop_control_ops},
	{"ptmx", DEVICE(TTYAUX_MAJOR, 2), 0666, &ptmx_file_ops},
	{"console", DEVICE(TTYAUX_MAJOR, 1), 0600, &tty_file_ops},
	{"ttyS0", DEVICE(TTY_MAJOR, SERIAL_MINOR), 0600, &tty_file_ops},
	{"ttyS1", DEVICE(TTY_MAJOR, SERIAL_MINOR + 1), 0600, &tty_file_ops},
	{"ttyS2", DEVICE(TTY_MAJOR, SERIAL_MINOR + 2), 0600, &tty_file_ops},
	{"ttyS3", DEVICE(TTY_MAJOR, SERIAL_MINOR + 3), 0600, &tty_file_ops},
};
#define CHARACTER_DEVICES (sizeof(character_devices) / sizeof(character_devices[0]))

static const struct character_device *character_device_find(uint32_t number)
{
	for (uint32_t i = 0; i < CHARACTER_DEVICES; i++)
		if (character_devices[i].number == number)
			return &character_devices[i];
	return NULL;
}

/* The file becomes one of the disk itself: its inode is the one that has the pages. */
static int block_open(struct file *file)
{
	struct inode *node = file->inode, *disk = block_node_by_number(node->device);

	if (!disk)
		return -ENXIO;
	file->inode = disk;
	file->backing.source = &disk->source;
	file->ops = disk->file_ops;
	int error = file->ops->open(file);
	if (error) {
		file->inode = node;
		node = disk;
	}
	inode_put(node);
	return error;
}

static int device_open(struct file *file)
{
	const struct character_device *device;

	if (S_ISBLK(file->inode->mode))
		return block_open(file);
	device = character_device_find(file->inode->device);
	if (!device)
		return -ENXIO;
	file->ops = device->ops;
	return file->ops->open ? file->ops->open(file) : 0;
}

const struct file_ops device_file_ops = {.open = device_open};

/* --- the nodes of /dev ------------------------------------------------------------------ */

static int populate_disks(struct dentry *root)
{
	struct block_device *device;
	int error = 0;

	for (unsigned i = 0; !error && (device = block_at(i)); i++) {
		struct inode *inode = block_node_by_name(device->name);
		if (!inode)
			continue;
		error = vfs_mknod(root, device->name, S_IFBLK | 0600, inode->device);
		inode_put(inode);
	}
	return error;
}

static int populate_links(struct dentry *root)
{
	static const char *const links[][2] = {
		{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"},
		{"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
	};
	int error = 0;

	for (unsigned i = 0; !error && i < sizeof(links) / sizeof(links[0]); i++)
		error = vfs_symlink(root, links[i][0], links[i][1]);
	return error;
}

/* A serial line that the machine lacks has no node. */
static bool is_there(const struct character_device *device)
{
	return DEVICE_MAJOR(device->number) != TTY_MAJOR ||
	       serial_tty(DEVICE_MINOR(device->number) - SERIAL_MINOR);
}

int devfs_populate(struct dentry *root)
{
	int error = inode_set_mode(root->inode, 0755);

	for (uint32_t i = 0; !error && i < CHARACTER_DEVICES; i++) {
		const struct character_device *device = &character_devices[i];

		if (is_there(device))
			error = vfs_mknod(root, device->name, S_IFCHR | device->mode, device->number);
	}
	if (!error)
		error = populate_disks(root);
	if (!error)
		error = populate_links(root);
	if (!error)
		error = vfs_mkdir(root, "shm", 01777);
	if (!error)
		error = vfs_mkdir(root, "pts", 0755);
	return error;
}
