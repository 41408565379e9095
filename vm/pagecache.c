/* SPDX-License-Identifier: MIT */
/*
 * The page cache. A page enters busy, so that whoever finds it meanwhile waits for the one
 * read; it leaves when it is evicted, truncated or could not be read.
 *
 * Dirty pages: a shared mapping's first write faults and marks the page; cleaning a page
 * makes its entries read-only again, so the next write is seen too. Thus FRAME_DIRTY is
 * never late for a page of a file.
 */
#include "vm/pagecache.h"

#include <asm/errno.h>

#include "kernel/dev/block.h"
#include "kernel/mem/physmem.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "vm/frame.h"
#include "vm/pagedir.h"
#include "vm/replace.h"
#include "vm/tracepoints.h"
#include "vm/truncate.h"
#include "vm/vm.h"
#include "vm/writeback.h"

#define FLUSH_CENTISECONDS 500u
#define DIRTY_PERCENT 25u /* of all memory, that dirty pages may take before writers write them */
#define DIRTY_LEAST 8u    /* pages: a batch can be gathered */
/* vm_lock is let go after so many frames of a walk. */
#define FRAMES_A_HOLD 16u
#define BATCHES_AT_ONCE 7u /* of a file that is synced: a request to the disk takes about as much */

static struct frame **buckets; /* vm_lock */
static uint32_t bucket_mask;
uint32_t pagecache_dirty_most;
static uint32_t dirty_percent; /* 0: what may be dirty was said in bytes */
static uint32_t flush_interval = FLUSH_CENTISECONDS; /* 0: the flusher rests */
static volatile bool flush_interval_changed;
static struct wait_queue flusher_queue = WAIT_QUEUE_INIT(flusher_queue);

static void set_dirty_most(uint32_t pages)
{
	pagecache_dirty_most = pages > DIRTY_LEAST ? pages : DIRTY_LEAST;
}

int pagecache_set_dirty_ratio(uint32_t percent)
{
	if (percent > 100)
		return -EINVAL;
	dirty_percent = percent;
	set_dirty_most((uint32_t)((uint64_t)physmem_total() * percent / 100));
	return 0;
}

uint32_t pagecache_dirty_ratio(void)
{
	return dirty_percent;
}

int pagecache_set_dirty_bytes(uint32_t bytes)
{
	if (bytes < 2 * PAGE_SIZE)
		return -EINVAL;
	dirty_percent = 0;
	set_dirty_most(bytes / PAGE_SIZE);
	return 0;
}

uint32_t pagecache_dirty_bytes(void)
{
	return dirty_percent ? 0 : pagecache_dirty_most * PAGE_SIZE;
}

void pagecache_init(void)
{
	uint32_t pages = 1;
	while (pages * PAGE_SIZE / sizeof(struct frame *) < physmem_total() / 2)
		pages *= 2;
	buckets = physmem_boot_take(pages);
	bucket_mask = pages * PAGE_SIZE / sizeof(struct frame *) - 1;
	(void)pagecache_set_dirty_ratio(DIRTY_PERCENT);
}

void page_source_init(struct page_source *source, const struct page_source_ops *ops,
                      uint64_t size)
{
	memset(source, 0, sizeof(*source));
	source->ops = ops;
	source->size = size;
	list_init(&source->frames);
	mutex_init(&source->sync_lock, "sync");
	list_init(&source->areas);
}

/* Neighbouring pages go to neighbouring buckets; sources are spread by a multiplication
 * (Knuth, TAOCP vol. 3, 6.4). */
static struct frame **bucket_of(const struct page_source *source, uint32_t index)
{
	uint32_t spread = (uint32_t)(uintptr_t)source * 2654435761u;
	return &buckets[((spread >> 12) + index) & bucket_mask];
}

struct frame *pagecache_find(struct page_source *source, uint32_t index)
{
	ASSERT(spin_held(&vm_lock));
	struct frame *frame = *bucket_of(source, index);
	while (frame && (frame->owner.source != source || frame->index != index))
		frame = frame->hash_next;
	return frame;
}

