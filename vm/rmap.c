/* SPDX-License-Identifier: MIT */
/* The reverse map's lists: see rmap.h for their notation. */
#include "vm/rmap.h"

#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "vm/frame.h"
#include "vm/vm.h"

#define RECORD 1u

static struct slab_cache mapping_cache = SLAB_CACHE("mapping", sizeof(struct mapping));

struct mapping *mapping_alloc(void)
{
	return slab_alloc(&mapping_cache);
}

void mapping_free(struct mapping *mapping)
{
	slab_free(&mapping_cache, mapping);
}

uint32_t mapping_count(void)
{
	return mapping_cache.objects;
}

static struct mapping *record_of(uintptr_t mappings)
{
	return (struct mapping *)(mappings & ~RECORD);
}

pte_t *rmap_entry(uintptr_t mappings)
{
	return mappings & RECORD ? record_of(mappings)->entry : (pte_t *)mappings;
}

uintptr_t rmap_rest(uintptr_t mappings)
{
	return mappings & RECORD ? record_of(mappings)->rest : 0;
}

void rmap_add(struct frame *frame, pte_t *entry, struct mapping *spare)
{
	ASSERT(spin_held(&vm_lock));
	if (!frame->mappings) {
		frame->mappings = (uintptr_t)entry;
		return;
	}
	ASSERT_SAYING(spare, "a mapping was not prepared");
	spare->entry = entry;
	spare->rest = frame->mappings;
	frame->mappings = (uintptr_t)spare | RECORD;
}

void rmap_remove(struct frame *frame, pte_t *entry)
{
	ASSERT(spin_held(&vm_lock));
	uintptr_t *place = &frame->mappings;
	while (*place & RECORD) {
		struct mapping *mapping = record_of(*place);
		if (mapping->entry == entry) {
			*place = mapping->rest;
			mapping_free(mapping);
			return;
		}
		if (mapping->rest == (uintptr_t)entry) {
			*place = (uintptr_t)mapping->entry;
			mapping_free(mapping);
			return;
		}
		place = &mapping->rest;
	}
	ASSERT_SAYING(*place == (uintptr_t)entry, "an entry is missing in its frame's list");
	*place = 0;
}
