/* SPDX-License-Identifier: MIT */
/*
 * Inside kernel/fs: what a file system is to the rest, the caches of inodes and dentries,
 * and the helpers that file systems share. Others include vfs.h.
 *
 * fs_cache_lock is a spinlock over both caches: the inodes' hash and list of unused ones,
 * the tree of dentries with its references, hash and list of unused ones. Nothing is
 * allocated and nobody sleeps under it, so the heap's shrinker may take it anywhere.
 */
#pragma once

#include <asm/statfs.h>
#include <linux/mount.h>
#include <linux/stat.h>

#include "kernel/fs/vfs.h"
#include "kernel/sync/spinlock.h"

#define MINOR_BITS 8
#define MOUNT_FLAGS \
	(MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME)
#define FILE_SIZE_MAX (UINT64_C(1) << 41) /* ext2 counts 512-byte units in 32 bits */
/* As mknod(2) and stat(2) have it: the minor's upper bits are on top. */
#define DEVICE(major, minor) \
	(((uint32_t)(minor) & 0xff) | (uint32_t)(major) << MINOR_BITS | \
	 ((uint32_t)(minor) & ~0xffu) << 12)
#define DEVICE_MAJOR(device) ((device) >> MINOR_BITS & 0xfff)
#define DEVICE_MINOR(device) (((device) & 0xff) | ((device) >> 12 & 0xfff00))

struct block_device;
struct file_system;

struct text;

struct file_system_ops {
	int (*statfs)(struct file_system *, struct statfs64 *);
	/* What is only in memory into the page cache, then the mark "clean" to the disk;
	 * `last`: no program runs any more. NULL: nothing to do. */
	int (*sync)(struct file_system *, bool last);
	/* It is to be writable, or read-only (all is written then); other options, or none ("").
	 * -EROFS, -EINVAL. NULL: nothing is asked, and there are no options. */
	int (*remount)(struct file_system *, bool read_only, const char *options);
	/* Gives up what it holds in memory besides the root inode. -EBUSY if an inode is in
	 * use after all. NULL: nothing to do. */
	int (*unmount)(struct file_system *);
	/* What its options are, each with a comma before it. NULL: it has none to tell. */
	void (*show_options)(struct file_system *, struct text *);
	/* What its names say cannot be: tells it (`what` and a number), and is read-only from
	 * now on. NULL: its names are always right. */
	void (*damaged)(struct file_system *, const char *what, uint32_t number);
};

struct file_system_type {
	const char *name;
	bool on_disk;       /* mount's source names a block device */
	bool names_change;  /* names come and go by themselves (proc): not cached unused */
	/* Fills in ops, private, read_only and *root (with a reference). On error private
	 * may be left for the caller to free. */
	int (*mount)(struct file_system *, struct inode **root);
};

/* A mounted file system. Immutable after the mount, but for read_only and flags. */
struct file_system {
	const struct file_system_type *type;
	const struct file_system_ops *ops;
	char source[32];             /* as mount was told */
	const char *options;         /* the same, while it is being mounted; NULL: none */
	uint32_t number;             /* st_dev */
	bool read_only;              /* atomic: one that is damaged becomes it */
	uint32_t flags;              /* MS_... of mount(2) that stay: MOUNT_FLAGS; mount_lock */
	bool expiring;               /* MNT_EXPIRE was asked for once; mount_lock */
	uint32_t writers;            /* files open for writing; atomic */
	bool whole_seconds;          /* times are kept without their nanoseconds */
	int64_t first_second, last_second; /* the times that can be kept; both 0: all */
	struct inode *device;        /* its block device's inode, or NULL */
	struct block_device *disk;
	struct dentry *root;
	struct list_link link;       /* all that are mounted; mount.c */
	void *private;               /* its own, from kmalloc; freed last */
};

/* A name in a directory, and the way up. */
struct dentry {
	uint32_t references;        /* all fields: fs_cache_lock, unless said otherwise */
	struct dentry *parent;      /* with a reference, unless the name is absent; NULL: root of
	                               its file system */
	struct inode *inode;        /* with a reference; never changes. NULL: the name is absent,
	                               and nobody gets to see the dentry */
	struct list absent;         /* names that were looked for in it and are not there ... */
	struct list_link sibling;   /* ... by this link */
	struct dentry *mounted;     /* the root of what is mounted over it */
	struct dentry *covers;      /* of such a root: what it is mounted over */
	char *name;                 /* own memory; a root: NULL */
	uint32_t hash;
	struct dentry *hash_next;
	bool hashed;                /* false: removed, or a root */
	struct list_link link;      /* the unused ones, oldest first */
};

extern struct spinlock fs_cache_lock;

/* inode.c */
/* Prepares the common part; one reference, times now, links 1. */
void inode_init(struct inode *, struct file_system *, const struct inode_ops *,
                const struct page_source_ops *, uint32_t mode);