static void insert(struct page_source *source, uint32_t index, struct frame *frame)
{
	struct frame **bucket = bucket_of(source, index);
	frame->state = FRAME_FILE;
	frame->owner.source = source;
	frame->index = index;
	frame->hash_next = *bucket;
	*bucket = frame;
	list_append(&source->frames, &frame->source_link);
	source->cached++;
	trace_cache_insert(frame);
	replace_enter(frame);
}

void pagecache_remove(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	ASSERT_SAYING(!frame_has(frame, FRAME_BUSY), "a page is removed during a transfer");
	struct frame **place = bucket_of(frame->owner.source, frame->index);
	while (*place != frame)
		place = &(*place)->hash_next;
	*place = frame->hash_next;
	list_remove(&frame->source_link);
	frame->owner.source->cached--;
	frame_unmap(frame);
	trace_cache_remove(frame);
	frame_file_forget(frame);
	replace_leave(frame);
	frame_disown(frame);
}

/* The page if it is in memory, pinned, or NULL. */
static struct frame *find_pinned(struct page_source *source, uint32_t index)
{
	spin_lock(&vm_lock);
	struct frame *frame = pagecache_find(source, index);
	if (frame)
		frame_pin(frame);
	spin_unlock(&vm_lock);
	return frame;
}

/* The caller's frame becomes the page, busy, unless the page came meanwhile: then it is freed.
 * Returns the page's frame, pinned. */
static struct frame *enter_unless_there(struct page_source *source, uint32_t index,
                                        struct frame *new)
{
	spin_lock(&vm_lock);
	struct frame *frame = pagecache_find(source, index);
	if (frame) {
		frame_pin(frame);
		frame_unpin_locked(new);
	} else {
		frame = new;
		new->flags = FRAME_BUSY;
		insert(source, index, new);
	}
	spin_unlock(&vm_lock);
	return frame;
}

/* Finds the page, pinned, or makes a busy one with whatever content: *made says which. */
static int find_or_make(struct page_source *source, uint32_t index, struct frame **result,
                        bool *made)
{
	*made = false;
	*result = find_pinned(source, index);
	if (*result)
		return 0;
	struct frame *new = frame_alloc();
	if (!new)
		return -ENOMEM;
	*result = enter_unless_there(source, index, new);
	*made = *result == new;
	return 0;
}

int pagecache_start(struct page_source *source, uint32_t index, struct frame **result,
                    bool *started)
{
	int error = find_or_make(source, index, result, started);
	if (error)
		return error;
	vm_count(*started ? VM_cache_miss : VM_cache_hit);
	if (*started) {
		vm_count(VM_cache_read);
		source->ops->read(source, *result);
	}
	return 0;
}

int pagecache_await(struct frame **pinned)
{
	struct frame *frame = *pinned;
	if (!frame_has(frame, FRAME_VALID))
		frame_wait(frame);
	if (frame_has(frame, FRAME_VALID))
		return 0;
	*pinned = NULL;
	spin_lock(&vm_lock);
	if (frame->state == FRAME_FILE && !frame_has(frame, FRAME_BUSY | FRAME_VALID))
		pagecache_remove(frame); /* the next reader tries again */
	frame_unpin_locked(frame);
	spin_unlock(&vm_lock);
	return -EIO;
}

int pagecache_get(struct page_source *source, uint32_t index, struct frame **result)
{
	bool started;
	int error;
	do { /* a read that failed before may have been somebody's reading ahead: once more */
		error = pagecache_start(source, index, result, &started);
		if (error)
			return error;
		error = pagecache_await(result);
	} while (error && !started);
	if (!error && !frame_has(*result, FRAME_TOUCHED))
		frame_set(*result, FRAME_TOUCHED);
	return error;
}

uint32_t pagecache_pin_run(struct page_source *source, uint32_t index, uint32_t most,
                           struct frame **run)
{
	uint32_t count = 0;
	spin_lock(&vm_lock);
	for (; count < most; count++) {
		struct frame *frame = pagecache_find(source, index + count);
		if (!frame || !frame_has(frame, FRAME_VALID))
			break;
		frame_pin(frame);
		if (!frame_has(frame, FRAME_TOUCHED))
			frame_set(frame, FRAME_TOUCHED);
		run[count] = frame;
	}
	spin_unlock(&vm_lock);
	vm_count_many(VM_cache_hit, count);
	return count;
}

