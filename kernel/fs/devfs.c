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
#include "kernel/fs/fs.h"
#include "kernel/log.h"
#include "vm/usercopy.h"

#define PIECE 256u /* bytes copied over the stack at a time */

/* --- memory devices --------------------------------------------------------------------- */

static ssize_t null_read(struct file *file, void *user_to, size_t n, loff_t *position)
{
	(void)file, (void)user_to, (void)n, (void)position;
	return 0;
}

static ssize_t null_write(struct file *file, const void *user_from, size_t n, loff_t *position)
{
	(void)file, (void)user_from, (void)position;
	return n;
}

static ssize_t zero_read(struct file *file, void *user_to, size_t n, loff_t *position)
{
	(void)file, (void)position;
	return clear_user(user_to, n) ? -EFAULT : (ssize_t)n;
}

static ssize_t full_write(struct file *file, const void *user_from, size_t n, loff_t *position)
{
	(void)file, (void)user_from, (void)position;
	return n ? -ENOSPC : 0;
}

static ssize_t random_read(struct file *file, void *user_to, size_t n, loff_t *position)
{
	char piece[PIECE];

	(void)file, (void)position;
	for (size_t done = 0; done < n;) {
		size_t part = n - done < PIECE ? n - done : PIECE;

		random_bytes(piece, part);
		if (copy_to_user((char *)user_to + done, piece, part))
			return done ? (ssize_t)done : -EFAULT;
		done += part;
	}
	return n;
}

/* Each write is a line of the kernel's log, as on Linux. */
static ssize_t kmsg_write(struct file *file, const void *user_from, size_t n, loff_t *position)
{
	char line[PIECE];
	size_t length = n < PIECE - 1 ? n : PIECE - 1;

	(void)file, (void)position;
	if (copy_from_user(line, user_from, length))
		return -EFAULT;
	while (length && line[length - 1] == '\n')
		length--;
	line[length] = '\0';
	log_print("%s", line);
	return n;
}

/* The log as it is now, from the position on; there is no waiting for more. */
static ssize_t kmsg_read(struct file *file, void *user_to, size_t n, loff_t *position)
{
	char piece[PIECE];
	size_t done = 0;

	(void)file;
	while (done < n && *position < INT32_MAX) {
		size_t wanted = n - done < PIECE ? n - done : PIECE;
		size_t part = log_read_from(*position, piece, wanted);

		if (!part)
			break;
		if (copy_to_user((char *)user_to + done, piece, part))
			return done ? (ssize_t)done : -EFAULT;
		done += part;
		*position += part;
	}
	return done;
}

static const struct file_ops null_ops = {.read = null_read, .write = null_write};
static const struct file_ops zero_ops = {.read = zero_read, .write = null_write};
static const struct file_ops full_ops = {.read = zero_read, .write = full_write};
static const struct file_ops random_ops = {.read = random_read, .write = null_write};
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
	{"console", DEVICE(TTYAUX_MAJOR, 1), 0600, &tty_file_ops},
	{"ttyS0", DEVICE(TTY_MAJOR, 64), 0600, &tty_file_ops},
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

int devfs_populate(struct dentry *root)
{
	int error = inode_set_mode(root->inode, 0755);

	for (uint32_t i = 0; !error && i < CHARACTER_DEVICES; i++)
		error = vfs_mknod(root, character_devices[i].name,
		                  S_IFCHR | character_devices[i].mode, character_devices[i].number);
	if (!error)
		error = populate_disks(root);
	if (!error)
		error = populate_links(root);
	if (!error)
		error = vfs_mkdir(root, "shm", 01777);
	return error;
}
