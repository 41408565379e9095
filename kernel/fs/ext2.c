/* SPDX-License-Identifier: MIT */
/*
 * ext2: mounting, inodes between disk and memory, and the disk's state.
 *
 * Each change of an inode is written through to its table in the page cache, so that a
 * sync has only pages to write. The superblock says "clean" from the end of a sync to the
 * next change: a machine that is switched off after a sync leaves a clean disk.
 */
#include "kernel/fs/ext2.h"

#include <asm/errno.h>
#include <linux/magic.h>

#include "kernel/dev/block.h"
#include "kernel/log.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "vm/frame.h"
#include "vm/pagecache.h"

#define MEMORY_WAIT_NS (10 * 1000 * 1000ull)

static struct slab_cache inode_slab = SLAB_CACHE("ext2_inode", sizeof(struct ext2_inode));

void ext2_complain(struct ext2 *ext2, const char *what, uint32_t number)
{
	log_print("ext2 on %s: %s %u (e2fsck would tell more)", ext2->fs->source, what, number);
}

int ext2_block_get(struct ext2 *ext2, uint32_t block, bool change, struct frame **frame,
                   void **data)
{
	int error;

	if (block >= ext2->blocks)
		return -EIO;
	error = change ? pagecache_get_for_write(ext2->disk, block, false, frame)
	               : pagecache_get(ext2->disk, block, frame);
	if (!error)
		*data = frame_data(*frame);
	return error;
}

void ext2_block_put(struct frame *frame, bool changed)
{
	if (changed)
		pagecache_dirty(frame);
	frame_unpin(frame);
}

bool ext2_waited_for_memory(int error)
{
	if (error != -ENOMEM)
		return false;
	thread_sleep_until(clock_now() + MEMORY_WAIT_NS);
	return true;
}

/* --- the disk's state ------------------------------------------------------------------- */

/* Writes "clean" or not into the superblock; alloc_lock held. */
static int state_write(struct ext2 *ext2, bool clean)
{
	struct frame *frame;
	void *data;
	int error = ext2_block_get(ext2, 0, true, &frame, &data);

	if (error)
		return error;
	struct ext2_super *super = (struct ext2_super *)((char *)data + EXT2_SUPER_OFFSET);
	if (clean)
		super->state |= EXT2_STATE_CLEAN;
	else
		super->state &= ~EXT2_STATE_CLEAN;
	super->write_time = inode_now();
	ext2_block_put(frame, true);
	ext2->clean = clean;
	return 0;
}

static void count_change(struct ext2 *ext2)
{
	__atomic_fetch_add(&ext2->changes, 1, __ATOMIC_SEQ_CST);
}

int ext2_changing_locked(struct ext2 *ext2)
{
	ASSERT(mutex_held(&ext2->alloc_lock));
	count_change(ext2);
	return ext2->clean ? state_write(ext2, false) : 0;
}

/* From here to changing_end the disk is not clean. */
static int changing_start(struct ext2 *ext2)
{
	int error = 0;

	__atomic_fetch_add(&ext2->pinned, 1, __ATOMIC_SEQ_CST);
	count_change(ext2);
	if (!__atomic_load_n(&ext2->clean, __ATOMIC_SEQ_CST))
		return 0;
	mutex_lock(&ext2->alloc_lock);
	error = ext2_changing_locked(ext2);
	mutex_unlock(&ext2->alloc_lock);
	if (error)
		__atomic_fetch_sub(&ext2->pinned, 1, __ATOMIC_SEQ_CST);
	return error;
}

static void changing_end(struct ext2 *ext2)
{
	__atomic_fetch_sub(&ext2->pinned, 1, __ATOMIC_SEQ_CST);
}

/* All is written that had changed when so many changes were counted. Says "clean" first and
 * looks for newer ones then: who begins to change something does it the other way round, so
 * that one of the two sees the other. */
static int become_clean(struct ext2 *ext2, uint32_t changes)
{
	SCOPED_MUTEX(&ext2->alloc_lock);
	__atomic_store_n(&ext2->clean, true, __ATOMIC_SEQ_CST);
	bool changed = __atomic_load_n(&ext2->changes, __ATOMIC_SEQ_CST) != changes ||
	               __atomic_load_n(&ext2->pinned, __ATOMIC_SEQ_CST);
	int error = changed ? 0 : state_write(ext2, true);
	if (changed || error)
		ext2->clean = false;
	return error;
}

