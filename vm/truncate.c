/* SPDX-License-Identifier: MIT */
/*
 * The list of a source's areas has those that the latest truncation has still to visit at its end:
 * so it goes once by each, also where areas are cut and joined meanwhile.
 */
#include "vm/truncate.h"

#include "vm/area.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/vm.h"

#define AREAS_A_HOLD 64u /* looked at before vm_lock is let go */

static struct spt *space_of(const struct area *area)
{
	return LIST_ENTRY(area->areas, struct spt, areas);
}

/* The area needs no visit any more. vm_lock held. */
static void note_visit(struct area *area)
{
	area->truncation = area->source->truncations;
	list_remove(&area->source_link);
	list_prepend(&area->source->areas, &area->source_link);
}

/* A space with an area that may have copies to be dropped, and where; NULL if there is none left.
 * With a reference: one that is ending drops all it has. */
static struct spt *next_with_copies(struct page_source *source, uintptr_t *address)
{
	struct spt *found = NULL;
	uint32_t steps = 0;
	spin_lock(&vm_lock);
	while (!list_empty(&source->areas)) {
		struct area *area = LIST_ENTRY(list_last(&source->areas), struct area, source_link);
		if (area_has_no_cut_copies(area))
			break;
		if (!(area->flags & AREA_SHARED) && spt_try_get(space_of(area))) {
			*address = area_start(area);
			found = space_of(area);
			break;
		}
		note_visit(area);
		vm_breathe(&steps, AREAS_A_HOLD);
	}
	spin_unlock(&vm_lock);
	return found;
}

/* Of the source's area at the address, if it is still there: else it is met again elsewhere. */
static void drop_copies(struct spt *spt, uintptr_t address, struct page_source *source,
                        uint32_t first)
{
	SCOPED_WRITE(&spt->lock);
	struct area *area = spt_area(spt, address);
	if (!area || area->source != source)
		return;
	uint32_t kept = first > area->first_page ? first - area->first_page : 0;
	uintptr_t start = area_start(area) + (kept << PAGE_SHIFT);
	/* Without memory to tell its pages from a forked process's, it keeps them. */
	if (kept < page_number(area->end - area_start(area)) && !(area->flags & AREA_SHARED) &&
	    spt_part(spt, start, area->end) == 0)
		spt_drop_pages(spt, start, area->end);
	spin_lock(&vm_lock);
	note_visit(area);
	spin_unlock(&vm_lock);
}

void truncate_copies(struct page_source *source, uint32_t first)
{
	spin_lock(&vm_lock);
	source->truncations++;
	spin_unlock(&vm_lock);
	struct spt *spt;
	uintptr_t address;
	while ((spt = next_with_copies(source, &address))) {
		drop_copies(spt, address, source, first);
		spt_put(spt);
	}
}
