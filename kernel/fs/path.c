/* SPDX-License-Identifier: MIT */
/*
 * Paths: walking them name by name, through mounts and symbolic links, and the operations
 * on names: open, mkdir, link, rename and their kin.
 *
 * A walk goes to the last name and stops in front of it:
 *
 *   "/usr/lib/x"   here = /usr/lib   name = "x"
 *   "/"            here = /          name = "" (the directory itself)
 *   "a/.."         here = a          name = ".."
 *
 * A symbolic link is put in front of what is left of the path.
 *
 * Locks: a directory's inode lock while a name in it is looked for and changed; then the
 * inode that the name means. Renaming also holds rename_lock, so that the tree stays the
 * same while two places of it are compared.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>

#include "kernel/fs/fs.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "vm/tracepoints.h"

#define LINKS_MAX 40

static struct mutex rename_lock = MUTEX_INIT(rename_lock, "rename");

struct walk {
	struct dentry *here;   /* with a reference */
	char *path;            /* what is being walked: own memory, PATH_SIZE bytes */
	const char *rest;      /* of it, still to go */
	char name[NAME_SIZE];  /* the last name */
	bool directory;        /* the path ended with a slash */
	uint32_t links;        /* symbolic links followed */
};

static bool name_is_plain(const char *name)
{
	return name[0] && strcmp(name, ".") && strcmp(name, "..");
}

static int walk_start(struct walk *walk, struct dentry *at, const char *path)
{
	if (!path[0])
		return -ENOENT;
	if (strnlen(path, PATH_SIZE) == PATH_SIZE)
		return -ENAMETOOLONG;
	walk->path = kmalloc(PATH_SIZE);
	if (!walk->path)
		return -ENOMEM;
	strcpy(walk->path, path);
	walk->rest = walk->path;
	walk->links = 0;
	walk->directory = false;
	walk->here = path[0] == '/' || !at ? vfs_root() : dentry_get(at);
	return 0;
}

static void walk_end(struct walk *walk)
{
	dentry_put(walk->here);
	kfree(walk->path);
}

/* What the name means, on top of what is mounted there. */
static int walk_find(struct walk *walk, struct dentry **found)
{
	if (!strcmp(walk->name, "..")) {
		*found = dentry_mounted(dentry_parent(dentry_get(walk->here)));
		return 0;
	}
	if (!name_is_plain(walk->name)) {
		*found = dentry_get(walk->here);
		return 0;
	}
	int error = dentry_lookup(walk->here, walk->name, found);
	if (!error)
		*found = dentry_mounted(*found);
	return error;
}

/* Puts the link's target in front of the rest, which is where the walk goes on. */
static int walk_follow(struct walk *walk, struct dentry *link)
{
	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	char *path = kmalloc(PATH_SIZE);
	if (!path)
		return -ENOMEM;
	int length = vfs_readlink(link, path, PATH_SIZE);
	size_t rest = strlen(walk->rest);
	/* A slash, the rest and a NUL come behind. */
	int error = length < 0 ? length : length == 0 ? -ENOENT : 0;
	if (!error && length + 1 + rest + 1 > PATH_SIZE)
		error = -ENAMETOOLONG;
	if (error) {
		kfree(path);
		return error;
	}
	if (rest || walk->directory)
		path[length++] = '/';
	memcpy(path + length, walk->rest, rest + 1);
	kfree(walk->path);
	walk->path = path;
	walk->rest = path;
	walk->directory = false;
	if (path[0] == '/') {
		dentry_put(walk->here);
		walk->here = vfs_root();
	}
	return 0;
}

/* Takes the next name off the rest. */
static int walk_next_name(struct walk *walk)
{
	while (*walk->rest == '/')
		walk->rest++;
	size_t length = 0;
	while (walk->rest[length] && walk->rest[length] != '/')
		length++;
	if (length >= NAME_SIZE)
		return -ENAMETOOLONG;
	memcpy(walk->name, walk->rest, length);
	walk->name[length] = '\0';
	walk->rest += length;
	walk->directory = *walk->rest == '/';
	while (*walk->rest == '/')
		walk->rest++;
	return 0;
}

/* Goes on to in front of the last name: `here` is a directory then, in which the caller may
 * look names up. */
