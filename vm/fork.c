/* SPDX-License-Identifier: MIT */
/*
 * Fork: the child gets the parent's promises and, by reference, its anonymous pages; each page
 * is copied by whoever writes it first (fault.c, ANON_COPY). There are two ways, span by span.
 * With many anons in it, both share the leaf that names them and the page table beside it,
 * so that a fork costs by the page table and not by the page:
 *
 *   parent's leaves --+--> leaf           anon
 *   child's leaves  --+    [ ... | o-+-... ] --> references 1, frame
 *
 * Whoever writes there first has the leaf copied (spt_own), and then it is as with few anons,
 * where that is done at once:
 *
 *   parent's leaf            anon                 child's leaf
 *   [ ... | o-+-... ] --> references 2, frame <-- [ ... | o-+-... ]
 *
 * There nothing is copied but pointers; the entries of the old page table become read-only, the
 * new one starts empty. Pages of files need nothing: faults find them in the page cache.
 *
 * vm.forkshare=0 on the command line: always the second way.
 */
#include "vm/mmap.h"

#include <asm/errno.h>

#include "kernel/boot_args.h"
#include "vm/area.h"
#include "vm/commit.h"
#include "vm/spt.h"

static bool sharing_on;

void fork_init(void)
{
	sharing_on = boot_arg_number("vm.forkshare", 1);
}

static int copy_areas(struct spt *parent, struct spt *child)
{
	if (!commit_allows(parent->areas.committed) || areas_fork(&child->areas, &parent->areas) != 0)
		return -ENOMEM;
	/* The entries of a parent that locks pages in memory say so, and the child's must not; and
	 * a span that is shared would bring the pages along that the child is not to have. */
	const uint32_t part_of_span = AREA_LOCKED | AREA_NOT_FORKED | AREA_FORKED_EMPTY;
	bool whole_spans = sharing_on;
	struct area *area;
	for (area = area_first(&parent->areas); area && whole_spans; area = area_next(area))
		whole_spans = !(area->flags & part_of_span);
	for (area = area_first(&parent->areas); area; area = area_next(area))
		if (!(area->flags & (AREA_NOT_FORKED | AREA_FORKED_EMPTY)) &&
		    spt_share_pages(parent, child, area_start(area), area->end, whole_spans) != 0)
			return -ENOMEM;
	return 0;
}

struct spt *vm_fork(struct spt *parent)
{
	struct spt *child = spt_create();
	if (!child)
		return NULL;

	rwlock_write(&parent->lock);
	/* Nobody runs in the child yet, but a truncation finds it by its areas. */
	rwlock_write_nested(&child->lock, 1);
	child->brk_start = parent->brk_start;
	child->brk = parent->brk;
	child->stack_top = parent->stack_top;
	child->stack_limit = parent->stack_limit;
	child->data_limit = parent->data_limit;
	child->space_limit = parent->space_limit;
	child->lock_limit = parent->lock_limit;
	child->resident_limit = parent->resident_limit;
	child->read_implies_execute = parent->read_implies_execute;
	child->barriers = parent->barriers;
	child->args_start = parent->args_start;
	child->args_end = parent->args_end;
	child->env_start = parent->env_start;
	child->env_end = parent->env_end;
	child->auxiliary_start = parent->auxiliary_start;
	child->auxiliary_end = parent->auxiliary_end;
	int error = copy_areas(parent, child);
	rwlock_write_end(&child->lock);
	rwlock_write_end(&parent->lock);

	if (error) {
		spt_put(child);
		return NULL;
	}
	return child;
}
