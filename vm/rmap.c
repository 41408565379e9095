/* SPDX-License-Identifier: MIT */
/* The reverse map's lists: see rmap.h for their notation. */
#include "vm/rmap.h"

#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"

#define RECORD 1u

static struct slab_cache mapping_cache = SLAB_CACHE("mapping", sizeof(struct mapping));

static struct mapping **buckets; /* vm_lock */
static uint32_t bucket_mask;

/* About a bucket for each frame. So there are never many records to a bucket, even if they fill
 * the whole memory. */
void rmap_init(void)
{
	uint32_t pages = 1;
	while (2 * pages * PAGE_SIZE / sizeof(struct mapping *) <= physmem_end())
		pages *= 2;
	buckets = physmem_boot_take(pages);
	bucket_mask = pages * PAGE_SIZE / sizeof(struct mapping *) - 1;
}

/* Entries side by side go to buckets side by side; tables are spread by a multiplication, as
 * sources are in pagecache.c. */
static struct mapping **bucket_of(const pte_t *entry)
{
	uintptr_t address = (uintptr_t)entry;
	uint32_t spread = page_number(address) * 2654435761u;
	return &buckets[((spread >> 12) + page_offset(address) / sizeof(pte_t)) & bucket_mask];
}

uint32_t mappings_alloc(void **records, uint32_t count)
{
	return slab_alloc_many(&mapping_cache, records, count);
}

void mappings_free(void *const *records, uint32_t count)
{
	slab_free_many(&mapping_cache, records, count);
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

void rmap_add_one_more(struct frame *frame, pte_t *entry, struct mapping *spare)
{
	ASSERT(spin_held(&vm_lock));
	ASSERT_SAYING(spare, "a mapping was not prepared");
	struct mapping **bucket = bucket_of(entry);
	*spare = (struct mapping){entry, frame->mappings, spare, *bucket};
	*bucket = spare;
	if (frame->mappings & RECORD) {
		struct mapping *first = record_of(frame->mappings);
		spare->before = first->before;
		first->before = spare;
	}
	frame->mappings = (uintptr_t)spare | RECORD;
}

/* Takes the record out of the hash table. NULL if the entry has none. */
static struct mapping *take_record(const pte_t *entry)
{
	struct mapping **place = bucket_of(entry), *mapping;
	while ((mapping = *place) && mapping->entry != entry)
		place = &mapping->hash_next;
	if (mapping)
		*place = mapping->hash_next;
	return mapping;
}

/* Takes the record out of the frame's list. */
static void unlink(struct frame *frame, struct mapping *mapping)
{
	uintptr_t rest = mapping->rest;
	if (record_of(frame->mappings) == mapping)
		frame->mappings = rest;
	else
		mapping->before->rest = rest;
	/* The record behind it has another before it; if there is none, the first one notes that
	 * another is the last. */
	if (rest & RECORD)
		record_of(rest)->before = mapping->before;
	else if (frame->mappings & RECORD)
		record_of(frame->mappings)->before = mapping->before;
}

struct mapping *rmap_take_one_of(struct frame *frame, const pte_t *entry)
{
	ASSERT(spin_held(&vm_lock));
	ASSERT_SAYING(frame->mappings & RECORD, "an entry is missing in its frame's list");
	struct mapping *mapping = take_record(entry);
	if (!mapping) {
		/* It is the last one, whose place the last of those with a record takes. */
		mapping = record_of(frame->mappings)->before;
		ASSERT_SAYING(mapping->rest == (uintptr_t)entry,
		              "an entry is missing in its frame's list");
		mapping->rest = (uintptr_t)take_record(mapping->entry)->entry;
	}
	unlink(frame, mapping);
	return mapping;
}
