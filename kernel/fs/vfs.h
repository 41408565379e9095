/* SPDX-License-Identifier: MIT */
/*
 * The virtual file system: inodes (a file's identity, with its page source), dentries (a
 * name in a directory, cached; a tree through its parents), mounts, and open files.
 *
 * Paths start at the `root` or at a given directory; symbolic links are followed up to 40
 * deep. Everything returns 0 or a negative errno unless it says otherwise, and may sleep.
 * Lock order: inode->lock (parent before child; rename: lower address first) -> spt->lock
 * -> a file system's own mutexes. See vm/vm.h.
 */
#pragma once

#include <asm/stat.h>

#include "lib/list.h"
#include "lib/types.h"
#include "kernel/sync/mutex.h"
#include "vm/source.h"

struct block_device;
struct dentry;
struct file;
struct file_system;
struct inode;
struct pipe;
struct poll_table;
struct wait_queue;

#define PATH_SIZE 4096 /* longest path with its NUL (PATH_MAX) */
#define NAME_SIZE 256

struct inode_ops {
	/* Directories. `name` is NUL-ended, not "." or "..". The directory's lock is held. */
	int (*lookup)(struct inode *dir, const char *name, struct inode **found); /* -ENOENT */
	int (*create)(struct inode *dir, const char *name, uint32_t mode, uint32_t device,
	              struct inode **made); /* any type: file, directory, device, fifo */
	int (*symlink)(struct inode *dir, const char *name, const char *target);
	int (*link)(struct inode *dir, const char *name, struct inode *target);
	int (*unlink)(struct inode *dir, const char *name, struct inode *target);
	int (*rmdir)(struct inode *dir, const char *name, struct inode *target);
	int (*rename)(struct inode *from, const char *name, struct inode *to,
	              const char *new_name, struct inode *moved, struct inode *replaced);
	/* Any. */
	int (*readlink)(struct inode *, char *to, size_t size); /* length without NUL */
	int (*truncate)(struct inode *, uint64_t size);         /* inode->lock held, pinned */
	int (*write_inode)(struct inode *);  /* mode, times, size, ... to the cache */
	/* After pin, and until unpin, write_inode cannot fail: its place is in memory. Pins add
	 * up. Both may be NULL, as write_inode may. */
	int (*pin)(struct inode *);
	void (*unpin)(struct inode *);
	int (*sync)(struct inode *);         /* its metadata to the disk (fsync) */
	/* Nobody refers to it and the cache lets go of it: free; delete if links == 0. */
	void (*release)(struct inode *);
};

struct inode {
	uint32_t references;       /* atomic */
	struct file_system *fs;
	const struct inode_ops *ops;
	const struct file_ops *file_ops; /* what opening it gives */
	struct page_source source; /* regular files (and block devices): the content. Its size is
	                              the file's size, its get and put count references here */
	struct mutex lock;         /* guards the content's size, the directory's entries, times */
	volatile uint64_t write_end; /* lock: where a write(2) under way will end: pages up to
	                                here, or to the size, may be given disk blocks */
	uint32_t number;
	uint32_t mode;             /* S_IFMT and permissions */
	uint32_t links, uid, gid;
	uint32_t device;           /* of a device node: major << 8 | minor */
	uint64_t blocks;           /* in 512-byte units */
	uint32_t atime, mtime, ctime;
	void *private;             /* the file system's */
	struct pipe *pipe;         /* a fifo's buffer while it is open; pipe.c */
	int32_t use;               /* atomic: how many write to it; below 0: how many run it */

	/* Guarded by fs_cache_lock (fs.h). */
	bool cached;               /* in the hash by number: kept when unused */
	bool touched;              /* found since the cache last wanted to drop it */
	struct inode *hash_next;
	struct list_link link;     /* the unused ones, oldest first */
	struct dentry *alias;      /* a name of it, if one is known: for /proc/<pid>/maps */
};

struct file_ops {
	/* User buffers: copied by vm/usercopy. *position is advanced. */
	ssize_t (*read)(struct file *, void *user_to, size_t n, loff_t *position);
	ssize_t (*write)(struct file *, const void *user_from, size_t n, loff_t *position);
	/* Directories: calls emit for each entry from *position on; emit returns false when
	 * the buffer is full. */
	int (*iterate)(struct file *, loff_t *position,
	               bool (*emit)(void *context, const char *name, size_t length,
	                            uint32_t inode, loff_t next, uint32_t type),
	               void *context);
	int (*ioctl)(struct file *, uint32_t command, uintptr_t argument);
	uint32_t (*poll)(struct file *, struct poll_table *); /* POLLIN ...; NULL: always ready */
	int (*open)(struct file *);
	void (*close)(struct file *); /* the last reference is gone */
};

/* An open file: what a descriptor names; shared after dup and fork. */
struct file {
	uint32_t references;  /* atomic */
	struct inode *inode;
	struct dentry *dentry; /* NULL: a pipe, or nameless */
	const struct file_ops *ops;
	uint32_t flags;       /* O_* from open, changed by fcntl */
	bool stream;          /* no position: a pipe, a terminal */
	struct mutex lock;    /* guards position */
	loff_t position;
	void *private;
	/* Read-ahead: pages, hints that nothing guards. */
	uint32_t ahead_next;   /* where the next read starts if reading is sequential */
	uint32_t ahead_window; /* how many pages are asked for at once */
	uint32_t ahead_end;    /* pages before this one have been asked for */
};

/* Start-up: file system types, the root (mounts `device`, a block device's name, as ext2),
 * and devfs, procfs, tmpfs on their places. -ENODEV, -EINVAL: said in words. */
int vfs_init(const char *device);

