/* SPDX-License-Identifier: MIT */
/*
 * ext2 on the disk, and in memory. The layout is that of "The Second Extended File System"
 * (D. Poirier) and of the kernel's Documentation/filesystems/ext2.rst:
 *
 *   block 0       1 ...          then for each group of 32,768 blocks
 *   | superblock | descriptors | block bitmap | inode bitmap | inode table | data ... |
 *
 * Blocks are 4 KiB, so that a block is a page is a frame. Metadata is read and written
 * through the page source of the disk, whose page i is block i; there is no other copy of
 * it but the inodes in use, and these are written through to their table at each change.
 *
 * Locks: inode->lock (directory content, size) -> load_lock -> map_lock of an inode (its
 * block pointers, and storing it) -> alloc_lock (bitmaps, descriptors, superblock). None of
 * the last three is held while user memory is touched, or while a page of a file is waited
 * for; pages of the disk need no lock to be read.
 *
 * Memory may be short at any step, so an operation first pins what it will change: inodes in
 * their table (ext2_inode_pin), the blocks of directories, of bitmaps. Then come the changes,
 * none of which can fail. What gives back or undoes (ext2_block_free, ext2_number_free, the
 * release of a deleted inode) waits until it has the memory it needs.
 */
#pragma once

#include "kernel/fs/fs.h"

#define EXT2_BLOCK_SIZE 4096u
#define EXT2_POINTERS (EXT2_BLOCK_SIZE / 4) /* of an indirect block */
#define EXT2_DIRECT 12u
#define EXT2_SUPER_OFFSET 1024u
#define EXT2_LINKS_MAX 32000u
#define EXT2_FAST_LINK_MAX 60u
#define EXT2_ROOT_INODE 2u
#define EXT2_GOOD_OLD_INODE_SIZE 128u
#define EXT2_GOOD_OLD_FIRST_INODE 11u

struct ext2_super {
	uint32_t inodes_count, blocks_count, reserved_blocks, free_blocks, free_inodes;
	uint32_t first_data_block, log_block_size, log_fragment_size;
	uint32_t blocks_per_group, fragments_per_group, inodes_per_group;
	uint32_t mount_time, write_time;
	uint16_t mount_count, max_mount_count, magic, state, errors, minor_revision;
	uint32_t last_check, check_interval, creator_os, revision;
	uint16_t reserved_uid, reserved_gid;
	/* Revision 1 only. */
	uint32_t first_inode;
	uint16_t inode_size, group_of_this;
	uint32_t compatible, incompatible, read_only_compatible;
	uint8_t uuid[16];
	char volume_name[16];
};

#define EXT2_STATE_CLEAN 0x0001u
#define EXT2_STATE_ERRORS 0x0002u
#define EXT2_INCOMPATIBLE_FILETYPE 0x0002u
#define EXT2_RO_SPARSE_SUPER 0x0001u
#define EXT2_RO_LARGE_FILE 0x0002u

struct ext2_group {
	uint32_t block_bitmap, inode_bitmap, inode_table;
	uint16_t free_blocks, free_inodes, directories, flags;
	uint32_t unused[3];
};
#define EXT2_GROUPS_PER_BLOCK (EXT2_BLOCK_SIZE / sizeof(struct ext2_group))

struct ext2_disk_inode {
	uint16_t mode, uid;
	uint32_t size, atime, ctime, mtime, dtime;
	uint16_t gid, links;
	uint32_t blocks, flags, version;
	uint32_t block[15];
	uint32_t generation, attributes, size_high, fragment;
	uint16_t fragment_unused, pad, uid_high, gid_high;
	uint32_t reserved;
};
#define EXT2_FLAG_INDEXED 0x1000u /* the directory has a hash index, which we do not keep */

/* The header of a block of extended attributes, as far as deleting a file needs it. */
struct ext2_attributes {
	uint32_t magic, references;
};
#define EXT2_ATTRIBUTES_MAGIC 0xEA020000u

struct ext2_entry {
	uint32_t inode;
	uint16_t length; /* of the entry, to the next */
	uint8_t name_length;
	uint8_t type;    /* EXT2_INCOMPATIBLE_FILETYPE; else the high half of name_length */
	char name[];
};