/* --- inodes ----------------------------------------------------------------------------- */

/* The inode's place in the table: pinned frame and address. */
static int table_get(struct ext2 *ext2, uint32_t number, bool change, struct frame **frame,
                     struct ext2_disk_inode **found)
{
	uint32_t group = (number - 1) / ext2->inodes_per_group;
	uint32_t offset = (number - 1) % ext2->inodes_per_group * ext2->inode_size;
	void *data;
	int error = ext2_block_get(ext2, 1 + group / EXT2_GROUPS_PER_BLOCK, false, frame, &data);

	if (error)
		return error;
	uint32_t table = ((struct ext2_group *)data)[group % EXT2_GROUPS_PER_BLOCK].inode_table;
	ext2_block_put(*frame, false);
	error = ext2_block_get(ext2, table + offset / EXT2_BLOCK_SIZE, change, frame, &data);
	if (!error)
		*found = (struct ext2_disk_inode *)((char *)data + offset % EXT2_BLOCK_SIZE);
	return error;
}

static const struct file_ops *file_ops_for(uint32_t mode)
{
	if (S_ISREG(mode))
		return &regular_file_ops;
	return S_ISDIR(mode) ? &ext2_directory_ops : inode_special_ops(mode);
}

static struct ext2_inode *inode_new(struct ext2 *ext2, uint32_t number, uint32_t mode)
{
	struct ext2_inode *file = slab_alloc_zeroed(&inode_slab);

	if (!file)
		return NULL;
	inode_init(&file->inode, ext2->fs, &ext2_inode_ops, &ext2_source_ops, mode);
	file->inode.number = number;
	file->inode.file_ops = file_ops_for(mode);
	file->inode.private = file;
	file->ext2 = ext2;
	mutex_init(&file->map_lock, "ext2 map");
	return file;
}

/* A device number is in block[0] in the old form, or else in block[1] in the new one. */
static uint32_t device_decode(const uint32_t *block)
{
	return block[0] ? block[0] : block[1] & 0xfffff;
}

static void inode_decode(struct ext2_inode *file, const struct ext2_disk_inode *disk)
{
	struct inode *inode = &file->inode;

	inode->links = disk->links;
	inode->uid = disk->uid | (uint32_t)disk->uid_high << 16;
	inode->gid = disk->gid | (uint32_t)disk->gid_high << 16;
	inode->blocks = disk->blocks;
	inode->atime = disk->atime;
	inode->mtime = disk->mtime;
	inode->ctime = disk->ctime;
	inode->source.size = disk->size;
	if (S_ISREG(inode->mode))
		inode->source.size |= (uint64_t)disk->size_high << 32;
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		inode->device = device_decode(disk->block);
	memcpy(file->block, disk->block, sizeof(file->block));
	file->flags = disk->flags;
	file->generation = disk->generation;
	file->attributes = disk->attributes;
}

/* Reads the inode and enters it into the cache; load_lock held. */
static int inode_load(struct ext2 *ext2, uint32_t number, struct inode **loaded)
{
	struct ext2_disk_inode *disk;
	struct frame *frame;
	int error = table_get(ext2, number, false, &frame, &disk);

	if (error)
		return error;
	if (!disk->links || !disk->mode) {
		ext2_block_put(frame, false);
		ext2_complain(ext2, "a name refers to a deleted file:", number);
		return -EIO;
	}
	struct ext2_inode *file = inode_new(ext2, number, disk->mode);
	if (file)
		inode_decode(file, disk);
	ext2_block_put(frame, false);
	if (!file)
		return -ENOMEM;
	inode_cache(&file->inode);
	*loaded = &file->inode;
	return 0;
}

