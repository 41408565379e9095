/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables: small numbers that name open files (close(2), dup(2)).
 *
 *   numbers below 1,024     one array, for a power of two of them, which grows by doubling
 *   numbers from there on   a page of pointers to parts, each for 1,024 of them; a part is made
 *                           when one of its numbers is used, and charged to the user
 */
#pragma once

#include "lib/types.h"
#include "kernel/sync/spinlock.h"

struct file;

#define DESCRIPTORS_A_PART 1024u
#define DESCRIPTOR_PARTS 1024u /* a page of pointers */
#define DESCRIPTORS_MAX (DESCRIPTORS_A_PART * DESCRIPTOR_PARTS)

/* All fields: the lock of the table. */
struct descriptor_part {
	struct file **files;  /* NULL: free */
	uint32_t capacity;    /* of `files` */
	uint32_t used;        /* how many are not free */
	uint32_t uid;         /* to whom it is charged; the first part is not */
	uint32_t close_on_exec[DESCRIPTORS_A_PART / 32]; /* one bit each */
};

struct descriptor_table {
	uint32_t references;  /* atomic: processes, and readers of /proc/<pid>/fd */
	uint32_t processes;   /* atomic: of these; clone(2) with CLONE_FILES has two share one */
	struct spinlock lock; /* guards all below; interrupts off: oom.c has process_lock, too */
	struct descriptor_part first;
	struct descriptor_part **parts; /* the k-th for the numbers from 1,024 k on; [0] is unused.
	                                   NULL: there is none */
	uint32_t capacity;    /* no number from here on is in use */
};

/* The most that RLIMIT_NOFILE may be raised to: /proc/sys/fs/nr_open. 0 or -EINVAL. */
uint32_t descriptors_limit(void);
int descriptors_set_limit(uint32_t most);

/* An empty table; NULL if there is no memory. */
struct descriptor_table *descriptors_create(void);
/* The same files under the same numbers. NULL if there is no memory. */
struct descriptor_table *descriptors_copy(struct descriptor_table *);
void descriptors_get(struct descriptor_table *);
/* The last reference closes every file. May sleep. */
void descriptors_put(struct descriptor_table *);
/* A reference for another process to have it, too; and a process's, as it has it no more. */
struct descriptor_table *descriptors_share(struct descriptor_table *);
void descriptors_leave(struct descriptor_table *);
bool descriptors_are_shared(const struct descriptor_table *);
/* The running process, of one thread, gets a table of its own if it shares it with another:
 * unshare(2). -ENOMEM; may sleep. */
int descriptors_unshare(void);

/* About how many bytes of memory whoever has the table keeps from others by what is open; `pass` as
 * file_held has it. Of a table with many parts each pass looks at other ones, and takes the rest to
 * be like them. process_lock may be held. */
size_t descriptors_held(struct descriptor_table *, uint32_t pass);

/* The open file with a reference (file_put), or NULL: also of one that was opened with O_PATH,
 * which the calls that open(2) names may have alone; they take descriptor_place. */
struct file *descriptor_file(struct descriptor_table *, int number);
struct file *descriptor_place(struct descriptor_table *, int number);
/* The smallest free number >= from gets the file, whose reference is taken over. The
 * number; -EMFILE (no number below `limit`), -ENOMEM: the reference stays the caller's. */
int descriptor_add(struct descriptor_table *, struct file *, uint32_t from, uint32_t limit,
                   bool close_on_exec);
/* Puts the file, whose reference is taken over, at exactly this number, which is below
 * DESCRIPTORS_MAX; what was there is closed. 0 or -ENOMEM, also for what would be too much for the
 * user; then the reference stays the caller's. May sleep. */
int descriptor_set(struct descriptor_table *, struct file *, uint32_t number,
                   bool close_on_exec);
/* The current process's: gives the file, whose reference is taken over in any case, the smallest
 * free number >= from. The number, -EMFILE, -ENOMEM. */
int32_t descriptor_new(struct file *, uint32_t from, bool close_on_exec);
/* 0 or -EBADF. May sleep. */
int descriptor_close(struct descriptor_table *, int number);
void descriptors_close_on_exec(struct descriptor_table *);
bool descriptor_flag(struct descriptor_table *, int number);
void descriptor_set_flag(struct descriptor_table *, int number, bool close_on_exec);
/* The smallest used number > after, or -1. */
int descriptor_next(struct descriptor_table *, int after);
