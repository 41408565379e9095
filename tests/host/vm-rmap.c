/* SPDX-License-Identifier: MIT */
/* host-test: vm/rmap.c tests/host/standin/kernel.c */
/* host-cflags: -m32 */
/* The lists of the entries that map a frame, against arrays of bool. */
#include "vm/rmap.h"

#include <stdlib.h>

#include "tests/host/standin/kernel.h"
#include "tests/host/tap.h"
#include "vm/frame.h"
#include "vm/vm.h"

#define FRAMES 3
#define ENTRIES 12
#define STEPS 100000

static struct frame some_frames[FRAMES];
static pte_t entries[FRAMES][ENTRIES]; /* only their places matter */
static bool maps[FRAMES][ENTRIES];

/* The smallest machine: 2,048 frames, with a bucket each. */
uint32_t physmem_end(void)
{
	return 2048;
}

void *physmem_boot_take(uint32_t pages)
{
	return calloc(pages, PAGE_SIZE);
}

static uint32_t count_of(int frame)
{
	uint32_t count = 0;
	for (int i = 0; i < ENTRIES; i++)
		count += maps[frame][i];
	return count;
}

/* Whether the list has the model's entries, each once. */
static bool agrees(int frame)
{
	bool seen[ENTRIES] = {false};
	uint32_t count = 0;
	for (uintptr_t m = some_frames[frame].mappings; m; m = rmap_rest(m), count++) {
		int i = rmap_entry(m) - entries[frame];
		if (i < 0 || i >= ENTRIES || seen[i] || !maps[frame][i])
			return false;
		seen[i] = true;
	}
	return count == count_of(frame);
}

/* Records are needed only from the second entry on. */
static uint32_t records_expected(void)
{
	uint32_t records = 0;
	for (int frame = 0; frame < FRAMES; frame++)
		if (count_of(frame) > 0)
			records += count_of(frame) - 1;
	return records;
}

static struct mapping *record(void)
{
	void *made;
	return mappings_alloc(&made, 1) == 1 ? made : NULL;
}

static bool add(int frame, int i)
{
	struct mapping *spare = count_of(frame) > 0 ? record() : NULL;
	rmap_add(&some_frames[frame], &entries[frame][i], spare);
	maps[frame][i] = true;
	return rmap_entry(some_frames[frame].mappings) == &entries[frame][i];
}

static void remove_entry(struct frame *frame, const pte_t *entry)
{
	void *left = rmap_take(frame, entry);
	if (left)
		mappings_free(&left, 1);
}

static void check_random(void)
{
	bool good = true;
	srand(3);
	for (int step = 0; step < STEPS && good; step++) {
		int frame = rand() % FRAMES, i = rand() % ENTRIES;
		if (maps[frame][i]) {
			remove_entry(&some_frames[frame], &entries[frame][i]);
			maps[frame][i] = false;
		} else {
			good = add(frame, i);
		}
		good = good && agrees(frame) && mapping_count() == records_expected();
	}
	check_that(good, "100000 random steps agree with arrays of bool");
}

static void check_one(void)
{
	rmap_add(&some_frames[0], &entries[0][5], NULL);
	check_that(some_frames[0].mappings == (uintptr_t)&entries[0][5] && standin_objects == 0,
	           "a single entry needs no record");
	CHECK(rmap_entry(some_frames[0].mappings) == &entries[0][5]);
	CHECK(rmap_rest(some_frames[0].mappings) == 0);
	remove_entry(&some_frames[0], &entries[0][5]);
	CHECK(some_frames[0].mappings == 0);
}

/* So many entries map one frame that a search would be noticed: in page tables of 1,024, as the
 * kernel has them, added in order and removed in an order that has no ends. */
static void check_many(void)
{
	enum { MANY = 1 << 18 };
	pte_t *table = aligned_alloc(PAGE_SIZE, MANY * sizeof(pte_t));
	uint32_t left = 0;
	CHECK(table);
	for (uint32_t i = 0; i < MANY; i++)
		rmap_add(&some_frames[0], &table[i], i > 0 ? record() : NULL);
	for (uint32_t i = 0; i < MANY; i++)
		remove_entry(&some_frames[0], &table[i * 70001u % MANY]);
	for (uintptr_t m = some_frames[0].mappings; m; m = rmap_rest(m))
		left++;
	check_that(left == 0 && standin_objects == 0, "262,144 entries come and go");
	free(table);
}

int main(void)
{
	rmap_init();
	spin_lock(&vm_lock);
	check_one();
	check_random();
	for (int frame = 0; frame < FRAMES; frame++)
		while (some_frames[frame].mappings)
			remove_entry(&some_frames[frame], rmap_entry(some_frames[frame].mappings));
	check_that(standin_objects == 0, "no record is left behind");
	check_many();
	spin_unlock(&vm_lock);
	return tap_done();
}