static int walk_to_last(struct walk *walk)
{
	for (;;) {
		struct dentry *next;
		int error = walk_next_name(walk);

		if (!error && !S_ISDIR(walk->here->inode->mode))
			error = -ENOTDIR;
		if (!error && walk->name[0])
			error = inode_access(walk->here->inode, ACCESS_EXECUTE);
		if (error || !*walk->rest)
			return error;
		error = walk_find(walk, &next);
		if (error)
			return error;
		if (S_ISLNK(next->inode->mode)) {
			error = walk_follow(walk, next);
			dentry_put(next);
			if (error)
				return error;
			continue;
		}
		dentry_put(walk->here);
		walk->here = next;
	}
}

/* Walks to the end, through a last symbolic link if asked for. */
static int walk_whole(struct walk *walk, bool follow, struct dentry **found)
{
	for (;;) {
		int error = walk_to_last(walk);
		if (!error)
			error = walk_find(walk, found);
		if (error)
			return error;
		if (S_ISLNK((*found)->inode->mode) && (follow || walk->directory)) {
			error = walk_follow(walk, *found);
			dentry_put(*found);
			if (error)
				return error;
			continue;
		}
		if (walk->directory && !S_ISDIR((*found)->inode->mode)) {
			dentry_put(*found);
			return -ENOTDIR;
		}
		return 0;
	}
}

int vfs_lookup(struct dentry *at, const char *path, bool follow_last, struct dentry **found)
{
	struct walk walk;
	int error = walk_start(&walk, at, path);

	if (error)
		return error;
	error = walk_whole(&walk, follow_last, found);
	walk_end(&walk);
	return error;
}

int vfs_readlink(struct dentry *dentry, char *to, size_t size)
{
	struct inode *inode = dentry->inode;

	if (!S_ISLNK(inode->mode) || !inode->ops->readlink)
		return -EINVAL;
	return inode->ops->readlink(inode, to, size);
}

/* --- making names ----------------------------------------------------------------------- */

/* Whether the caller may make a name in the (locked) directory. */
static int check_may_make(struct inode *dir)
{
	int error = inode_check_writable(dir);

	if (!error && !dir->links)
		error = -ENOENT;
	return error ? error : inode_access(dir, ACCESS_WRITE);
}

/* Walks to a name that is to be made: 0 with the directory locked and the name free, else
 * -EEXIST or other; the walk has ended then. */
static int make_start(struct walk *walk, struct dentry *at, const char *path, bool directory)
{
	struct dentry *found;
	int error = walk_start(walk, at, path);

	if (error)
		return error;
	error = walk_to_last(walk);
	if (!error && !name_is_plain(walk->name))
		error = -EEXIST;
	if (error) {
		walk_end(walk);
		return error;
	}
	struct inode *dir = walk->here->inode;
	mutex_lock(&dir->lock);
	error = dentry_lookup_locked(walk->here, walk->name, &found);
	if (!error) {
		dentry_put(found);
		error = -EEXIST;
	} else if (error == -ENOENT) {
		error = check_may_make(dir);
		if (!error && walk->directory && !directory)
			error = -ENOENT;
	}
	if (error) {
		mutex_unlock(&dir->lock);
		walk_end(walk);
	}
	return error;
}

static void make_end(struct walk *walk)
{
	mutex_unlock(&walk->here->inode->lock);
	walk_end(walk);
}

static int make_node(struct dentry *at, const char *path, uint32_t mode, uint32_t device)
{
	struct walk walk;
	struct inode *made;
	int error = make_start(&walk, at, path, S_ISDIR(mode));

	if (error)
		return error;
	struct inode *dir = walk.here->inode;
	error = dir->ops->create ? dir->ops->create(dir, walk.name, mode, device, &made) : -EPERM;
	make_end(&walk);
	if (!error)
		inode_put(made);
	return error;
}

int vfs_mknod(struct dentry *at, const char *path, uint32_t mode, uint32_t device)
{
	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	if (S_ISDIR(mode) || S_ISLNK(mode))
		return -EPERM;
	return make_node(at, path, mode, device);
}

int vfs_mkdir(struct dentry *at, const char *path, uint32_t mode)
{
	return make_node(at, path, S_IFDIR | (mode & 07777), 0);
}

