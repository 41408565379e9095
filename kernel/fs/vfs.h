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

#include "lib/list.h"
#include "lib/types.h"
#include "kernel/rights.h"
#include "kernel/sync/mutex.h"
#include "vm/source.h"

struct block_device;
struct statfs64;
struct text;
struct dentry;
struct file;
struct file_system;
struct inode;
struct owner;
struct pipe;
struct poll_table;
struct transfer;
struct wait_queue;

#define PATH_SIZE 4096 /* longest path with its NUL (PATH_MAX) */
#define NAME_SIZE 256

/* A moment: seconds since 1970, before it negative, and the part of a second behind them. */
struct file_time {
	int64_t seconds;
	uint32_t nanoseconds; /* below 1,000,000,000 */
};

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
	/* The two names, of which each is there, change what they mean. */
	int (*exchange)(struct inode *from, const char *name, struct inode *to,
	                const char *new_name, struct inode *moved, struct inode *other);
	/* A regular file without a name, of this file system: links 0. NULL: not possible. */
	int (*create_nameless)(struct inode *dir, uint32_t mode, struct inode **made);
	/* Any. */
	int (*readlink)(struct inode *, char *to, size_t size); /* length without NUL */
	/* Of a link that leads to an object rather than to a name: that, with a reference. NULL, or
	 * -ENOLINK: its text is to be followed. */
	int (*follow)(struct inode *, struct dentry **found);
	/* What the mode says is asked to decide: `error` is its answer. NULL: that it is. */
	int (*access)(const struct inode *, int error);
	/* inode->lock held, pinned: the size is this now. What lies behind it goes, with room_behind
	 * only what a write that failed took there. */
	int (*truncate)(struct inode *, uint64_t size);
	/* Room (allocate.c), inode->lock held: whether the page has a place of its own, and how
	 * many from there on are alike, at least 1; makes the pages [first, end) holes, pinned, and
	 * takes back what was promised to them; promises room to those that are holes, for when
	 * they get a place (-ENOSPC: to none), until the file is cut or out of memory; ends what
	 * was promised and not used yet (NULL: it lasts, since pages behind the end cannot have a
	 * place). */
	int (*run)(struct inode *, uint32_t index, bool *has, uint32_t *pages);
	int (*punch)(struct inode *, uint32_t first, uint32_t end);
	int (*reserve)(struct inode *, uint32_t first, uint32_t end);
	void (*reserve_end)(struct inode *);
	/* Extended attributes (xattr.c), inode->lock held: the list that it keeps them in, -EIO,
	 * -ENOMEM; and that the list was changed, and takes so many bytes of memory more, or less:
	 * 0, or -ENOSPC, -EIO, -ENOMEM, and the list is changed back. NULL: it has none. */
	int (*attributes)(struct inode *, struct list **);
	int (*attributes_changed)(struct inode *, int32_t more);
	int (*write_inode)(struct inode *);  /* mode, times, size, ... to the cache */
	/* After pin, and until unpin, write_inode cannot fail: its place is in memory. Pins add
	 * up. Both may be NULL, as write_inode may. */
	int (*pin)(struct inode *);
	void (*unpin)(struct inode *);
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
	uint32_t seals;            /* F_SEAL_... of fcntl(2); lock, read without: seal.c */
	bool linkable;             /* made by O_TMPFILE: link(2) may give it its first name */
	bool room_behind;          /* lock: fallocate(2) gave room behind the end, and the file was not
	                              cut since */
	uint32_t write_hint;       /* F_SET_RW_HINT of fcntl(2): kept and told; nobody asks it */
	uint32_t device;           /* of a device node: major << 8 | minor */
	uint64_t blocks;           /* in 512-byte units; not of shared memory, which counts pages */
	struct file_time atime, mtime, ctime;
	void *private;             /* the file system's */
	struct pipe *pipe;         /* a fifo's buffer while it is open; pipe.c */
	uint32_t counted;          /* by the latest pass of file_held */
	uint32_t attribute_bytes;  /* of memory for extended attributes; lock, read without */
	struct list locks;         /* held by programs; lock.c */
	struct list leases;        /* the same; lease.c */
	uint32_t opens;            /* atomic: open files of a regular one */
	struct list watchers;      /* of it: notify.c */
	int32_t use;               /* atomic: how many write to it; below 0: how many run it */

	/* Guarded by fs_cache_lock (fs.h). */
	bool cached;               /* in the hash by number: kept when unused */
	bool touched;              /* found since the cache last wanted to drop it */
	struct inode *hash_next;
	struct list_link link;     /* the unused ones, oldest first */
	struct dentry *alias;      /* a name of it, if one is known: for /proc/<pid>/maps */
};

