/* SPDX-License-Identifier: MIT */
/*
 * Advisory locks on files: flock(2), and the record locks of fcntl(2), "Advisory record locking"
 * and "Open file description locks".
 *
 *   kind    | owned by                        | covers  | let go when
 *   FLOCK   | an open file                    | a file  | the open file is closed at last
 *   POSIX   | a process (its descriptors)     | a range | the process closes any descriptor of
 *           |                                 |         | the file
 *   OFD     | an open file                    | a range | as FLOCK
 *
 * FLOCK locks do not know of the others; POSIX and OFD locks exclude each other.
 */
#pragma once

#include "lib/types.h"

struct file;
struct inode;
struct text;

enum lock_kind { LOCK_FLOCK, LOCK_POSIX, LOCK_OFD };
enum lock_type { LOCK_NONE, LOCK_SHARED, LOCK_EXCLUSIVE };

#define LOCK_RANGE_END INT64_MAX /* as the last byte: however long the file gets */

struct lock {
	enum lock_kind kind;
	enum lock_type type;
	loff_t first, last; /* bytes of the file, both included; FLOCK: 0 to LOCK_RANGE_END */
	const void *owner;  /* only compared */
	pid_t pid;          /* told to others; -1: OFD */
};

/* Takes the lock; what the owner has of the range becomes of this type (LOCK_NONE: is let go),
 * and pieces of one type that meet are one. If another's lock is in the way: -EAGAIN, or sleeps
 * until it is not, -EINTR. -EDEADLK: that would be for ever, since another waits for the caller
 * (POSIX locks only). -ENOLCK: no memory, or too much for the caller's user, which letting go never
 * is; then nothing has changed. As on Linux an FLOCK lock of
 * the other type is let go before the new one is waited for. */
int lock_set(struct inode *, const struct lock *, bool wait);
/* The first lock that is in the way of this one; false: none. */
bool lock_find_conflict(struct inode *, const struct lock *, struct lock *found);
/* Lets go of all locks on the file that have this owner, whatever the kind. Cheap if the file has
 * none. May sleep. */
void locks_release(struct inode *, const void *owner);
/* /proc/locks, without leases: proc(5). How many lines with numbers. */
uint32_t locks_show(struct text *);