int vfs_symlink(struct dentry *at, const char *path, const char *target)
{
	struct walk walk;

	if (!target[0])
		return -ENOENT;
	int error = make_start(&walk, at, path, false);
	if (error)
		return error;
	struct inode *dir = walk.here->inode;
	error = dir->ops->symlink ? dir->ops->symlink(dir, walk.name, target) : -EPERM;
	make_end(&walk);
	return error;
}

int vfs_link(struct dentry *old_at, const char *old_path, struct dentry *at, const char *path)
{
	struct dentry *old;
	struct walk walk;
	int error = vfs_lookup(old_at, old_path, false, &old);

	if (error)
		return error;
	struct inode *target = old->inode;
	error = make_start(&walk, at, path, false);
	if (error) {
		dentry_put(old);
		return error;
	}
	struct inode *dir = walk.here->inode;
	if (dir->fs != target->fs) {
		error = -EXDEV;
	} else if (S_ISDIR(target->mode) || !dir->ops->link) {
		error = -EPERM;
	} else {
		mutex_lock_nested(&target->lock, 1); /* below its new directory */
		/* Removed meanwhile: it must not come back. */
		error = target->links ? dir->ops->link(dir, walk.name, target) : -ENOENT;
		mutex_unlock(&target->lock);
	}
	make_end(&walk);
	dentry_put(old);
	return error;
}

/* --- removing names --------------------------------------------------------------------- */

static bool is_busy(const struct dentry *dentry)
{
	return dentry->mounted != NULL;
}

/* Whether unlink or rmdir (`directory`) may remove the name. */
static int remove_check(const struct walk *walk, const struct dentry *dentry, bool directory)
{
	const struct inode *dir = walk->here->inode;
	bool is_directory = S_ISDIR(dentry->inode->mode);
	int error = inode_may_remove(dir, dentry->inode);

	if (error)
		return error;
	if (directory && !is_directory)
		return -ENOTDIR;
	if (!directory && is_directory)
		return -EISDIR;
	if (walk->directory && !is_directory)
		return -ENOTDIR;
	if (is_busy(dentry))
		return -EBUSY;
	return (directory ? !dir->ops->rmdir : !dir->ops->unlink) ? -EPERM : 0;
}

/* The directory is locked. */
static int remove_locked(struct walk *walk, bool directory)
{
	struct inode *dir = walk->here->inode;
	struct dentry *dentry;
	int error = inode_check_writable(dir);

	if (!error)
		error = dentry_lookup_locked(walk->here, walk->name, &dentry);
	if (error)
		return error;
	struct inode *inode = dentry->inode;
	error = remove_check(walk, dentry, directory);
	if (!error) {
		mutex_lock_nested(&inode->lock, 1); /* below its directory */
		error = directory ? dir->ops->rmdir(dir, walk->name, inode)
		                  : dir->ops->unlink(dir, walk->name, inode);
		mutex_unlock(&inode->lock);
	}
	if (!error)
		dentry_remove(dentry);
	/* The last reference to the inode may be this one: it is deleted, with only the
	 * directory's lock held, which deleting does not want. */
	dentry_put(dentry);
	return error;
}

static int remove_name(struct dentry *at, const char *path, bool directory)
{
	struct walk walk;
	int error = walk_start(&walk, at, path);

	if (error)
		return error;
	error = walk_to_last(&walk);
	if (!error && !name_is_plain(walk.name))
		error = !directory                    ? -EISDIR
		      : !strcmp(walk.name, ".")       ? -EINVAL
		      : !strcmp(walk.name, "..")      ? -ENOTEMPTY
		                                      : -EBUSY;
	if (!error) {
		mutex_lock(&walk.here->inode->lock);
		error = remove_locked(&walk, directory);
		mutex_unlock(&walk.here->inode->lock);
	}
	walk_end(&walk);
	return error;
}

int vfs_rmdir(struct dentry *at, const char *path)
{
	return remove_name(at, path, true);
}

int vfs_unlink(struct dentry *at, const char *path)
{
	return remove_name(at, path, false);
}

/* --- renaming --------------------------------------------------------------------------- */

/* Locks both directories: the upper one first if one is above the other, as everybody who
 * locks a directory and something in it. */
static void rename_lock_both(struct dentry *a, struct dentry *b)
{
	struct inode *first = a->inode, *second = b->inode;

	if (first == second) {
		mutex_lock(&first->lock);
		return;
	}
	if (dentry_is_above(b, a) || (!dentry_is_above(a, b) && second < first)) {
		first = b->inode;
		second = a->inode;
	}
	mutex_lock(&first->lock);
	mutex_lock_nested(&second->lock, 1);
}

