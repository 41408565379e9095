/* SPDX-License-Identifier: MIT */
/*
 * The tracepoints of vm/: one inline function a decision, called where it is made. Each says
 * in its one record what the event of the same name in docs/trace-format.md says. See
 * kernel/trace.h for what they cost and where they may stand. An address space is told by the
 * address of its page directory's record. Those that must look something up are out of line, in
 * tracepoints.c.
 */
#pragma once

#include "kernel/trace.h"
#include "vm/frame.h"
#include "vm/page.h"

struct anon;
struct page_source;
struct pagedir;

/* How often recording began: what has been told since is told once (tracepoints.c). vm_lock. */
extern uint32_t trace_beginnings;

/* ---- faults; spt->lock may be held ---- */

static inline void trace_fault_begin(const struct pagedir *space, uintptr_t address, bool write)
{
	if (tracing(TRACE_BIT(fault)))
		trace_note_where(TRACE_WHAT(TRACE_FAULT_BEGIN, write), (uintptr_t)space, address);
}

/* Of the fault that this thread is in: this row of the table was found, but it must start again
 * from the top. */
static inline void trace_fault_again(uint32_t row)
{
	if (tracing(TRACE_BIT(fault)))
		trace_note(TRACE_WHAT(TRACE_FAULT_AGAIN, row), 0, 0);
}

TRACE_REGISTERS void trace_fault_end_note(const uint32_t *result, const bool *major);

/* The same: it ends, with the row that the thread knows; result: an enum fault_result. */
static inline void trace_fault_end(const uint32_t *result, const bool *major)
{
	if (tracing(TRACE_BIT(fault)))
		trace_fault_end_note(result, major);
}

TRACE_CALLING void trace_copy_note(const struct pagedir *, uintptr_t page, const struct frame *from,
                                   const struct frame *to);

static inline void trace_copy(const struct pagedir *space, uintptr_t page, const struct frame *from,
                              const struct frame *to)
{
	if (tracing(TRACE_BIT(fault)))
		trace_copy_note(space, page, from, to);
}

/* ---- entries; vm_lock held ---- */

/* An entry is set, to a frame that it does not name already. If that has a new anon, the page
 * has this anon from now on, and the frame is dirty: the decoder sees it. */
static inline void trace_map(const struct pagedir *pagedir, uintptr_t page, pte_t before,
                             pte_t after, const struct frame *frame)
{
	if (tracing(TRACE_BIT(map) | TRACE_BIT(page)))
		trace_note_4(TRACE_WHAT(TRACE_MAP, frame->state), (uintptr_t)pagedir, page,
		             entry_short(before), entry_short(after));
}

/* The same of one that names the frame already. In a fault that writes, an anon's frame is used
 * again without copying. */
static inline void trace_map_again(const struct pagedir *pagedir, uintptr_t page, pte_t before,
                                   pte_t after, const struct frame *frame)
{
	if (tracing(TRACE_BIT(map) | TRACE_BIT(fault)))
		trace_note_4(TRACE_WHAT(TRACE_MAP, frame->state), (uintptr_t)pagedir, page,
		             entry_short(before), entry_short(after));
}

/* The space that a page table belongs to; 0 for one that several share. */
static inline uintptr_t trace_owner(const struct frame *table)
{
	return (uintptr_t)table->owner.pagedir;
}

static inline void trace_unmap(const struct frame *table, uintptr_t page, pte_t before)
{
	if (tracing(TRACE_BIT(map)))
		trace_note_4(TRACE_UNMAP, trace_owner(table), page,
		             entry_short(before), frame_number(table));
}

/* All entries of the range, whichever there are, are cleared / lose W. */
static inline void trace_clear(const struct pagedir *pagedir, uintptr_t start, uintptr_t end)
{
	if (tracing(TRACE_BIT(map)))
		trace_note_3(TRACE_CLEAR, (uintptr_t)pagedir, start, end);
}

static inline void trace_weaken(const struct pagedir *pagedir, uintptr_t start, uintptr_t end)
{
	if (tracing(TRACE_BIT(map)))
		trace_note_3(TRACE_WEAKEN, (uintptr_t)pagedir, start, end);
}

static inline void trace_protect(const struct frame *table, uintptr_t page, pte_t before,
                                 pte_t after)
{
	if (tracing(TRACE_BIT(map)))
		trace_note_more(TRACE_PROTECT, trace_owner(table), page, entry_short(before),
		                entry_short(after), frame_number(table));
}

/* ---- spaces and areas; spt->lock held, or nobody else knows the space ---- */

