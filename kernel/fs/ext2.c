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
#include "kernel/fs/ext2_index.h"
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
	static struct log_limit complaints;

	ext2->faulty = true;
	log_limited(&complaints, "ext2 on %s: %s %u (e2fsck would tell more)", ext2->fs->source,
	            what, number);
}

int ext2_damaged(struct ext2 *ext2, const char *what, uint32_t number)
{
	ext2->faulty = true;
	__atomic_store_n(&ext2->fs->read_only, true, __ATOMIC_RELEASE);
	if (!__atomic_exchange_n(&ext2->damaged, true, __ATOMIC_ACQ_REL))
		log_print("ext2 on %s: %s %u: it is damaged, and read-only from now on "
		          "(e2fsck would tell more)", ext2->fs->source, what, number);
	return -EIO;
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
	if (ext2->faulty)
		super->state |= EXT2_STATE_ERRORS;
	ext2->fault_written = ext2->faulty;
	super->write_time = clock_seconds();
	pagecache_dirty(frame);
	/* "Not clean" comes to the disk before any change: one that says "clean" is not looked at
	 * after a power cut. If that fails, all that is lost is this. */
	if (!clean && !pagecache_write_page(frame))
		(void)block_flush(ext2->fs->disk);
	ext2_block_put(frame, false);
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
	               __atomic_load_n(&ext2->pinned, __ATOMIC_SEQ_CST) ||
	               __atomic_load_n(&ext2->orphans, __ATOMIC_SEQ_CST);
	int error = changed ? 0 : state_write(ext2, true);
	if (changed || error)
		ext2->clean = false;
	return error;
}

/* Puts into the superblock that e2fsck has work, if that is new. */
static int tell_fault(struct ext2 *ext2)
{
	SCOPED_MUTEX(&ext2->alloc_lock);
	return ext2->faulty && !ext2->fault_written ? state_write(ext2, ext2->clean) : 0;
}

/* --- inodes ----------------------------------------------------------------------------- */

int ext2_table_get(struct ext2 *ext2, uint32_t number, bool change, struct frame **frame,
                   struct ext2_disk_inode **found)
{
	uint32_t group = (number - 1) / ext2->inodes_per_group;
	uint32_t offset = (number - 1) % ext2->inodes_per_group * ext2->inode_size;
	uint32_t block = ext2->places[group].inode_table + offset / EXT2_BLOCK_SIZE;
	void *data;
	int error = ext2_block_get(ext2, block, change, frame, &data);

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
	file->map_changes = 1; /* as far as is known */
	list_link_init(&file->changed_link);
	list_init(&file->attribute_list);
	mutex_init(&file->map_lock, "ext2 map");
	return file;
}

/* A device number is in block[0] in the old form, or else in block[1] in the new one. */
static uint32_t device_decode(const uint32_t *block)
{
	return block[0] ? block[0] : block[1] & 0xfffff;
}

/* Where the inode keeps the second halves of its times; NULL if it has none. */
static struct ext2_inode_extra *extra_of(const struct ext2 *ext2, struct ext2_disk_inode *disk)
{
	struct ext2_inode_extra *extra = (struct ext2_inode_extra *)(disk + 1);

	if (ext2->inode_size < sizeof(*disk) + sizeof(*extra) ||
	    extra->size < offsetof(struct ext2_inode_extra, creation))
		return NULL;
	return extra;
}

static struct file_time time_decode(uint32_t seconds, uint32_t extra)
{
	return (struct file_time){
		(int32_t)seconds + ((int64_t)(extra & EXT2_EPOCH_MASK) << 32),
		extra >> EXT2_EPOCH_BITS,
	};
}

static uint32_t time_extra_encode(struct file_time time)
{
	uint32_t epoch = (uint64_t)(time.seconds - (int32_t)time.seconds) >> 32;

	return time.nanoseconds << EXT2_EPOCH_BITS | (epoch & EXT2_EPOCH_MASK);
}

static void times_decode(struct inode *inode, struct ext2_disk_inode *disk)
{
	const struct ext2_inode_extra *extra = extra_of(inode->fs->private, disk);

	inode->atime = time_decode(disk->atime, extra ? extra->atime : 0);
	inode->mtime = time_decode(disk->mtime, extra ? extra->mtime : 0);
	inode->ctime = time_decode(disk->ctime, extra ? extra->ctime : 0);
}

