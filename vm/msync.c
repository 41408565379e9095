/* SPDX-License-Identifier: MIT */
/*
 * msync(2): the pages that a program wrote through shared mappings reach the disk. They are the page
 * cache's own frames, so it is pagecache_make_durable that writes them, and asks the file system
 * and the disk for the rest.
 */
#include "vm/mmap.h"

#include <asm/errno.h>
#include <linux/mman.h>

#include "vm/area.h"
#include "vm/page.h"
#include "vm/pagecache.h"
#include "vm/range.h"
#include "vm/source.h"
#include "vm/spt.h"

/* The area at or after *address in the range, with a reference on its source for use without
 * the lock; *address moves to its start. NULL at the end. */
static struct page_source *next_source(struct spt *spt, uintptr_t *address, uintptr_t end,
                                       uint32_t *first, uint32_t *pages, bool *hole)
{
	SCOPED_WRITE(&spt->lock);
	while (*address < end) {
		struct area *area = spt_area(spt, *address);
		if (!area) {
			*hole = true;
			area = spt_area_from(spt, *address);
			*address = area && area_start(area) < end ? area_start(area) : end;
			continue;
		}
		uintptr_t stop = area->end < end ? area->end : end;
		*first = area_source_page(area, *address);
		*pages = (stop - *address) >> PAGE_SHIFT;
		*address = stop;
		if (area->source && area->flags & AREA_SHARED) {
			area->source->ops->get(area->source);
			return area->source;
		}
	}
	return NULL;
}

/* Whether mlock holds a page of the range. */
static bool any_locked(struct spt *spt, uintptr_t start, uintptr_t end)
{
	SCOPED_WRITE(&spt->lock);
	struct area *area;
	for (; (area = spt_area_from(spt, start)) && area_start(area) < end; start = area->end)
		if (area->flags & AREA_LOCKED)
			return true;
	return false;
}

int vm_msync(struct spt *spt, uintptr_t address, uint32_t length, int flags)
{
	if (flags & ~(MS_ASYNC | MS_SYNC | MS_INVALIDATE) || page_offset(address) ||
	    (flags & MS_ASYNC && flags & MS_SYNC))
		return -EINVAL;
	uintptr_t end = range_end(address, length);
	if (!end)
		return length == 0 ? 0 : -ENOMEM;
	/* All see the same frame, so there is nothing to invalidate; a locked one is refused. */
	if (flags & MS_INVALIDATE && any_locked(spt, address, end))
		return -EBUSY;

	bool hole = false;
	int error = 0;
	struct page_source *source;
	uint32_t first, pages;
	while ((source = next_source(spt, &address, end, &first, &pages, &hole))) {
		uint32_t told = pagecache_errors_known(source);
		if (flags & MS_SYNC &&
		    pagecache_make_durable(source, first, first + pages, true, &told) != 0)
			error = -EIO;
		source->ops->put(source);
	}
	return error ? error : hole ? -ENOMEM : 0;
}
