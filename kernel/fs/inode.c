/* SPDX-License-Identifier: MIT */
/*
 * Inodes: references, the cache by number, and the operations that are the same for every
 * file system.
 *
 *   in use ----last reference gone----> unused, oldest first ----too many, memory short---->
 *     ^                                   |                      written, released
 *     +-------------found again-----------+
 *
 * An unused inode keeps its pages in the page cache, so a program that runs again finds
 * them. One without links is released at once: that deletes the file. Inodes of file
 * systems that hold them in memory themselves are not cached (inode->cached).
 */
#include <asm/errno.h>
#include <asm/fcntl.h>

#include "kernel/dev/block.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/lease.h"
#include "kernel/fs/notify.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/vm.h"

#define UNUSED_LEAST 256u
#define SECONDS_PER_DAY 86400

struct spinlock fs_cache_lock = SPINLOCK_INIT("fs_cache");

static struct inode **buckets;
static uint32_t bucket_count;
static uint32_t unused_max;
static struct list unused = LIST_INIT(unused);
static uint32_t unused_count;

/* Most inodes are in the cache for their names in the cache of dentries, of which there are as many
 * as half the frames: so many buckets. Those that have no name there any more are kept for their
 * pages, and are fewer. */
void inode_cache_init(void)
{
	uint32_t pages = 1;

	while (pages * PAGE_SIZE / sizeof(struct inode *) < physmem_total() / 2)
		pages *= 2;
	buckets = physmem_boot_take(pages);
	bucket_count = pages * PAGE_SIZE / sizeof(struct inode *);
	unused_max = physmem_total() / 64;
	if (unused_max < UNUSED_LEAST)
		unused_max = UNUSED_LEAST;
}

static struct inode **bucket(struct file_system *fs, uint32_t number)
{
	return &buckets[(number ^ fs->number * 31) & (bucket_count - 1)];
}

void inode_init(struct inode *inode, struct file_system *fs, const struct inode_ops *ops,
                const struct page_source_ops *source_ops, uint32_t mode)
{
	memset(inode, 0, sizeof(*inode));
	inode->references = 1;
	inode->fs = fs;
	inode->ops = ops;
	inode->mode = mode;
	inode->links = 1;
	inode->atime = inode->mtime = inode->ctime = inode_now(inode);
	page_source_init(&inode->source, source_ops, 0);
	inode->source.depth = fs->disk ? fs->disk->depth : 0;
	mutex_init(&inode->lock, "inode");
	list_link_init(&inode->link);
	list_init(&inode->locks);
	list_init(&inode->leases);
	list_init(&inode->watchers);
}

/* --- the cache ------------------------------------------------------------------------ */

/* References are counted from anywhere; to the first and from the last one only under
 * fs_cache_lock. True if it was the first, the last. */
static bool reference_add(struct inode *inode)
{
	return __atomic_fetch_add(&inode->references, 1, __ATOMIC_ACQ_REL) == 0;
}

static bool reference_drop(struct inode *inode)
{
	uint32_t before = __atomic_fetch_sub(&inode->references, 1, __ATOMIC_ACQ_REL);

	ASSERT_SAYING(before > 0, "an inode is put that nobody has");
	return before == 1;
}

static void unused_add(struct inode *inode)
{
	/* One to be deleted goes first. */
	if (inode->links == 0)
		list_prepend(&unused, &inode->link);
	else
		list_append(&unused, &inode->link);
	unused_count++;
}

static void unused_remove(struct inode *inode)
{
	list_remove(&inode->link);
	unused_count--;
}

static void hash_remove(struct inode *inode)
{
	struct inode **place = bucket(inode->fs, inode->number);

	while (*place != inode)
		place = &(*place)->hash_next;
	*place = inode->hash_next;
	inode->cached = false;
}

struct inode *inode_find(struct file_system *fs, uint32_t number)
{
	struct inode *inode;

	spin_lock(&fs_cache_lock);
	for (inode = *bucket(fs, number); inode; inode = inode->hash_next)
		if (inode->fs == fs && inode->number == number)
			break;
	if (inode) {
		if (reference_add(inode))
			unused_remove(inode);
		inode->touched = true;
	}
	spin_unlock(&fs_cache_lock);
	return inode;
}