void pagecache_unpin_run(struct frame **run, uint32_t count)
{
	spin_lock(&vm_lock);
	for (uint32_t i = 0; i < count; i++)
		frame_unpin_locked(run[i]);
	spin_unlock(&vm_lock);
}

uint32_t pagecache_skip(struct page_source *source, uint32_t index, uint32_t end)
{
	spin_lock(&vm_lock);
	while (index < end && pagecache_find(source, index))
		index++;
	spin_unlock(&vm_lock);
	return index;
}

int pagecache_get_for_write(struct page_source *source, uint32_t index, bool overwrite,
                            struct frame **result)
{
	bool made = false;
	int error = overwrite ? find_or_make(source, index, result, &made)
	                      : pagecache_get(source, index, result);
	if (error)
		return error;
	if (made) {
		memset(frame_data(*result), 0, PAGE_SIZE);
		frame_io_done(*result, 0);
	}
	error = pagecache_await(result);
	if (error)
		return error;
	struct frame *frame = *result;
	error = source->ops->prepare_write(source, frame);
	if (!error)
		return 0;

	*result = NULL;
	spin_lock(&vm_lock);
	if (made && frame->state == FRAME_FILE && !frame_has(frame, FRAME_DIRTY | FRAME_BUSY))
		pagecache_remove(frame); /* zeros that the source does not have */
	frame_unpin_locked(frame);
	spin_unlock(&vm_lock);
	return error;
}

/* For a page that is not in memory: its new content is whole before the page enters. -EEXIST if
 * it came meanwhile. */
static int enter_whole(struct page_source *source, uint32_t index, page_filler *fill,
                       void *context, uint32_t n)
{
	struct frame *new = frame_alloc();
	if (!new)
		return -ENOMEM;
	int error = fill(context, frame_data(new), n);
	if (error) {
		frame_unpin(new);
		return error;
	}
	memset((char *)frame_data(new) + n, 0, PAGE_SIZE - n);
	struct frame *frame = enter_unless_there(source, index, new);
	if (frame != new) {
		frame_unpin(frame);
		return -EEXIST;
	}
	error = source->ops->prepare_write(source, frame);
	if (error) {
		/* It has no place. Nobody saw it yet, and who waits gets what the source has. */
		vm_count(VM_cache_read);
		source->ops->read(source, frame);
	} else {
		frame_io_done(frame, 0);
		pagecache_dirty(frame);
	}
	frame_unpin(frame);
	return error;
}

int pagecache_overwrite(struct page_source *source, uint32_t index, page_filler *fill,
                        void *context, uint32_t n)
{
	struct frame *frame;
	int error;
	do { /* a page that could not be read left the cache: it need not be read */
		while (!(frame = find_pinned(source, index))) {
			error = enter_whole(source, index, fill, context, n);
			if (error != -EEXIST)
				return error;
		}
	} while (pagecache_await(&frame));
	vm_count(VM_cache_hit);
	error = source->ops->prepare_write(source, frame);
	if (!error) {
		error = fill(context, frame_data(frame), n);
		pagecache_dirty(frame);
	}
	frame_unpin(frame);
	return error;
}

void pagecache_dirty(struct frame *frame)
{
	frame_set(frame, FRAME_TOUCHED);
	spin_lock(&vm_lock);
	if (frame->state == FRAME_FILE) /* else it was truncated, and nobody will see it */
		frame_file_dirty(frame);
	spin_unlock(&vm_lock);
}

/* How much of [position, position + n) lies in the first page of it. */
static size_t in_first_page(uint64_t position, size_t n)
{
	size_t room = PAGE_SIZE - (position & (PAGE_SIZE - 1));
	return n < room ? n : room;
}

