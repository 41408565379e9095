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
 *   "/proc/1/exe"  here = the file   name = "" (such a link leads to an object, not to a path)
 *
 * A symbolic link is put in front of what is left of the path.
 *
 * Locks: a directory's inode lock while a name in it is looked for and changed; then the
 * inode that the name means. Renaming also holds rename_lock, so that the tree stays the
 * same while two places of it are compared.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>

#include "kernel/fs/fs.h"
#include "kernel/fs/notify.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "vm/tracepoints.h"

#define LINKS_MAX 40

static struct mutex rename_lock = MUTEX_INIT(rename_lock, "rename");

struct walk {
	struct dentry *here;   /* with a reference */
	char *path;            /* behind a symbolic link, what is being walked: own memory */
	const char *rest;      /* still to go: of the caller's path, or of that */
	char name[NAME_SIZE];  /* the last name */
	bool directory;        /* the path ended with a slash */
	uint32_t links;        /* symbolic links followed */
	uint32_t resolve;      /* RESOLVE_... of openat2(2) */
	struct dentry *root;   /* with a reference, once it was asked for: walk_root */
};

static bool name_is_plain(const char *name)
{
	return name[0] && (name[0] != '.' || (strcmp(name, ".") != 0 && strcmp(name, "..") != 0));
}

/* What "/" means, and out of which ".." does not lead. */
static struct dentry *walk_root(struct walk *walk)
{
	if (!walk->root)
		walk->root = vfs_root();
	return walk->root;
}

/* With RESOLVE_BENEATH and RESOLVE_IN_ROOT the walk does not leave the directory it starts from;
 * the first of them finds nothing wrong in ending at such a try. */
static int walk_start_resolve(struct walk *walk, struct dentry *at, const char *path,
                              uint32_t resolve)
{
	if (!path[0])
		return -ENOENT;
	if (path[0] == '/' && resolve & RESOLVE_BENEATH)
		return -EXDEV;
	walk->path = NULL;
	walk->rest = path;
	walk->links = 0;
	walk->directory = false;
	walk->resolve = resolve;
	walk->root = resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT) ? dentry_get(at) : NULL;
	walk->here = dentry_get(path[0] == '/' || !at ? walk_root(walk) : at);
	return 0;
}

static int walk_start(struct walk *walk, struct dentry *at, const char *path)
{
	return walk_start_resolve(walk, at, path, 0);
}

static void walk_end(struct walk *walk)
{
	dentry_put(walk->here);
	if (walk->root)
		dentry_put(walk->root);
	kfree(walk->path);
}

static int walk_up(struct walk *walk, struct dentry **found)
{
	if (walk->here != walk_root(walk)) {
		*found = dentry_mounted(dentry_parent(dentry_get(walk->here)));
		return 0;
	}
	if (walk->resolve & RESOLVE_BENEATH)
		return -EXDEV;
	*found = dentry_get(walk->here);
	return 0;
}

/* What the name means, on top of what is mounted there. */
static int walk_find_anywhere(struct walk *walk, struct dentry **found)
{
	if (!name_is_plain(walk->name)) {
		if (!strcmp(walk->name, ".."))
			return walk_up(walk, found);
		*found = dentry_get(walk->here);
		return 0;
	}
	int error = walk->resolve & RESOLVE_CACHED
	                    ? dentry_lookup_cached(walk->here, walk->name, found)
	                    : dentry_lookup(walk->here, walk->name, found);
	if (!error)
		*found = dentry_mounted(*found);
	return error;
}

static int walk_find(struct walk *walk, struct dentry **found)
{
	int error = walk_find_anywhere(walk, found);

	if (!error && walk->resolve & RESOLVE_NO_XDEV &&
	    (*found)->inode->fs != walk->here->inode->fs) {
		dentry_put(*found);
		error = -EXDEV;
	}
	return error;
}

/* A symbolic link began with a slash. */
static int walk_to_root(struct walk *walk)
{
	struct dentry *root = walk_root(walk);

	if (walk->resolve & RESOLVE_BENEATH)
		return -EXDEV;
	if (walk->resolve & RESOLVE_NO_XDEV && root->inode->fs != walk->here->inode->fs)
		return -EXDEV;
	dentry_get(root);
	dentry_put(walk->here);
	walk->here = root;
	return 0;
}

