/* SPDX-License-Identifier: MIT */
/*
 * Mounts: file systems over directories, the start of it all, and its end.
 *
 *   root "/" of ext2 --- dentry "dev" ==covered by==> root of devtmpfs
 *                              ^-----------covers-----------'
 *
 * mount_lock guards the list of file systems; the links between dentries are
 * fs_cache_lock's. A covered dentry and a root are held by the mount.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>

#include "kernel/dev/block.h"
#include "kernel/fs/ext2_index.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/notify.h"
#include "kernel/fs/procfs.h"
#include "kernel/log.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "vm/evict.h"
#include "vm/mmap.h"
#include "vm/pagecache.h"

const struct file_system_type *const file_system_types[] = {
	&ext2_type, &tmpfs_type, &devtmpfs_type, &proc_type, &sysfs_type, &devpts_type, NULL,
};

#define SHRINK_NAMES 64u

static struct mutex mount_lock = MUTEX_INIT(mount_lock, "mount");
static struct list mounts = LIST_INIT(mounts);
static struct dentry *root;
static uint32_t last_number;
static uint32_t changes; /* atomic: of the table of mounts; who polls it waits on `changed` */
static struct wait_queue changed = WAIT_QUEUE_INIT(changed);

static struct dentry *(*root_door)(void);

static void mounts_changed(void)
{
	__atomic_fetch_add(&changes, 1, __ATOMIC_RELAXED);
	wait_wake_all(&changed);
}

void vfs_set_root_door(struct dentry *(*door)(void))
{
	root_door = door;
}

struct dentry *vfs_root(void)
{
	struct dentry *own = root_door ? root_door() : NULL;

	return own ? own : dentry_mounted(dentry_get(root));
}

struct file_system *file_system_create(const struct file_system_type *type, const char *source)
{
	struct file_system *fs = kmalloc_zeroed(sizeof(*fs));

	if (!fs)
		return NULL;
	fs->type = type;
	strlcpy(fs->source, source, sizeof(fs->source));
	fs->number = ++last_number;
	list_link_init(&fs->link);
	return fs;
}

static void file_system_free(struct file_system *fs)
{
	if (fs->device) {
		(void)block_node_clear(fs->device); /* what failed stays, and is tried again */
		block_node_claim(fs->device, false);
		inode_put(fs->device);
	}
	kfree(fs->private);
	kfree(fs);
}

/* The disk that the source names: -ENOENT, -ENOTBLK, -ENXIO. */
static int device_find(struct dentry *at, const char *source, struct inode **device)
{
	struct dentry *dentry;

	/* The root's disk is named before there are any files. */
	*device = root ? NULL : block_node_by_name(source);
	if (!root)
		return *device ? 0 : -ENODEV;
	int error = vfs_lookup(at, source, true, &dentry);
	if (error)
		return error;
	const struct inode *node = dentry->inode;
	if (!S_ISBLK(node->mode))
		error = -ENOTBLK;
	else if (inode_mounted(node, MS_NODEV))
		error = -EACCES;
	else
		*device = block_node_by_number(node->device);
	dentry_put(dentry);
	return error ? error : *device ? 0 : -ENXIO;
}

static int device_attach(struct file_system *fs, struct dentry *at, const char *source)
{
	int error = device_find(at, source, &fs->device);

	if (error) {
		fs->device = NULL;
		if (!root)
			log_print("%s: there is no disk \"%s\"", fs->type->name, source);
		return error;
	}
	if (block_node_claimed(fs->device)) {
		inode_put(fs->device);
		fs->device = NULL;
		return -EBUSY;
	}
	block_node_claim(fs->device, true);
	fs->disk = block_node_device(fs->device);
	fs->number = fs->device->device;
	return block_node_clear(fs->device);
}

/* Of the flags those that say how it is used. Times of access are kept the cheap way unless it is
 * said otherwise (mount(2), MS_RELATIME). */