static void times_encode(const struct inode *inode, struct ext2_disk_inode *disk)
{
	struct ext2_inode_extra *extra = extra_of(inode->fs->private, disk);

	disk->atime = inode->atime.seconds;
	disk->mtime = inode->mtime.seconds;
	disk->ctime = inode->ctime.seconds;
	if (!extra)
		return;
	extra->atime = time_extra_encode(inode->atime);
	extra->mtime = time_extra_encode(inode->mtime);
	extra->ctime = time_extra_encode(inode->ctime);
}

static void inode_decode(struct ext2_inode *file, struct ext2_disk_inode *disk)
{
	struct inode *inode = &file->inode;

	inode->links = disk->links;
	inode->uid = disk->uid | (uint32_t)disk->uid_high << 16;
	inode->gid = disk->gid | (uint32_t)disk->gid_high << 16;
	inode->blocks = disk->blocks;
	times_decode(inode, disk);
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

static bool is_known_type(uint32_t mode)
{
	return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode) || S_ISCHR(mode) || S_ISBLK(mode) ||
	       S_ISFIFO(mode) || S_ISSOCK(mode);
}

static bool is_possible_size(const struct ext2_inode *file)
{
	uint64_t size = file->inode.source.size;
	uint32_t mode = file->inode.mode;

	if (S_ISDIR(mode))
		return size % EXT2_BLOCK_SIZE == 0 && size / EXT2_BLOCK_SIZE <= file->ext2->blocks;
	if (S_ISLNK(mode))
		return size > 0 && size < (ext2_is_fast_link(file) ? EXT2_FAST_LINK_MAX
		                                                   : EXT2_BLOCK_SIZE);
	return size <= FILE_SIZE_MAX;
}

/* What is wrong with the inode that was read, in words; or NULL. */
static const char *inode_wrong(const struct ext2_inode *file)
{
	if (!is_known_type(file->inode.mode))
		return "a file is of no known type: inode";
	if (!is_possible_size(file))
		return "a file has an impossible size: inode";
	if (file->attributes && !ext2_block_is_data(file->ext2, file->attributes))
		return "a file's attributes are in an impossible block: inode";
	return NULL;
}

/* Reads the inode and enters it into the cache; load_lock held. */
static int inode_load(struct ext2 *ext2, uint32_t number, struct inode **loaded)
{
	struct ext2_disk_inode *disk;
	struct frame *frame;
	int error = ext2_table_get(ext2, number, false, &frame, &disk);

	if (error)
		return error;
	if (!disk->links || !disk->mode) {
		ext2_block_put(frame, false);
		return ext2_damaged(ext2, "a name refers to a deleted file: inode", number);
	}
	struct ext2_inode *file = inode_new(ext2, number, disk->mode);
	if (file)
		inode_decode(file, disk);
	ext2_block_put(frame, false);
	if (!file)
		return -ENOMEM;
	const char *wrong = inode_wrong(file);
	if (wrong) {
		slab_free(&inode_slab, file);
		return ext2_damaged(ext2, wrong, number);
	}
	inode_cache(&file->inode);
	*loaded = &file->inode;
	return 0;
}

/* The inode, which the cache has. One that was removed has no name any more. */
static int inode_found(struct ext2 *ext2, struct inode **found)
{
	uint32_t number = (*found)->number;

	if ((*found)->links)
		return 0;
	inode_put(*found);
	*found = NULL;
	return ext2_damaged(ext2, "a name refers to a removed file: inode", number);
}

int ext2_inode_get(struct ext2 *ext2, uint32_t number, struct inode **found)
{
	bool possible = number == EXT2_ROOT_INODE ||
	                (number >= ext2->first_inode && number <= ext2->inodes);

	if (!possible)
		return ext2_damaged(ext2, "a name refers to an impossible inode:", number);
	*found = inode_find(ext2->fs, number);
	if (*found)
		return inode_found(ext2, found);
	SCOPED_MUTEX(&ext2->load_lock);
	*found = inode_find(ext2->fs, number);
	return *found ? inode_found(ext2, found) : inode_load(ext2, number, found);
}

