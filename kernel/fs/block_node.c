/* SPDX-License-Identifier: MIT */
/*
 * Block devices as inodes: page i of the inode's source is block i of the disk (blocks of
 * 4 KiB; the last may be shorter). /dev/vda and the file system's own metadata are the same
 * pages.
 *
 * Programs may not open a device for writing that a file system or swap uses: their bytes
 * and the kernel's would overwrite each other's. The pages of files, and swap, go past the
 * node's pages to the disk. So these are written and dropped when a file system or swap
 * comes, when it goes, and when the last writer closes the node.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/fs.h>
#include <linux/major.h>

#include "kernel/dev/block.h"
#include "kernel/fs/fs.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/swap.h"
#include "vm/usercopy.h"

#define VIRTIO_MAJOR 254 /* Linux gives virtio disks a number from the local range */
#define VIRTIO_MINORS 16 /* minor numbers a disk: itself and 15 partitions */
#define IDE_MINORS 64

struct block_node {
	struct inode inode;
	struct block_device *device;
	bool claimed;            /* a file system is on it; mount_lock */
	uint32_t writers;        /* atomic: open files that may write */
	uint32_t users;          /* atomic: open files, and who claimed it */
	struct block_node *next;
};

/* Grows only, at its front, where a node is whole before it can be found: walked without a lock. */
static struct block_node *nodes;
static struct file_system *nodes_fs;

static struct block_node *node_of(struct inode *inode)
{
	return LIST_ENTRY(inode, struct block_node, inode);
}

static void node_read(struct page_source *source, struct frame *frame)
{
	struct block_device *device = node_of(inode_of_source(source))->device;
	uint32_t sector = frame->index * SECTORS_PER_PAGE;

	if (block_page_sectors(device, sector) < SECTORS_PER_PAGE)
		memset(frame_data(frame), 0, PAGE_SIZE);
	frame_io_start(frame, device, sector, false);
}

static void node_write(struct page_source *source, struct frame *frame)
{
	frame_io_start(frame, node_of(inode_of_source(source))->device,
	               frame->index * SECTORS_PER_PAGE, true);
}

static int node_prepare_write(struct page_source *source, struct frame *frame)
{
	(void)frame;
	return node_of(inode_of_source(source))->device->read_only ? -EROFS : 0;
}

/* A page's place is its index, so nothing is left but the disk's own cache. */
static int node_settle(struct page_source *source, bool data_only)
{
	(void)data_only;
	return block_flush(node_of(inode_of_source(source))->device);
}

static const struct page_source_ops node_source_ops = {
	.read = node_read,
	.write = node_write,
	.prepare_write = node_prepare_write,
	.get = inode_source_get,
	.put = inode_source_put,
	.describe = inode_source_describe,
	.settle = node_settle,
};

/* Never called: the list of nodes holds a reference for ever. */
static void node_release(struct inode *inode)
{
	(void)inode;
}

static const struct inode_ops node_ops = {.release = node_release};

static bool may_write(const struct file *file)
{
	return (file->flags & O_ACCMODE) != O_RDONLY;
}

static void user_add(struct block_node *node)
{
	__atomic_fetch_add(&node->users, 1, __ATOMIC_RELAXED);
}

static void user_drop(struct block_node *node)
{
	if (__atomic_sub_fetch(&node->users, 1, __ATOMIC_ACQ_REL) == 0 && node->device->unused)
		node->device->unused(node->device);
}

static int node_open(struct file *file)
{
	struct block_node *node = node_of(file->inode);

	if (may_write(file)) {
		if (node->device->read_only)
			return -EROFS;
		if (node->claimed || swap_uses_disk(node->device))
			return -EBUSY;
		__atomic_fetch_add(&node->writers, 1, __ATOMIC_RELAXED);
	}
	user_add(node);
	return 0;
}

/* The last who could write to it leaves no page behind that the disk does not have. */
static void node_close(struct file *file)
{
	struct block_node *node = node_of(file->inode);

	if (may_write(file) &&
	    __atomic_sub_fetch(&node->writers, 1, __ATOMIC_ACQ_REL) == 0 && !node->claimed)
		(void)block_node_clear(&node->inode);
	user_drop(node);
}

static int node_ioctl(struct file *file, uint32_t command, uintptr_t argument)
{
	struct block_device *device = node_of(file->inode)->device;
	uint64_t bytes = file->inode->source.size;
	uint32_t sectors = device->sectors;
	uint32_t sector_size = device->sector_size ? device->sector_size : SECTOR_SIZE;
	int read_only = device->read_only;

	switch (command) {
	case BLKGETSIZE:
		return copy_to_user((void *)argument, &sectors, sizeof(sectors));
	case BLKGETSIZE64:
		return copy_to_user((void *)argument, &bytes, sizeof(bytes));
	case BLKSSZGET:
		return copy_to_user((void *)argument, &sector_size, sizeof(sector_size));
	case BLKROGET:
		return copy_to_user((void *)argument, &read_only, sizeof(read_only));
	case BLKFLSBUF:
		return file_sync(file, false);
	default:
		return device->command ? device->command(device, command, argument, may_write(file))
		                       : -ENOTTY;
	}
}

