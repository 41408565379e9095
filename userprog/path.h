/* SPDX-License-Identifier: MIT */
/* Paths that programs name, copied into the kernel, with the directory they start from. */
#pragma once

#include "lib/types.h"

struct dentry;
struct inode;

/* Copies a path of at most PATH_SIZE bytes in; kfree(*path) when done. 0, -EFAULT,
 * -ENAMETOOLONG, -ENOENT (empty), -ENOMEM. */
int path_from_user(const char *user_path, char **path);

/* Where a path leads: a name and the directory it starts from. */
#define PLACE_PATH 128 /* most paths are shorter, and need no memory of their own */
struct place {
	struct dentry *at; /* with a reference */
	char *path;        /* `most`, or own memory */
	char most[PLACE_PATH];
};

/* The place that (directory descriptor or AT_FDCWD, path) names. 0, and as above, -EBADF,
 * -ENOTDIR. place_put when done. may_be_empty: the path may be "". */
int place_get(struct place *, int directory, const char *user_path, bool may_be_empty);
void place_put(struct place *);

/* The directory that the descriptor or AT_FDCWD names, with a reference. -EBADF, -ENOTDIR. */
int place_directory(int descriptor, struct dentry **);

/* The dentry that (directory, path, AT_ flags) names, with a reference: also the
 * descriptor's own file, for AT_EMPTY_PATH. -EBADF if that has no dentry. */
int place_lookup(int directory, const char *user_path, int flags, struct dentry **found);

/* The inode that the same or, with a NULL path, the descriptor names, with a reference. */
int place_inode(int directory, const char *user_path, int flags, struct inode **);

/* Whether the inode has a size that can be set: 0, -EISDIR, -EINVAL. */
int path_may_truncate(const struct inode *);
