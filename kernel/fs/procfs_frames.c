/* SPDX-License-Identifier: MIT */
/*
 * /proc/kpagecount and kpageflags: of each physical frame how often it is mapped, and what it is, as
 * Linux's Documentation/admin-guide/mm/pagemap.rst has them. pagemap leads there: from a page to
 * its frame.
 */
#include <asm/errno.h>
#include <linux/kernel-page-flags.h>

#include "kernel/fs/fs.h"
#include "kernel/fs/procfs.h"
#include "kernel/mem/physmem.h"
#include "vm/anon.h"
#include "vm/frame.h"
#include "vm/pagedir.h"
#include "vm/source.h"
#include "vm/vm.h"

#define BIT(flag) (1ull << (flag))
#define FRAMES_A_HOLD 64u /* looked at before vm_lock is let go */

static uint64_t count_of(uint32_t number)
{
	const struct frame *frame = &frames[number];

	return frame->state == FRAME_ANON || frame->state == FRAME_FILE ? frame_mapping_count(frame)
	                                                                : 0;
}

/* Of a frame that vm/ does not have: physmem knows whose it is. */
static uint64_t flags_of_other(uint32_t number)
{
	switch (physmem_holder(number)) {
	case PHYSMEM_FREE:
		return BIT(KPF_BUDDY);
	case PHYSMEM_HEAP:
		return BIT(KPF_SLAB);
	case PHYSMEM_ABSENT:
		return BIT(KPF_NOPAGE);
	default:
		return 0;
	}
}

static uint64_t flags_of_page(const struct frame *frame)
{
	bool anonymous = frame->state == FRAME_ANON;
	bool swapped = anonymous && frame->owner.anon->slot;
	bool to_swap = anonymous || frame->owner.source->shmem;

	return BIT(KPF_LRU) | (frame->mappings ? BIT(KPF_MMAP) : 0) |
	       (anonymous ? BIT(KPF_ANON) : 0) | (swapped ? BIT(KPF_SWAPCACHE) : 0) |
	       (to_swap ? BIT(KPF_SWAPBACKED) : 0) |
	       (frame_has(frame, FRAME_BUSY) ? BIT(KPF_LOCKED) : 0) |
	       (frame_has(frame, FRAME_ERROR) ? BIT(KPF_ERROR) : 0) |
	       (frame_has(frame, FRAME_TOUCHED) ? BIT(KPF_REFERENCED) : 0) |
	       (frame_has(frame, FRAME_VALID) ? BIT(KPF_UPTODATE) : 0) |
	       (frame_has(frame, FRAME_DIRTY) ? BIT(KPF_DIRTY) : 0) |
	       (frame_has(frame, FRAME_WRITING) ? BIT(KPF_WRITEBACK) : 0) |
	       (frame->locks ? BIT(KPF_UNEVICTABLE) : 0);
}

static uint64_t flags_of(uint32_t number)
{
	const struct frame *frame = &frames[number];

	switch (frame->state) {
	case FRAME_ANON:
	case FRAME_FILE:
		return flags_of_page(frame);
	case FRAME_PAGE_TABLE:
	case FRAME_DIRECTORY:
	case FRAME_ANON_LEAF:
		return BIT(KPF_PGTABLE);
	case FRAME_ZERO:
		return BIT(KPF_ZERO_PAGE);
	default:
		return flags_of_other(number);
	}
}

static ssize_t read_words(uint64_t *to, size_t n, uint64_t position, uint64_t (*word)(uint32_t))
{
	uint64_t first = position / sizeof(*to);
	size_t done = 0, count = n / sizeof(*to);

	if (position % sizeof(*to) || n % sizeof(*to))
		return -EINVAL;
	if (first >= physmem_end())
		return 0;
	if (count > physmem_end() - first)
		count = physmem_end() - first;
	while (done < count) {
		spin_lock(&vm_lock);
		for (uint32_t i = 0; i < FRAMES_A_HOLD && done < count; i++, done++)
			to[done] = word((uint32_t)first + done);
		spin_unlock(&vm_lock);
	}
	return done * sizeof(*to);
}

static ssize_t count_read(void *to, size_t n, uint64_t position)
{
	return read_words(to, n, position, count_of);
}

static ssize_t flags_read(void *to, size_t n, uint64_t position)
{
	return read_words(to, n, position, flags_of);
}

void procfs_register_frames(void)
{
	procfs_register_binary("kpagecount", count_read);
	procfs_register_binary("kpageflags", flags_read);
}
