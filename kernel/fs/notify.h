/* SPDX-License-Identifier: MIT */
/*
 * inotify(7), and F_NOTIFY of fcntl(2): what happens to files is told to who watches them.
 *
 * Those who do things to files call notify_... afterwards, with IN_... of linux/inotify.h; as long
 * as nobody watches anything that costs them one look. The caller may hold inodes' locks.
 */
#pragma once

#include <linux/inotify.h>

#include "lib/types.h"

struct dentry;
struct file;
struct file_system;
struct inode;

extern volatile uint32_t notify_watches; /* how many there are; atomic */

void notify_dentry_slowly(struct dentry *, uint32_t mask);
void notify_inode_slowly(struct inode *, uint32_t mask);
void notify_name_slowly(struct inode *dir, const char *name, uint32_t mask, uint32_t cookie);
void notify_gone_slowly(struct dentry *);

/* Of a file under this name: its watchers are told, and those of its directory. */
static inline void notify_dentry(struct dentry *dentry, uint32_t mask)
{
	if (__builtin_expect(notify_watches, 0))
		notify_dentry_slowly(dentry, mask);
}

/* Of a file of which no name, or no one name is meant: the directory of one that is known is told,
 * but of IN_MOVE_SELF and of what IN_UNNAMED is added to. */
#define IN_UNNAMED 0x10000000u
static inline void notify_inode(struct inode *inode, uint32_t mask)
{
	if (__builtin_expect(notify_watches, 0))
		notify_inode_slowly(inode, mask);
}

/* Of a name in the directory; the cookie joins two events, or is 0. */
static inline void notify_name(struct inode *dir, const char *name, uint32_t mask,
                               uint32_t cookie)
{
	if (__builtin_expect(notify_watches, 0))
		notify_name_slowly(dir, name, mask, cookie);
}

/* A reference to the dentry is about to be given up: if it is the last to a file without links,
 * that is gone, and is watched no more. */
static inline void notify_gone(struct dentry *dentry)
{
	if (__builtin_expect(notify_watches, 0))
		notify_gone_slowly(dentry);
}

/* A name in the directory became another one there: for F_NOTIFY alone, which tells it so. */
#define IN_RENAMED 0x08000000u

uint32_t notify_cookie(void);
/* The file system is being unmounted. */
void notify_unmount(struct file_system *);

/* How many descriptors and watches a user may have, if he has nothing else (charge.h), and how many
 * events wait in a descriptor at most: inotify(7), /proc interfaces. */
uint32_t notify_instances_most(void);
uint32_t notify_watches_most(void);
uint32_t notify_events_most(void);

/* inotify_init1(2), flags of open(2); the other two calls: a watch, 0, or an error. */
int notify_open(uint32_t flags, struct file **opened);
bool file_is_notifier(const struct file *);
int notify_watch(struct file *, struct inode *, uint32_t mask);
int notify_unwatch(struct file *, int watch);

/* F_NOTIFY: the open directory's owner is told of this descriptor by a signal, of the events (IN_...,
 * IN_RENAMED) together with those before; once, unless `again` was said. `by`: whose request it is, a
 * table of descriptors; it ends with that's close. 0, -ENOTDIR, -ENOMEM, -ENOSPC; -EINVAL: it is
 * switched off. */
int notify_by_signal(struct file *, const void *by, int number, uint32_t events, bool again);
/* No more; `by` NULL: whoever asked. */
void notify_by_signal_end_slowly(struct file *, const void *by);
static inline void notify_by_signal_end(struct file *file, const void *by)
{
	if (__builtin_expect(notify_watches, 0))
		notify_by_signal_end_slowly(file, by);
}
/* /proc/sys/fs/dir-notify-enable. */
uint32_t notify_by_signal_enabled(void);
int notify_by_signal_enable(uint32_t on);
