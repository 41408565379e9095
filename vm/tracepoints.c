/* SPDX-License-Identifier: MIT */
/* The tracepoints that must look something up. */
#include "vm/tracepoints.h"

#include "kernel/sched/thread.h"
#include "vm/frame.h"
#include "vm/source.h"
#include "vm/vm.h"

#define NAME_SIZE 256

uint32_t trace_beginnings;

TRACE_REGISTERS void trace_fault_end_note(const uint32_t *result, const bool *major)
{
	trace_note_last(TRACE_WHAT(TRACE_FAULT_END, thread_current()->fault_row - 1), *result,
	                *major);
}

TRACE_CALLING void trace_copy_note(const struct pagedir *space, uintptr_t page,
                                   const struct frame *from, const struct frame *to)
{
	trace_note_more(TRACE_WHAT(TRACE_COPY, from->state == FRAME_FILE), (uintptr_t)space, page,
	                frame_number(from), frame_number(to), 0);
}

/* Says what the source is, once a recording; and its name, where that can be looked up: under
 * vm_lock no file system can be asked for more than numbers. */
static void tell_source(struct page_source *source, bool with_name)
{
	uint32_t known = trace_beginnings * 2 + with_name, device = 0, inode = 0;
	bool first = source->traced < trace_beginnings * 2;
	char path[NAME_SIZE] = "";

	if (source->traced >= known)
		return;
	source->traced = known;
	source->ops->describe(source, &device, &inode, path, with_name ? sizeof(path) : 0);
	trace_note_text(TRACE_WHAT(TRACE_FILE, first), path, (uintptr_t)source, inode, device);
}

void trace_file_note(struct page_source *source)
{
	if (source->ops->describe) /* not every inode has pages */
		tell_source(source, true);
}

void trace_area_note(enum trace_kind kind, const struct pagedir *space,
                     const struct trace_area *area, uintptr_t old_start, uintptr_t old_end)
{
	if (area->source)
		tell_source(area->source, true);
	if (kind == TRACE_AREA_CHANGE)
		trace_note(TRACE_AREA_RANGE, old_start, old_end);
	/* A detail has eight bits: what the area allows, the lowest. */
	trace_note_more(TRACE_WHAT(kind, area->flags & 0xff), (uintptr_t)space, area->start, area->end,
	                (uintptr_t)area->source, area->first_page);
}

void trace_cache_note(enum trace_kind kind, const struct frame *frame)
{
	tell_source(frame->owner.source, false);
	trace_note_3(kind, (uintptr_t)frame->owner.source, frame->index, frame_number(frame));
}
