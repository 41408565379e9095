/* SPDX-License-Identifier: MIT */
/*
 * The auditor. It holds vm_lock, so all that says where a page is stands still, and walks it
 * from both ends:
 *
 *   from the address spaces   every leaf's anons, every page table's entries
 *   from the frames           every frame's owner, list of mappings, place in the queue
 *
 * and what the two walks count must agree. Each check below is one promise of README.md; the
 * first one that fails is told in words.
 */
#include "vm/audit.h"

#include <stdarg.h>

#include "kernel/cpu/cpu.h"
#include "kernel/mem/kmap.h"
#include "kernel/mem/physmem.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/locktimes.h"
#include "kernel/time/clock.h"
#include "lib/printf.h"
#include "vm/anon.h"
#include "vm/area.h"
#include "vm/commit.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/pagedir.h"
#include "vm/rmap.h"
#include "vm/shmem.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/vm.h"

struct audit {
	char *words;
	size_t size;
	int broken;
	/* Counted from the address spaces. */
	uint32_t entries;       /* present, the zero frame's not counted */
	uint32_t anons;         /* distinct */
	uint32_t anon_slots;
	uint32_t spaces, areas, spares;
	uint32_t committed;     /* pages */
	/* Counted from the frames. */
	uint32_t mappings, records, held, dirty;
	uint32_t orphan_slots;  /* held by a write whose anon is gone */
};

#define REST_LOOKS 100 /* a hundredth of a second apart: is all at rest? */

static struct {
	uint32_t spaces, threads;
	uint32_t pins; /* taken until then */
} baseline;

/* What a visit of all leaves or page tables is for. */
enum round { ROUND_NONE, ROUND_UNCOUNT, ROUND_EXPECT, ROUND_RECOUNT, ROUND_TABLES };

