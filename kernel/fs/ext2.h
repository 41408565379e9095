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
 *
 * A disk is not believed: what it says is checked where it is used, as it may have been made to
 * do harm. What cannot be so is damage. It is told once, the call fails with -EIO, and from then on
 * nothing of the file system is changed any more (-EROFS), as on Linux with errors=remount-ro.
 * Every walk ends: it looks at each block of the disk at most once, stops at the first damage, or
 * ends early when its thread is killed.
 */
#pragma once

#include "kernel/fs/fs.h"
#include "lib/tree.h"

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
#define EXT2_COMPATIBLE_ATTRIBUTES 0x0008u
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
/* Behind it, where inodes are larger than 128 bytes and `size` reaches so far (Linux's
 * Documentation/filesystems/ext4/inodes.rst). The "extra" half of a time: two bits that count on
 * from 2^31 seconds, and 30 of nanoseconds. */
struct ext2_inode_extra {
	uint16_t size; /* of this, in bytes; what is behind it are extended attributes */
	uint16_t checksum_high;
	uint32_t ctime, mtime, atime;
	uint32_t creation, creation_extra, version_high, project;
};
#define EXT2_EPOCH_BITS 2u
#define EXT2_EPOCH_MASK ((1u << EXT2_EPOCH_BITS) - 1)
#define EXT2_EPOCHS_SECONDS ((int64_t)EXT2_EPOCH_MASK << 32)

#define EXT2_FLAG_INDEXED 0x1000u /* the directory has a hash index, which we do not keep */

/* The header of a block of extended attributes; what follows: ext2_attributes.c. */
struct ext2_attributes {
	uint32_t magic, references, blocks, hash;
	uint32_t reserved[4];
};
#define EXT2_ATTRIBUTES_MAGIC 0xEA020000u

struct ext2_entry {
	uint32_t inode;
	uint16_t length; /* of the entry, to the next */
	uint8_t name_length;
	uint8_t type;    /* EXT2_INCOMPATIBLE_FILETYPE; else the high half of name_length */
	char name[];
};

/* Where a group has what describes it, checked at the mount: inside the group. */
struct ext2_places {
	uint32_t block_bitmap, inode_bitmap, inode_table;
};

/* A mounted ext2. Immutable after the mount, but for what a lock is named at. */
struct ext2 {
	struct file_system *fs;
	struct page_source *disk;   /* page i is block i */
	uint32_t blocks, inodes, groups;
	uint32_t blocks_per_group, inodes_per_group;
	uint32_t inode_size, first_inode;
	uint32_t table_blocks;      /* of a group's inode table */
	bool has_types;             /* directory entries tell the type */
	bool large_files;           /* alloc_lock: the superblock allows files of 2 GiB */
	bool attributes;            /* alloc_lock: the superblock tells of extended attributes */
	bool knows_features;        /* revision 1: it can be told to have them */
	struct mutex load_lock;     /* one inode is brought into the cache at a time */
	struct mutex alloc_lock;    /* bitmaps, descriptors, superblock */
	struct ext2_held *held;     /* alloc_lock: one a group, */
	bool any_held;              /* alloc_lock: whether there is anything in them, */
	uint32_t frees;             /* alloc_lock: and how much ever was. ext2_alloc.c */
	uint32_t orphans;           /* atomic: files without a name that are still open */
	struct spinlock changed_lock;
	struct list changed;        /* changed_lock: directories whose names changed since they were
	                               last made durable */
	bool clean;                 /* alloc_lock: the superblock says clean */
	bool never_written;         /* was mounted read-only, and not changed since */
	bool cannot_be_written;     /* the disk, or a feature of what is on it, forbids it */
	bool damaged;               /* atomic: it was told */
	bool faulty;                /* e2fsck has work: from the next sync the superblock says so */
	bool fault_written;         /* alloc_lock: it does */
	uint32_t changes;           /* counts what makes it unclean; atomic */
	uint32_t reserved;          /* free blocks that are promised to files; atomic, becomes more
	                               under alloc_lock only */
	uint32_t pinned;            /* inodes about to change: it stays unclean; atomic */
	struct ext2_places places[]; /* of each group */
};