int pagecache_read(struct page_source *source, uint64_t position, void *to, size_t n)
{
	while (n > 0) {
		struct frame *frame;
		int error = pagecache_get(source, position >> PAGE_SHIFT, &frame);
		if (error)
			return error;
		size_t part = in_first_page(position, n);
		memcpy(to, (char *)frame_data(frame) + page_offset(position), part);
		frame_unpin(frame);
		position += part;
		to = (char *)to + part;
		n -= part;
	}
	return 0;
}

int pagecache_write(struct page_source *source, uint64_t position, const void *from, size_t n)
{
	while (n > 0) {
		struct frame *frame;
		size_t part = in_first_page(position, n);
		int error = pagecache_get_for_write(source, position >> PAGE_SHIFT,
		                                    part == PAGE_SIZE, &frame);
		if (error)
			return error;
		memcpy((char *)frame_data(frame) + page_offset(position), from, part);
		pagecache_dirty(frame);
		frame_unpin(frame);
		position += part;
		from = (const char *)from + part;
		n -= part;
	}
	return 0;
}

/* The next frame of a walk through the source's list, which is at its end then. sync_lock held:
 * nobody else turns the list meanwhile. */
static struct frame *next_of(struct page_source *source)
{
	struct frame *frame = LIST_ENTRY(list_first(&source->frames), struct frame, source_link);
	list_remove(&frame->source_link);
	list_append(&source->frames, &frame->source_link);
	return frame;
}

/* Nobody would miss the page. vm_lock held. */
static bool droppable(const struct frame *frame)
{
	return frame->state == FRAME_FILE && !frame->owner.source->shmem &&
	       frame->pins == 0 && !frame->mappings && !frame_has(frame, FRAME_BUSY | FRAME_DIRTY);
}

/* Goes once round the source's pages and removes those from `first` on, or of these the
 * droppable ones. Whether there were any: while one is waited for, others may come. */
static bool remove_from(struct page_source *source, uint32_t first, bool droppable_only)
{
	bool any = false;
	spin_lock(&vm_lock);
	for (uint32_t left = source->cached, steps = 0; left > 0 && !list_empty(&source->frames);
	     left--) {
		struct frame *frame = next_of(source);
		bool busy = frame_has(frame, FRAME_BUSY);
		if (frame->index >= first && (busy || !droppable_only || droppable(frame))) {
			any = true;
			if (busy) {
				frame_wait_unpinned(frame);
				spin_lock(&vm_lock);
			} else {
				pagecache_remove(frame);
			}
		}
		vm_breathe(&steps, FRAMES_A_HOLD);
	}
	spin_unlock(&vm_lock);
	return any;
}

void pagecache_truncate(struct page_source *source, uint32_t first)
{
	mutex_lock(&source->sync_lock);
	while (remove_from(source, first, false))
		;
	mutex_unlock(&source->sync_lock);
	truncate_copies(source, first);
}

void pagecache_drop_clean_of(struct page_source *source)
{
	SCOPED_MUTEX(&source->sync_lock);
	while (remove_from(source, 0, true))
		;
}

void pagecache_forget(struct page_source *source, uint32_t index)
{
	struct frame *frame;
	spin_lock(&vm_lock);
	while ((frame = pagecache_find(source, index))) {
		if (!frame_has(frame, FRAME_BUSY)) {
			pagecache_remove(frame);
			break;
		}
		frame_wait_unpinned(frame);
		spin_lock(&vm_lock);
	}
	spin_unlock(&vm_lock);
}

/* Puts the next dirty (or just being written) pages of the range into the batch, moving what
 * was looked at to the end of the source's list; *left counts down to the end of a round. */
static void gather(struct page_source *source, uint32_t first, uint32_t end,
                   struct writeback *batch, uint32_t *left)
{
	uint32_t steps = 0;
	spin_lock(&vm_lock);
	for (; *left > 0 && batch->count < WRITEBACK_MAX && !list_empty(&source->frames); --*left) {
		struct frame *frame = next_of(source);
		if (frame->index >= first && frame->index < end)
			writeback_add(batch, frame);
		vm_breathe(&steps, FRAMES_A_HOLD);
	}
	spin_unlock(&vm_lock);
}