/* The cached inode with this number, with a reference, or NULL. */
struct inode *inode_find(struct file_system *, uint32_t number);
/* Enters the inode, whose number nobody else has, into the cache. */
void inode_cache(struct inode *);
/* Gives up a reference where nothing may be deleted (the shrinker). */
void inode_put_unslept(struct inode *);
/* Drops every unused inode of the file system, written. -EBUSY if one is in use besides
 * `root`, -EIO if one cannot be written. */
int inode_cache_empty(struct file_system *, struct inode *root);
/* Calls visit for each cached inode of the file system, with a reference. */
void inode_for_each(struct file_system *, void (*visit)(struct inode *));
uint32_t inode_shrink(void);
void inode_cache_init(void); /* as dentry_cache_init */
/* For an operation that changes the inode: pinned before the first step, so that none is left
 * half done for want of memory. -ENOMEM, -EIO. */
int inode_pin(struct inode *);
void inode_unpin(struct inode *);
/* How long the caller may make a file: RLIMIT_FSIZE, and what a file can be at most. */
uint64_t inode_size_limit(void);
/* -EFBIG if that is not so long; it is told if its own limit is the reason. */
int inode_check_size(uint64_t size);
/* Changes the file's size; inode->lock held. As inode_truncate. */
int inode_truncate_locked(struct inode *, uint64_t size);
/* SEEK_DATA and SEEK_HOLE of lseek(2): a position, -ENXIO. */
loff_t inode_seek(struct inode *, loff_t offset, int whence);
/* -EPERM if a seal forbids that the (locked) inode gets this size, or, with `writes`, that its
 * content changes. */
int inode_check_seals(const struct inode *, uint64_t size, bool writes);
/* Whose the new inode is: the caller's; in a directory with S_ISGID, of its group. */
void inode_own(struct inode *, const struct inode *dir);
/* Its content, its owner changes: set-id bits go as write(2) and chown(2) say. The caller holds
 * the inode's lock and has it written. given_away: -EPERM if bits would go, and the caller may
 * not take them. */
void inode_written(struct inode *);
int inode_given_away(struct inode *);
/* Whether the caller may remove or rename the inode's name in the directory: -EACCES, and in
 * one with S_ISVTX -EPERM for who owns neither. */
int inode_may_remove(const struct inode *dir, const struct inode *);
/* A reference on an inode that may be on its way out: false if it is. */
bool inode_try_get(struct inode *);
/* -EROFS if its file system may not be changed; of content: -ETXTBSY if it carries swap, too. */
int inode_check_writable(const struct inode *);
/* xattr.c: an extended attribute, in a list of its inode. */
struct attribute {
	struct list_link link;
	uint32_t size; /* of the value */
	char text[];   /* the name with its NUL, then the value */
};
/* NULL: no memory. */
struct attribute *attribute_create(const char *name, const void *value, uint32_t size);
const char *attribute_value(const struct attribute *);
struct attribute *attribute_find(struct list *, const char *name);
/* The bytes of memory that all take. */
uint32_t attribute_list_bytes(struct list *);
/* The list of an inode's extended attributes, which is no more, becomes empty. */
void attribute_list_free(struct list *);
int inode_check_content_writable(const struct inode *);
/* For page_source_ops: references to the inode, and its description. */
bool inode_source_get(struct page_source *);
void inode_source_put(struct page_source *);
void inode_source_describe(struct page_source *, uint32_t *device, uint32_t *inode, char *to,
                           size_t size);
/* The file_ops for a fifo or device node. */
const struct file_ops *inode_special_ops(uint32_t mode);

/* dentry.c */
/* The root of a file system; takes over the inode's reference. NULL: no memory (the
 * reference is given up). */
struct dentry *dentry_create_root(struct inode *);
/* The same for a pipe or a file that no directory has; `name` is how it is shown. */
struct dentry *dentry_create_nameless(struct inode *, const char *name);
bool dentry_is_nameless(const struct dentry *);
/* The directory of the name, with a reference, if somebody watches it; the name goes to `name`
 * (NAME_SIZE). NULL: nobody does. */
struct inode *dentry_watched_directory(struct dentry *, char *name, bool *removed);
/* A name of the inode, with a reference, if one is known. */
struct dentry *inode_known_name(struct inode *);
/* The name in the directory, from the cache or its file system; what is mounted there is
 * not looked at. _locked: the directory's inode lock is held. */
int dentry_lookup(struct dentry *directory, const char *name, struct dentry **found);
/* Only if it need not be read: else -EAGAIN. */
int dentry_lookup_cached(struct dentry *directory, const char *name, struct dentry **found);
int dentry_lookup_locked(struct dentry *directory, const char *name, struct dentry **found);
/* In two steps, for a name that is being made: first the memory for it, with one reference
 * (NULL: there is none); then, in the locked directory, which inode it means; the inode's
 * reference is taken over. A root has no name. */