static struct file_ops node_file_ops; /* the regular file's, with these three */

static const struct file_system_ops block_fs_ops;
static const struct file_system_type block_fs_type = {.name = "bdev"};

/* The number in the order of discovery among disks of the same kind is the name's letter. */
static uint32_t device_number(const struct block_device *device)
{
	uint32_t letter = device->name[2] - 'a';

	if (device->name[0] == 'h')
		return DEVICE(letter < 2 ? IDE0_MAJOR : IDE1_MAJOR, letter % 2 * IDE_MINORS);
	return DEVICE(VIRTIO_MAJOR, letter * VIRTIO_MINORS);
}

int block_node_add(struct block_device *device, uint32_t number)
{
	struct block_node *node = kmalloc_zeroed(sizeof(*node));

	if (!node)
		return -ENOMEM;
	inode_init(&node->inode, nodes_fs, &node_ops, &node_source_ops, S_IFBLK | 0600);
	node->inode.number = nodes ? nodes->inode.number + 1 : 1;
	node->inode.device = number;
	node->inode.file_ops = &node_file_ops;
	node->device = device;
	node->next = nodes;
	block_node_resized(&node->inode);
	__atomic_store_n(&nodes, node, __ATOMIC_RELEASE);
	return 0;
}

int block_nodes_init(void)
{
	struct block_device *device;
	int error = 0;

	nodes_fs = file_system_create(&block_fs_type, "");
	if (!nodes_fs)
		return -ENOMEM;
	nodes_fs->ops = &block_fs_ops;
	node_file_ops = regular_file_ops;
	node_file_ops.open = node_open;
	node_file_ops.close = node_close;
	node_file_ops.ioctl = node_ioctl;
	for (unsigned i = 0; !error && (device = block_at(i)); i++)
		error = block_node_add(device, device_number(device));
	return error;
}

void block_node_resized(struct inode *inode)
{
	inode->source.size = (uint64_t)node_of(inode)->device->sectors * SECTOR_SIZE;
	inode->source.depth = node_of(inode)->device->depth;
}

struct inode *block_node_by_name(const char *name)
{
	if (!strncmp(name, "/dev/", 5))
		name += 5;
	for (struct block_node *node = nodes; node; node = node->next)
		if (!strcmp(node->device->name, name))
			return inode_get(&node->inode);
	return NULL;
}

struct inode *block_node_by_number(uint32_t number)
{
	for (struct block_node *node = nodes; node; node = node->next)
		if (node->inode.device == number)
			return node->device->gone ? NULL : inode_get(&node->inode);
	return NULL;
}

struct block_device *block_node_device(struct inode *inode)
{
	return node_of(inode)->device;
}

void block_node_claim(struct inode *inode, bool claimed)
{
	node_of(inode)->claimed = claimed;
	if (claimed)
		user_add(node_of(inode));
	else
		user_drop(node_of(inode));
}

uint32_t block_node_users(const struct inode *inode)
{
	return __atomic_load_n(&LIST_ENTRY(inode, const struct block_node, inode)->users,
	                       __ATOMIC_ACQUIRE);
}

bool block_node_claimed(struct inode *inode)
{
	return node_of(inode)->claimed;
}

int block_node_clear(struct inode *inode)
{
	uint32_t told = inode->source.write_errors;
	int error = pagecache_make_durable(&inode->source, 0, UINT32_MAX, false, &told);

	/* What the disk refuses nobody could ever be rid of: it is lost, as fsync(2) has told. */
	if (error)
		pagecache_truncate(&inode->source, 0);
	else
		pagecache_drop_clean_of(&inode->source);
	return error;
}

int vfs_device_clear(const struct block_device *device)
{
	for (struct block_node *node = nodes; node; node = node->next)
		if (node->device == device)
			return block_node_clear(&node->inode);
	return 0;
}

int block_nodes_sync(void)
{
	int result = 0;

	for (struct block_node *node = nodes; node; node = node->next) {
		uint32_t told = node->inode.source.write_errors;
		int error = node->claimed ? 0 : pagecache_make_durable(&node->inode.source, 0,
		                                                       UINT32_MAX, false, &told);
		result = result ? result : error;
	}
	return result;
}

uint32_t block_nodes_cached(void)
{
	uint32_t pages = 0;

	for (struct block_node *node = nodes; node; node = node->next)
		pages += node->inode.source.cached;
	return pages;
}