struct ext2_inode {
	struct inode inode;
	struct ext2 *ext2;
	struct mutex map_lock;      /* guards the rest */
	uint32_t block[15];
	uint32_t flags, generation, attributes, dtime;
	struct list attribute_list; /* inode->lock: ext2_attributes.c, */
	bool attributes_known;      /* and whether it was read */
	struct tree promises;       /* ext2_promise.c */
	uint32_t promised;          /* blocks, by these */
	uint32_t last_index, last_block; /* where the file grew last: the next goal */
	struct ext2_index *index;   /* of a large directory; ext2_index.c */
	uint32_t parent;            /* of a new directory: the number for its ".." */
	struct list_link changed_link; /* changed_lock: of a directory */
	uint32_t map_changes;       /* counts changes of the size and of the blocks */
	uint32_t map_settled;       /* the count at the last one that is surely on the disk */
	bool orphan;                /* counted as one */
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
 * cannot fail; pins add up. -EIO, -ENOMEM, -EROFS. _locked: map_lock is held. */
int ext2_inode_pin(struct inode *);
int ext2_inode_pin_locked(struct ext2_inode *);
void ext2_inode_unpin(struct inode *);
void ext2_inode_unpin_locked(struct ext2_inode *);
void ext2_inode_write(struct inode *);
void ext2_inode_write_locked(struct ext2_inode *);
/* The three in one. */
int ext2_inode_store(struct inode *);
/* A page source's settle: where the file's pages are, to the disk for good. */
int ext2_settle(struct page_source *, bool data_only);
/* The file has lost its last name: until it is deleted the disk is not clean. */
void ext2_orphan_add(struct ext2_inode *);
/* Nobody refers to it any more. */
void ext2_release(struct inode *);
/* The inode's place in its table, pinned: ext2_block_put. */
int ext2_table_get(struct ext2 *, uint32_t number, bool change, struct frame **,
                   struct ext2_disk_inode **);
/* The inode, pinned, with map_lock held, has no block of extended attributes any more. -EIO. */
int ext2_attributes_free(struct ext2_inode *);
/* ext2_attributes.c: for inode_ops. */
int ext2_attributes(struct inode *, struct list **);
int ext2_attributes_changed(struct inode *, int32_t more);
/* Whether it is a symbolic link whose target is in the inode itself. */
bool ext2_is_fast_link(const struct ext2_inode *);
/* Something is about to change: the disk is not clean any more. alloc_lock held. -EIO, -ENOMEM. */
int ext2_changing_locked(struct ext2 *);
/* After an error: true if it was want of memory, having waited for some. For steps that must
 * not be left out. */
bool ext2_waited_for_memory(int error);
/* Something is lost, but nothing else is in danger: tells it, and e2fsck. */
void ext2_complain(struct ext2 *, const char *what, uint32_t number);
/* The disk says what cannot be so: tells it once and makes the file system read-only. Returns
 * -EIO. What had begun to change goes on to its end. */
int ext2_damaged(struct ext2 *, const char *what, uint32_t number);

/* ext2_alloc.c */
/* A free block near `goal`. If it was promised the promise is kept by it, else it is none of those.
 * -ENOSPC, -EIO, -ENOMEM. */
int ext2_block_alloc(struct ext2 *, uint32_t goal, bool promised, uint32_t *block);
/* Promises so many free blocks, instead of `before`, which were. -ENOSPC: neither is changed. Fewer
 * need no lock, and cannot fail. */
int ext2_blocks_promise(struct ext2 *, uint32_t before, uint32_t blocks);
int ext2_block_free(struct ext2 *, uint32_t block);
/* Frees many, in few changes of the bitmaps. Zeros in the list are left out, and each that is free
 * becomes one; *freed counts them. Ends at the first error, -EIO. */
int ext2_blocks_give_back(struct ext2 *, uint32_t *blocks, uint32_t count, uint32_t *freed);
int ext2_number_alloc(struct ext2 *, uint32_t parent, bool directory, uint32_t *number);
int ext2_number_free(struct ext2 *, uint32_t number, bool directory);
/* Whether the block can belong to a file: on the disk, and not where the file system keeps what
 * describes it. */
bool ext2_block_is_data(const struct ext2 *, uint32_t block);
/* The superblock says that there may be files of 2 GiB / extended attributes. -EFBIG, -EOPNOTSUPP:
 * it cannot; -EIO, -ENOMEM. */
int ext2_allow_large_files(struct ext2 *);
int ext2_allow_attributes(struct ext2 *);
/* Memory for what is held, at mount. -ENOMEM. */
int ext2_held_create(struct ext2 *);
void ext2_held_destroy(struct ext2 *);
/* All names and metadata to the disk for good; then what was freed before may be taken again.
 * -EIO. */
int ext2_settle_all(struct ext2 *);
/* The directory's names changed. */
void ext2_names_changed(struct ext2_inode *);
int ext2_statfs(struct file_system *, struct statfs64 *);

/* ext2_map.c */
extern const struct page_source_ops ext2_source_ops;
/* Frees every block from page `first` on; map_lock held. -EIO: not all. */
int ext2_blocks_free(struct ext2_inode *, uint32_t first);
int ext2_truncate(struct inode *, uint64_t size);
int ext2_run(struct inode *, uint32_t index, bool *has, uint32_t *pages);
int ext2_punch(struct inode *, uint32_t first, uint32_t end);
/* ext2_run with map_lock held. */
int ext2_run_locked(struct ext2_inode *, uint32_t index, bool *has, uint32_t *pages);
int ext2_reserve(struct inode *, uint32_t first, uint32_t end);

/* ext2_promise.c, map_lock held. */
/* Promises blocks for the pages of [first, end) that have none. -ENOSPC, -ENOMEM, -EINTR, -EIO: none
 * is. */
int ext2_promise(struct ext2_inode *, uint32_t first, uint32_t end);
/* Whether the page's block is promised, or with `pointers` one on the way to it; and: it was taken. */
bool ext2_promise_has(struct ext2_inode *, uint32_t index, bool pointers);
void ext2_promise_kept(struct ext2_inode *, uint32_t index, bool pointers);
/* What was promised to these pages is anybody's again. */
void ext2_promise_drop(struct ext2_inode *, uint32_t first, uint32_t end);

/* ext2_directory.c */
/* Fills in the directory's block `index`, of zeros, as one without names. */
void ext2_directory_block(const struct ext2_inode *, uint32_t index, void *block);
extern const struct inode_ops ext2_inode_ops;
extern const struct file_ops ext2_directory_ops;