static uint32_t flags_kept(uint32_t flags)
{
	uint32_t kept = flags & MOUNT_FLAGS;

	if (!(flags & MS_NOATIME))
		kept |= MS_RELATIME;
	if (flags & MS_STRICTATIME)
		kept &= ~(uint32_t)(MS_RELATIME | MS_NOATIME);
	return kept;
}

/* Makes a file system with its root, which is nowhere yet; a source that is a relative path starts
 * at `at`. mount_lock held. */
static int file_system_start(struct dentry *at, const char *source,
                             const struct file_system_type *type, uint32_t flags,
                             const char *options, struct file_system **started)
{
	struct inode *inode;
	struct file_system *fs = file_system_create(type, source);

	if (!fs)
		return -ENOMEM;
	fs->options = options;
	fs->flags = flags_kept(flags);
	fs->read_only = type->on_disk && flags & MS_RDONLY;
	int error = type->on_disk ? device_attach(fs, at, source) : 0;
	if (!error)
		error = type->mount(fs, &inode);
	fs->options = NULL;
	if (error) {
		file_system_free(fs);
		return error;
	}
	fs->root = dentry_create_root(inode);
	if (!fs->root) {
		inode_cache_empty(fs, NULL);
		file_system_free(fs);
		return -ENOMEM;
	}
	list_append(&mounts, &fs->link);
	mounts_changed();
	*started = fs;
	return 0;
}

static void cover(struct dentry *place, struct dentry *with)
{
	dentry_get(place);
	spin_lock(&fs_cache_lock);
	place->mounted = with;
	with->covers = place;
	spin_unlock(&fs_cache_lock);
}

static const struct file_system_type *type_find(const char *name)
{
	for (int i = 0; file_system_types[i]; i++)
		if (!strcmp(file_system_types[i]->name, name))
			return file_system_types[i];
	return NULL;
}

/* Whether `place` is already the root of the same thing. */
static bool same_mount(const struct dentry *place, const struct file_system_type *type)
{
	return !place->parent && place->inode->fs->type == type && !type->on_disk;
}

/* A new file system over the place. mount_lock held. */
static int mount_over(struct dentry *place, struct dentry *at, const char *source,
                      const struct file_system_type *type, uint32_t flags, const char *options)
{
	struct file_system *fs;

	if (!S_ISDIR(place->inode->mode))
		return -ENOTDIR;
	if (place->mounted || same_mount(place, type))
		return -EBUSY;
	int error = file_system_start(at, source, type, flags, options, &fs);
	if (error)
		return error;
	cover(place, fs->root);
	if (type == &devtmpfs_type)
		error = devfs_populate(fs->root);
	if (flags & MS_RDONLY)
		__atomic_store_n(&fs->read_only, true, __ATOMIC_RELEASE);
	return error;
}

/* Nobody may be writing: and nobody begins to, once it says that it is read-only. */
static int make_read_only(struct file_system *fs, const char *options)
{
	int error = fs->ops->remount ? fs->ops->remount(fs, true, options) : 0;

	if (error || fs->read_only)
		return error;
	if (fs->ops->sync)
		error = fs->ops->sync(fs, false);
	if (error)
		return error;
	__atomic_store_n(&fs->read_only, true, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&fs->writers, __ATOMIC_SEQ_CST))
		return 0;
	__atomic_store_n(&fs->read_only, false, __ATOMIC_SEQ_CST);
	return -EBUSY;
}

static int make_writable(struct file_system *fs, const char *options)
{
	int error = fs->ops->remount ? fs->ops->remount(fs, false, options) : 0;

	if (!error)
		__atomic_store_n(&fs->read_only, false, __ATOMIC_SEQ_CST);
	return error;
}

#define ACCESS_FLAGS (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)