struct file_ops {
	/* Move the bytes of the transfer (transfer.h), of which there is at least one, and advance
	 * *position. How many; an error only if none. */
	ssize_t (*read)(struct file *, struct transfer *, loff_t *position);
	ssize_t (*write)(struct file *, struct transfer *, loff_t *position);
	/* Directories: calls emit for each entry from *position on; emit returns false when
	 * the buffer is full. */
	int (*iterate)(struct file *, loff_t *position,
	               bool (*emit)(void *context, const char *name, size_t length,
	                            uint32_t inode, loff_t next, uint32_t type),
	               void *context);
	int (*ioctl)(struct file *, uint32_t command, uintptr_t argument);
	uint32_t (*poll)(struct file *, struct poll_table *); /* POLLIN ...; NULL: always ready */
	/* Those who are told by signals when it gets ready (kernel/owner.h). NULL: nobody can be. */
	struct list *(*owners)(struct file *);
	bool at_start; /* lseek(2) leaves it where it begins, whatever it is asked for */
	bool no_end; /* where it ends is not known: lseek(2) from there is EINVAL */
	int (*open)(struct file *);
	void (*close)(struct file *); /* the last reference is gone */
	/* A descriptor of it is closed; `owner` is the table. NULL: nothing hangs on that. May sleep. */
	void (*flush)(struct file *, const void *owner);
	/* Bytes of kernel memory that go with it; a guess, with no lock. NULL: none. */
	size_t (*held)(const struct file *);
	/* What /proc/PID/fdinfo says of its kind. NULL: nothing more than of any file. */
	void (*show)(struct file *, struct text *);
};

/* An open file: what a descriptor names; shared after dup and fork. */
struct file {
	uint32_t references;  /* atomic */
	struct inode *inode;
	struct dentry *dentry; /* of something without a name: one that hangs nowhere */
	struct backing backing; /* for areas that map it */
	const struct file_ops *ops;
	uint32_t flags;       /* O_* from open, changed by fcntl */
	bool stream;          /* no position: a pipe, a terminal */
	struct mutex lock;    /* guards position */
	loff_t position;
	uint32_t counted;     /* by the latest pass of file_held */
	uint32_t errors_told; /* failed writes of the inode's pages that it was told of */
	void *private;
	struct list watches;  /* of it, in epolls: epoll.c */
	struct owner *owner;  /* whom signals tell of it; NULL: nobody, and nobody asked. Set once */
	/* Read-ahead: pages, hints that nothing guards. */
	uint32_t ahead_next;   /* where the next read starts if reading is sequential */
	uint32_t ahead_window; /* how many pages are asked for at once */
	uint32_t ahead_end;    /* pages before this one have been asked for */
};

/* Start-up, before physmem_ready(): the caches of names and inodes, by the size of memory. */
void vfs_caches_init(void);
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
/* Where absolute paths of the caller start, with a reference. */
struct dentry *vfs_root(void);
/* The door for userprog: the root of the process that runs, with a reference; NULL: that of the
 * machine (chroot(2)). */
void vfs_set_root_door(struct dentry *(*root)(void));
/* Its absolute path, as the caller sees it, into `to`; in front of what does not lie below the
 * caller's root stands "(unreachable)". The length, or -ERANGE / -ENOENT (removed). */
int dentry_path(struct dentry *, char *to, size_t size);
/* The same for /proc's links: of a removed name where it was, with " (deleted)" behind. */
int dentry_path_shown(struct dentry *, char *to, size_t size);

/* Kernel strings all: the caller has copied the path in, which fits in PATH_SIZE. `at` is the
 * directory that relative paths start from. The dentry comes with a reference. */
int vfs_lookup(struct dentry *at, const char *path, bool follow_last, struct dentry **found);
/* flags: those of open(2) that make sense together (vfs_open_flags). O_PATH asks for no right and
 * gives a place alone, also a symbolic link with O_NOFOLLOW. */
int vfs_open(struct dentry *at, const char *path, uint32_t flags, uint32_t mode,
             struct file **opened);
/* The same; `resolve`: RESOLVE_... of openat2(2), what the way to the file may not do. */
int vfs_open_resolve(struct dentry *at, const char *path, uint32_t flags, uint32_t mode,
                     uint32_t resolve, struct file **opened);
/* What open(2) makes of its flags: those it does not know are left out, and O_PATH leaves few.
 * -EINVAL for what contradicts itself. */