int ext2_inode_get(struct ext2 *ext2, uint32_t number, struct inode **found)
{
	bool possible = number == EXT2_ROOT_INODE ||
	                (number >= ext2->first_inode && number <= ext2->inodes);

	if (!possible) {
		ext2_complain(ext2, "a name refers to an impossible inode:", number);
		return -EIO;
	}
	*found = inode_find(ext2->fs, number);
	if (*found)
		return 0;
	SCOPED_MUTEX(&ext2->load_lock);
	*found = inode_find(ext2->fs, number);
	return *found ? 0 : inode_load(ext2, number, found);
}

int ext2_inode_create(struct inode *dir, uint32_t mode, uint32_t device, struct ext2_inode **made)
{
	struct ext2 *ext2 = dir->fs->private;
	struct ext2_inode *file = inode_new(ext2, 0, mode);

	if (!file)
		return -ENOMEM;
	int error = ext2_number_alloc(ext2, dir->number, S_ISDIR(mode), &file->inode.number);
	if (error) {
		slab_free(&inode_slab, file);
		return error;
	}
	inode_own(&file->inode, dir);
	file->generation = (uint32_t)clock_now();
	file->inode.device = device;
	if (S_ISCHR(mode) || S_ISBLK(mode))
		file->block[0] = device;
	inode_cache(&file->inode);
	*made = file;
	return 0;
}

static void inode_encode(struct ext2_inode *file, struct ext2_disk_inode *disk)
{
	struct inode *inode = &file->inode;

	disk->mode = inode->mode;
	disk->links = inode->links;
	disk->uid = inode->uid;
	disk->uid_high = inode->uid >> 16;
	disk->gid = inode->gid;
	disk->gid_high = inode->gid >> 16;
	disk->size = inode->source.size;
	disk->size_high = S_ISREG(inode->mode) ? inode->source.size >> 32 : 0;
	disk->blocks = inode->blocks;
	disk->atime = inode->atime;
	disk->mtime = inode->mtime;
	disk->ctime = inode->ctime;
	disk->dtime = file->dtime;
	disk->flags = file->flags;
	disk->attributes = file->attributes;
	memcpy(disk->block, file->block, sizeof(disk->block));
}

int ext2_inode_pin_locked(struct ext2_inode *file)
{
	ASSERT(mutex_held(&file->map_lock));
	if (!file->pins) {
		int error = changing_start(file->ext2);
		if (error)
			return error;
		error = table_get(file->ext2, file->inode.number, true, &file->table, &file->disk);
		if (error) {
			changing_end(file->ext2);
			return error;
		}
	}
	file->pins++;
	return 0;
}

void ext2_inode_unpin_locked(struct ext2_inode *file)
{
	ASSERT(mutex_held(&file->map_lock) && file->pins);
	if (--file->pins)
		return;
	ext2_block_put(file->table, false);
	changing_end(file->ext2);
}

void ext2_inode_write_locked(struct ext2_inode *file)
{
	ASSERT_SAYING(file->pins, "an inode is written that may not be in memory");
	/* A number used before: what the larger inodes of today keep behind is not ours. */
	if (file->disk->generation != file->generation) {
		memset(file->disk, 0, file->ext2->inode_size);
		file->disk->generation = file->generation;
	}
	inode_encode(file, file->disk);
	pagecache_dirty(file->table);
	count_change(file->ext2);
}

int ext2_inode_pin(struct inode *inode)
{
	SCOPED_MUTEX(&ext2_inode(inode)->map_lock);
	return ext2_inode_pin_locked(ext2_inode(inode));
}

void ext2_inode_unpin(struct inode *inode)
{
	SCOPED_MUTEX(&ext2_inode(inode)->map_lock);
	ext2_inode_unpin_locked(ext2_inode(inode));
}

void ext2_inode_write(struct inode *inode)
{
	SCOPED_MUTEX(&ext2_inode(inode)->map_lock);
	ext2_inode_write_locked(ext2_inode(inode));
}

int ext2_inode_store(struct inode *inode)
{
	if (inode->fs->read_only)
		return 0;
	int error = ext2_inode_pin(inode);
	if (error)
		return error;
	ext2_inode_write(inode);
	ext2_inode_unpin(inode);
	return 0;
}

/* --- deleting --------------------------------------------------------------------------- */