/* mount_lock held. What was said of times of access stays if nothing is said. */
static int remount(struct dentry *place, uint32_t flags, const char *options)
{
	struct file_system *fs = place->inode->fs;

	if (place->parent)
		return -EINVAL;
	int error = flags & MS_RDONLY ? make_read_only(fs, options) : make_writable(fs, options);
	if (error)
		return error;
	uint32_t kept = flags_kept(flags);
	if (!(flags & ACCESS_FLAGS))
		kept = (kept & ~(uint32_t)ACCESS_FLAGS) | (fs->flags & ACCESS_FLAGS);
	fs->flags = kept;
	mounts_changed();
	return 0;
}

int vfs_mount(const char *source, struct dentry *at, const char *path, const char *type_name,
              uint32_t flags, const char *options)
{
	const struct file_system_type *type = type_find(type_name);
	struct dentry *place;
	int error = vfs_lookup(at, path, true, &place);

	if (error)
		return error;
	SCOPED_MUTEX(&mount_lock);
	if (S_ISLNK(place->inode->mode) && place->inode->fs->type == &proc_type)
		error = -ENOENT; /* a process's link: it is gone with the process */
	else if (flags & MS_REMOUNT)
		error = flags & MS_BIND ? -EINVAL : remount(place, flags, options);
	else if (flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE))
		error = place->parent ? -EINVAL : 0; /* nothing goes from mount to mount here */
	else if (flags & (MS_BIND | MS_MOVE))
		error = -EINVAL;
	else
		error = type ? mount_over(place, at, source, type, flags, options) : -ENODEV;
	dentry_put(place);
	return error;
}

/* Takes the file system from its place, if nothing in it is in use; `top` is its root, with
 * the caller's reference and the mount's. Returns the place, or NULL if it is busy. */
static struct dentry *uncover(struct dentry *top)
{
	struct dentry *place = NULL;

	dentry_shrink(top->inode->fs);
	spin_lock(&fs_cache_lock);
	if (top->references == 2 && !top->mounted) {
		place = top->covers;
		place->mounted = NULL;
		top->covers = NULL;
	}
	spin_unlock(&fs_cache_lock);
	return place;
}

/* Writes all that it has in memory, and drops the inodes. */
static int file_system_write(struct file_system *fs)
{
	struct inode *root = fs->root->inode;
	uint32_t told = root->source.write_errors;
	int error = inode_cache_empty(fs, root);

	if (!error && root->source.cached)
		error = pagecache_sync(&root->source, 0, UINT32_MAX, &told);
	if (!error && fs->ops->sync)
		error = fs->ops->sync(fs, false);
	return error;
}

static void pages_drop(struct inode *inode)
{
	pagecache_truncate(&inode->source, 0);
}

/* What cannot be written is lost. */
static int file_system_give_up(struct file_system *fs)
{
	log_print("%s on %s: what cannot be written is given up", fs->type->name, fs->source);
	inode_for_each(fs, pages_drop);
	int error = inode_cache_empty(fs, fs->root->inode);
	if (!error && fs->device)
		pages_drop(fs->device);
	return error;
}

/* Nobody can enter it any more: it leaves memory. */
static int file_system_stop(struct file_system *fs, bool force)
{
	int error = file_system_write(fs);

	if (error && error != -EBUSY && force)
		error = file_system_give_up(fs);
	if (!error && fs->ops->unmount)
		error = fs->ops->unmount(fs);
	return error;
}

/* mount_lock held. */
static int unmount_locked(struct dentry *top, bool force)
{
	struct file_system *fs = top->inode->fs;

	if (top->parent || !top->covers)
		return -EINVAL;
	struct dentry *place = uncover(top);
	if (!place)
		return -EBUSY;
	notify_unmount(fs);
	int error = file_system_stop(fs, force);
	if (error) {
		cover(place, top);
		dentry_put(place);
		return error;
	}
	dentry_put(place);
	list_remove(&fs->link);
	mounts_changed();
	dentry_put(top); /* the mount's */
	return 0;
}