/* Whether the inode of this number, which the bitmap says is free, is no file's: 0; -EIO. */
static int number_unused(struct ext2 *ext2, uint32_t number)
{
	struct inode *inode = inode_find(ext2->fs, number);
	struct ext2_disk_inode *disk;
	struct frame *frame;
	bool used = inode;

	if (inode) {
		inode_put(inode);
	} else {
		int error = ext2_table_get(ext2, number, false, &frame, &disk);
		if (error)
			return error;
		used = disk->links;
		ext2_block_put(frame, false);
	}
	return used ? ext2_damaged(ext2, "a file's inode is marked free:", number) : 0;
}

/* Gives the new inode a number and enters it into the cache. */
static int number_take(struct inode *dir, struct ext2_inode *file)
{
	struct ext2 *ext2 = file->ext2;
	struct inode *inode = &file->inode;
	bool directory = S_ISDIR(inode->mode);

	SCOPED_MUTEX(&ext2->load_lock);
	int error = ext2_number_alloc(ext2, dir->number, directory, &inode->number);
	if (error)
		return error;
	error = number_unused(ext2, inode->number);
	if (!error)
		inode_cache(inode);
	else if (!ext2->fs->read_only && ext2_number_free(ext2, inode->number, directory))
		ext2_complain(ext2, "an unused inode is not free:", inode->number);
	return error;
}

int ext2_inode_create(struct inode *dir, uint32_t mode, uint32_t device, struct ext2_inode **made)
{
	struct ext2 *ext2 = dir->fs->private;
	struct ext2_inode *file = inode_new(ext2, 0, mode);

	if (!file)
		return -ENOMEM;
	inode_own(&file->inode, dir);
	file->generation = (uint32_t)clock_now();
	file->inode.device = device;
	if (S_ISCHR(mode) || S_ISBLK(mode))
		file->block[0] = device;
	int error = number_take(dir, file);
	if (error)
		slab_free(&inode_slab, file);
	else
		*made = file;
	return error;
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
	times_encode(inode, disk);
	disk->dtime = file->dtime;
	disk->flags = file->flags;
	disk->attributes = file->attributes;
	memcpy(disk->block, file->block, sizeof(disk->block));
}

/* Whether the file's pages, as the disk's inode tells, are elsewhere or fewer or more. A block
 * that came to an indirect one shows in the count. */
static bool map_differs(const struct ext2_inode *file, const struct ext2_disk_inode *disk)
{
	return disk->size != (uint32_t)file->inode.source.size ||
	       disk->blocks != file->inode.blocks ||
	       memcmp(disk->block, file->block, sizeof(disk->block)) != 0;
}

