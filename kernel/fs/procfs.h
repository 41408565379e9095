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

/* A file /proc/<path> ("meminfo", "sys/vm/drop_caches"); directories on the way are made.
 * `store` (or NULL: read-only) gets what was written, with a NUL, and returns 0 or errno.
 * At start-up; strings must live for ever. */
void procfs_register(const char *path, void (*show)(struct text *),
                     int (*store)(const char *text, size_t length));

/* The door for userprog: which processes there are, and the files of each. */
struct process_file {
	const char *name;   /* "maps" */
	void (*show)(pid_t, struct text *);  /* the process may be gone: prints nothing */
	int (*store)(pid_t, const char *text, size_t length); /* or NULL */
	/* Binary files read at a position (pagemap, mem): used instead of show if set. */
	ssize_t (*read)(pid_t, void *to, size_t n, uint64_t position);
	/* A symbolic link (exe, cwd, root): its target, length or -errno; else NULL. */
	int (*link)(pid_t, char *to, size_t size);
};
struct process_directory {
	/* The smallest process id > after, or 0. */
	pid_t (*next)(pid_t after);
	pid_t (*self)(void);
	const struct process_file *files; /* ended by a NULL name */
	/* Open descriptors for /proc/<pid>/fd: the smallest > after or -1; and its path. */
	int (*next_fd)(pid_t, int after);
	int (*fd_path)(pid_t, int fd, char *to, size_t size);
};
void procfs_set_processes(const struct process_directory *);
