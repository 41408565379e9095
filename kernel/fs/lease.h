/* SPDX-License-Identifier: MIT */
/*
 * Leases on regular files: fcntl(2), "Leases". Who has one is told by a signal before another open
 * file comes to the content, and that waits until the lease is given up or its time is over.
 *
 *   lease of file A    is broken by                          to
 *   reading (READ)     opening it for writing, truncate(2)   none
 *   writing (WRITE)    the same                              none
 *                      opening it for reading                READ
 *
 * A lease belongs to an open file, and ends with it. READ needs that nobody has the file open for
 * writing, WRITE that nobody else has it open at all.
 */
#pragma once

#include "lib/types.h"

struct file;
struct inode;
struct text;

/* F_SETLEASE with F_RDLCK, F_WRLCK or F_UNLCK, by this descriptor and process: 0; -EINVAL: no such
 * type, no regular file, or leases are switched off; -EACCES: not the caller's file; -EAGAIN: the
 * file is open otherwise, or there is no lease to end; -ENOLCK: no memory, or too much for the
 * caller's user. */
int lease_set(struct file *, int number, pid_t process, int type);
/* F_GETLEASE: the type; of one that is to be given up what it is to become. */
int lease_type(struct file *);

/* Somebody is about to change the content (`write`), or to read it, who is counted among those that
 * have it open: waits until no lease is in the way. 0; -EINTR; -EAGAIN: `nonblock`, and one is. */
int lease_break(struct inode *, bool write, bool nonblock);

/* A file is open from now on, or no more; the first breaks leases, as open(2) with these flags, and
 * if it fails the second is still to come. */
int lease_opened(struct file *, uint32_t flags);
void lease_closed(struct file *);

/* proc_sys_fs(5): leases-enable; lease-break-time, in seconds (0: as long as it takes). */
uint32_t leases_enabled(void);
int leases_enable(uint32_t on);
uint32_t lease_break_seconds(void);
int lease_set_break_seconds(uint32_t seconds);
/* Their part of /proc/locks, behind so many lines. */
void leases_show(struct text *, uint32_t number);
