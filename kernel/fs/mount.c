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
#include "kernel/fs/fs.h"
#include "kernel/fs/procfs.h"
#include "kernel/log.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "vm/audit.h"
#include "vm/mmap.h"
#include "vm/pagecache.h"
#include "vm/swap.h"

const struct file_system_type *const file_system_types[] = {
	&ext2_type, &tmpfs_type, &devtmpfs_type, &proc_type, NULL,
};

static struct mutex mount_lock = MUTEX_INIT(mount_lock, "mount");
static struct list mounts = LIST_INIT(mounts);
static struct dentry *root;
static uint32_t last_number;

struct dentry *vfs_root(void)
{
	return dentry_mounted(dentry_get(root));
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
		block_node_claim(fs->device, false);
		inode_put(fs->device);
	}
	kfree(fs->private);
	kfree(fs);
}

static int device_attach(struct file_system *fs, const char *source)
{
	fs->device = block_node_by_name(source);
	if (!fs->device) {
		log_print("%s: there is no disk \"%s\"", fs->type->name, source);
		return -ENODEV;
	}
	if (block_node_claimed(fs->device)) {
		inode_put(fs->device);
		fs->device = NULL;
		return -EBUSY;
	}
	block_node_claim(fs->device, true);
	fs->disk = block_node_device(fs->device);
	fs->number = fs->device->device;
	return 0;
}

/* Makes a file system with its root, which is nowhere yet. mount_lock held. */
static int file_system_start(const char *source, const struct file_system_type *type,
                             const char *options, struct file_system **started)
{
	struct inode *inode;
	struct file_system *fs = file_system_create(type, source);

	if (!fs)
		return -ENOMEM;
	fs->options = options;
	int error = type->on_disk ? device_attach(fs, source) : 0;
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

int vfs_mount(const char *source, struct dentry *at, const char *path, const char *type_name,
              const char *options)
{
	const struct file_system_type *type = type_find(type_name);
	struct file_system *fs;
	struct dentry *place;

	if (!type)
		return -ENODEV;
	int error = vfs_lookup(at, path, true, &place);
	if (error)
		return error;
	SCOPED_MUTEX(&mount_lock);
	if (!S_ISDIR(place->inode->mode))
		error = -ENOTDIR;
	else if (place->mounted || same_mount(place, type))
		error = -EBUSY;
	if (!error)
		error = file_system_start(source, type, options, &fs);
	if (!error) {
		cover(place, fs->root);
		if (type == &devtmpfs_type)
			error = devfs_populate(fs->root);
	}
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

/* Nobody can enter it any more; writes it and drops what it has in memory. */
static int file_system_stop(struct file_system *fs)
{
	int error = inode_cache_empty(fs, fs->root->inode);

	if (!error && fs->ops->sync)
		error = fs->ops->sync(fs, false);
	if (!error && fs->ops->unmount)
		error = fs->ops->unmount(fs);
	return error;
}

/* mount_lock held. */
static int unmount_locked(struct dentry *top)
{
	struct file_system *fs = top->inode->fs;

	if (top->parent || !top->covers)
		return -EINVAL;
	struct dentry *place = uncover(top);
	if (!place)
		return -EBUSY;
	int error = file_system_stop(fs);
	if (error) {
		cover(place, top);
		dentry_put(place);
		return error;
	}
	dentry_put(place);
	list_remove(&fs->link);
	dentry_put(top); /* the mount's */
	return 0;
}

int vfs_unmount(struct dentry *at, const char *path)
{
	struct dentry *top;
	int error = vfs_lookup(at, path, true, &top);

	if (error)
		return error;
	SCOPED_MUTEX(&mount_lock);
	struct file_system *fs = top->inode->fs;
	error = unmount_locked(top);
	dentry_put(top);
	if (error)
		return error;
	inode_cache_empty(fs, NULL);
	file_system_free(fs);
	return 0;
}

/* --- to the disk ------------------------------------------------------------------------ */

static int sync_all(bool last)
{
	int result = 0;

	SCOPED_MUTEX(&mount_lock);
	pagecache_sync_all();
	LIST_FOR(&mounts, struct file_system, fs, link) {
		int error = fs->ops->sync ? fs->ops->sync(fs, last) : 0;
		if (error && !result)
			result = error;
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

static void mount_show(struct text *text, struct file_system *fs, char *path)
{
	if (dentry_path(fs->root, path, PATH_SIZE) < 0)
		return;
	const char *folder = fs->type->on_disk && fs->source[0] != '/' ? "/dev/" : "";
	text_print(text, "%s%s %s %s %s 0 0\n", folder, fs->source, path, fs->type->name,
	           fs->read_only ? "ro" : "rw");
}

void mounts_show(struct text *text)
{
	char *path = kmalloc(PATH_SIZE);

	if (!path)
		return;
	mutex_lock(&mount_lock);
	LIST_FOR(&mounts, struct file_system, fs, link)
		mount_show(text, fs, path);
	mutex_unlock(&mount_lock);
	kfree(path);
}

/* --- the start -------------------------------------------------------------------------- */

void caches_shrink(void)
{
	dentry_shrink(NULL);
	inode_shrink();
}

static uint32_t shrink(uint32_t frames)
{
	uint32_t before = physmem_free();

	(void)frames; /* small objects: all that can go, goes */
	caches_shrink();
	uint32_t after = physmem_free();
	return after > before ? after - before : 0;
}

static struct page_source *shared_memory_make(uint64_t bytes)
{
	struct inode *inode;

	return tmpfs_create_nameless(bytes, &inode) ? NULL : &inode->source;
}

static int root_mount(const char *device)
{
	struct file_system *fs;

	mutex_lock(&mount_lock);
	int error = file_system_start(device, &ext2_type, NULL, &fs);
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
	int error = vfs_mount(type, NULL, path, type, NULL);

	if (error)
		log_print("vfs: %s is not mounted on %s (error %d): is the directory there?", type,
		          path, -error);
}

int vfs_init(const char *device)
{
	int error = block_nodes_init();

	if (!error)
		error = tmpfs_init();
	if (!error)
		error = pipe_init();
	if (!error)
		error = root_mount(device);
	if (error)
		return error;
	procfs_register_memory();
	procfs_register_system();
	mount_or_say("devtmpfs", "/dev");
	mount_or_say("proc", "/proc");
	shrinker_register(shrink);
	vm_set_shared_memory_hook(shared_memory_make);
	audit_set_slot_hook(tmpfs_slots);
	swap_set_empty_hook(tmpfs_leave_swap);
	return 0;
}
