/* SPDX-License-Identifier: MIT */
/*
 * The page cache: (source, index) -> frame, one frame for each file page in memory, used
 * by read(2), write(2), mmap and exec alike, and by file systems for their own blocks
 * (the source of a block device). A hash table finds a page; each source has a list.
 *
 * Unless said otherwise: vm_lock is not held, the call may sleep, errors are negative. A call
 * that gives a frame gives it pinned, or else sets it to NULL: who has a frame has a pin.
 */
#pragma once

#include "vm/frame.h"
#include "vm/source.h"

void pagecache_init(void);
void pagecache_start_flusher(void); /* the thread that writes dirty pages every few seconds */

/* The page, valid and pinned (frame_unpin when done). Reads it if it must.
 * -EIO, -ENOMEM. Does not look at source->size. */
int pagecache_get(struct page_source *, uint32_t index, struct frame **);
/* The same for a page that will be dirtied: prepare_write was called. With `overwrite`
 * the old content is not read: the caller fills the whole page (a new page is zeros). */
int pagecache_get_for_write(struct page_source *, uint32_t index, bool overwrite,
                            struct frame **);
/* A whole page is written: n bytes, with nothing or the end of the source behind them. The old
 * content is not read. `fill` gives the bytes, each time it is called the same: 0 or an error, which
 * is returned; it may sleep and fault. A page that is not in memory enters when its new content is
 * complete, so that after an error it is what it was; one that is in memory may then have changed
 * in part. -ENOMEM, what prepare_write returns, what fill does. */
typedef int page_filler(void *context, void *to, uint32_t n);
int pagecache_overwrite(struct page_source *, uint32_t index, page_filler *fill, void *context,
                        uint32_t n);
/* Pins the pages [index, index + most) as far as they are in memory, valid; how many. */
uint32_t pagecache_pin_run(struct page_source *, uint32_t index, uint32_t most, struct frame **);
void pagecache_unpin_run(struct frame **, uint32_t count);
/* The first page of [index, end) that is not in memory, or end. */
uint32_t pagecache_skip(struct page_source *, uint32_t index, uint32_t end);
/* The (pinned, valid) frame was written: it must reach its source some time. */
void pagecache_dirty(struct frame *);
/* Before a program dirties a page of the source: if so much of memory is dirty pages of files
 * already as may be (pagecache_dirty_most), some of the source's are written first, so that a program which writes faster than the
 * disk waits for it. -EIO if they cannot be: a disk that refuses must not fill memory with what
 * nobody can be rid of. Callers may hold inode and spt locks. */
int pagecache_write_some(struct page_source *);
extern uint32_t pagecache_dirty_most; /* pages; a quarter of memory, unless changed by these: */
/* As vm.dirty_ratio and vm.dirty_bytes: in hundredths of memory, or in bytes; the one that was not
 * set last is 0. 0 or -EINVAL. */
uint32_t pagecache_dirty_ratio(void);
int pagecache_set_dirty_ratio(uint32_t percent);
uint32_t pagecache_dirty_bytes(void);
int pagecache_set_dirty_bytes(uint32_t bytes);
/* As vm.dirty_writeback_centisecs: how often the flusher writes; 0: never. */
uint32_t pagecache_flush_interval(void);
int pagecache_set_flush_interval(uint32_t centiseconds);
static inline int pagecache_throttle(struct page_source *source)
{
	return frames_dirty < pagecache_dirty_most ? 0 : pagecache_write_some(source);
}

/* The page if it is in memory, whether valid or still busy; else a read of it is started.
 * Returned pinned; the caller waits with frame_wait. *started: it went to the device. */
int pagecache_start(struct page_source *, uint32_t index, struct frame **, bool *started);

/* Waits for a page that pagecache_start returned: 0, or -EIO with the pin given up and NULL in the
 * frame's place. */
int pagecache_await(struct frame **);
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
/* Writes the dirty pages of [first, end) and waits. *told is how many failed writes of the
 * source whoever asks was told of: -EIO if there are more by now, which he then was told of. */
int pagecache_sync(struct page_source *, uint32_t first, uint32_t end, uint32_t *told);
/* The one way to make a file durable, by which fsync(2), fdatasync(2), msync(2), O_SYNC and all
 * others come: the dirty pages of [first, end), then what says where they are (the source's
 * `settle`), then the disk's own cache. Nothing for a source in memory. As pagecache_sync. */
int pagecache_make_durable(struct page_source *, uint32_t first, uint32_t end, bool data_only,
                           uint32_t *told);
/* What a new asker counts as told: a failed write that nobody was told of is still news. */
static inline uint32_t pagecache_errors_known(const struct page_source *source)
{
	return source->errors_told;
}
/* Writes one (pinned) page if it is dirty, and waits. 0, -EIO. */
int pagecache_write_page(struct frame *);
/* Starts writing every dirty file page in the machine; waits; for sync(2). -EIO if any failed. */
int pagecache_sync_all(void);
/* Drops every clean page that nobody maps or pins (drop_caches). Returns how many. */
uint32_t pagecache_drop_clean(void);
/* The same for one source: its bytes are about to be changed without it. */
void pagecache_drop_clean_of(struct page_source *);