/* The block of extended attributes, which several files may share. */
static int attributes_free(struct ext2_inode *file)
{
	struct ext2_attributes *header;
	struct frame *frame;
	void *data;

	int error;

	if (!file->attributes)
		return 0;
	do {
		error = ext2_block_get(file->ext2, file->attributes, true, &frame, &data);
	} while (ext2_waited_for_memory(error));
	if (error)
		return error;
	header = data;
	bool shared = header->magic == EXT2_ATTRIBUTES_MAGIC && header->references > 1;
	if (shared)
		header->references--;
	ext2_block_put(frame, shared);
	if (!shared)
		error = ext2_block_free(file->ext2, file->attributes);
	file->attributes = 0;
	file->inode.blocks -= SECTORS_PER_PAGE;
	return error;
}

bool ext2_is_fast_link(const struct ext2_inode *file)
{
	uint32_t blocks = file->attributes ? SECTORS_PER_PAGE : 0;

	return S_ISLNK(file->inode.mode) && file->inode.blocks == blocks;
}

/* Gives back all that the file has on the disk, its number last. -EIO. */
static int give_back(struct ext2_inode *file)
{
	struct inode *inode = &file->inode;

	inode->source.size = 0;
	mutex_lock(&file->map_lock);
	mutex_unlock(&file->map_lock); /* as in ext2_truncate */
	pagecache_truncate(&inode->source, 0);
	int error;
	do {
		error = ext2_inode_pin(inode);
	} while (ext2_waited_for_memory(error));
	if (error)
		return error;
	SCOPED_MUTEX(&file->map_lock);
	bool has_blocks = S_ISREG(inode->mode) || S_ISDIR(inode->mode) ||
	                  (S_ISLNK(inode->mode) && !ext2_is_fast_link(file));
	error = has_blocks ? ext2_blocks_free(file, 0) : 0;
	if (!error)
		error = attributes_free(file);
	file->dtime = inode_now();
	ext2_inode_write_locked(file);
	ext2_inode_unpin_locked(file);
	file->deleted = true;
	return error ? error : ext2_number_free(file->ext2, inode->number, S_ISDIR(inode->mode));
}

static void delete_orphan(struct inode *inode)
{
	struct ext2_inode *file = ext2_inode(inode);

	if (inode->links == 0 && !file->deleted && give_back(file))
		ext2_complain(file->ext2, "not all of a deleted file is freed:", inode->number);
}

void ext2_release(struct inode *inode)
{
	if (!inode->fs->read_only)
		delete_orphan(inode);
	if (inode->source.cached)
		pagecache_truncate(&inode->source, 0);
	slab_free(&inode_slab, ext2_inode(inode));
}

/* --- to the disk ------------------------------------------------------------------------ */

/* All metadata: which of it is this inode's is not known. */
int ext2_inode_sync(struct inode *inode)
{
	struct ext2 *ext2 = inode->fs->private;
	int error = pagecache_sync(ext2->disk, 0, UINT32_MAX);

	return error ? error : block_flush(inode->fs->disk);
}

static int ext2_sync(struct file_system *fs, bool last)
{
	struct ext2 *ext2 = fs->private;
	uint32_t changes = __atomic_load_n(&ext2->changes, __ATOMIC_SEQ_CST);

	if (fs->read_only)
		return 0;
	if (last) {
		inode_for_each(fs, delete_orphan);
		pagecache_sync_all();
		changes = ext2->changes;
	}
	int error = ext2_inode_sync(fs->root->inode);
	if (error || ext2->clean)
		return error;
	error = become_clean(ext2, changes);
	return error ? error : ext2_inode_sync(fs->root->inode);
}

static const struct file_system_ops ext2_ops = {
	.statfs = ext2_statfs,
	.sync = ext2_sync,
};

/* --- mounting --------------------------------------------------------------------------- */