void inode_cache(struct inode *inode)
{
	struct inode **place = bucket(inode->fs, inode->number);

	spin_lock(&fs_cache_lock);
	inode->hash_next = *place;
	*place = inode;
	inode->cached = true;
	spin_unlock(&fs_cache_lock);
}

struct inode *inode_get(struct inode *inode)
{
	reference_add(inode);
	return inode;
}

/* Nobody can find the inode any more. */
static void inode_release(struct inode *inode)
{
	ASSERT_SAYING(!inode->alias, "an inode is released while a name refers to it");
	ASSERT_SAYING(list_empty(&inode->locks), "a lock is held on a file that nobody has open");
	if (inode->pipe)
		fifo_release(inode);
	inode->ops->release(inode);
}

/* The unused inode to let go first: one to be deleted, one without pages, the oldest. */
static struct inode *unused_choose(void)
{
	struct list_link *first = list_first(&unused);
	uint32_t looked_at = 0;

	if (!first)
		return NULL;
	LIST_FOR(&unused, struct inode, inode, link) {
		if (inode->links == 0 || !inode->source.cached)
			return inode;
		if (++looked_at == 16)
			break;
	}
	return LIST_ENTRY(first, struct inode, link);
}

/*
 * Takes one unused inode out of the cache: its pages are written first, while it can still
 * be found, so that nobody reads the disk too early. Called with fs_cache_lock, which is
 * released. If somebody found it meanwhile, it stays.
 */
static void unused_drop(struct inode *inode)
{
	bool delete = inode->links == 0;

	unused_remove(inode);
	if (delete || !inode->source.cached) {
		hash_remove(inode);
		spin_unlock(&fs_cache_lock);
		inode_release(inode);
		return;
	}
	inode->references = 1;
	inode->touched = false;
	spin_unlock(&fs_cache_lock);
	uint32_t told = inode->source.write_errors;
	int error = pagecache_sync(&inode->source, 0, UINT32_MAX, &told);
	spin_lock(&fs_cache_lock);
	bool stays = inode->references > 1 || inode->touched || error;
	if (stays) {
		spin_unlock(&fs_cache_lock);
		inode_put(inode);
		return;
	}
	inode->references = 0;
	hash_remove(inode);
	spin_unlock(&fs_cache_lock);
	inode_release(inode);
}

/* Keeps the number of unused inodes bounded, and deletes what waits for it. */
static void unused_trim(void)
{
	/* A few at a time: one that cannot be written is put back at the end. */
	for (int tries = 0; tries < 4; tries++) {
		spin_lock(&fs_cache_lock);
		struct inode *inode = unused_choose();
		if (!inode || (unused_count <= unused_max && inode->links)) {
			spin_unlock(&fs_cache_lock);
			return;
		}
		unused_drop(inode);
	}
}

