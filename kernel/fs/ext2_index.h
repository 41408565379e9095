/* SPDX-License-Identifier: MIT */
/*
 * An index of a large directory's names, in memory alone: by the hash of a name, where entries with
 * such a name are; and for entries of each size, before which block there is no room for one. It is
 * made at the first search, is complete as long as it is there, and may go at any moment, when
 * memory is short. So whoever searches asks it, and looks through the blocks if there is none.
 *
 * The directory's inode lock is held by the callers of all but ext2_indexes_give_back.
 */
#pragma once

#include "lib/types.h"

struct ext2_inode;

#define EXT2_INDEX_BLOCKS 4u /* a directory of fewer is looked through */

/* One that is being made, with nothing in it; NULL: no memory. Either published, which gives it to
 * the directory, or discarded. */
struct ext2_index *ext2_index_create(void);
/* False: no memory. The name is not NUL-ended. */
bool ext2_index_collect(struct ext2_index *, const char *name, size_t length, uint32_t block,
                        uint32_t offset);
void ext2_index_publish(struct ext2_index *, struct ext2_inode *);
void ext2_index_discard(struct ext2_index *); /* may be NULL */

/* Whether the directory has an index now. */
bool ext2_index_exists(struct ext2_inode *);
/* The nth place of an entry whose name may be this one: 0, -ENOENT: there are fewer, -EAGAIN: there
 * is no index. */
int ext2_index_find(struct ext2_inode *, const char *name, uint32_t nth, uint32_t *block,
                    uint32_t *offset);
/* The name was entered / is removed there. Without memory for it the index goes. */
void ext2_index_add(struct ext2_inode *, const char *name, size_t length, uint32_t block,
                    uint32_t offset);
void ext2_index_remove(struct ext2_inode *, const char *name, size_t length, uint32_t block,
                       uint32_t offset);
/* The first block that may have room for an entry of this size; 0 without an index. */
uint32_t ext2_index_room(struct ext2_inode *, uint32_t size);
/* No block before this one has room for it. */
void ext2_index_no_room(struct ext2_inode *, uint32_t size, uint32_t before);

/* The directory is let go of: so is its index. */
void ext2_index_drop(struct ext2_inode *);
/* Memory is short: drops the index that was made first. Whether there was one. From any thread. */
bool ext2_indexes_give_back(void);
