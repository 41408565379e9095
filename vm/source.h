/* SPDX-License-Identifier: MIT */
/*
 * What has pages: a file, a block device, nameless shared memory. vm/ knows no file
 * system; it knows this, which each inode carries.
 *
 * The life of a page of a source:
 *   1 pagecache makes a frame for (source, index), busy, and calls read
 *   2 read finds where the page is and calls frame_io_start, or, for a hole, fills the
 *     frame with zeros and calls frame_io_done
 *   3 before the page is first dirtied, prepare_write gives it a place (a disk block)
 *   4 writing back, the frame is busy again; write calls frame_io_start
 *   5 truncated or evicted, the frame is disowned
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"
#include "kernel/sync/mutex.h"

struct areas;
struct frame;
struct page_source;
struct shmem;

struct page_source_ops {
	/* Start to fill / write out the frame's page (frame->index), ending in
	 * frame_io_done. read may sleep and take the file system's locks. write may run in a
	 * thread that holds any of them, because it was short of memory: it takes no mutex
	 * and allocates nothing; what it needs to know is in frame->block. */
	void (*read)(struct page_source *, struct frame *); /* NULL: it has no pages at all, */
	int refusal;           /* and mmap(2) answers so, or -ENODEV if this is 0 */
	void (*write)(struct page_source *, struct frame *);
	/* The page is about to be dirtied: see that frame->block is a place for it. The
	 * frame is pinned, and valid or (new content for it, nothing read) busy. May sleep.
	 * 0, -ENOSPC, -EIO, -ENOMEM. */
	int (*prepare_write)(struct page_source *, struct frame *);
	/* Somebody refers to the source / does no longer. False: it is on its way out, as he may
	 * see who found it without anybody's reference. Only put may sleep. */
	bool (*get)(struct page_source *);
	void (*put)(struct page_source *);
	/* Device and inode numbers, and a path into `to` (or "") if one happens to be known. */
	void (*describe)(struct page_source *, uint32_t *device, uint32_t *inode, char *to,
	                 size_t size);
	/* Whether the page is anywhere but in memory: one that is not is not worth reading ahead.
	 * vm_lock not held. NULL: take it that it is. */
	bool (*stored)(struct page_source *, uint32_t index);
	/* The disk sector where the page lies, for swap files; 0: none. May sleep. NULL: the
	 * source cannot carry swap. */
	uint32_t (*sector)(struct page_source *, uint32_t index);
	/* The pages have reached their places: sees that these are found again after a power
	 * cut. Writes what says where they are and how long the file is, unless `data_only` (of
	 * fdatasync(2)) also what else is known of it, and then empties the disk's own cache.
	 * May sleep. 0, -EIO. NULL: the source keeps nothing over a power cut. */
	int (*settle)(struct page_source *, bool data_only);
};

struct page_source {
	const struct page_source_ops *ops;
	volatile uint64_t size;  /* bytes; pages past it are SIGBUS. Written under the file
	                            system's lock; read without */
	struct shmem *shmem;     /* it is shared memory, whose pages go to swap; NULL: it is not */
	bool carries_swap;       /* swapon: its file system lets nobody change it */
	uint8_t depth;           /* of the device that its pages are written to (block.h) */
	struct list frames;      /* (v) of struct frame, by source_link */
	uint32_t cached;         /* (v) how many */
	uint32_t held;           /* (v) of shared memory: its pages, in memory or in swap */
	struct areas *holder;    /* (v) in whose score shared memory's pages are; NULL: nobody's */
	struct list areas;       /* (v) who maps it, by source_link; those to be cut are last */
	uint32_t writable;       /* (v) how many of these are shared and may become writable */
	uint32_t truncations;    /* (v) counts them, to tell which areas one has visited */
	uint32_t traced;         /* what the trace has told of it: trace.c */
	uint32_t write_errors;   /* counts writes that failed; atomic */
	uint32_t errors_told;    /* the count when somebody was last told of one */
	struct mutex sync_lock;  /* one sync at a time: each goes once round the list of frames */
};

/*
 * What an area has behind it: the open file that was mapped, which knows its source. An area holds
 * on to it, so that the file stays open, with its name, its locks and what it keeps others from,
 * for as long as it is mapped (mmap(2): closing the descriptor does not unmap).
 */
struct backing;

struct backing_ops {
	void (*get)(struct backing *);
	void (*put)(struct backing *); /* may sleep */
	/* What /proc/<pid>/maps shows: the length, or -errno. */
	int (*name)(struct backing *, char *to, size_t size);
	/* The bytes become a hole (fallocate(2), FALLOC_FL_PUNCH_HOLE). Takes the file system's
	 * locks, an inode's too; may sleep. 0, -EOPNOTSUPP, -EIO, ... */
	int (*punch)(struct backing *, uint64_t offset, uint64_t bytes);
};

struct backing {
	const struct backing_ops *ops;
	struct page_source *source; /* its owner's reference */
};

static inline uint32_t source_pages(const struct page_source *source)
{
	return (uint32_t)((source->size + 4095) >> 12);
}

void page_source_init(struct page_source *, const struct page_source_ops *, uint64_t size);