static inline void trace_space_new(const struct pagedir *space)
{
	if (tracing(TRACE_BIT(area)))
		trace_note(TRACE_SPACE_NEW, (uintptr_t)space, 0);
}

static inline void trace_space_end(const struct pagedir *space)
{
	if (tracing(TRACE_BIT(area)))
		trace_note(TRACE_SPACE_END, (uintptr_t)space, 0);
}

/* What an area says: for these three. */
struct trace_area {
	uintptr_t start, end;
	uint32_t flags, first_page;
	struct page_source *source;
};
void trace_area_note(enum trace_kind, const struct pagedir *, const struct trace_area *,
                     uintptr_t old_start, uintptr_t old_end);

/* The words of an area, at hand only while they are recorded. */
#define TRACE_AREA(area) \
	(&(struct trace_area){area_start(area), (area)->end, (area)->flags, (area)->first_page, \
	                      (area)->source})

#define trace_area_add(space, area)                                                      \
	do {                                                                             \
		if (tracing(TRACE_BIT(area)))                                            \
			trace_area_note(TRACE_AREA_ADD, space, TRACE_AREA(area), 0, 0);  \
	} while (0)

static inline void trace_area_remove(const struct pagedir *space, uintptr_t start, uintptr_t end)
{
	if (tracing(TRACE_BIT(area)))
		trace_note_3(TRACE_AREA_REMOVE, (uintptr_t)space, start, end);
}

/* The area was [old_start, old_end), or had other rights. */
#define trace_area_change(space, area, old_start, old_end)                               \
	do {                                                                             \
		if (tracing(TRACE_BIT(area)))                                            \
			trace_area_note(TRACE_AREA_CHANGE, space, TRACE_AREA(area),      \
			                old_start, old_end);                             \
	} while (0)

/* ---- anonymous pages; vm_lock held ---- */

/* The page has this anon. */
static inline void trace_page(const struct pagedir *space, uintptr_t page, const struct anon *anon)
{
	if (tracing(TRACE_BIT(page)))
		trace_note_3(TRACE_PAGE, (uintptr_t)space, page, (uintptr_t)anon);
}

/* Those pages of the range that have an anon lose it. An anon that no page has any more ends;
 * that goes without saying. */
static inline void trace_pages_drop(const struct pagedir *space, uintptr_t start, uintptr_t end)
{
	if (tracing(TRACE_BIT(page)))
		trace_note_3(TRACE_PAGES_DROP, (uintptr_t)space, start, end);
}

/* The child's pages of the range have the parent's anons. */
static inline void trace_pages_share(const struct pagedir *parent, const struct pagedir *child,
                                     uintptr_t start, uintptr_t end)
{
	if (tracing(TRACE_BIT(page)))
		trace_note_4(TRACE_PAGES_SHARE, (uintptr_t)parent, (uintptr_t)child, start, end);
}

/* ---- spans that fork shares (spt.h); vm_lock held ---- */

/* The space shares the span: for snapshots. */
/* table: pagedir_shared_table(), here and below. */
static inline void trace_span_told(const struct pagedir *space, uintptr_t address, uint32_t table)
{
	if (tracing(TRACE_BIT(page)))
		trace_note_3(TRACE_SPAN_TOLD, (uintptr_t)space, address, table);
}

/* The child has what the parent has there: the same leaf, and the same page table. */
static inline void trace_span_share(const struct pagedir *parent, const struct pagedir *child,
                                    uintptr_t address, uint32_t table)
{
	if (tracing(TRACE_BIT(page)))
		trace_note_4(TRACE_SPAN_SHARE, (uintptr_t)parent, (uintptr_t)child, address, table);
}

/* A shared span becomes the space's own: it was the last one who shared it, or gets a copy of
 * the leaf. / The space has nothing there any more. Before the page table is released. */
static inline void trace_span_own(const struct pagedir *space, uintptr_t address, uint32_t table,
                                  bool copied)
{
	if (tracing(TRACE_BIT(page)))
		trace_note_3(TRACE_WHAT(TRACE_SPAN_OWN, copied), (uintptr_t)space, address, table);
}

static inline void trace_span_leave(const struct pagedir *space, uintptr_t address, uint32_t table)
{
	if (tracing(TRACE_BIT(page)))
		trace_note_3(TRACE_SPAN_LEAVE, (uintptr_t)space, address, table);
}

/* What one page has, another has from now on. */
static inline void trace_page_move(const struct pagedir *space, uintptr_t from, uintptr_t to)
{
	if (tracing(TRACE_BIT(page)))
		trace_note_3(TRACE_PAGE_MOVE, (uintptr_t)space, from, to);
}

