/* SPDX-License-Identifier: MIT */
/*
 * Where processes are: the directory that relative names begin at, the root, and which rights new
 * files do not get. Mostly each process has its own; clone(2) with CLONE_FS has two share one.
 */
#pragma once

#include "lib/types.h"
#include "kernel/sync/spinlock.h"

struct dentry;

struct places {
	uint32_t references;  /* atomic: processes, and who looks at one's from elsewhere */
	struct spinlock lock; /* guards the next two */
	struct dentry *cwd;
	struct dentry *root;  /* of chroot(2); NULL: the machine's */
	uint32_t umask;       /* a word: who reads it sees the old or the new one */
};

/* At this directory, whose reference is taken over. NULL: no memory, and it is not. */
struct places *places_create(struct dentry *cwd);
struct places *places_copy(struct places *);
struct places *places_get(struct places *);
/* The last reference gives the directories back. May sleep. */
void places_put(struct places *);

/* With a reference (dentry_put); NULL for the root also means the machine's. */
struct dentry *places_cwd(struct places *);
struct dentry *places_root(struct places *);
/* Replace one, taking over the new reference. May sleep. */
void places_set_cwd(struct places *, struct dentry *);
void places_set_root(struct places *, struct dentry *);