bool inode_try_get(struct inode *inode)
{
	uint32_t references = __atomic_load_n(&inode->references, __ATOMIC_RELAXED);

	while (references > 0)
		if (__atomic_compare_exchange_n(&inode->references, &references, references + 1,
		                                false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return true;
	return false;
}

void inode_put(struct inode *inode)
{
	spin_lock(&fs_cache_lock);
	if (!reference_drop(inode)) {
		spin_unlock(&fs_cache_lock);
		return;
	}
	if (inode->cached && inode->links) {
		unused_add(inode);
		bool trim = unused_count > unused_max;
		spin_unlock(&fs_cache_lock);
		if (trim)
			unused_trim();
		return;
	}
	if (inode->cached)
		hash_remove(inode);
	spin_unlock(&fs_cache_lock);
	inode_release(inode);
}

void inode_put_unslept(struct inode *inode)
{
	spin_lock(&fs_cache_lock);
	ASSERT_SAYING(inode->cached || inode->references > 1,
	              "only cached inodes have names in the dentry cache alone");
	if (reference_drop(inode))
		unused_add(inode);
	spin_unlock(&fs_cache_lock);
}

int inode_cache_empty(struct file_system *fs, struct inode *root)
{
	for (uint32_t i = 0; i < bucket_count; i++) {
		spin_lock(&fs_cache_lock);
		struct inode *inode = buckets[i];
		while (inode) {
			if (inode->fs != fs || inode == root) {
				inode = inode->hash_next;
				continue;
			}
			if (inode->references) {
				spin_unlock(&fs_cache_lock);
				return -EBUSY;
			}
			uint32_t before = unused_count;
			unused_drop(inode);
			spin_lock(&fs_cache_lock);
			if (unused_count >= before) { /* could not be written */
				spin_unlock(&fs_cache_lock);
				return -EIO;
			}
			inode = buckets[i];
		}
		spin_unlock(&fs_cache_lock);
	}
	return 0;
}

void inode_for_each(struct file_system *fs, void (*visit)(struct inode *))
{
	for (uint32_t i = 0; i < bucket_count; i++) {
		struct inode *last = NULL;

		spin_lock(&fs_cache_lock);
		for (struct inode *inode = buckets[i]; inode; inode = inode->hash_next) {
			if (inode->fs != fs)
				continue;
			if (reference_add(inode))
				unused_remove(inode);
			spin_unlock(&fs_cache_lock);
			if (last)
				inode_put(last);
			visit(inode);
			last = inode;
			spin_lock(&fs_cache_lock);
		}
		spin_unlock(&fs_cache_lock);
		if (last)
			inode_put(last);
	}
}

/* For the heap: lets go of unused inodes without pages. Writes and deletes nothing, since
 * the thread that wants memory may hold any lock. */
uint32_t inode_shrink(void)
{
	uint32_t dropped = 0;

	spin_lock(&fs_cache_lock);
	LIST_FOR_SAFE(&unused, struct inode, inode, link) {
		if (inode->links == 0 || inode->source.cached)
			continue;
		unused_remove(inode);
		hash_remove(inode);
		spin_unlock(&fs_cache_lock);
		inode_release(inode);
		dropped++;
		spin_lock(&fs_cache_lock);
		inode_next = LIST_ENTRY(unused.head.next, struct inode, link);
	}
	spin_unlock(&fs_cache_lock);
	return dropped;
}

/* --- page sources ---------------------------------------------------------------------- */

struct inode *inode_of_source(struct page_source *source)
{
	return LIST_ENTRY(source, struct inode, source);
}

bool inode_source_get(struct page_source *source)
{
	return inode_try_get(inode_of_source(source));
}

void inode_source_put(struct page_source *source)
{
	inode_put(inode_of_source(source));
}

void inode_source_describe(struct page_source *source, uint32_t *device, uint32_t *number,
                           char *to, size_t size)
{
	struct inode *inode = inode_of_source(source);

	*device = inode->fs->number;
	*number = inode->number;
	if (!size)
		return;
	to[0] = '\0';
	spin_lock(&fs_cache_lock);
	struct dentry *dentry = inode->alias;
	if (dentry && dentry->references)
		dentry->references++;
	else
		dentry = NULL;
	spin_unlock(&fs_cache_lock);
	if (!dentry)
		return;
	if (dentry_path(dentry, to, size) < 0)
		to[0] = '\0';
	dentry_put(dentry);
}

/* --- what every file system does alike ------------------------------------------------- */

struct block_device *inode_disk(struct inode *inode)
{
	return inode->fs->disk;
}

uint32_t inode_mount(const struct inode *inode)
{
	return inode->fs->number;
}

uint32_t inode_device(const struct inode *inode)
{
	return DEVICE_MAJOR(inode->fs->number) << 20 | DEVICE_MINOR(inode->fs->number);
}

int inode_check_writable(const struct inode *inode)
{
	return inode->fs->read_only ? -EROFS : 0;
}

int inode_check_content_writable(const struct inode *inode)
{
	return inode->source.carries_swap ? -ETXTBSY : inode_check_writable(inode);
}

/* One more of those who count upwards (step 1) or downwards (-1) from 0. */
static int use_begin(struct inode *inode, int32_t step)
{
	int32_t use = __atomic_load_n(&inode->use, __ATOMIC_RELAXED);

	do {
		if (use * step < 0)
			return -ETXTBSY;
	} while (!__atomic_compare_exchange_n(&inode->use, &use, use + step, false,
	                                      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	return 0;
}

bool inode_mounted(const struct inode *inode, uint32_t flags)
{
	return inode->fs->flags & flags;
}

/* Counted before the file system is asked whether it may be written to: a remount does it the other
 * way round, so one of the two sees the other. */
int inode_write_begin(struct inode *inode)
{
	int error = use_begin(inode, 1);

	if (error)
		return error;
	__atomic_fetch_add(&inode->fs->writers, 1, __ATOMIC_SEQ_CST);
	if (!inode->fs->read_only)
		return 0;
	inode_write_end(inode);
	return -EROFS;
}

void inode_write_end(struct inode *inode)
{
	int32_t left = __atomic_sub_fetch(&inode->use, 1, __ATOMIC_ACQ_REL);

	ASSERT_SAYING(left >= 0, "who ends to write to a file had not begun");
	__atomic_fetch_sub(&inode->fs->writers, 1, __ATOMIC_SEQ_CST);
}

int inode_run_begin(struct inode *inode)
{
	return use_begin(inode, -1);
}

void inode_run_end(struct inode *inode)
{
	int32_t left = __atomic_add_fetch(&inode->use, 1, __ATOMIC_ACQ_REL);

	ASSERT_SAYING(left <= 0, "a program ends that did not run");
}

const struct file_ops *inode_special_ops(uint32_t mode)
{
	if (S_ISFIFO(mode))
		return &fifo_file_ops;
	if (S_ISCHR(mode) || S_ISBLK(mode))
		return &device_file_ops;
	return NULL;
}

/* Zeros the bytes of the last page behind `size`: they are seen when the file grows. */
static int clear_tail(struct inode *inode, uint64_t size)
{
	uint32_t index = size >> PAGE_SHIFT, offset = size & (PAGE_SIZE - 1);
	struct frame *frame;

	if (!offset)
		return 0;
	int error = pagecache_get(&inode->source, index, &frame);
	if (error)
		return error;
	const char *bytes = frame_data(frame);
	uint32_t first = offset;
	while (first < PAGE_SIZE && !bytes[first])
		first++;
	frame_unpin(frame);
	if (first == PAGE_SIZE)
		return 0;
	error = pagecache_get_for_write(&inode->source, index, false, &frame);
	if (error)
		return error;
	memset((char *)frame_data(frame) + offset, 0, PAGE_SIZE - offset);
	pagecache_dirty(frame);
	frame_unpin(frame);
	return 0;
}

int inode_pin(struct inode *inode)
{
	return inode->ops->pin ? inode->ops->pin(inode) : 0;
}

void inode_unpin(struct inode *inode)
{
	if (inode->ops->unpin)
		inode->ops->unpin(inode);
}

static int inode_changed(struct inode *inode)
{
	inode->ctime = inode_now(inode);
	return inode->ops->write_inode ? inode->ops->write_inode(inode) : 0;
}

static int resize_pinned(struct inode *inode, uint64_t size)
{
	uint64_t old = inode->source.size;

	/* Before the size changes: nobody shall see what lies behind the end. */
	int error = clear_tail(inode, size > old ? old : size);
	if (error)
		return error;
	if (size <= old)
		inode->room_behind = false;
	inode->source.size = size;
	error = inode->ops->truncate(inode, size);
	if (error) {
		if (size > old)
			inode->source.size = old;
		return error;
	}
	inode->mtime = inode_now(inode);
	inode_written(inode);
	return inode_changed(inode);
}

static uint64_t (*file_size_limit)(void);
static void (*file_size_exceeded)(void);

void vfs_set_size_limit_door(uint64_t (*limit)(void), void (*exceeded)(void))
{
	file_size_limit = limit;
	file_size_exceeded = exceeded;
}

uint64_t inode_size_limit(void)
{
	uint64_t limit = file_size_limit ? file_size_limit() : FILE_SIZE_MAX;
	return limit < FILE_SIZE_MAX ? limit : FILE_SIZE_MAX;
}

int inode_check_size(uint64_t size)
{
	uint64_t limit = inode_size_limit();

	if (size <= limit)
		return 0;
	if (limit < FILE_SIZE_MAX)
		file_size_exceeded();
	return -EFBIG;
}

int inode_truncate_locked(struct inode *inode, uint64_t size)
{
	int error = inode_check_seals(inode, size, false);

	if (!error && size > inode->source.size)
		error = inode_check_size(size);
	if (!error)
		error = inode_pin(inode);
	if (error)
		return error;
	error = resize_pinned(inode, size);
	inode_unpin(inode);
	return error;
}

int inode_truncate(struct inode *inode, uint64_t size)
{
	if (S_ISDIR(inode->mode))
		return -EISDIR;
	if (!S_ISREG(inode->mode) || !inode->ops->truncate)
		return -EINVAL;
	int error = inode_check_content_writable(inode);
	if (!error)
		error = inode_write_begin(inode);
	if (error)
		return error;
	mutex_lock(&inode->lock);
	error = inode_truncate_locked(inode, size);
	mutex_unlock(&inode->lock);
	inode_write_end(inode);
	if (!error)
		notify_inode(inode, IN_MODIFY);
	return error;
}

int inode_truncate_unleased(struct inode *inode, uint64_t size)
{
	/* Nobody takes a lease again until this is over. */
	int error = inode_write_begin(inode);
	if (error)
		return error;
	error = lease_break(inode, true, false);
	if (!error)
		error = inode_truncate(inode, size);
	inode_write_end(inode);
	return error;
}

/* What the inode says is to change: 0 with its lock held, and pinned. */
static int change_start(struct inode *inode)
{
	int error = inode_check_writable(inode);

	if (error)
		return error;
	mutex_lock(&inode->lock);
	error = inode_pin(inode);
	if (error)
		mutex_unlock(&inode->lock);
	return error;
}

/* `error`: nothing was changed after all; else who watches it is told. */
static int change_end(struct inode *inode, int error, uint32_t event)
{
	if (!error)
		error = inode_changed(inode);
	inode_unpin(inode);
	mutex_unlock(&inode->lock);
	if (!error)
		notify_inode(inode, event);
	return error;
}

int inode_set_mode(struct inode *inode, uint32_t mode)
{
	int error = change_start(inode);

	if (error)
		return error;
	error = inode_right(inode, MAY_SET_MODE);
	if (!error && mode & S_ISGID && inode_right(inode, MAY_KEEP_GROUP_ID))
		mode &= ~S_ISGID;
	if (!error)
		inode->mode = (inode->mode & S_IFMT) | (mode & 07777);
	return change_end(inode, error, IN_ATTRIB);
}

/* Without a new one nobody is asked. */
static int owner_rights(const struct inode *inode, uint32_t uid, uint32_t gid)
{
	struct object object = inode_object(inode);
	int error = 0;

	object.new_uid = uid;
	object.new_gid = gid;
	if (uid != ID_UNCHANGED)
		error = right_check(MAY_SET_OWNER, &object);
	if (!error && gid != ID_UNCHANGED)
		error = right_check(MAY_SET_GROUP, &object);
	return error;
}

int inode_set_owner(struct inode *inode, uint32_t uid, uint32_t gid)
{
	int error = change_start(inode);

	if (error)
		return error;
	error = owner_rights(inode, uid, gid);
	if (!error)
		error = inode_given_away(inode);
	if (!error) {
		inode->uid = uid == ID_UNCHANGED ? inode->uid : uid;
		inode->gid = gid == ID_UNCHANGED ? inode->gid : gid;
	}
	return change_end(inode, error, IN_ATTRIB);
}

/* What the inode's file system keeps of a time. */
static struct file_time time_kept(const struct inode *inode, struct file_time time)
{
	const struct file_system *fs = inode->fs;
	int64_t first = fs->first_second, last = fs->last_second;

	if (first < last && time.seconds <= first)
		return (struct file_time){first, 0};
	if (first < last && time.seconds >= last)
		return (struct file_time){last, 0};
	if (fs->whole_seconds)
		time.nanoseconds = 0;
	return time;
}

struct file_time inode_now(const struct inode *inode)
{
	uint64_t now = clock_realtime();

	return time_kept(inode, (struct file_time){now / NS_PER_SECOND, now % NS_PER_SECOND});
}

int inode_set_times(struct inode *inode, const struct file_time *atime,
                    const struct file_time *mtime, enum right right)
{
	int error = change_start(inode);

	if (error)
		return error;
	error = inode_right(inode, right);
	if (!error && atime)
		inode->atime = time_kept(inode, *atime);
	if (!error && mtime)
		inode->mtime = time_kept(inode, *mtime);
	return change_end(inode, error, atime && mtime ? IN_ATTRIB : atime ? IN_ACCESS : IN_MODIFY);
}

static bool time_later(struct file_time a, struct file_time b)
{
	return a.seconds != b.seconds ? a.seconds > b.seconds : a.nanoseconds > b.nanoseconds;
}

void inode_note_access(struct inode *inode)
{
	struct file_time old = inode->atime;
	int64_t age = (int64_t)clock_seconds() - old.seconds;

	if (inode->fs->read_only || inode_mounted(inode, MS_NOATIME) ||
	    (S_ISDIR(inode->mode) && inode_mounted(inode, MS_NODIRATIME)))
		return;
	if (inode_mounted(inode, MS_RELATIME) && time_later(old, inode->mtime) && time_later(old, inode->ctime) &&
	    age < SECONDS_PER_DAY)
		return;
	inode->atime = inode_now(inode);
	/* Within one second of a file system that keeps no parts of it nothing changes. */
	if (inode->ops->write_inode && time_later(inode->atime, old))
		inode->ops->write_inode(inode);
}

static struct statx_timestamp timestamp(struct file_time time)
{
	return (struct statx_timestamp){.tv_sec = time.seconds, .tv_nsec = time.nanoseconds};
}

void inode_stat(struct inode *inode, struct statx *to)
{
	bool is_device = S_ISCHR(inode->mode) || S_ISBLK(inode->mode);
	uint32_t device = is_device ? inode->device : 0;

	memset(to, 0, sizeof(*to));
	to->stx_mask = STATX_BASIC_STATS | STATX_MNT_ID;
	to->stx_mnt_id = inode_mount(inode);
	to->stx_dev_major = DEVICE_MAJOR(inode->fs->number);
	to->stx_dev_minor = DEVICE_MINOR(inode->fs->number);
	to->stx_rdev_major = DEVICE_MAJOR(device);
	to->stx_rdev_minor = DEVICE_MINOR(device);
	to->stx_ino = inode->number;
	to->stx_mode = inode->mode;
	to->stx_nlink = inode->links;
	to->stx_uid = inode->uid;
	to->stx_gid = inode->gid;
	to->stx_size = is_device ? 0 : inode->source.size;
	to->stx_blksize = PAGE_SIZE;
	to->stx_blocks = inode->source.shmem ? inode->source.held * SECTORS_PER_PAGE
	                                     : inode->blocks;
	to->stx_atime = timestamp(inode->atime);
	to->stx_mtime = timestamp(inode->mtime);
	to->stx_ctime = timestamp(inode->ctime);
}

/* As statfs(2) has the flags. */
#define ST_VALID 0x20u
#define ST_RELATIME 0x1000u

static uint32_t flags_of(const struct file_system *fs)
{
	uint32_t same = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME;

	return ST_VALID | (fs->read_only ? MS_RDONLY : 0) | (fs->flags & same) |
	       (fs->flags & MS_RELATIME ? ST_RELATIME : 0);
}

int inode_statfs(struct inode *inode, struct statfs64 *to)
{
	memset(to, 0, sizeof(*to));
	to->f_bsize = to->f_frsize = PAGE_SIZE;
	to->f_namelen = NAME_SIZE - 1;
	to->f_fsid.val[0] = inode->fs->number;
	to->f_flags = flags_of(inode->fs);
	return inode->fs->ops->statfs ? inode->fs->ops->statfs(inode->fs, to) : 0;
}