static void rename_unlock_both(struct dentry *a, struct dentry *b)
{
	mutex_unlock(&a->inode->lock);
	if (a->inode != b->inode)
		mutex_unlock(&b->inode->lock);
}

/* Whether `moved` may take the place of `replaced` (or NULL) in the directory of `to`. */
static int rename_check(struct walk *from, struct walk *to, struct dentry *moved,
                        struct dentry *replaced)
{
	bool directory = S_ISDIR(moved->inode->mode);

	if (!from->here->inode->ops->rename)
		return -EPERM;
	if (!to->here->inode->links)
		return -ENOENT;
	int error = inode_may_remove(from->here->inode, moved->inode);
	if (!error)
		error = replaced ? inode_may_remove(to->here->inode, replaced->inode)
		                 : inode_access(to->here->inode, ACCESS_WRITE);
	if (error)
		return error;
	if (is_busy(moved) || (replaced && is_busy(replaced)))
		return -EBUSY;
	if (!directory && (from->directory || to->directory))
		return -ENOTDIR;
	if (directory && dentry_is_above(moved, to->here))
		return -EINVAL;
	if (!replaced)
		return 0;
	if (dentry_is_above(replaced, from->here))
		return -ENOTEMPTY;
	if (directory && !S_ISDIR(replaced->inode->mode))
		return -ENOTDIR;
	if (!directory && S_ISDIR(replaced->inode->mode))
		return -EISDIR;
	return 0;
}

static int rename_entry(struct walk *from, struct walk *to, struct dentry *moved,
                        struct dentry *replaced)
{
	struct inode *dir = from->here->inode;
	struct inode *old = replaced ? replaced->inode : NULL;
	int error = rename_check(from, to, moved, replaced);

	/* Two names of one file: both stay (rename(2)). */
	if (error || moved->inode == old)
		return error;
	char *name = kmalloc(strlen(to->name) + 1);
	if (!name)
		return -ENOMEM;
	strcpy(name, to->name);
	if (old)
		mutex_lock_nested(&old->lock, 2);
	error = dir->ops->rename(dir, from->name, to->here->inode, to->name, moved->inode, old);
	if (old)
		mutex_unlock(&old->lock);
	if (error) {
		kfree(name);
		return error;
	}
	if (replaced)
		dentry_remove(replaced);
	dentry_move(moved, to->here, name);
	return 0;
}

/* Both directories are locked. */
static int rename_locked(struct walk *from, struct walk *to)
{
	struct dentry *moved, *replaced = NULL;
	int error = inode_check_writable(from->here->inode);

	if (!error)
		error = dentry_lookup_locked(from->here, from->name, &moved);
	if (error)
		return error;
	error = dentry_lookup_locked(to->here, to->name, &replaced);
	if (error == -ENOENT) {
		replaced = NULL;
		error = 0;
	}
	if (!error)
		error = rename_entry(from, to, moved, replaced);
	if (replaced)
		dentry_put(replaced);
	dentry_put(moved);
	return error;
}

static int rename_walked(struct walk *from, struct walk *to)
{
	struct inode *source = from->here->inode, *target = to->here->inode;

	if (source->fs != target->fs)
		return -EXDEV;
	if (!name_is_plain(from->name) || !name_is_plain(to->name))
		return -EBUSY;
	SCOPED_MUTEX(&rename_lock);
	rename_lock_both(from->here, to->here);
	int error = rename_locked(from, to);
	rename_unlock_both(from->here, to->here);
	return error;
}

int vfs_rename(struct dentry *old_at, const char *old_path, struct dentry *at, const char *path)
{
	struct walk from, to;
	int error = walk_start(&from, old_at, old_path);

	if (error)
		return error;
	error = walk_to_last(&from);
	if (!error)
		error = walk_start(&to, at, path);
	if (!error) {
		error = walk_to_last(&to);
		if (!error)
			error = rename_walked(&from, &to);
		walk_end(&to);
	}
	walk_end(&from);
	return error;
}

/* --- opening ---------------------------------------------------------------------------- */

static bool wants_write(uint32_t flags)
{
	return (flags & O_ACCMODE) != O_RDONLY;
}

