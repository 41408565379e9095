/* SPDX-License-Identifier: MIT */
/*
 * The page cache: (source, index) -> frame, one frame for each file page in memory, used
 * by read(2), write(2), mmap and exec alike, and by file systems for their own blocks
 * (the source of a block device). A hash table finds a page; each source has a list.
 *
 * Unless said otherwise: vm_lock is not held, the call may sleep, errors are negative.
 */
#pragma once

#include "vm/source.h"

struct frame;

void pagecache_init(void);
void pagecache_start_flusher(void); /* the thread that writes dirty pages every few seconds */

/* The page, valid and pinned (frame_unpin when done). Reads it if it must.
 * -EIO, -ENOMEM. Does not look at source->size. */
int pagecache_get(struct page_source *, uint32_t index, struct frame **);
/* The same for a page that will be dirtied: prepare_write was called. With `overwrite`
 * the old content is not read: the caller fills the whole page (a new page is zeros). */
int pagecache_get_for_write(struct page_source *, uint32_t index, bool overwrite,
                            struct frame **);
/* A program writes a whole page: n bytes, with nothing or the end of the source behind them. The
 * old content is not read. A page that is not in memory enters when its new content is complete,
 * so that after an error it is what it was; one that is in memory may then have changed in part.
 * -EFAULT, -ENOMEM, and what prepare_write returns. No lock is held that a page fault wants. */
int pagecache_overwrite(struct page_source *, uint32_t index, const void *user_from, uint32_t n);
/* Pins the pages [index, index + most) as far as they are in memory, valid; how many. */
uint32_t pagecache_pin_run(struct page_source *, uint32_t index, uint32_t most, struct frame **);
void pagecache_unpin_run(struct frame **, uint32_t count);
/* The first page of [index, end) that is not in memory, or end. */
uint32_t pagecache_skip(struct page_source *, uint32_t index, uint32_t end);
/* The (pinned, valid) frame was written: it must reach its source some time. */
void pagecache_dirty(struct frame *);

/* The page if it is in memory, whether valid or still busy; else a read of it is started.
 * Returned pinned; the caller waits with frame_wait. *started: it went to the device. */
int pagecache_start(struct page_source *, uint32_t index, struct frame **, bool *started);

/* Waits for a page that pagecache_start returned: 0, or -EIO with the pin given up. */
int pagecache_await(struct frame *);
/* The page if it is in memory, not pinned, or NULL. vm_lock held. */
struct frame *pagecache_find(struct page_source *, uint32_t index);
/* The page leaves the cache, unmapped everywhere; it is not busy. vm_lock held. */
void pagecache_remove(struct frame *);

/* Copies bytes between the cache and kernel memory, page by page; for a file system's own
 * structures and for exec. Short at the end of the source never: the caller checks size. */
int pagecache_read(struct page_source *, uint64_t position, void *to, size_t n);
int pagecache_write(struct page_source *, uint64_t position, const void *from, size_t n);

/* Drops every page from `first` on, dirty or not, unmapping it from every program, and the
 * programs' private copies too; waits for pages that are busy. The source's size was lowered
 * before. */
void pagecache_truncate(struct page_source *, uint32_t first);
/* Drops one page, dirty or not (a freed metadata block must not be written any more). */
void pagecache_forget(struct page_source *, uint32_t index);
/* Writes the dirty pages of [first, end) and waits. 0, or -EIO if any write failed since
 * the last call. */
int pagecache_sync(struct page_source *, uint32_t first, uint32_t end);
/* Starts writing every dirty file page in the machine; waits; for sync(2). */
void pagecache_sync_all(void);
/* Drops every clean page that nobody maps or pins (drop_caches). Returns how many. */
uint32_t pagecache_drop_clean(void);