/* Whether the walk may jump to what such a link leads to. */
static int check_jump(const struct walk *walk, const struct dentry *found)
{
	if (walk->resolve & RESOLVE_NO_MAGICLINKS)
		return -ELOOP;
	if (walk->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return -EXDEV;
	if (walk->resolve & RESOLVE_NO_XDEV && found->inode->fs != walk->here->inode->fs)
		return -EXDEV;
	return walk->directory && !S_ISDIR(found->inode->mode) ? -ENOTDIR : 0;
}

/* The walk goes on from the object that the link leads to, which may be no directory if nothing
 * of the path is left. -ENOLINK: its text is to be followed. */
static int walk_jump(struct walk *walk, struct dentry *link)
{
	const struct inode_ops *ops = link->inode->ops;
	struct dentry *found;
	int error = ops->follow ? ops->follow(link->inode, &found) : -ENOLINK;

	if (error)
		return error;
	error = check_jump(walk, found);
	if (error) {
		dentry_put(found);
		return error;
	}
	dentry_put(walk->here);
	walk->here = found;
	return 0;
}

/* Puts the link's target in front of the rest, which is where the walk goes on. */
static int walk_follow(struct walk *walk, struct dentry *link)
{
	if (++walk->links > LINKS_MAX || walk->resolve & RESOLVE_NO_SYMLINKS)
		return -ELOOP;
	int jumped = walk_jump(walk, link);
	if (jumped != -ENOLINK)
		return jumped;
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
	return path[0] == '/' ? walk_to_root(walk) : 0;
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

		if (!error && walk->name[0] && !S_ISDIR(walk->here->inode->mode))
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

/* Whether it is a link to follow. Where the rest has no name it is where the walk stands, which may be a
 * link only if one of /proc led there: that is the object itself. */
static bool is_link(const struct walk *walk, const struct dentry *found)
{
	return S_ISLNK(found->inode->mode) && walk->name[0];
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
		if (is_link(walk, *found) && (follow || walk->directory)) {
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
		return error;
	}
	dentry_appears(walk->here, walk->name);
	return 0;
}

static void make_end(struct walk *walk)
{
	mutex_unlock(&walk->here->inode->lock);
	walk_end(walk);
}

/* Number 0 names none: the "whiteout" that layered file systems make. */
static bool is_device(uint32_t mode, uint32_t device)
{
	return S_ISBLK(mode) || (S_ISCHR(mode) && device);
}

static int make_node(struct dentry *at, const char *path, uint32_t mode, uint32_t device)
{
	struct walk walk;
	struct inode *made;
	int error = make_start(&walk, at, path, S_ISDIR(mode));

	if (error)
		return error;
	struct inode *dir = walk.here->inode;
	if (is_device(mode, device))
		error = right_check(MAY_MAKE_DEVICE, NULL);
	if (!error)
		error = dir->ops->create ? dir->ops->create(dir, walk.name, mode, device, &made)
		                         : -ENOENT;
	if (!error)
		notify_name(dir, walk.name, IN_CREATE | (S_ISDIR(mode) ? IN_ISDIR : 0), 0);
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
	return make_node(at, path, S_IFDIR | (mode & 01777), 0);
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
	error = dir->ops->symlink ? dir->ops->symlink(dir, walk.name, target) : -ENOENT;
	if (!error)
		notify_name(dir, walk.name, IN_CREATE, 0);
	make_end(&walk);
	return error;
}

/* The inode gets the name; both are locked. One that was removed meanwhile must not come back. */
static int link_locked(struct inode *dir, const char *name, struct inode *target)
{
	if (!target->links && !target->linkable)
		return -ENOENT;
	int error = dir->ops->link(dir, name, target);
	if (!error)
		target->linkable = false;
	return error;
}

int vfs_link(struct inode *target, struct dentry *at, const char *path)
{
	struct walk walk;
	int error = make_start(&walk, at, path, false);

	if (error)
		return error;
	struct inode *dir = walk.here->inode;
	if (dir->fs != target->fs)
		error = -EXDEV;
	else if (S_ISDIR(target->mode) || !dir->ops->link)
		error = -EPERM;
	else
		error = inode_right(target, MAY_LINK);
	if (!error) {
		mutex_lock_nested(&target->lock, 1); /* below its new directory */
		error = link_locked(dir, walk.name, target);
		mutex_unlock(&target->lock);
	}
	if (!error) {
		notify_inode(target, IN_ATTRIB | IN_UNNAMED);
		notify_name(dir, walk.name, IN_CREATE, 0);
	}
	make_end(&walk);
	return error;
}

/* --- removing names --------------------------------------------------------------------- */

static bool is_busy(const struct dentry *dentry)
{
	return dentry->mounted != NULL;
}

/* Its name stays while the kernel writes to it. */
static bool carries_swap(const struct dentry *dentry)
{
	return dentry->inode->source.carries_swap;
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
	if (carries_swap(dentry))
		return -EPERM;
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
	if (!error) {
		if (!directory)
			notify_inode(inode, IN_ATTRIB | IN_UNNAMED);
		dentry_remove(dentry);
		notify_gone(dentry);
		notify_name(dir, walk->name, IN_DELETE | (directory ? IN_ISDIR : 0), 0);
	}
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

/* A rename: of `moved`, named from->name, to the name to->name, which now means `replaced`, or
 * nothing (NULL). */
struct renaming {
	struct walk *from, *to;
	struct dentry *moved, *replaced;
	uint32_t flags;
};

static bool is_exchange(const struct renaming *r)
{
	return r->flags & RENAME_EXCHANGE;
}

/* What is asked of the names and of what they mean, before anybody's rights. */
static int rename_check_names(const struct renaming *r)
{
	bool directory = S_ISDIR(r->moved->inode->mode);

	if (r->replaced && r->flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (is_exchange(r) && !r->replaced)
		return -ENOENT;
	if (is_exchange(r) && r->to->directory && !S_ISDIR(r->replaced->inode->mode))
		return -ENOTDIR;
	if (!directory && (r->from->directory || (r->to->directory && !is_exchange(r))))
		return -ENOTDIR;
	if (directory && dentry_is_above(r->moved, r->to->here))
		return -EINVAL;
	if (r->replaced && dentry_is_above(r->replaced, r->from->here))
		return is_exchange(r) ? -EINVAL : -ENOTEMPTY;
	return 0;
}

/* A directory whose ".." changes is written to. */
static int check_new_parent(const struct renaming *r, const struct dentry *dentry)
{
	if (r->from->here == r->to->here || !S_ISDIR(dentry->inode->mode))
		return 0;
	return inode_access(dentry->inode, ACCESS_WRITE);
}

static int rename_check_rights(const struct renaming *r)
{
	struct inode *to = r->to->here->inode;
	int error = inode_may_remove(r->from->here->inode, r->moved->inode);

	if (!error && !to->links)
		error = -ENOENT;
	if (!error)
		error = r->replaced ? inode_may_remove(to, r->replaced->inode)
		                    : inode_access(to, ACCESS_WRITE);
	return error;
}

static bool stays(const struct dentry *dentry)
{
	return dentry && carries_swap(dentry);
}

/* Whether `moved` may take the place of `replaced`, or change places with it. */
static int rename_check(const struct renaming *r)
{
	bool directory = S_ISDIR(r->moved->inode->mode);
	const struct inode_ops *ops = r->from->here->inode->ops;
	int error = rename_check_rights(r);

	if (error)
		return error;
	if (stays(r->moved) || stays(r->replaced))
		return -EPERM;
	if (r->replaced && !is_exchange(r) && directory != S_ISDIR(r->replaced->inode->mode))
		return directory ? -ENOTDIR : -EISDIR;
	if (is_exchange(r) ? !ops->exchange : !ops->rename)
		return -EPERM;
	error = check_new_parent(r, r->moved);
	if (!error && is_exchange(r))
		error = check_new_parent(r, r->replaced);
	if (error)
		return error;
	return is_busy(r->moved) || (r->replaced && is_busy(r->replaced)) ? -EBUSY : 0;
}

/* Both directories are told, there or back. */
static void notify_moved(const struct renaming *r, const struct dentry *moved, bool there)
{
	uint32_t kind = S_ISDIR(moved->inode->mode) ? IN_ISDIR : 0;
	uint32_t cookie = notify_cookie();
	const struct walk *from = there ? r->from : r->to, *to = there ? r->to : r->from;

	if (from->here == to->here)
		notify_name(from->here->inode, from->name, IN_RENAMED, 0);
	notify_name(from->here->inode, from->name, IN_MOVED_FROM | kind, cookie);
	notify_name(to->here->inode, to->name, IN_MOVED_TO | kind, cookie);
}

static int rename_do(const struct renaming *r)
{
	struct inode *from = r->from->here->inode, *to = r->to->here->inode;
	struct inode *old = r->replaced ? r->replaced->inode : NULL;
	char *name = kmalloc(strlen(r->to->name) + 1);

	if (!name)
		return -ENOMEM;
	strcpy(name, r->to->name);
	if (old)
		mutex_lock_nested(&old->lock, 2);
	int error = from->ops->rename(from, r->from->name, to, r->to->name, r->moved->inode, old);
	if (old)
		mutex_unlock(&old->lock);
	if (error) {
		kfree(name);
		return error;
	}
	if (old)
		dentry_remove(r->replaced);
	else
		dentry_appears(r->to->here, r->to->name);
	dentry_move(r->moved, r->to->here, name);
	notify_moved(r, r->moved, true);
	if (old)
		notify_inode(old, IN_ATTRIB | IN_UNNAMED);
	notify_inode(r->moved->inode, IN_MOVE_SELF | IN_UNNAMED);
	return 0;
}

static int exchange_do(const struct renaming *r)
{
	struct inode *from = r->from->here->inode, *to = r->to->here->inode;
	int error = from->ops->exchange(from, r->from->name, to, r->to->name, r->moved->inode,
	                                r->replaced->inode);

	if (error)
		return error;
	dentry_exchange(r->moved, r->replaced);
	notify_moved(r, r->moved, true);
	notify_inode(r->moved->inode, IN_MOVE_SELF | IN_UNNAMED);
	notify_moved(r, r->replaced, false);
	notify_inode(r->replaced->inode, IN_MOVE_SELF | IN_UNNAMED);
	return 0;
}

/* Both directories are locked. */
static int rename_entry(const struct renaming *r)
{
	int error = rename_check_names(r);

	if (error)
		return error;
	/* Two names of one file: both stay (rename(2)). */
	if (r->replaced && r->moved->inode == r->replaced->inode)
		return 0;
	error = rename_check(r);
	if (error)
		return error;
	return is_exchange(r) ? exchange_do(r) : rename_do(r);
}

static int rename_locked(struct renaming *r)
{
	int error = inode_check_writable(r->from->here->inode);

	if (!error)
		error = dentry_lookup_locked(r->from->here, r->from->name, &r->moved);
	if (error)
		return error;
	error = dentry_lookup_locked(r->to->here, r->to->name, &r->replaced);
	if (error == -ENOENT) {
		r->replaced = NULL;
		error = 0;
	}
	if (!error)
		error = rename_entry(r);
	if (r->replaced) {
		notify_gone(r->replaced);
		dentry_put(r->replaced);
	}
	dentry_put(r->moved);
	return error;
}

static int rename_walked(struct walk *from, struct walk *to, uint32_t flags)
{
	struct renaming renaming = {.from = from, .to = to, .flags = flags};

	if (from->here->inode->fs != to->here->inode->fs)
		return -EXDEV;
	if (!name_is_plain(from->name))
		return -EBUSY;
	if (!name_is_plain(to->name))
		return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	SCOPED_MUTEX(&rename_lock);
	rename_lock_both(from->here, to->here);
	int error = rename_locked(&renaming);
	rename_unlock_both(from->here, to->here);
	return error;
}

int vfs_rename(struct dentry *old_at, const char *old_path, struct dentry *at, const char *path,
               uint32_t flags)
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
			error = rename_walked(&from, &to, flags);
		walk_end(&to);
	}
	walk_end(&from);
	return error;
}

/* --- opening ---------------------------------------------------------------------------- */

/* Access mode 3 asks for the rights to read and write, and can do neither: for ioctl(2). */
static bool wants_write(uint32_t flags)
{
	return (flags & O_ACCMODE) != O_RDONLY;
}

#define OPEN_FLAGS \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_DSYNC | \
	 FASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | \
	 __O_SYNC | O_PATH | __O_TMPFILE)

int vfs_open_flags(uint32_t *flags)
{
	*flags &= OPEN_FLAGS;
	if (*flags & O_PATH)
		*flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if (*flags & O_DIRECTORY && *flags & O_CREAT)
		return -EINVAL;
	if (*flags & __O_TMPFILE && (!(*flags & O_DIRECTORY) || !wants_write(*flags)))
		return -EINVAL;
	return 0;
}

/* The last name with the directory locked: found, or made if O_CREAT asks for it. */
static int open_or_create(struct walk *walk, uint32_t flags, uint32_t mode,
                          struct dentry **found, bool *created)
{
	struct inode *dir = walk->here->inode, *made;

	if (!name_is_plain(walk->name) && (flags & O_EXCL || S_ISDIR(dir->mode)))
		return flags & O_EXCL ? -EEXIST : -EISDIR;
	if (!walk->name[0]) { /* where a link jumped to */
		*found = dentry_get(walk->here);
		return 0;
	}
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
		return -ENOENT; /* /proc: what is not there cannot be made */
	/* First, so that opening cannot fail when the file is made. */
	struct dentry *dentry = dentry_prepare(walk->name);
	if (!dentry)
		return -ENOMEM;
	dentry_appears(walk->here, walk->name);
	error = dir->ops->create(dir, walk->name, S_IFREG | (mode & 07777), 0, &made);
	if (error) {
		dentry_discard(dentry);
		return error;
	}
	dentry_enter(dentry, walk->here, made);
	notify_name(dir, walk->name, IN_CREATE, 0);
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
		if (!is_link(walk, *found) || !follow)
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
	int error = inode_access(inode, wanted);
	if (!error && flags & O_NOATIME)
		error = inode_right(inode, MAY_READ_UNSEEN);
	return error;
}

static int open_check(struct inode *inode, uint32_t flags)
{
	/* O_TMPFILE's directory is the one that the file was made in. */
	if (flags & O_DIRECTORY && !(flags & __O_TMPFILE) && !S_ISDIR(inode->mode))
		return -ENOTDIR;
	if (flags & O_PATH)
		return 0;
	if (S_ISLNK(inode->mode))
		return -ELOOP;
	if (S_ISSOCK(inode->mode))
		return -ENXIO;
	if (S_ISDIR(inode->mode))
		return wants_write(flags) || flags & (O_CREAT | O_TRUNC) ? -EISDIR : 0;
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		return inode_mounted(inode, MS_NODEV) ? -EACCES : 0;
	if (!S_ISREG(inode->mode))
		return 0;
	if (!(flags & O_LARGEFILE) && inode->source.size > INT32_MAX)
		return -EOVERFLOW;
	return wants_write(flags) || flags & O_TRUNC ? inode_check_writable(inode) : 0;
}

static int open_found(struct dentry *dentry, uint32_t flags, bool created, struct file *file)
{
	struct inode *inode = dentry->inode;
	int error = open_check(inode, flags);

	if (!error && !created && !(flags & O_PATH))
		error = open_rights(inode, flags);
	if (created)
		flags &= ~(uint32_t)O_TRUNC;
	return error ? error : file_start(file, dentry, flags);
}

/* O_TMPFILE: a file of the directory's file system that has no name there. */
static int open_nameless(struct dentry *directory, uint32_t flags, uint32_t mode,
                         struct dentry **made)
{
	struct inode *dir = directory->inode, *inode;

	if (!S_ISDIR(dir->mode))
		return -ENOTDIR;
	int error = inode_access(dir, ACCESS_WRITE | ACCESS_EXECUTE);
	if (!error)
		error = inode_check_writable(dir);
	if (!error && !dir->ops->create_nameless)
		error = -EOPNOTSUPP;
	if (!error)
		error = dir->ops->create_nameless(dir, S_IFREG | (mode & 07777), &inode);
	if (error)
		return error;
	inode->linkable = !(flags & O_EXCL);
	*made = dentry_create_removed(directory, inode);
	return *made ? 0 : -ENOMEM;
}

/* What the path names, or for O_TMPFILE a new file there; *created: nobody's rights are asked. */
static int open_place(struct walk *walk, uint32_t flags, uint32_t mode, struct dentry **found,
                      bool *created)
{
	struct dentry *directory;

	if (!(flags & __O_TMPFILE))
		return open_walk(walk, flags, mode, found, created);
	int error = walk_whole(walk, true, &directory);
	if (error)
		return error;
	error = open_nameless(directory, flags, mode, found);
	dentry_put(directory);
	*created = !error;
	return error;
}

static int open_prepared(struct dentry *at, const char *path, uint32_t flags, uint32_t mode,
                         uint32_t resolve, struct file *file)
{
	struct walk walk;
	struct dentry *dentry;
	bool created = false;
	int error = walk_start_resolve(&walk, at, path, resolve);

	if (error)
		return error;
	error = open_place(&walk, flags, mode, &dentry, &created);
	walk_end(&walk);
	if (error)
		return error;
	error = open_found(dentry, flags, created, file);
	if (!error)
		trace_file(&dentry_inode(dentry)->source);
	dentry_put(dentry);
	return error;
}

int vfs_open_resolve(struct dentry *at, const char *path, uint32_t flags, uint32_t mode,
                     uint32_t resolve, struct file **opened)
{
	struct file *file;
	int error = file_prepare(&file);

	if (error)
		return error;
	error = open_prepared(at, path, flags, mode, resolve, file);
	if (error)
		file_discard(file);
	else
		*opened = file;
	return error;
}

int vfs_open(struct dentry *at, const char *path, uint32_t flags, uint32_t mode,
             struct file **opened)
{
	return vfs_open_resolve(at, path, flags, mode, 0, opened);
}