/* MNT_EXPIRE: gone at the second call, unless it was used between. */
static int expire(struct file_system *fs)
{
	bool marked = fs->expiring;

	fs->expiring = !marked;
	return marked ? 0 : -EAGAIN;
}

int vfs_unmount(struct dentry *at, const char *path, uint32_t flags)
{
	struct dentry *top;
	int error = vfs_lookup(at, path, !(flags & UMOUNT_NOFOLLOW), &top);

	if (error)
		return error;
	SCOPED_MUTEX(&mount_lock);
	struct file_system *fs = top->inode->fs;
	if (flags & MNT_EXPIRE && !top->parent)
		error = expire(fs);
	if (!error)
		error = unmount_locked(top, flags & MNT_FORCE);
	dentry_put(top);
	if (error)
		return error;
	inode_cache_empty(fs, NULL);
	file_system_free(fs);
	return 0;
}

/* --- to the disk ------------------------------------------------------------------------ */

/* The same steps as a file's (pagecache_make_durable), for all files at once. What was mounted later
 * may lie in a file of what was mounted before, and what no file system uses in one of any. */
static int sync_all(bool last)
{
	SCOPED_MUTEX(&mount_lock);
	int result = pagecache_sync_all();
	int error = block_nodes_sync();
	result = result ? result : error;
	for (struct list_link *link = list_last(&mounts); link; link = list_before(&mounts, link)) {
		struct file_system *fs = LIST_ENTRY(link, struct file_system, link);

		error = fs->ops->sync ? fs->ops->sync(fs, last) : 0;
		result = result ? result : error;
	}
	return result;
}

int vfs_sync(void)
{
	return sync_all(false);
}

void vfs_shutdown(void)
{
	if (sync_all(true))
		log_print("not everything could be written to the disks");
}

/* The root's source is a device's name alone. */
static const char *source_folder(const struct file_system *fs)
{
	return fs->type->on_disk && fs->source[0] != '/' ? "/dev/" : "";
}

/* As mount(8) and fstab(5) call them. */
static void flags_show(struct text *text, const struct file_system *fs)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {
		{MS_NOSUID, "nosuid"},   {MS_NODEV, "nodev"},           {MS_NOEXEC, "noexec"},
		{MS_NOATIME, "noatime"}, {MS_NODIRATIME, "nodiratime"}, {MS_RELATIME, "relatime"},
	};

	text_print(text, fs->read_only ? "ro" : "rw");
	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (fs->flags & names[i].flag)
			text_print(text, ",%s", names[i].name);
}

static void options_show(struct text *text, struct file_system *fs)
{
	if (fs->ops->show_options)
		fs->ops->show_options(fs, text);
}

static void mount_show(struct text *text, struct file_system *fs, char *path)
{
	if (dentry_path(fs->root, path, PATH_SIZE) < 0)
		return;
	text_print(text, "%s%s %s %s ", source_folder(fs), fs->source, path, fs->type->name);
	flags_show(text, fs);
	options_show(text, fs);
	text_print(text, " 0 0\n");
}

/* The number of the mount that this one lies in; the root's is 0. */
static uint32_t number_above(const struct file_system *fs)
{
	return fs->root->covers ? fs->root->covers->inode->fs->number : 0;
}

static void mount_show_info(struct text *text, struct file_system *fs, char *path)
{
	const char *mode = fs->read_only ? "ro" : "rw";

	if (dentry_path(fs->root, path, PATH_SIZE) < 0)
		return;
	text_print(text, "%u %u %u:%u / %s ", fs->number, number_above(fs),
	           DEVICE_MAJOR(fs->number), DEVICE_MINOR(fs->number), path);
	flags_show(text, fs);
	text_print(text, " - %s %s%s %s", fs->type->name, source_folder(fs), fs->source, mode);
	options_show(text, fs);
	text_print(text, "\n");
}

