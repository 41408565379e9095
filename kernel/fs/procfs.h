/* SPDX-License-Identifier: MIT */
/*
 * procfs: files whose content is made when they are read. Anybody above or below registers
 * a show function; processes are known only through the door that userprog fills.
 */
#pragma once

#include "lib/types.h"

/* Where a show function prints; grows as needed. */
struct text;
void text_print(struct text *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_write(struct text *, const void *bytes, size_t n);
/* Whether a page of it is nearly full: who shows a part at a time (show_from) stops then. */
bool text_is_full(const struct text *);

/* A file /proc/<path> ("meminfo", "sys/vm/drop_caches"); directories on the way are made.
 * `store` (or NULL: read-only) gets what was written, with a NUL, and returns 0 or errno.
 * At start-up; strings must live for ever. */
void procfs_register(const char *path, void (*show)(struct text *),
                     int (*store)(const char *text, size_t length));
/* The same, read-only; poll(2) and select(2) tell of changes. `changes` counts them, and joins the table
 * of who is to be woken by the next. */
struct poll_table;
void procfs_register_polled(const char *path, void (*show)(struct text *),
                            uint32_t (*changes)(struct poll_table *));
/* A number in a line, as most of sys/ are. set (or NULL: read-only): 0 or errno. */
struct procfs_number {
	const char *path;
	uint32_t (*get)(void);
	int (*set)(uint32_t value);
};
void procfs_register_number(const struct procfs_number *);
void procfs_register_numbers(const struct procfs_number *, size_t count);
/* What only root may read: a text, or binary, at a position. */
void procfs_register_secret(const char *path, void (*show)(struct text *));
void procfs_register_binary(const char *path, ssize_t (*read)(void *to, size_t n,
                                                              uint64_t position));

/* A file /sys/<path> that always says the same; the text is copied. At start-up. */
void sysfs_register(const char *path, const char *text);

struct dentry;
struct file;

/* The door for userprog: which processes there are, and the files of each. A process may be gone
 * at any time: what shows prints nothing then, what returns says -ESRCH or -ENOENT. A number below 0
 * is that of a thread, whose directory lies in its process's list of threads. */
struct process_file {
	const char *name;   /* "maps" */
	uint32_t mode;      /* the permission bits; the process's user is the owner */
	bool guarded;       /* opened, or followed, only by who may look into the process (rights.h);
	                       what was opened ends when the process runs another program */
	void (*show)(pid_t, struct text *);
	/* Instead of show, for what may be long: shows what there is from the place on, until
	 * text_is_full, and returns the place to go on from; 0: that was all. The first is 0. */
	uintptr_t (*show_from)(pid_t, uintptr_t place, struct text *);
	int (*store)(pid_t, const char *text, size_t length);
	/* Binary files read at a position (pagemap, mem): used instead of show if set. `frames`: who
	 * opened it may see frame numbers. */
	ssize_t (*read)(pid_t, void *to, size_t n, uint64_t position, bool frames);
	ssize_t (*write)(pid_t, const void *from, size_t n, uint64_t position);
	uint32_t (*changes)(struct poll_table *); /* as for procfs_register_polled */
	/* A symbolic link (exe, cwd, root): what it leads to, with a reference; 0 or -errno. */
	int (*place)(pid_t, struct dentry **);
};

/* A directory of a process with an entry for each of its descriptors, areas, threads. An entry has
 * a key; it is a link to an open file, or a text, or, with neither, a thread's directory. */
struct process_list {
	const char *name;   /* "fd" */
	uint32_t mode;
	/* The smallest key >= from, with its name; false: there is none. */
	bool (*next)(pid_t, uint32_t from, uint32_t *key, char *name, size_t size);
	uint32_t (*entry_mode)(pid_t, uint32_t key); /* type and permission bits */
	struct file *(*file)(pid_t, uint32_t key);   /* with a reference, or NULL */
	void (*show)(pid_t, uint32_t key, struct text *);
	bool itself;        /* the process may always list and use its own */
	bool guarded;       /* nobody else may who may not look into it */
	bool secret;        /* its names tell something: they are guarded, it is not */
};

struct process_directory {
	/* The smallest process id > after, or 0. */
	pid_t (*next)(pid_t after);
	pid_t (*self)(void);
	/* Whether there is such a process, or thread. */
	bool (*exists)(pid_t);
	const struct process_file *files; /* ended by a NULL name */
	const struct process_list *lists; /* the same */
	/* Who owns its files; those that tell secrets are root's unless it is dumpable (proc(5)). */
	void (*owner)(pid_t, bool secret, uint32_t *uid, uint32_t *gid);
	/* The caller may look into it: 0, -EACCES, -ESRCH. */
	int (*may_look)(pid_t);
	/* Which program it runs, counted; 0: it is gone. */
	uint32_t (*program)(pid_t);
	/* When it began, so that a later one of the same number is told from it; 0: it is gone. */
	uint32_t (*birth)(pid_t);
};
void procfs_set_processes(const struct process_directory *);
/* The process whose directory the open file is. -EBADF: it is none; -ESRCH: the process is gone. */
pid_t procfs_process_of(const struct file *);
