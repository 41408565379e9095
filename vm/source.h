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

struct frame;
struct page_source;

struct page_source_ops {
	/* Start to fill / write out the frame's page (frame->index), ending in
	 * frame_io_done. read may sleep and take the file system's locks. write may run in a
	 * thread that holds any of them, because it was short of memory: it takes no mutex
	 * and allocates nothing; what it needs to know is in frame->block. */
	void (*read)(struct page_source *, struct frame *); /* NULL: it has no pages at all */
	void (*write)(struct page_source *, struct frame *);
	/* The page is about to be dirtied: see that frame->block is a place for it. The
	 * frame is pinned, and valid or (new content for it, nothing read) busy. May sleep.
	 * 0, -ENOSPC, -EIO, -ENOMEM. */
	int (*prepare_write)(struct page_source *, struct frame *);
	/* An area refers to the source / does no longer. put may sleep. */
	void (*get)(struct page_source *);
	void (*put)(struct page_source *);
	/* For /proc/<pid>/maps: device and inode numbers, and a path into `to` (or ""). */
	void (*describe)(struct page_source *, uint32_t *device, uint32_t *inode, char *to,
	                 size_t size);
	/* The disk sector where the page lies, for swap files; 0: none. May sleep. NULL: the
	 * source cannot carry swap. */
	uint32_t (*sector)(struct page_source *, uint32_t index);
};

struct page_source {
	const struct page_source_ops *ops;
	volatile uint64_t size;  /* bytes; pages past it are SIGBUS. Written under the file
	                            system's lock; read without */
	bool anonymous;          /* its dirty pages go to swap (tmpfs) */
	bool carries_swap;       /* swapon: its file system lets nobody change it */
	struct list frames;      /* (v) of struct frame, by source_link */
	uint32_t cached;         /* (v) how many */
	struct list areas;       /* (v) of struct area, by source_link: who maps it */
	uint32_t truncations;    /* (v) counts them, to tell which areas one has visited */
	uint32_t traced;         /* what the trace has told of it: trace.c */
	uint32_t dirty_error;    /* a write failed since the last sync reported it */
	struct mutex sync_lock;  /* one sync at a time: each goes once round the list of frames */
};

static inline uint32_t source_pages(const struct page_source *source)
{
	return (uint32_t)((source->size + 4095) >> 12);
}

void page_source_init(struct page_source *, const struct page_source_ops *, uint64_t size);
