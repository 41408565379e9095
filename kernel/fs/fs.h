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
#include <linux/stat.h>

#include "kernel/fs/vfs.h"
#include "kernel/sync/spinlock.h"

#define MINOR_BITS 8
#define FILE_SIZE_MAX (UINT64_C(1) << 41) /* ext2 counts 512-byte units in 32 bits */
#define DEVICE(major, minor) ((uint32_t)(major) << MINOR_BITS | (minor))

struct block_device;
struct file_system;

struct file_system_ops {
	int (*statfs)(struct file_system *, struct statfs64 *);
	/* What is only in memory into the page cache, then the mark "clean" to the disk;
	 * `last`: no program runs any more. NULL: nothing to do. */
	int (*sync)(struct file_system *, bool last);
	/* Gives up what it holds in memory besides the root inode. -EBUSY if an inode is in
	 * use after all. NULL: nothing to do. */
	int (*unmount)(struct file_system *);
};

struct file_system_type {
	const char *name;
	bool on_disk;       /* mount's source names a block device */
	bool names_change;  /* names come and go by themselves (proc): not cached unused */
	/* Fills in ops, private, read_only and *root (with a reference). On error private
	 * may be left for the caller to free. */
	int (*mount)(struct file_system *, struct inode **root);
};

/* A mounted file system. Immutable after the mount. */
struct file_system {
	const struct file_system_type *type;
	const struct file_system_ops *ops;
	char source[32];             /* as mount was told */
	const char *options;         /* the same, while it is being mounted; NULL: none */
	uint32_t number;             /* st_dev */
	bool read_only;
	struct inode *device;        /* its block device's inode, or NULL */
	struct block_device *disk;
	struct dentry *root;
	struct list_link link;       /* all that are mounted; mount.c */
	void *private;               /* its own, from kmalloc; freed last */
};

/* A name in a directory, and the way up. */
struct dentry {
	uint32_t references;        /* all fields: fs_cache_lock, unless said otherwise */
	struct dentry *parent;      /* with a reference; NULL: root of its file system */
	struct inode *inode;        /* with a reference; never changes */
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
 * `root`. */
int inode_cache_empty(struct file_system *, struct inode *root);
/* Calls visit for each cached inode of the file system, with a reference. */
void inode_for_each(struct file_system *, void (*visit)(struct inode *));
uint32_t inode_shrink(void);
uint32_t inode_now(void); /* seconds since 1970 */
/* For an operation that changes the inode: pinned before the first step, so that none is left
 * half done for want of memory. -ENOMEM, -EIO. */
int inode_pin(struct inode *);
void inode_unpin(struct inode *);
/* Changes the file's size; inode->lock held. As inode_truncate. */
int inode_truncate_locked(struct inode *, uint64_t size);
/* Whose the new inode is: the caller's; in a directory with S_ISGID, of its group. */
void inode_own(struct inode *, const struct inode *dir);
/* Whether the caller may remove or rename the inode's name in the directory: -EACCES, and in
 * one with S_ISVTX -EPERM for who owns neither. */
int inode_may_remove(const struct inode *dir, const struct inode *);
/* A reference on an inode that may be on its way out: false if it is. */
bool inode_try_get(struct inode *);
/* Gives up every swap slot in the area: the door that swapoff comes in by. 0, -ENOMEM, -EIO. */
int tmpfs_leave_swap(uint32_t area);
/* -EROFS if its file system may not be changed. */
int inode_check_writable(struct inode *);
/* For page_source_ops: references to the inode, and its description. */
void inode_source_get(struct page_source *);
void inode_source_put(struct page_source *);
void inode_source_describe(struct page_source *, uint32_t *device, uint32_t *inode, char *to,
                           size_t size);
/* The file_ops for a fifo or device node. */
const struct file_ops *inode_special_ops(uint32_t mode);

/* dentry.c */
/* The root of a file system; takes over the inode's reference. NULL: no memory (the
 * reference is given up). */
struct dentry *dentry_create_root(struct inode *);
/* The name in the directory, from the cache or its file system; what is mounted there is
 * not looked at. _locked: the directory's inode lock is held. */
int dentry_lookup(struct dentry *directory, const char *name, struct dentry **found);
int dentry_lookup_locked(struct dentry *directory, const char *name, struct dentry **found);
/* In two steps, for a name that is being made: first the memory for it, with one reference
 * (NULL: there is none); then, in the locked directory, which inode it means; the inode's
 * reference is taken over. A root has no name. */
struct dentry *dentry_prepare(const char *name);
void dentry_enter(struct dentry *, struct dentry *directory, struct inode *);
void dentry_discard(struct dentry *); /* only prepared; may be NULL */
/* The name is gone: it is found no more. */
void dentry_remove(struct dentry *);
/* The name moved; takes over `name` (from kmalloc). */
void dentry_move(struct dentry *, struct dentry *parent, char *name);
/* Whether `above` is `below` or a directory on its way up, in one file system. */
bool dentry_is_above(struct dentry *above, struct dentry *below);
/* Steps up, also out of a mount; the root of all stays. Consumes the reference. */
struct dentry *dentry_parent(struct dentry *);
/* Steps onto what is mounted there. Consumes the reference. */
struct dentry *dentry_mounted(struct dentry *);
/* Drops the unused ones, of one file system or of all (NULL). */
void dentry_shrink(struct file_system *);

/* file.c, regular.c */
/* Opens the inode; the dentry (or NULL) and inode get references of their own. */
int file_create(struct inode *, struct dentry *, uint32_t flags, struct file **opened);
/* The same in two steps: the memory (NULL: there is none), and the rest. One that was not
 * started, or could not be, is discarded. */
struct file *file_prepare(void);
int file_start(struct file *, struct inode *, struct dentry *, uint32_t flags);
void file_discard(struct file *);
extern const struct file_ops regular_file_ops;

/* pipe.c, devfs.c, block_node.c */
extern const struct file_ops fifo_file_ops;
extern const struct file_ops device_file_ops;
extern const struct file_ops tty_file_ops; /* tty_file.c */
void fifo_release(struct inode *);
/* The inode of a block device, with a reference: the device's content is its page source,
 * page i being block i. NULL: no such device. */
struct inode *block_node_by_name(const char *name);
struct inode *block_node_by_number(uint32_t device);
struct block_device *block_node_device(struct inode *);
/* A file system uses it. */
void block_node_claim(struct inode *, bool claimed);
bool block_node_claimed(struct inode *);
uint32_t block_nodes_cached(void); /* pages of disks in the page cache */
int block_nodes_init(void);
/* Makes the standard nodes in a fresh /dev. */
int devfs_populate(struct dentry *root);

/* tmpfs.c, procfs*.c, ext2.c: the types, and other start-up */
extern const struct file_system_type ext2_type, tmpfs_type, devtmpfs_type, proc_type;
int tmpfs_init(void);
int pipe_init(void);
void procfs_register_memory(void); /* procfs_memory.c */
void procfs_register_system(void); /* procfs_system.c */

/* mount.c */
struct file_system *file_system_create(const struct file_system_type *, const char *source);
extern const struct file_system_type *const file_system_types[]; /* ended by NULL */
/* Lets go of unused names and inodes. */
void caches_shrink(void);