struct dentry *dentry_prepare(const char *name);
void dentry_enter(struct dentry *, struct dentry *directory, struct inode *);
void dentry_discard(struct dentry *); /* only prepared; may be NULL */
/* The name is about to be made in the locked directory: it is remembered as absent no more. */
void dentry_appears(struct dentry *directory, const char *name);
/* The name is gone: it is found no more. */
void dentry_remove(struct dentry *);
/* The name moved; takes over `name` (from kmalloc). */
void dentry_move(struct dentry *, struct dentry *parent, char *name);
/* The two names change places. */
void dentry_exchange(struct dentry *, struct dentry *);
/* One in the directory that was never found there, and is shown as removed; takes over the inode's
 * reference. NULL: no memory (the reference is given up). */
struct dentry *dentry_create_removed(struct dentry *directory, struct inode *);
/* Whether `above` is `below` or a directory on its way up, in one file system. */
bool dentry_is_above(struct dentry *above, struct dentry *below);
/* Steps up, also out of a mount; the root of all stays. Consumes the reference. */
struct dentry *dentry_parent(struct dentry *);
/* Steps onto what is mounted there. Consumes the reference. */
struct dentry *dentry_mounted(struct dentry *);
/* Drops the unused ones of the file system. */
void dentry_shrink(struct file_system *);
/* Drops the oldest unused ones, up to so many, from any thread. Whether there are more. */
bool dentry_give_back(uint32_t most);
uint32_t dentry_unused(void); /* how many there are */
/* Before physmem_ready(): the table of names, by the size of memory. */
void dentry_cache_init(void);

/* file.c, regular.c */
/* The same in two steps: the memory (-ENOMEM, -ENFILE), and the rest. One that was not
 * started, or could not be, is discarded. */
int file_prepare(struct file **);
int file_start(struct file *, struct dentry *, uint32_t flags);
void file_discard(struct file *);
extern const struct file_ops regular_file_ops;

/* pipe.c, devfs.c, block_node.c */
extern const struct file_ops fifo_file_ops;
extern const struct file_ops device_file_ops;
extern const struct file_ops tty_file_ops; /* tty_file.c */
extern const struct file_ops ptmx_file_ops; /* devpts.c */
struct tty;
/* The part of ioctl_tty(2) that is neither about processes nor about a master alone. */
int tty_file_command(struct tty *, uint32_t command, uintptr_t argument);
void fifo_release(struct inode *);
/* The inode of a block device, with a reference: the device's content is its page source,
 * page i being block i. NULL: no such device. */
struct inode *block_node_by_name(const char *name);
struct inode *block_node_by_number(uint32_t device);
struct block_device *block_node_device(struct inode *);
/* A file system uses it. */
void block_node_claim(struct inode *, bool claimed);
bool block_node_claimed(struct inode *);
/* Writes the pages of the disk that were changed through its node, and drops what nobody uses:
 * before who goes past these pages, as files and swap do, and after. 0; -EIO, and what could not
 * be written is lost. */
int block_node_clear(struct inode *);
uint32_t block_nodes_cached(void); /* pages of disks in the page cache */
int block_nodes_init(void);
/* A node for a device that is about to be registered, one at a time; `number`: DEVICE(). -ENOMEM. */
int block_node_add(struct block_device *, uint32_t number);
/* The device has another size, or depth: then its node has no pages. */
void block_node_resized(struct inode *);
/* How many open files, file systems included, use it. */
uint32_t block_node_users(const struct inode *);
/* loop.c: the first of them; and /dev/loop-control */
#define LOOP_CONTROL_MINOR 237 /* no header of Linux's for programs has it */
int loop_init(void);
extern const struct file_ops loop_control_ops;
/* Makes durable what was written to disks that no file system uses. */
int block_nodes_sync(void);
/* Makes the standard nodes in a fresh /dev. */
int devfs_populate(struct dentry *root);

/* tmpfs.c, procfs*.c, ext2.c: the types, and other start-up */
extern const struct file_system_type ext2_type, tmpfs_type, devtmpfs_type, proc_type, sysfs_type,
	devpts_type;
int tmpfs_init(void);
int pipe_init(void);
int socket_init(void); /* socket.c */
int nameless_init(void);
void procfs_register_memory(void); /* procfs_memory.c */
void procfs_register_frames(void); /* procfs_frames.c */
void procfs_register_system(void); /* procfs_system.c */
void procfs_register_sys(void);    /* procfs_sys.c */
void procfs_register_processor(void); /* procfs_processor.c */

/* mount.c */
struct file_system *file_system_create(const struct file_system_type *, const char *source);
extern const struct file_system_type *const file_system_types[]; /* ended by NULL */
/* Lets go of all unused names and inodes. */
void caches_shrink(void);