/* There is this one: for snapshots. */
static inline void trace_anon_told(const struct anon *anon, const struct frame *frame,
                                   uint32_t slot)
{
	if (tracing(TRACE_BIT(page)))
		trace_note_3(TRACE_ANON_TOLD, (uintptr_t)anon, frame ? frame_number(frame) : 0,
		             slot);
}

static inline void trace_anon_attach(const struct anon *anon, const struct frame *frame)
{
	if (tracing(TRACE_BIT(page)))
		trace_note(TRACE_ANON_ATTACH, (uintptr_t)anon, frame_number(frame));
}

static inline void trace_anon_detach(const struct anon *anon, const struct frame *frame)
{
	if (tracing(TRACE_BIT(page)))
		trace_note(TRACE_ANON_DETACH, (uintptr_t)anon, frame_number(frame));
}

/* The anon in a frame gets a slot. */
static inline void trace_anon_slot(const struct frame *frame, uint32_t slot)
{
	if (tracing(TRACE_BIT(page)))
		trace_note_3(TRACE_ANON_SLOT, (uintptr_t)frame->owner.anon, slot,
		             frame_number(frame));
}

/* ---- files ---- */

void trace_file_note(struct page_source *);

/* A file is about to be used; the caller may sleep. Tells its name. */
static inline void trace_file(struct page_source *source)
{
	if (tracing(TRACE_BIT(cache)))
		trace_file_note(source);
}

/* ---- pages of files; vm_lock held ---- */

void trace_cache_note(enum trace_kind, const struct frame *);

static inline void trace_cache_insert(const struct frame *frame)
{
	if (tracing(TRACE_BIT(cache)))
		trace_cache_note(TRACE_CACHE_INSERT, frame);
}

static inline void trace_cache_remove(const struct frame *frame)
{
	if (tracing(TRACE_BIT(cache)))
		trace_cache_note(TRACE_CACHE_REMOVE, frame);
}

/* ---- tables; vm_lock held ---- */

/* The frame became a table, as its state says. */
static inline void trace_frame_table(const struct pagedir *space, const struct frame *frame)
{
	if (tracing(TRACE_BIT(frame)))
		trace_note_3(TRACE_WHAT(TRACE_FRAME_TABLE, frame->state), frame_number(frame),
		             (uintptr_t)space, frame->index);
}

/* ---- swap; vm_lock held for slots ---- */

static inline void trace_swap_take(uint32_t slot, uint32_t used)
{
	if (tracing(TRACE_BIT(swap)))
		trace_note(TRACE_SWAP_TAKE, slot, used);
}

static inline void trace_swap_give(uint32_t slot, uint32_t used)
{
	if (tracing(TRACE_BIT(swap)))
		trace_note(TRACE_SWAP_GIVE, slot, used);
}

static inline uintptr_t trace_anon_of(const struct frame *frame)
{
	return frame->state == FRAME_ANON ? (uintptr_t)frame->owner.anon : 0;
}

static inline void trace_swap_in(uint32_t slot, const struct frame *frame)
{
	if (tracing(TRACE_BIT(swap)))
		trace_note_3(TRACE_SWAP_IN, slot, frame_number(frame), trace_anon_of(frame));
}

static inline void trace_swap_out(uint32_t slot, const struct frame *frame)
{
	if (tracing(TRACE_BIT(swap)))
		trace_note_3(TRACE_SWAP_OUT, slot, frame_number(frame), trace_anon_of(frame));
}

/* ---- eviction; vm_lock held ---- */

static inline void trace_hand(const struct frame *frame, bool referenced)
{
	if (tracing(TRACE_BIT(evict)))
		trace_note(TRACE_WHAT(TRACE_HAND, referenced), frame_number(frame), 0);
}

/* The victim, already unmapped, so that it is known whether it is dirty. */
static inline void trace_evict(const struct frame *frame)
{
	if (tracing(TRACE_BIT(evict)))
		trace_note_3(TRACE_WHAT(TRACE_EVICT, (frame->state == FRAME_ANON) << 1 |
		             frame_has(frame, FRAME_DIRTY)),
		             frame_number(frame), (uintptr_t)frame->owner.anon, frame->index);
}

static inline void trace_evict_back(const struct frame *frame)
{
	if (tracing(TRACE_BIT(evict)))
		trace_note(TRACE_EVICT_BACK, frame_number(frame), 0);
}

static inline void trace_policy(const char *name)
{
	if (tracing(TRACE_BIT(evict)))
		trace_note_text(TRACE_POLICY, name, 0, 0, 0);
}