static void show_all(struct text *text, void (*show)(struct text *, struct file_system *, char *))
{
	char *path = kmalloc(PATH_SIZE);

	if (!path)
		return;
	mutex_lock(&mount_lock);
	LIST_FOR(&mounts, struct file_system, fs, link)
		show(text, fs, path);
	mutex_unlock(&mount_lock);
	kfree(path);
}

const char *file_system_type_name(uint32_t index)
{
	uint32_t count = sizeof file_system_types / sizeof file_system_types[0] - 1;

	return index < count ? file_system_types[index]->name : NULL;
}

int mount_statfs(uint32_t number, struct statfs64 *to)
{
	SCOPED_MUTEX(&mount_lock);
	LIST_FOR(&mounts, struct file_system, fs, link)
		if (fs->number == number)
			return inode_statfs(dentry_inode(fs->root), to);
	return -EINVAL;
}

uint32_t mounts_changes(struct poll_table *table)
{
	poll_wait(table, &changed);
	return __atomic_load_n(&changes, __ATOMIC_RELAXED);
}

void mounts_show(struct text *text)
{
	show_all(text, mount_show);
}

void mounts_show_info(struct text *text)
{
	show_all(text, mount_show_info);
}

/* --- the start -------------------------------------------------------------------------- */

void vfs_caches_init(void)
{
	dentry_cache_init();
	inode_cache_init();
}

void caches_shrink(void)
{
	dentry_give_back(UINT32_MAX);
	inode_shrink();
	while (ext2_indexes_give_back())
		;
}

/* For the heap, which has run out: the oldest go, until so many frames have come of it. */
static uint32_t shrink(uint32_t frames)
{
	uint32_t before = physmem_free(), after = before;
	bool more = true;

	while (more && after < before + frames) {
		more = dentry_give_back(SHRINK_NAMES);
		more |= ext2_indexes_give_back();
		inode_shrink();
		after = physmem_free();
	}
	return after > before ? after - before : 0;
}

/* Memory is short: a part of the names goes, and with them the inodes that nothing else keeps. */
static void give_back(void)
{
	dentry_give_back(dentry_unused() / 8 + SHRINK_NAMES);
	inode_shrink();
	ext2_indexes_give_back();
}

static struct backing *shared_memory_make(uint64_t bytes)
{
	struct file *file;

	return tmpfs_open_nameless("/dev/zero (deleted)", bytes, &file) ? NULL : &file->backing;
}

static int root_mount(const char *device)
{
	struct file_system *fs;

	mutex_lock(&mount_lock);
	int error = file_system_start(NULL, device, &ext2_type, 0, "", &fs);
	mutex_unlock(&mount_lock);
	if (error) {
		log_print("vfs: cannot mount %s as the root disk (error %d)", device, -error);
		return error;
	}
	root = fs->root;
	return 0;
}

static void mount_or_say(const char *type, const char *path)
{
	int error = vfs_mount(type, NULL, path, type, 0, "");

	if (error)
		log_print("vfs: %s is not mounted on %s (error %d): is the directory there?", type,
		          path, -error);
}

int vfs_init(const char *device)
{
	int error = block_nodes_init();

	if (!error)
		error = loop_init();
	if (!error)
		error = tmpfs_init();
	if (!error)
		error = pipe_init();
	if (!error)
		error = socket_init();
	if (!error)
		error = nameless_init();
	if (!error)
		error = root_mount(device);
	if (error)
		return error;
	procfs_register_memory();
	procfs_register_frames();
	procfs_register_system();
	procfs_register_sys();
	procfs_register_processor();
	mount_or_say("devtmpfs", "/dev");
	mount_or_say("devpts", "/dev/pts");
	mount_or_say("proc", "/proc");
	shrinker_register(shrink);
	evict_set_shortage_hook(give_back);
	vm_set_shared_memory_hook(shared_memory_make);
	return 0;
}