int vfs_open_flags(uint32_t *flags);
int vfs_mknod(struct dentry *at, const char *path, uint32_t mode, uint32_t device);
int vfs_mkdir(struct dentry *at, const char *path, uint32_t mode);
int vfs_rmdir(struct dentry *at, const char *path);
int vfs_unlink(struct dentry *at, const char *path);
int vfs_symlink(struct dentry *at, const char *path, const char *target);
int vfs_link(struct inode *, struct dentry *at, const char *path);
/* flags: RENAME_NOREPLACE, RENAME_EXCHANGE of renameat2(2), not both. */
int vfs_rename(struct dentry *old_at, const char *old_path, struct dentry *at, const char *path,
               uint32_t flags);
int vfs_readlink(struct dentry *, char *to, size_t size);
/* flags: MS_... of mount(2): MS_REMOUNT changes what is mounted there; moving and binding are not
 * possible: -EINVAL. */
int vfs_mount(const char *source, struct dentry *at, const char *path, const char *type,
              uint32_t flags, const char *options);
/* -EBUSY: in use; -EIO: not everything can be written, and it stays mounted, unless `force` gives
 * that up. */
/* flags: those of umount2(2), which no header of Linux's has. MNT_FORCE: what the disk cannot take
 * any more is lost. MNT_DETACH makes no difference: what is in use stays. */
#define MNT_FORCE 1u
#define MNT_DETACH 2u
#define MNT_EXPIRE 4u
#define UMOUNT_NOFOLLOW 8u
int vfs_unmount(struct dentry *at, const char *path, uint32_t flags);
int vfs_sync(void); /* every file system to its device */
/* Before power-off or reboot, when no program will run any more: deletes what was removed
 * but is still open, writes everything, marks the disks clean. */
void vfs_shutdown(void);
/* The mounted file systems as /proc/mounts and /proc/PID/mountinfo list them, for procfs; and the
 * number that an inode's has there. */
void mounts_show(struct text *);
void mounts_show_info(struct text *);
/* The types of file systems by number, in the order of /proc/filesystems; NULL: no more. */
const char *file_system_type_name(uint32_t index);
uint32_t inode_mount(const struct inode *);
/* What statfs(2) says of the file system mounted with this number (st_dev). -EINVAL: there is none. */
int mount_statfs(uint32_t number, struct statfs64 *);
/* How often something was mounted, unmounted or mounted anew; joins the table for the next time. */
uint32_t mounts_changes(struct poll_table *);
/* Its file system as /proc/PID/fdinfo numbers devices: major << 20 | minor. */
uint32_t inode_device(const struct inode *);

/* Rights on an inode: kernel/rights.h. Opening, and looking up, making and removing names ask by
 * themselves, as do the changes of mode, owner and times below. -EROFS comes first. */
struct object inode_object(const struct inode *);
int inode_right(const struct inode *, enum right);
int inode_access(const struct inode *, uint32_t wanted); /* ACCESS_READ, ... */

/* A file is written to or runs as a program, not both at a time: begin, which any number may as
 * long as nobody does the other, is -ETXTBSY otherwise; then it is held until end. Opening and
 * truncating begin to write by themselves. */
/* Whether its file system was mounted with these flags of mount(2): MS_NOEXEC, MS_NOSUID, ... */
bool inode_mounted(const struct inode *, uint32_t flags);
int inode_write_begin(struct inode *);
void inode_write_end(struct inode *);
int inode_run_begin(struct inode *);
void inode_run_end(struct inode *);
/* The second breaks leases before, as truncate(2): -EINTR. */
int inode_truncate(struct inode *, uint64_t size);
int inode_truncate_unleased(struct inode *, uint64_t size);
/* The door for userprog: how long a file the process that runs may make (RLIMIT_FSIZE), and that
 * it wanted a longer one. Unset: any. */
void vfs_set_size_limit_door(uint64_t (*limit)(void), void (*exceeded)(void));
/* As chmod(2) and chown(2), with their rights and what becomes of the set-id bits; ID_UNCHANGED. */
int inode_set_mode(struct inode *, uint32_t mode);
int inode_set_owner(struct inode *, uint32_t uid, uint32_t gid);
/* NULL leaves one as it is. What the file system cannot keep becomes the nearest that it can:
 * utimensat(2), NOTES. `right`: MAY_SET_TIMES or MAY_SET_TIMES_NOW. */
int inode_set_times(struct inode *, const struct file_time *atime, const struct file_time *mtime,
                    enum right);
