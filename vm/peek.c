/* SPDX-License-Identifier: MIT */
/* Another program's memory (peek.h): a page is brought in as the fault handler does it, and its
 * frame is copied to or from, pinned, behind the back of the program's page table. */
#include "vm/peek.h"

#include "kernel/mem/layout.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "vm/anon.h"
#include "vm/fault.h"
#include "vm/frame.h"
#include "vm/page.h"
#include "vm/pagedir.h"
#include "vm/spt.h"
#include "vm/vm.h"

/* Whether the frame behind the entry may be used so. What is written to it is seen by nobody who
 * should not see it: the program may write there itself, or the page is its own. spt->lock and
 * vm_lock held. */
static bool may_be_used(const struct spt *spt, uintptr_t page, pte_t entry, enum peek how)
{
	if (how == PEEK_READ || entry & PTE_W)
		return true;
	const struct anon *anon = how == PEEK_FORCE ? spt_anon(spt, page) : NULL;
	return anon && anon->references == 1 && spt_owns(spt, page);
}

/* The page's frame, pinned, if it is there as the fault handler has just left it; else NULL.
 * spt->lock held. */
static struct frame *pin_page(struct spt *spt, uintptr_t page, enum peek how)
{
	struct frame *frame = NULL;
	spin_lock(&vm_lock);
	pte_t entry = pagedir_entry(&spt->pagedir, page);
	if (entry & PTE_P && may_be_used(spt, page, entry, how)) {
		frame = &frames[entry_frame(entry)];
		frame_pin(frame);
	}
	spin_unlock(&vm_lock);
	return frame;
}

static void copy_pinned(struct frame *frame, uint32_t offset, void *bytes, size_t n, bool write)
{
	char *at = (char *)frame_data(frame) + offset;
	if (write)
		memcpy(at, bytes, n);
	else
		memcpy(bytes, at, n);
	spin_lock(&vm_lock);
	if (write && frame->state == FRAME_FILE)
		frame_file_dirty(frame);
	else if (write && !frame_has(frame, FRAME_DIRTY))
		frame_set(frame, FRAME_DIRTY);
	spin_unlock(&vm_lock);
	frame_unpin(frame);
}

static enum fault_result bring_in(struct spt *spt, uintptr_t address, enum peek how)
{
	return how == PEEK_WRITE ? fault_resolve(spt, address, FAULT_WRITE) :
	       fault_resolve_for_debugger(spt, address, how == PEEK_FORCE);
}

/* Within one page. False: it cannot be had. */
static bool copy_in_page(struct spt *spt, uintptr_t address, void *bytes, size_t n, enum peek how)
{
	while (!thread_current()->killed) {
		if (bring_in(spt, address, how) != FAULT_DONE)
			return false;
		SCOPED_WRITE(&spt->lock);
		struct frame *frame = pin_page(spt, page_round_down(address), how);
		if (frame) {
			copy_pinned(frame, page_offset(address), bytes, n, how != PEEK_READ);
			return true;
		}
	}
	return false;
}

/* How many of n bytes there lie below the kernel. */
static size_t below_kernel(uintptr_t address, size_t n)
{
	size_t room = address < USER_END ? USER_END - address : 0;
	return n < room ? n : room;
}

size_t peek(struct spt *spt, uintptr_t address, void *bytes, size_t n, enum peek how)
{
	size_t possible = below_kernel(address, n), done = 0;
	while (done < possible) {
		size_t part = PAGE_SIZE - page_offset(address + done);
		part = part < possible - done ? part : possible - done;
		if (!copy_in_page(spt, address + done, (char *)bytes + done, part, how))
			break;
		done += part;
	}
	return done;
}