int ext2_inode_pin_locked(struct ext2_inode *file)
{
	ASSERT(mutex_held(&file->map_lock));
	if (!file->pins) {
		if (file->inode.fs->read_only)
			return -EROFS;
		int error = changing_start(file->ext2);
		if (error)
			return error;
		error = ext2_table_get(file->ext2, file->inode.number, true, &file->table, &file->disk);
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

/* A number used before: what is left in its place is not ours. */
static void disk_inode_renew(struct ext2_inode *file)
{
	struct ext2_inode_extra *extra = (struct ext2_inode_extra *)(file->disk + 1);

	memset(file->disk, 0, file->ext2->inode_size);
	file->disk->generation = file->generation;
	if (file->ext2->inode_size >= sizeof(*file->disk) + sizeof(*extra))
		extra->size = sizeof(*extra);
}

void ext2_inode_write_locked(struct ext2_inode *file)
{
	ASSERT_SAYING(file->pins, "an inode is written that may not be in memory");
	if (file->disk->generation != file->generation)
		disk_inode_renew(file);
	if (map_differs(file, file->disk))
		file->map_changes++;
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
int ext2_attributes_free(struct ext2_inode *file)
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

/* What cannot be read does not keep the rest from being given back: the first error counts. */
static void keep_first(int *error, int next)
{
	if (!*error)
		*error = next;
}

/* Gives back all that the file has on the disk, its number last. -EIO: not all. */
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
	keep_first(&error, ext2_attributes_free(file));
	file->dtime = clock_seconds();
	ext2_inode_write_locked(file);
	ext2_inode_unpin_locked(file);
	file->deleted = true;
	if (file->orphan)
		__atomic_fetch_sub(&file->ext2->orphans, 1, __ATOMIC_SEQ_CST);
	if (!inode->fs->read_only)
		keep_first(&error, ext2_number_free(file->ext2, inode->number,
		                                    S_ISDIR(inode->mode)));
	return error;
}

void ext2_orphan_add(struct ext2_inode *file)
{
	file->orphan = true;
	__atomic_fetch_add(&file->ext2->orphans, 1, __ATOMIC_SEQ_CST);
}

static void delete_orphan(struct inode *inode)
{
	struct ext2_inode *file = ext2_inode(inode);

	if (inode->links == 0 && !file->deleted && give_back(file))
		ext2_complain(file->ext2, "not all of a deleted file is freed:", inode->number);
}

static void names_forget(struct ext2_inode *file)
{
	spin_lock(&file->ext2->changed_lock);
	if (list_linked(&file->changed_link))
		list_remove(&file->changed_link);
	spin_unlock(&file->ext2->changed_lock);
}

void ext2_release(struct inode *inode)
{
	/* Without a lock: who wants memory may hold any (inode_shrink), and nobody else has the inode. */
	ext2_promise_drop(ext2_inode(inode), 0, UINT32_MAX);
	ext2_index_drop(ext2_inode(inode));
	if (!inode->fs->read_only)
		delete_orphan(inode);
	if (inode->source.cached)
		pagecache_truncate(&inode->source, 0);
	names_forget(ext2_inode(inode));
	attribute_list_free(&ext2_inode(inode)->attribute_list);
	slab_free(&inode_slab, ext2_inode(inode));
}

/* --- to the disk ------------------------------------------------------------------------ */

static uint32_t map_changes(struct ext2_inode *file)
{
	SCOPED_MUTEX(&file->map_lock);
	return file->map_changes;
}

/* Which of the metadata is one file's is not known: it goes all. */
int ext2_settle(struct page_source *source, bool data_only)
{
	struct inode *inode = inode_of_source(source);
	struct ext2_inode *file = ext2_inode(inode);
	uint32_t changes = map_changes(file);

	if (data_only && S_ISREG(inode->mode) &&
	    changes == __atomic_load_n(&file->map_settled, __ATOMIC_ACQUIRE))
		return block_flush(inode->fs->disk);
	int error = ext2_settle_all(file->ext2);
	if (!error)
		__atomic_store_n(&file->map_settled, changes, __ATOMIC_RELEASE);
	return error;
}

static int ext2_sync(struct file_system *fs, bool last)
{
	struct ext2 *ext2 = fs->private;
	uint32_t changes = __atomic_load_n(&ext2->changes, __ATOMIC_SEQ_CST);

	if (ext2->never_written)
		return 0;
	if (last && !fs->read_only) {
		inode_for_each(fs, delete_orphan);
		pagecache_sync_all();
		changes = ext2->changes;
	}
	int error = tell_fault(ext2);
	if (!error)
		error = ext2_settle_all(ext2);
	if (error || ext2->clean || fs->read_only)
		return error;
	error = become_clean(ext2, changes);
	return error ? error : ext2_settle_all(ext2);
}

static int ext2_unmount(struct file_system *fs)
{
	ext2_held_destroy(fs->private);
	return 0;
}

static void names_damaged(struct file_system *fs, const char *what, uint32_t number)
{
	ext2_damaged(fs->private, what, number);
}

static int ext2_remount(struct file_system *fs, bool read_only, const char *options)
{
	struct ext2 *ext2 = fs->private;

	if (options[0])
		return -EINVAL; /* it has none */
	if (read_only)
		return 0;
	if (ext2->cannot_be_written || __atomic_load_n(&ext2->damaged, __ATOMIC_ACQUIRE))
		return -EROFS;
	ext2->never_written = false;
	return 0;
}

static const struct file_system_ops ext2_ops = {
	.remount = ext2_remount,
	.statfs = ext2_statfs,
	.sync = ext2_sync,
	.damaged = names_damaged,
	.unmount = ext2_unmount,
};

/* --- mounting --------------------------------------------------------------------------- */

static uint32_t inode_size_of(const struct ext2_super *super)
{
	return super->revision ? super->inode_size : EXT2_GOOD_OLD_INODE_SIZE;
}

static uint32_t first_inode_of(const struct ext2_super *super)
{
	return super->revision ? super->first_inode : EXT2_GOOD_OLD_FIRST_INODE;
}

static uint32_t groups_of(const struct ext2_super *super)
{
	return (super->blocks_count - 1) / super->blocks_per_group + 1;
}

static uint32_t table_blocks_of(const struct ext2_super *super)
{
	uint32_t bytes = super->inodes_per_group * inode_size_of(super);

	return (bytes + EXT2_BLOCK_SIZE - 1) / EXT2_BLOCK_SIZE;
}

/* Whether the superblock's numbers of blocks and inodes go together. */
static bool counts_possible(const struct ext2_super *super)
{
	const uint32_t bits = 8 * EXT2_BLOCK_SIZE; /* of a bitmap */

	if (super->first_data_block != 0 || !super->blocks_count || !super->blocks_per_group ||
	    super->blocks_per_group > bits || !super->inodes_per_group ||
	    super->inodes_per_group > bits)
		return false;
	/* Two bitmaps and the table are in each group, and there is room for more. */
	if (super->blocks_per_group <= table_blocks_of(super) + 2)
		return false;
	return (uint64_t)groups_of(super) * super->inodes_per_group == super->inodes_count &&
	       first_inode_of(super) >= EXT2_GOOD_OLD_FIRST_INODE &&
	       first_inode_of(super) <= super->inodes_per_group;
}

/* What is wrong with the superblock, in words, or NULL. */
static const char *super_wrong(const struct ext2_super *super, uint64_t disk_bytes)
{
	uint32_t inode_size = inode_size_of(super);

	if (super->magic != EXT2_SUPER_MAGIC)
		return "there is no ext2 on it";
	if (super->log_block_size != 2)
		return "its blocks are not of 4096 bytes; make it with mke2fs -b 4096";
	if (super->revision > 1)
		return "its revision is newer than 1";
	if (super->revision && super->incompatible & ~EXT2_INCOMPATIBLE_FILETYPE)
		return "it has features that ext2 cannot read; make it with mke2fs -t ext2";
	if (inode_size < EXT2_GOOD_OLD_INODE_SIZE || inode_size > EXT2_BLOCK_SIZE ||
	    inode_size & (inode_size - 1))
		return "its inodes have a strange size";
	if (!counts_possible(super))
		return "its superblock makes no sense";
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
	ext2->groups = groups_of(super);
	ext2->inode_size = inode_size_of(super);
	ext2->first_inode = first_inode_of(super);
	ext2->table_blocks = table_blocks_of(super);
	ext2->fs->whole_seconds = ext2->inode_size == EXT2_GOOD_OLD_INODE_SIZE;
	ext2->fs->first_second = INT32_MIN;
	ext2->fs->last_second = INT32_MAX + (ext2->fs->whole_seconds ? 0 : EXT2_EPOCHS_SECONDS);
	ext2->has_types = dynamic && super->incompatible & EXT2_INCOMPATIBLE_FILETYPE;
	ext2->knows_features = dynamic;
	ext2->large_files = features & EXT2_RO_LARGE_FILE;
	ext2->attributes = dynamic && super->compatible & EXT2_COMPATIBLE_ATTRIBUTES;
	ext2->clean = super->state & EXT2_STATE_CLEAN;
	ext2->faulty = ext2->fault_written = super->state & EXT2_STATE_ERRORS;
	if (features & ~(EXT2_RO_SPARSE_SUPER | EXT2_RO_LARGE_FILE)) {
		log_print("ext2 on %s: it has features that ext2 cannot write: read-only",
		          ext2->fs->source);
		ext2->fs->read_only = true;
	}
	if (ext2->fs->disk->read_only)
		ext2->fs->read_only = true;
	ext2->cannot_be_written = ext2->fs->disk->read_only ||
	                          features & ~(EXT2_RO_SPARSE_SUPER | EXT2_RO_LARGE_FILE);
	ext2->never_written = ext2->fs->read_only;
	if (!ext2->clean || ext2->faulty)
		log_print("ext2 on %s: it was not left clean; e2fsck may find something",
		          ext2->fs->source);
}

/* Reads the superblock into a new struct ext2, which is the file system's then. */
static int super_read(struct file_system *fs)
{
	struct frame *frame;
	int error = pagecache_get(&fs->device->source, 0, &frame);

	if (error)
		return error;
	const struct ext2_super *super =
		(const struct ext2_super *)((char *)frame_data(frame) + EXT2_SUPER_OFFSET);
	const char *wrong = super_wrong(super, fs->device->source.size);
	if (wrong) {
		log_print("ext2 on %s: %s", fs->source, wrong);
		error = -EINVAL;
	} else {
		struct ext2 *ext2 = kmalloc_zeroed(sizeof(*ext2) +
		                                   groups_of(super) * sizeof(ext2->places[0]));
		error = ext2 ? 0 : -ENOMEM;
		fs->private = ext2;
		if (ext2) {
			ext2->fs = fs;
			super_decode(ext2, super);
		}
	}
	frame_unpin(frame);
	return error;
}

/* Whether the group has so many blocks from `first` on, behind the group descriptors. */
static bool inside_group(const struct ext2 *ext2, uint32_t group, uint32_t first, uint32_t count)
{
	uint32_t start = group * ext2->blocks_per_group;
	uint32_t end = ext2->blocks - start > ext2->blocks_per_group
	                       ? start + ext2->blocks_per_group
	                       : ext2->blocks;

	return first >= start && first > (ext2->groups - 1) / EXT2_GROUPS_PER_BLOCK + 1 &&
	       first < end && count <= end - first;
}

/* Notes where each group has its bitmaps and inodes. -EINVAL if one says what cannot be. */
static int places_read(struct ext2 *ext2)
{
	for (uint32_t group = 0; group < ext2->groups; group++) {
		struct ext2_places *places = &ext2->places[group];
		struct ext2_group descriptor;
		uint64_t position = EXT2_BLOCK_SIZE + (uint64_t)group * sizeof(descriptor);
		int error = pagecache_read(ext2->disk, position, &descriptor, sizeof(descriptor));

		if (error)
			return error;
		*places = (struct ext2_places){descriptor.block_bitmap, descriptor.inode_bitmap,
		                               descriptor.inode_table};
		if (inside_group(ext2, group, places->block_bitmap, 1) &&
		    inside_group(ext2, group, places->inode_bitmap, 1) &&
		    inside_group(ext2, group, places->inode_table, ext2->table_blocks))
			continue;
		log_print("ext2 on %s: the descriptor of group %u makes no sense",
		          ext2->fs->source, group);
		return -EINVAL;
	}
	return 0;
}

static int ext2_mount(struct file_system *fs, struct inode **root)
{
	int error = super_read(fs);

	if (error)
		return error;
	struct ext2 *ext2 = fs->private;
	fs->ops = &ext2_ops;
	ext2->disk = &fs->device->source;
	mutex_init(&ext2->load_lock, "ext2 load");
	mutex_init(&ext2->alloc_lock, "ext2 alloc");
	spinlock_init(&ext2->changed_lock, "ext2 changed");
	list_init(&ext2->changed);
	error = places_read(ext2);
	if (!error)
		error = ext2_held_create(ext2);
	if (!error)
		error = ext2_inode_get(ext2, EXT2_ROOT_INODE, root);
	if (!error && !S_ISDIR((*root)->mode)) {
		inode_put(*root);
		inode_cache_empty(fs, NULL);
		error = ext2_damaged(ext2, "the root is no directory: inode", EXT2_ROOT_INODE);
	}
	if (error)
		ext2_held_destroy(ext2);
	return error;
}

const struct file_system_type ext2_type = {
	.name = "ext2",
	.on_disk = true,
	.mount = ext2_mount,
};