/* Extended attributes, as xattr(7) and the calls have them, with their rights: xattr.c. How many
 * bytes there are, of a value, or of all names with their NULs; with size 0 none are copied. -ERANGE,
 * -ENODATA, -EOPNOTSUPP. What is set is copied; flags: XATTR_CREATE, XATTR_REPLACE; -ENOSPC: more
 * than a page for all of the inode's, or than the file system has. */
ssize_t inode_attribute(struct inode *, const char *name, void *to, size_t size);
ssize_t inode_list_attributes(struct inode *, char *to, size_t size);
int inode_set_attribute(struct inode *, const char *name, const void *value, size_t size,
                        uint32_t flags);
int inode_remove_attribute(struct inode *, const char *name);
/* The present, as the inode's file system keeps it. */
struct file_time inode_now(const struct inode *);
/* The inode was read: its time of access, where it would tell something new (mount(8),
 * "relatime"). */
void inode_note_access(struct inode *);
struct statx;
void inode_stat(struct inode *, struct statx *);
int inode_statfs(struct inode *, struct statfs64 *);
/* Writes what was changed of the disk through its node, and drops the pages that nobody uses:
 * before and after who goes past them, as swap does. 0, -EIO. */
int vfs_device_clear(const struct block_device *);
/* The disk that the inode's file system lies on; NULL: none. */
struct block_device *inode_disk(struct inode *);

/* The door for userprog: the open file under this number of the process that runs, with a reference,
 * or NULL; and that one, as an ioctl(2) that takes a number asks. */
void vfs_set_descriptor_door(struct file *(*file_of)(int number));
struct file *file_by_number(int number);
/* Open files of everybody, and how many there may be (/proc/sys/fs/file-max), not counted those of
 * who may exceed limits. 0 or -EINVAL. */
uint32_t files_open(void);
uint32_t files_limit(void);
int files_set_limit(uint32_t most);
struct file *file_get(struct file *);
/* The open file that is an area's backing, without a reference; NULL: the backing is of another kind. */
struct file *file_of_backing(struct backing *);
void file_put(struct file *);
/* Its owner, which is made if there is none: 0, -ENOMEM, -ENOSPC. */
int file_owner(struct file *, struct owner **);
/* Sets O_ASYNC, by this descriptor, or clears it. 0, as file_owner; -ENOTTY: nobody can be told. */
int file_set_async(struct file *, int number, bool on);
/* About how many bytes of memory whoever has the file open keeps from others: its own, what waits
 * in a pipe or a socket, and the pages of a file in memory that it can make longer, or that nobody
 * else can reach. Not those that are mapped: they count where they are (spt_shared_count). What
 * one pass, whose number is another each time, has counted is 0 afterwards. One pass at a time;
 * the file is open, other locks do not matter, and none is taken. */
size_t file_held(struct file *, uint32_t pass);
/* Whether the file was opened for that, and has positions if it is to be moved at one: 0, -EBADF,
 * -ESPIPE. */
int file_may_read(const struct file *, bool at_position);
int file_may_write(const struct file *, bool at_position);
/* With the file's own position, or at `*position` if given (pread, pwrite). The transfer's flags
 * are added to the file's. How many bytes were moved; if none, what file_may_read says, -EISDIR,
 * -EINVAL, and what the file says. */
ssize_t file_read(struct file *, struct transfer *, loff_t *position);
ssize_t file_write(struct file *, struct transfer *, loff_t *position);
loff_t file_seek(struct file *, loff_t offset, int whence);
/* Makes the file durable (pagecache.h): all of it, or its pages [first, end). -EIO is told once
 * to each open file; -EINVAL for what cannot be, such as a pipe. */
int file_sync(struct file *, bool data_only);
int file_sync_range(struct file *, uint32_t first, uint32_t end, bool data_only);
/* Of regular files and disks, for the bytes [start, end): starts to read what lies there, as much
 * as makes sense; */
void file_read_ahead(struct file *, uint64_t start, uint64_t end);
/* writes their pages to where they have their place, and waits: 0, -EIO; */
int file_write_back(struct file *, uint64_t start, uint64_t end);
/* and for the whole file, drops the pages that are clean and not in use. */
void file_forget(struct file *);
/* F_GET_SEALS and F_ADD_SEALS of fcntl(2): seal.c. The seals, -EINVAL: it is no file in memory; 0,
 * -EPERM, -EINVAL, -EBUSY. */
int file_seals(struct file *);
int file_add_seals(struct file *, uint32_t seals);
/* Whether its pages may not be mapped shared and writable. */
bool inode_is_sealed_for_writing(const struct inode *);
/* fallocate(2): allocate.c. */
int file_allocate(struct file *, uint32_t mode, loff_t offset, loff_t length);
uint32_t file_poll(struct file *, struct poll_table *);