int pagecache_write_some(struct page_source *source)
{
	if (source->shmem)
		return 0;
	SCOPED_MUTEX(&source->sync_lock);
	spin_lock(&vm_lock);
	uint32_t left = source->cached;
	spin_unlock(&vm_lock);
	struct writeback batch = {0};
	gather(source, 0, UINT32_MAX, &batch, &left);
	return writeback_run(&batch);
}

/* Writes the dirty pages of [first, end) and waits. */
static void write_range(struct page_source *source, uint32_t first, uint32_t end)
{
	SCOPED_MUTEX(&source->sync_lock);
	spin_lock(&vm_lock);
	uint32_t left = source->cached;
	spin_unlock(&vm_lock);
	while (left > 0) {
		struct writeback batches[BATCHES_AT_ONCE];
		uint32_t begun = 0;
		block_plug_all();
		do {
			batches[begun].count = 0;
			gather(source, first, end, &batches[begun], &left);
			writeback_start(&batches[begun++]);
		} while (left > 0 && begun < BATCHES_AT_ONCE);
		block_unplug_all();
		for (uint32_t i = 0; i < begun; i++)
			writeback_finish(&batches[i]);
	}
}

static int new_errors(struct page_source *source, uint32_t *told)
{
	uint32_t errors = __atomic_load_n(&source->write_errors, __ATOMIC_ACQUIRE);

	if (errors == *told)
		return 0;
	*told = source->errors_told = errors;
	return -EIO;
}

int pagecache_sync(struct page_source *source, uint32_t first, uint32_t end, uint32_t *told)
{
	write_range(source, first, end);
	return new_errors(source, told);
}

int pagecache_make_durable(struct page_source *source, uint32_t first, uint32_t end,
                           bool data_only, uint32_t *told)
{
	if (!source->ops->settle)
		return 0;
	write_range(source, first, end);
	int error = source->ops->settle(source, data_only);
	int failed = new_errors(source, told);
	return failed ? failed : error;
}

int pagecache_write_page(struct frame *frame)
{
	struct writeback batch = {0};
	spin_lock(&vm_lock);
	writeback_add(&batch, frame);
	spin_unlock(&vm_lock);
	return writeback_run(&batch);
}

int pagecache_sync_all(void)
{
	int result = 0;
	for (uint32_t number = 1, steps = 0; number < physmem_end();) {
		struct writeback batch = {0};
		spin_lock(&vm_lock);
		for (; number < physmem_end() && batch.count < WRITEBACK_MAX; number++) {
			struct frame *frame = &frames[number];
			if (frame->state == FRAME_FILE && !frame->owner.source->shmem)
				writeback_add(&batch, frame);
			vm_breathe(&steps, FRAMES_A_HOLD);
		}
		spin_unlock(&vm_lock);
		int error = writeback_run(&batch);
		result = result ? result : error;
	}
	return result;
}

static void flusher(void *unused)
{
	(void)unused;
	for (;;) {
		uint64_t interval = flush_interval * (NS_PER_SECOND / 100);
		uint64_t deadline = interval ? clock_now() + interval : WAIT_FOREVER;
		flush_interval_changed = false;
		if (WAIT_FOR(&flusher_queue, flush_interval_changed, false, deadline) == -ETIMEDOUT)
			(void)pagecache_sync_all(); /* who asks is told, by the source's count */
	}
}

uint32_t pagecache_flush_interval(void)
{
	return flush_interval;
}

int pagecache_set_flush_interval(uint32_t centiseconds)
{
	flush_interval = centiseconds;
	flush_interval_changed = true;
	wait_wake_all(&flusher_queue);
	return 0;
}

void pagecache_start_flusher(void)
{
	ASSERT_SAYING(thread_create("flusher", flusher, NULL), "no memory for the flusher");
}

uint32_t pagecache_drop_clean(void)
{
	uint32_t dropped = 0;
	for (uint32_t number = 1; number < physmem_end(); number++) {
		spin_lock(&vm_lock);
		if (droppable(&frames[number])) {
			pagecache_remove(&frames[number]);
			dropped++;
		}
		spin_unlock(&vm_lock);
	}
	return dropped;
}