/* A mounted ext2. Immutable after the mount, but for what a lock is named at. */
struct ext2 {
	struct file_system *fs;
	struct page_source *disk;   /* page i is block i */
	uint32_t blocks, inodes, groups;
	uint32_t blocks_per_group, inodes_per_group;
	uint32_t inode_size, first_inode;
	bool has_types;             /* directory entries tell the type */
	bool large_files;           /* alloc_lock: the superblock allows files of 2 GiB */
	bool may_be_large;          /* revision 1: it can be told to */
	struct mutex load_lock;     /* one inode is brought into the cache at a time */
	struct mutex alloc_lock;    /* bitmaps, descriptors, superblock */
	bool clean;                 /* alloc_lock: the superblock says clean */
	uint32_t changes;           /* counts what makes it unclean; atomic */
	uint32_t pinned;            /* inodes about to change: it stays unclean; atomic */
};

struct ext2_inode {
	struct inode inode;
	struct ext2 *ext2;
	struct mutex map_lock;      /* guards the rest */
	uint32_t block[15];
	uint32_t flags, generation, attributes, dtime;
	uint32_t last_index, last_block; /* where the file grew last: the next goal */
	bool deleted;               /* its number is free already */
	uint32_t pins;              /* while there are any: */
	struct frame *table;        /* ... the block of its table, pinned, */
	struct ext2_disk_inode *disk; /* ... and it therein */
};

static inline struct ext2_inode *ext2_inode(struct inode *inode)
{
	return LIST_ENTRY(inode, struct ext2_inode, inode);
}

/* ext2.c */
/* A block of metadata, pinned, to read or to change: ext2_block_put(frame, changed). */
int ext2_block_get(struct ext2 *, uint32_t block, bool change, struct frame **, void **data);
void ext2_block_put(struct frame *, bool changed);
/* The inode, with a reference. -ENOENT, -EIO, -ENOMEM. */
int ext2_inode_get(struct ext2 *, uint32_t number, struct inode **);
/* A new inode of this type in memory, not stored yet, its number taken. */
int ext2_inode_create(struct inode *dir, uint32_t mode, uint32_t device, struct ext2_inode **);
/* Keeps the inode's block of its table in memory, so that writing it there (in the cache)
 * cannot fail; pins add up. -EIO, -ENOMEM. _locked: map_lock is held. */
int ext2_inode_pin(struct inode *);
int ext2_inode_pin_locked(struct ext2_inode *);
void ext2_inode_unpin(struct inode *);
void ext2_inode_unpin_locked(struct ext2_inode *);
void ext2_inode_write(struct inode *);
void ext2_inode_write_locked(struct ext2_inode *);
/* The three in one. */
int ext2_inode_store(struct inode *);
/* Inode operations: metadata to the disk; nobody refers to it any more. */
int ext2_inode_sync(struct inode *);
void ext2_release(struct inode *);
/* Whether it is a symbolic link whose target is in the inode itself. */
bool ext2_is_fast_link(const struct ext2_inode *);
/* Something is about to change: the disk is not clean any more. alloc_lock held. -EIO, -ENOMEM. */
int ext2_changing_locked(struct ext2 *);
/* After an error: true if it was want of memory, having waited for some. For steps that must
 * not be left out. */
bool ext2_waited_for_memory(int error);
void ext2_complain(struct ext2 *, const char *what, uint32_t number);

/* ext2_alloc.c */
/* A free block near `goal`; with `zeroed` it is full of zeros. -ENOSPC, -EIO, -ENOMEM. */
int ext2_block_alloc(struct ext2 *, uint32_t goal, bool zeroed, uint32_t *block);
int ext2_block_free(struct ext2 *, uint32_t block);
int ext2_number_alloc(struct ext2 *, uint32_t parent, bool directory, uint32_t *number);
int ext2_number_free(struct ext2 *, uint32_t number, bool directory);
bool ext2_block_is_data(struct ext2 *, uint32_t block);
int ext2_allow_large_files(struct ext2 *);
int ext2_statfs(struct file_system *, struct statfs64 *);

/* ext2_map.c */
extern const struct page_source_ops ext2_source_ops;
/* Frees every block from page `first` on; map_lock held. -EIO. */
int ext2_blocks_free(struct ext2_inode *, uint32_t first);
int ext2_truncate(struct inode *, uint64_t size);

/* ext2_directory.c */
extern const struct inode_ops ext2_inode_ops;
extern const struct file_ops ext2_directory_ops;