/* Notes that a promise is broken; the first one's words are kept. */
static void broken(struct audit *audit, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void broken(struct audit *audit, const char *format, ...)
{
	va_list arguments;
	if (audit->broken++ > 0 || audit->size == 0)
		return;
	va_start(arguments, format);
	vsnprintf(audit->words, audit->size, format, arguments);
	va_end(arguments);
}

/* Promise 1, 6: what an entry may say about the frame it maps. */
static void check_entry(struct audit *audit, pte_t entry, uintptr_t address)
{
	uint32_t number = entry_frame(entry);
	if (number >= physmem_end() || !(entry & PTE_U)) {
		broken(audit, "the entry for 0x%08x is no user entry: 0x%08x", address,
		       entry_short(entry));
		return;
	}
	struct frame *frame = &frames[number];
	if (frame == zero_frame) {
		if (entry & PTE_W)
			broken(audit, "0x%08x may write to the shared frame of zeros", address);
		return;
	}
	audit->entries++;
	if (!frame_is_page(frame))
		broken(audit, "0x%08x maps frame 0x%x, which is in state %u", address, number,
		       frame->state);
	else if (entry & PTE_W && frame->state == FRAME_ANON && frame->owner.anon->references != 1)
		broken(audit, "0x%08x may write to frame 0x%x, which %u share copy-on-write",
		       address, number, frame->owner.anon->references);
	else if (entry & PTE_W && frame->state == FRAME_FILE && !frame_has(frame, FRAME_DIRTY))
		broken(audit, "0x%08x may write unseen to the clean file page in frame 0x%x",
		       address, number);
}

/* Whether nobody is in the midst of changing areas and entries: then one follows from the other. As this
 * processor is the only one, nobody begins to while vm_lock is held. */
static bool at_rest(const struct spt *spt)
{
	return !spt->lock.turn.owner || rwlock_written(&spt->lock);
}

/* Promise 1, 11: an entry allows no more than its area. */
static void check_rights(struct audit *audit, struct spt *spt, pte_t entry, uintptr_t address)
{
	const struct area *area = spt_area(spt, address);
	if (!area)
		broken(audit, "0x%08x is mapped, and lies in no area", address);
	else if (entry & PTE_W && !(area->flags & AREA_WRITE))
		broken(audit, "0x%08x may be written, and its area forbids it", address);
	else if (area_no_execute(area) & ~entry)
		broken(audit, "0x%08x may be executed, and its area holds no code", address);
}

/* Promise 11, of the kernel's own half. */
static void check_kernel(struct audit *audit)
{
	uintptr_t address = kmap_misplaced_right();
	if (address)
		broken(audit, "the kernel's page at 0x%08x may be written or executed, and should not",
		       address);
}

static struct frame *leaf_frame(const struct spt *spt, uint32_t index)
{
	return *spt_leaf(spt, index) ? frame_of(*spt_leaf(spt, index)) : NULL;
}

static struct frame *table_frame(const struct spt *spt, uint32_t index)
{
	pte_t directory_entry = *pagedir_span_at(&spt->pagedir, index);
	return directory_entry ? &frames[entry_frame(directory_entry)] : NULL;
}

/* Several spaces lead to a leaf or page table that they share: true for the first in a round. */
static bool first_visit(struct frame *frame, enum round round)
{
	if (frame->seen == round)
		return false;
	frame->seen = round;
	return true;
}

/* The spans that each space shares, counted like the references of anons below: off the counts;
 * none may be left; on again. */
static void uncount_sharer(struct frame *frame)
{
	if (!frame)
		return;
	frame->sharers--;
	frame->seen = ROUND_NONE;
}

static void uncount_sharers(struct spt *spt, void *unused)
{
	(void)unused;
	for (uint32_t i = 0; i < USER_TABLES; i++) {
		uncount_sharer(leaf_frame(spt, i));
		uncount_sharer(table_frame(spt, i));
	}
}

static void expect_no_sharer(struct audit *audit, const struct frame *frame)
{
	if (frame && frame->sharers != 0)
		broken(audit, "the %s for 0x%08x is used by %d address spaces too few or too many",
		       frame->state == FRAME_ANON_LEAF ? "leaf" : "page table", frame->index,
		       (int)frame->sharers);
}

static void expect_no_sharers(struct spt *spt, void *audit)
{
	for (uint32_t i = 0; i < USER_TABLES; i++) {
		expect_no_sharer(audit, leaf_frame(spt, i));
		expect_no_sharer(audit, table_frame(spt, i));
	}
}

static void recount_sharers(struct spt *spt, void *unused)
{
	(void)unused;
	for (uint32_t i = 0; i < USER_TABLES; i++) {
		if (leaf_frame(spt, i))
			leaf_frame(spt, i)->sharers++;
		if (table_frame(spt, i))
			table_frame(spt, i)->sharers++;
	}
}

/* One page table, against its frame's counts and the anons beside it. */
static void check_table(struct audit *audit, struct spt *spt, uint32_t index)
{
	struct frame *frame = table_frame(spt, index), *leaf = leaf_frame(spt, index);
	const pte_t *table = frame_data(frame);
	bool unshared = leaf && leaf->sharers > 1 && frame->owner.pagedir;
	uint32_t used = 0, resident = 0;
	for (uint32_t i = 0; i < ENTRIES_PER_TABLE; i++) {
		if (!table[i])
			continue;
		uintptr_t address = span_address(index) | i << PAGE_SHIFT;
		used++;
		resident += entry_frame(table[i]) != frame_number(zero_frame);
		struct anon *anon = leaf ? (*spt_leaf(spt, index))[i] : NULL;
		if (anon && (!anon->frame || entry_frame(table[i]) != frame_number(anon->frame)))
			broken(audit, "0x%08x is mapped, but not to its anon's frame", address);
		if (anon && unshared && table[i] & PTE_W)
			broken(audit, "0x%08x may be written, and its leaf is shared", address);
		check_entry(audit, table[i], address);
		if (at_rest(spt))
			check_rights(audit, spt, table[i], address);
	}
	if (frame->used != used)
		broken(audit, "the page table for 0x%08x counts %u entries and has %u",
		       span_address(index), frame->used, used);
	else if (frame->resident != resident)
		broken(audit, "the page table for 0x%08x counts %u resident pages and has %u",
		       span_address(index), frame->resident, resident);
}

/* What a directory entry leads to: the space's own table, or one that is shared, and read-only,
 * together with the leaf. */
static void check_slot(struct audit *audit, struct spt *spt, uint32_t index)
{
	struct frame *table = table_frame(spt, index), *leaf = leaf_frame(spt, index);
	bool writable = *pagedir_span_at(&spt->pagedir, index) & PTE_W;
	if (leaf && (leaf->state != FRAME_ANON_LEAF || leaf->index != span_address(index) ||
	             (leaf->owner.spt && leaf->owner.spt != spt)))
		broken(audit, "the frame of the leaf for 0x%08x has another owner",
		       span_address(index));
	if (!table)
		return;
	if (table->state != FRAME_PAGE_TABLE || table->index != span_address(index) ||
	    (table->owner.pagedir && table->owner.pagedir != &spt->pagedir))
		broken(audit, "the frame of the page table for 0x%08x has another owner",
		       span_address(index));
	else if (!table->owner.pagedir && (!leaf || leaf->owner.spt))
		broken(audit, "the page table for 0x%08x is shared, and its leaf is not",
		       span_address(index));
	else if (writable != (table->owner.pagedir != NULL))
		broken(audit, "the directory lets a program write through the page table for "
		       "0x%08x, which %u share", span_address(index), table->sharers);
	if (first_visit(table, ROUND_TABLES))
		check_table(audit, spt, index);
}

static void check_space(struct spt *spt, void *context)
{
	struct audit *audit = context;
	uint32_t tables = 0, shared = 0;
	for (uint32_t i = 0; i < USER_TABLES; i++) {
		tables += table_frame(spt, i) != NULL;
		shared += leaf_frame(spt, i) && !leaf_frame(spt, i)->owner.spt;
		check_slot(audit, spt, i);
	}
	if (tables != spt->pagedir.tables)
		broken(audit, "an address space counts %u page tables and has %u",
		       spt->pagedir.tables, tables);
	if (shared != spt->shared_spans)
		broken(audit, "an address space counts %u shared spans and has %u",
		       spt->shared_spans, shared);
	audit->spaces++;
	audit->areas += spt->areas.count;
	audit->committed += spt->areas.committed;
	audit->spares += spt->pagedir.spare_count;
}

static void for_each_anon(struct spt *spt, void (*visit)(struct audit *, struct anon *),
                          struct audit *audit, enum round round)
{
	for (uint32_t i = 0; i < USER_TABLES; i++) {
		struct anon **leaf = *spt_leaf(spt, i);
		uint32_t used = 0;
		if (!leaf || !first_visit(frame_of(leaf), round))
			continue;
		for (uint32_t j = 0; j < ENTRIES_PER_TABLE; j++) {
			if (!leaf[j])
				continue;
			used++;
			visit(audit, leaf[j]);
		}
		if (frame_of(leaf)->used != used)
			broken(audit, "the leaf of anons for 0x%08x counts %u and has %u",
			       span_address(i), frame_of(leaf)->used, used);
	}
}

/* Promise 4 in three rounds over all leaves: take every named reference off the counts; see
 * that nothing is left; put them on again. */
static void uncount(struct audit *audit, struct anon *anon)
{
	(void)audit;
	anon->references--;
}

static void expect_none_left(struct audit *audit, struct anon *anon)
{
	if (anon->references != 0)
		broken(audit, "an anon (frame 0x%x, slot %u) is named %d times too few or too "
		       "often", anon->frame ? frame_number(anon->frame) : 0, anon->slot,
		       (int)anon->references);
}

static void recount(struct audit *audit, struct anon *anon)
{
	if (anon->references++ > 0)
		return;
	audit->anons++;
	audit->anon_slots += anon->slot != 0;
	if (anon->slot && !swap_slot_in_use(anon->slot))
		broken(audit, "an anon has swap slot %u, which is free", anon->slot);
	if (!anon->slot && !anon->frame)
		broken(audit, "an anon has neither a frame nor a swap slot: its page is lost");
	if (anon->frame && (anon->frame->state != FRAME_ANON || anon->frame->owner.anon != anon))
		broken(audit, "an anon names frame 0x%x, which has another owner",
		       frame_number(anon->frame));
}

static void round_uncount(struct spt *spt, void *audit)
{
	for_each_anon(spt, uncount, audit, ROUND_UNCOUNT);
}

static void round_expect(struct spt *spt, void *audit)
{
	for_each_anon(spt, expect_none_left, audit, ROUND_EXPECT);
}

static void round_recount(struct spt *spt, void *audit)
{
	for_each_anon(spt, recount, audit, ROUND_RECOUNT);
}

/* Promise 3, the reverse: each listed entry maps this frame. */
static void check_mappings(struct audit *audit, struct frame *frame)
{
	if (!frame_is_page(frame))
		return; /* a table has sharers in that place */
	uint32_t locks = 0;
	for (uintptr_t m = frame->mappings; m; m = rmap_rest(m)) {
		audit->mappings++;
		audit->records += rmap_rest(m) != 0;
		locks += (*rmap_entry(m) & PTE_LOCKED) != 0;
		if (entry_frame(*rmap_entry(m)) != frame_number(frame))
			broken(audit, "frame 0x%x lists an entry that does not map it",
			       frame_number(frame));
	}
	if (locks != frame->locks)
		broken(audit, "frame 0x%x counts %u locked entries, and has %u",
		       frame_number(frame), frame->locks, locks);
}

/* Promise 2: one owner, which points back. */
static void check_owner(struct audit *audit, struct frame *frame)
{
	uint32_t number = frame_number(frame);
	bool queued = list_linked(&frame->policy.link);
	bool evictable = frame_is_page(frame) && !frame->locks;

	if (evictable != queued)
		broken(audit, "frame 0x%x, in state %u, is %sin the policy's queue", number,
		       frame->state, queued ? "" : "not ");
	if (frame->state == FRAME_ANON && frame->owner.anon->frame != frame)
		broken(audit, "frame 0x%x belongs to an anon that is elsewhere", number);
	if (frame->state == FRAME_FILE &&
	    pagecache_find(frame->owner.source, frame->index) != frame)
		broken(audit, "frame 0x%x is not where the page cache would find it", number);
	if (frame->state == FRAME_ANON && frame_has(frame, FRAME_VALID) &&
	    !frame_has(frame, FRAME_DIRTY | FRAME_BUSY) && !frame->owner.anon->slot)
		broken(audit, "frame 0x%x is clean, but its page is nowhere else", number);
	if (frame->state == FRAME_UNOWNED && frame->pins == 0 && !frame_has(frame, FRAME_ORPHAN))
		broken(audit, "frame 0x%x has neither an owner nor a pin, and is not free", number);
	audit->orphan_slots += frame_has(frame, FRAME_HAS_SLOT);
	audit->dirty += frame->state == FRAME_FILE && !frame->owner.source->shmem &&
	                frame_has(frame, FRAME_DIRTY);
}

static void check_frame(struct audit *audit, uint32_t number)
{
	struct frame *frame = &frames[number];
	/* The end of a transfer may free an orphan, without vm_lock. */
	uint32_t flags = interrupts_off();
	bool held = physmem_holder(number) == PHYSMEM_VM;
	bool ours = frame->state != FRAME_NONE && frame->state != FRAME_ZERO;
	interrupts_restore(flags);
	if (held != ours) {
		broken(audit, "frame 0x%x is %s, but in state %u", number,
		       held ? "taken by vm" : "not vm's", frame->state);
		return;
	}
	if (!ours)
		return;
	audit->held++;
	check_owner(audit, frame);
	check_mappings(audit, frame);
}

static void check_counts(struct audit *audit)
{
	uint32_t slots = audit->anon_slots + audit->orphan_slots + shmem_slots();
	if (audit->entries != audit->mappings)
		broken(audit, "%u entries map frames, and frames list %u", audit->entries,
		       audit->mappings);
	if (audit->anons != anon_count())
		broken(audit, "%u anons exist, and address spaces name %u", anon_count(),
		       audit->anons);
	if (audit->dirty != frames_dirty)
		broken(audit, "%u pages of files are dirty, and %u are counted", audit->dirty,
		       frames_dirty);
	if (audit->committed != commit_of_areas())
		broken(audit, "%u pages count as promised, and areas have %u such",
		       commit_of_areas(), audit->committed);
	if (slots != swap_used())
		broken(audit, "%u swap slots are in use, and %u pages have one", swap_used(),
		       slots);
}

static void audit_locked(struct audit *audit)
{
	spt_for_each(uncount_sharers, NULL);
	spt_for_each(expect_no_sharers, audit);
	spt_for_each(recount_sharers, NULL);
	spt_for_each(round_uncount, audit);
	spt_for_each(round_expect, audit);
	spt_for_each(round_recount, audit);
	spt_for_each(check_space, audit);
	for (uint32_t number = 1; number < physmem_end(); number++)
		check_frame(audit, number);
	check_counts(audit);
	check_kernel(audit);
}

int audit_run_locked(char *words, size_t size)
{
	struct audit audit = {.words = words, .size = size};
	audit_locked(&audit);
	return audit.broken;
}

int audit_run(char *words, size_t size)
{
	spin_lock(&vm_lock);
	lock_time_ignore(&vm_lock);
	int broken_promises = audit_run_locked(words, size);
	spin_unlock(&vm_lock);
	return broken_promises;
}

static void count_space(struct spt *spt, void *count)
{
	(void)spt;
	++*(uint32_t *)count;
}

#ifdef PAGODA_DEBUG

static uint32_t pins_taken(void)
{
	return frame_pins_counted();
}

/* A frame that somebody has pinned since the baseline and not let go. vm_lock held. */
static const struct frame *frame_left_pinned(void)
{
	for (uint32_t number = 1; number < physmem_end(); number++) {
		const struct frame *frame = &frames[number];
		bool page = frame->state == FRAME_UNOWNED || frame_is_page(frame);
		if (page && frame->pins > 0 && (int32_t)(frame->pinned_when - baseline.pins) > 0)
			return frame;
	}
	return NULL;
}

/* Pins are for the length of a call or a transfer: when all is at rest there are none. Some
 * transfers, and the page-out thread, may need a moment to get there. */
static void expect_no_pins(struct audit *audit)
{
	const struct frame *frame;
	for (int i = 0; i < REST_LOOKS; i++) {
		spin_lock(&vm_lock);
		lock_time_ignore(&vm_lock);
		frame = frame_left_pinned();
		spin_unlock(&vm_lock);
		if (!frame)
			return;
		thread_sleep_until(clock_now() + NS_PER_SECOND / 100);
	}
	broken(audit, "frame 0x%x, in state %u, is pinned (%u), and nobody is at work; pinned last "
	       "at %s", frame_number(frame), frame->state, frame->pins, frame->pinned_at);
}

#else

static uint32_t pins_taken(void)
{
	return 0;
}

static void expect_no_pins(struct audit *audit)
{
	(void)audit;
}

#endif

void audit_baseline(void)
{
	baseline.spaces = 0;
	spin_lock(&vm_lock);
	lock_time_ignore(&vm_lock);
	spt_for_each(count_space, &baseline.spaces);
	spin_unlock(&vm_lock);
	baseline.threads = thread_count();
	baseline.pins = pins_taken();
}

/* A thread's stack is freed by whoever runs after it: that may not have happened yet. */
static void await_dead_threads(void)
{
	for (int i = 0; i < REST_LOOKS && thread_count() > baseline.threads; i++)
		thread_sleep_until(clock_now() + NS_PER_SECOND / 100);
}

int audit_compare(char *words, size_t size)
{
	await_dead_threads();
	struct audit audit = {.words = words, .size = size};
	expect_no_pins(&audit);
	spin_lock(&vm_lock);
	lock_time_ignore(&vm_lock);
	audit_locked(&audit);
	spin_unlock(&vm_lock);

	if (audit.spaces != baseline.spaces)
		broken(&audit, "there were %u address spaces, and now there are %u",
		       baseline.spaces, audit.spaces);
	/* One that had just ended may still have been counted at first: fewer is no leak. */
	if (thread_count() > baseline.threads)
		broken(&audit, "there were %u threads, and now there are %u", baseline.threads,
		       thread_count());
	if (audit.areas != area_objects())
		broken(&audit, "%u areas exist, and address spaces have %u", area_objects(),
		       audit.areas);
	if (audit.records + audit.spares != mapping_count())
		broken(&audit, "%u mapping records exist, and %u are in use", mapping_count(),
		       audit.records + audit.spares);
	return audit.broken;
}
