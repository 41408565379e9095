/* SPDX-License-Identifier: MIT */
/*
 * Fork: the child gets the parent's promises and, by reference, its anonymous pages. Nothing
 * is copied but pointers; the parent's entries become read-only, the child's page tables
 * start empty, and each page is copied by whoever writes it first (fault.c, ANON_COPY).
 *
 *   parent's leaf            anon                 child's leaf
 *   [ ... | o-+-... ] --> references 2, frame <-- [ ... | o-+-... ]
 *
 * Pages of files need nothing: the child's faults find them in the page cache.
 */
#include "vm/mmap.h"

#include <asm/errno.h>

#include "vm/area.h"
#include "vm/spt.h"

static int copy_area(struct spt *parent, struct spt *child, const struct area *area)
{
	/* Locks in memory are the parent's alone (mlock(2)). */
	struct area *copy = area_create(area_start(area), area->end, area->flags & ~AREA_LOCKED,
	                                area->source, area->first_page, area->file_end);
	if (!copy)
		return -ENOMEM;
	area_insert(child, copy);
	return spt_share_pages(parent, child, area_start(area), area->end);
}

static int copy_areas(struct spt *parent, struct spt *child)
{
	for (struct area *area = spt_area_from(parent, 0); area; area = spt_area_next(area)) {
		int error = copy_area(parent, child, area);
		if (error)
			return error;
	}
	return 0;
}

struct spt *vm_fork(struct spt *parent)
{
	struct spt *child = spt_create();
	if (!child)
		return NULL;

	mutex_lock(&parent->lock);
	/* Nobody runs in the child yet, but a truncation finds it by its areas. */
	mutex_lock_nested(&child->lock, 1);
	child->brk_start = parent->brk_start;
	child->brk = parent->brk;
	child->stack_top = parent->stack_top;
	child->stack_limit = parent->stack_limit;
	child->data_limit = parent->data_limit;
	child->space_limit = parent->space_limit;
	child->resident_limit = parent->resident_limit;
	child->args_start = parent->args_start;
	child->args_end = parent->args_end;
	child->env_start = parent->env_start;
	child->env_end = parent->env_end;
	int error = copy_areas(parent, child);
	mutex_unlock(&child->lock);
	mutex_unlock(&parent->lock);

	if (error) {
		spt_put(child);
		return NULL;
	}
	return child;
}