/* The last name with the directory locked: found, or made if O_CREAT asks for it. */
static int open_or_create(struct walk *walk, uint32_t flags, uint32_t mode,
                          struct dentry **found, bool *created)
{
	struct inode *dir = walk->here->inode, *made;

	if (!name_is_plain(walk->name))
		return flags & O_EXCL ? -EEXIST : -EISDIR;
	if (walk->directory)
		return -EISDIR;
	SCOPED_MUTEX(&dir->lock);
	int error = dentry_lookup_locked(walk->here, walk->name, found);
	if (!error && flags & O_EXCL) {
		dentry_put(*found);
		return -EEXIST;
	}
	if (error != -ENOENT)
		return error;
	error = check_may_make(dir);
	if (error)
		return error;
	if (!dir->ops->create)
		return -EACCES;
	/* First, so that opening cannot fail when the file is made. */
	struct dentry *dentry = dentry_prepare(walk->name);
	if (!dentry)
		return -ENOMEM;
	error = dir->ops->create(dir, walk->name, S_IFREG | (mode & 07777), 0, &made);
	if (error) {
		dentry_discard(dentry);
		return error;
	}
	dentry_enter(dentry, walk->here, made);
	*found = dentry;
	*created = true;
	return 0;
}

/* Finds or makes what the path names, through symbolic links. */
static int open_walk(struct walk *walk, uint32_t flags, uint32_t mode, struct dentry **found,
                     bool *created)
{
	bool follow = !(flags & O_NOFOLLOW);

	if (!(flags & O_CREAT))
		return walk_whole(walk, follow, found);
	for (;;) {
		int error = walk_to_last(walk);
		if (!error)
			error = open_or_create(walk, flags, mode, found, created);
		if (error)
			return error;
		*found = dentry_mounted(*found);
		if (!S_ISLNK((*found)->inode->mode) || !follow)
			return 0;
		error = walk_follow(walk, *found);
		dentry_put(*found);
		if (error)
			return error;
	}
}

/* Whether the rights that opening asks for are the caller's. */
static int open_rights(const struct inode *inode, uint32_t flags)
{
	uint32_t wanted = (flags & O_ACCMODE) != O_WRONLY ? ACCESS_READ : 0;

	if (wants_write(flags) || flags & O_TRUNC)
		wanted |= ACCESS_WRITE;
	return inode_access(inode, wanted);
}

static int open_check(struct inode *inode, uint32_t flags)
{
	if (S_ISLNK(inode->mode))
		return -ELOOP;
	if (S_ISSOCK(inode->mode))
		return -ENXIO;
	if (flags & O_DIRECTORY && !S_ISDIR(inode->mode))
		return -ENOTDIR;
	if (S_ISDIR(inode->mode))
		return wants_write(flags) || flags & O_CREAT ? -EISDIR : 0;
	if (wants_write(flags) && S_ISREG(inode->mode))
		return inode_check_writable(inode);
	return 0;
}

static int open_found(struct dentry *dentry, uint32_t flags, bool created, struct file *file)
{
	struct inode *inode = dentry->inode;
	int error = open_check(inode, flags);

	if (!error && !created)
		error = open_rights(inode, flags);
	if (!error && flags & O_TRUNC && !created && S_ISREG(inode->mode) && inode->ops->truncate)
		error = inode_truncate(inode, 0);
	return error ? error : file_start(file, inode, dentry, flags);
}

static int open_prepared(struct dentry *at, const char *path, uint32_t flags, uint32_t mode,
                         struct file *file)
{
	struct walk walk;
	struct dentry *dentry;
	bool created = false;
	int error = walk_start(&walk, at, path);

	if (error)
		return error;
	error = open_walk(&walk, flags, mode, &dentry, &created);
	walk_end(&walk);
	if (error)
		return error;
	error = open_found(dentry, flags, created, file);
	if (!error)
		trace_file(&dentry_inode(dentry)->source);
	dentry_put(dentry);
	return error;
}

int vfs_open(struct dentry *at, const char *path, uint32_t flags, uint32_t mode,
             struct file **opened)
{
	struct file *file = file_prepare();

	if (!file)
		return -ENOMEM;
	int error = open_prepared(at, path, flags, mode, file);
	if (error)
		file_discard(file);
	else
		*opened = file;
	return error;
}