struct inode *inode_get(struct inode *);
void inode_put(struct inode *);
/* The inode whose page source this is. */
struct inode *inode_of_source(struct page_source *);

struct dentry *dentry_get(struct dentry *);
void dentry_put(struct dentry *);
struct inode *dentry_inode(struct dentry *);
struct dentry *vfs_root(void); /* with a reference */
/* Its absolute path into `to`. The length, or -ERANGE / -ENOENT (removed). */
int dentry_path(struct dentry *, char *to, size_t size);
/* The same for /proc's links: of a removed name where it was, with " (deleted)" behind. */
int dentry_path_shown(struct dentry *, char *to, size_t size);

/* Kernel strings all: the caller has copied the path in. `at` is the directory that
 * relative paths start from. The dentry comes with a reference. */
int vfs_lookup(struct dentry *at, const char *path, bool follow_last, struct dentry **found);
/* flags: O_CREAT, O_EXCL, O_TRUNC, O_DIRECTORY, O_NOFOLLOW, O_APPEND, access mode. */
int vfs_open(struct dentry *at, const char *path, uint32_t flags, uint32_t mode,
             struct file **opened);
int vfs_mknod(struct dentry *at, const char *path, uint32_t mode, uint32_t device);
int vfs_mkdir(struct dentry *at, const char *path, uint32_t mode);
int vfs_rmdir(struct dentry *at, const char *path);
int vfs_unlink(struct dentry *at, const char *path);
int vfs_symlink(struct dentry *at, const char *path, const char *target);
int vfs_link(struct dentry *old_at, const char *old_path, struct dentry *at, const char *path);
int vfs_rename(struct dentry *old_at, const char *old_path, struct dentry *at, const char *path);
int vfs_readlink(struct dentry *, char *to, size_t size);
int vfs_mount(const char *source, struct dentry *at, const char *path, const char *type,
              const char *options);
int vfs_unmount(struct dentry *at, const char *path);
int vfs_sync(void); /* every file system to its device */
/* Before power-off or reboot, when no program will run any more: deletes what was removed
 * but is still open, writes everything, marks the disks clean. */
void vfs_shutdown(void);
/* The mounted file systems as /proc/mounts lists them, for procfs. */
struct text;
void mounts_show(struct text *);

/* Whose rights count: 0 if the caller may do this to the inode (a sum of the bits below),
 * else -EACCES. Opening, and looking up, making and removing names ask by themselves;
 * operations on an inode that the caller has already do not. */
#define ACCESS_READ 4u
#define ACCESS_WRITE 2u
#define ACCESS_EXECUTE 1u /* of a directory: to find names in it */
int inode_access(const struct inode *, uint32_t wanted);
/* The door for userprog: the caller's effective ids. Unset, as for kernel threads: root. */
struct caller {
	uint32_t uid, gid;
	const uint32_t *groups; /* supplementary ones */
	uint32_t group_count;
};
void vfs_set_caller_door(void (*tell)(struct caller *));

/* A file is written to or runs as a program, not both at a time: begin, which any number may as
 * long as nobody does the other, is -ETXTBSY otherwise; then it is held until end. Opening and
 * truncating begin to write by themselves. */
int inode_write_begin(struct inode *);
void inode_write_end(struct inode *);
int inode_run_begin(struct inode *);
void inode_run_end(struct inode *);
int inode_truncate(struct inode *, uint64_t size);
int inode_set_mode(struct inode *, uint32_t mode);
int inode_set_owner(struct inode *, uint32_t uid, uint32_t gid);
/* Seconds since 1970; UINT32_MAX leaves one as it is. */
int inode_set_times(struct inode *, uint32_t atime, uint32_t mtime);
void inode_stat(struct inode *, struct stat64 *);
struct statfs64;
int inode_statfs(struct inode *, struct statfs64 *);
/* The disk that the inode's file system lies on; NULL: none. */
struct block_device *inode_disk(struct inode *);

struct file *file_get(struct file *);
void file_put(struct file *);
/* With the file's own position, or at `*position` if given (pread, pwrite). */
ssize_t file_read(struct file *, void *user_to, size_t n, loff_t *position);
ssize_t file_write(struct file *, const void *user_from, size_t n, loff_t *position);
loff_t file_seek(struct file *, loff_t offset, int whence);
int file_sync(struct file *, bool data_only);
uint32_t file_poll(struct file *, struct poll_table *);

/* A pipe: two ends. */
int pipe_create(uint32_t flags, struct file **read_end, struct file **write_end);
/* A nameless tmpfs file of this size (memfd_create, shared anonymous memory). */
int tmpfs_create_nameless(uint64_t size, struct inode **made);
/* Swap slots that tmpfs pages hold; vm_lock held. */
uint32_t tmpfs_slots(void);
int file_open_inode(struct inode *, uint32_t flags, struct file **opened);

/*
 * Waiting for several files at once. poll operations call poll_wait for each queue that
 * may make them ready; poll_table_sleep sleeps until any was woken.
 *   for (;;) { poll_table_reset(&t); mask = file_poll(f, &t); if (mask) break;
 *              error = poll_table_sleep(&t, deadline); if (error) break; }
 *   poll_table_reset(&t);
 */
#define POLL_QUEUES_MAX 64
struct poll_table;
struct poll_table *poll_table_create(void); /* NULL if no memory */
void poll_table_destroy(struct poll_table *);
void poll_table_reset(struct poll_table *);
void poll_wait(struct poll_table *, struct wait_queue *); /* NULL table: only asks */
int poll_table_sleep(struct poll_table *, uint64_t deadline); /* 0, -ETIMEDOUT, -EINTR */