/* What is wrong with the superblock, in words, or NULL. */
static const char *super_check(const struct ext2_super *super, uint64_t disk_bytes)
{
	uint32_t inode_size = super->revision ? super->inode_size : EXT2_GOOD_OLD_INODE_SIZE;

	if (super->magic != EXT2_SUPER_MAGIC)
		return "there is no ext2 on it";
	if (super->log_block_size != 2)
		return "its blocks are not of 4096 bytes; make it with mke2fs -b 4096";
	if (super->revision > 1)
		return "its revision is newer than 1";
	if (super->revision && super->incompatible & ~EXT2_INCOMPATIBLE_FILETYPE)
		return "it has features that ext2 cannot read; make it with mke2fs -t ext2";
	if (super->first_data_block != 0 || !super->blocks_count || !super->blocks_per_group ||
	    super->blocks_per_group > 8 * EXT2_BLOCK_SIZE || !super->inodes_per_group ||
	    super->inodes_per_group > 8 * EXT2_BLOCK_SIZE)
		return "its superblock makes no sense";
	if (inode_size < EXT2_GOOD_OLD_INODE_SIZE || inode_size > EXT2_BLOCK_SIZE ||
	    inode_size & (inode_size - 1))
		return "its inodes have a strange size";
	if ((uint64_t)super->blocks_count * EXT2_BLOCK_SIZE > disk_bytes)
		return "it is larger than the disk";
	return NULL;
}

static void super_decode(struct ext2 *ext2, const struct ext2_super *super)
{
	bool dynamic = super->revision > 0;
	uint32_t features = dynamic ? super->read_only_compatible : 0;

	ext2->blocks = super->blocks_count;
	ext2->inodes = super->inodes_count;
	ext2->blocks_per_group = super->blocks_per_group;
	ext2->inodes_per_group = super->inodes_per_group;
	ext2->groups = (super->blocks_count - 1) / super->blocks_per_group + 1;
	ext2->inode_size = dynamic ? super->inode_size : EXT2_GOOD_OLD_INODE_SIZE;
	ext2->first_inode = dynamic ? super->first_inode : EXT2_GOOD_OLD_FIRST_INODE;
	ext2->has_types = dynamic && super->incompatible & EXT2_INCOMPATIBLE_FILETYPE;
	ext2->may_be_large = dynamic;
	ext2->large_files = features & EXT2_RO_LARGE_FILE;
	ext2->clean = super->state & EXT2_STATE_CLEAN;
	if (features & ~(EXT2_RO_SPARSE_SUPER | EXT2_RO_LARGE_FILE)) {
		log_print("ext2 on %s: it has features that ext2 cannot write: read-only",
		          ext2->fs->source);
		ext2->fs->read_only = true;
	}
	if (ext2->fs->disk->read_only)
		ext2->fs->read_only = true;
	if (!ext2->clean || super->state & EXT2_STATE_ERRORS)
		log_print("ext2 on %s: it was not left clean; e2fsck may find something",
		          ext2->fs->source);
}

static int super_read(struct ext2 *ext2)
{
	struct frame *frame;
	int error = pagecache_get(ext2->disk, 0, &frame);

	if (error)
		return error;
	const struct ext2_super *super =
		(const struct ext2_super *)((char *)frame_data(frame) + EXT2_SUPER_OFFSET);
	const char *wrong = super_check(super, ext2->disk->size);
	if (wrong)
		log_print("ext2 on %s: %s", ext2->fs->source, wrong);
	else
		super_decode(ext2, super);
	frame_unpin(frame);
	return wrong ? -EINVAL : 0;
}

static int ext2_mount(struct file_system *fs, struct inode **root)
{
	struct ext2 *ext2 = kmalloc_zeroed(sizeof(*ext2));

	if (!ext2)
		return -ENOMEM;
	fs->private = ext2;
	fs->ops = &ext2_ops;
	ext2->fs = fs;
	ext2->disk = &fs->device->source;
	mutex_init(&ext2->load_lock, "ext2 load");
	mutex_init(&ext2->alloc_lock, "ext2 alloc");
	int error = super_read(ext2);
	if (!error)
		error = ext2_inode_get(ext2, EXT2_ROOT_INODE, root);
	if (!error && !S_ISDIR((*root)->mode)) {
		inode_put(*root);
		inode_cache_empty(fs, NULL);
		error = -EIO;
	}
	return error;
}

const struct file_system_type ext2_type = {
	.name = "ext2",
	.on_disk = true,
	.mount = ext2_mount,
};