/* A file that stands for something else: `kind` is its name in /proc/PID/fd, `private` what ops find
 * in the file; ops->close gives it up. On error it is still the caller's. */
int nameless_open(const char *kind, const struct file_ops *, void *private, uint32_t flags,
                  struct file **opened);
/* A pipe: two ends. */
int pipe_create(uint32_t flags, struct file **read_end, struct file **write_end);
/* Its capacity in bytes, or -EBADF: the file is no pipe. resize rounds up to pages, a power of two,
 * and returns what it is then; -EINVAL, -EBUSY: more is in it, -EPERM: above the most. */
int pipe_size(const struct file *);
int pipe_resize(struct file *, uint32_t bytes);
/* The most that it may be made by who may not exceed limits: /proc/sys/fs/pipe-max-size. */
uint32_t pipe_size_limit(void);
int pipe_set_size_limit(uint32_t bytes); /* 0 or -EINVAL */
/* How many pages all pipes of one user may have, unless it has the right (pipe(7)): from the soft limit on
 * a new one gets two; beyond the hard one there is no more. 0: no limit. Set: 0. */
uint32_t pipe_user_soft_limit(void);
int pipe_set_user_soft_limit(uint32_t pages);
uint32_t pipe_user_hard_limit(void);
int pipe_set_user_hard_limit(uint32_t pages);
/* The bytes of its pages, as file_held. */
size_t pipe_held(const struct file *);
/* splice(2): up to n bytes, one of the two being a pipe; the other may have a position given, as
 * file_read. tee(2): the bytes stay in the first. vmsplice(2): a program's pages, as far as there
 * is room. How many bytes; -EBADF, -EINVAL, -ESPIPE, -EPIPE, -EAGAIN, -EINTR, -EFAULT, -ENOMEM. */
ssize_t file_splice(struct file *in, loff_t *in_at, struct file *out, loff_t *out_at, size_t n,
                    bool nonblock);
ssize_t pipe_tee(struct file *in, struct file *out, size_t n, bool nonblock);
ssize_t pipe_take_user(struct file *out, struct transfer *, bool nonblock);
/* A tmpfs file of this size that no directory has (memfd_create, shared anonymous memory), open
 * for both; `name` is what links in /proc show. */
int tmpfs_open_nameless(const char *name, uint64_t size, struct file **opened);
/* Opens what the dentry names, whatever the rights: a program that is to run. */
int file_open_dentry(struct dentry *, uint32_t flags, struct file **opened);

/*
 * Waiting for several files at once. poll operations call poll_wait for each queue that
 * may make them ready; poll_sleep sleeps until any was woken.
 *   for (;;) { table = poll_sleeper_reset(s); mask = file_poll(f, table); if (mask) break;
 *              error = poll_sleep(s, deadline); if (error) break; }
 *   poll_sleeper_destroy(s);
 */
#define POLL_QUEUES_MOST 2u /* that one file may have */
/* What a poll operation gets: what becomes of the queues that it names. */
struct poll_table {
	void (*join)(struct poll_table *, struct wait_queue *);
};
void poll_wait(struct poll_table *, struct wait_queue *); /* NULL table: only asks */
struct poll_sleeper;
/* For so many files, and the calling thread; NULL: no memory. It takes POLL_SLEEPER_BYTES a file,
 * and a little. */
#define POLL_SLEEPER_BYTES 48u
struct poll_sleeper *poll_sleeper_create(uint32_t files);
void poll_sleeper_destroy(struct poll_sleeper *);
/* Leaves all queues, and forgets that they were woken. The table to ask with. */
struct poll_table *poll_sleeper_reset(struct poll_sleeper *);
int poll_sleep(struct poll_sleeper *, uint64_t deadline); /* 0, -ETIMEDOUT, -EINTR */
/* epoll(7): epoll.c. */
struct epoll_event;
int epoll_open(uint32_t flags, struct file **opened);
bool file_is_epoll(const struct file *);
/* As epoll_ctl(2), of the file under this number of the caller's; `epoll` is one. */
int epoll_change(struct file *epoll, int operation, struct file *, int number,
                 const struct epoll_event *);
/* Up to `most` of what is ready, without waiting; how many. */
uint32_t epoll_take(struct file *epoll, struct epoll_event *events, uint32_t most);
/* Waits until something may be ready: 0, -ETIMEDOUT, -EINTR. */
int epoll_sleep(struct file *epoll, uint64_t deadline);
/* The file is closed for the last time, and somebody watches it. */
void epoll_forget(struct file *);
