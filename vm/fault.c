/* SPDX-License-Identifier: MIT */
/*
 * The page-fault handler: the place where every page of every program comes from.
 *
 * Two layers say what a page holds: its anon if it has one, else what lies behind its area.
 *
 *   the page has                 access   row                    what happens
 *   no area, no stack to grow    any      NO_AREA                SIGSEGV, SEGV_MAPERR
 *   an area that forbids it      any      FORBIDDEN              SIGSEGV, SEGV_ACCERR
 *   an anon, references 1        any      ANON_OWN               map as the area allows
 *   an anon, references > 1      read     ANON_SHARED            map read-only
 *   an anon, references > 1      write    ANON_COPY              copy into a new anon
 *   no anon, nothing behind      read     ZERO_MAP               map the zero frame
 *   no anon, nothing behind      write    ZERO_FILL              new anon, of zeros
 *   no anon, file, shared        any      FILE_SHARED            map the cache's frame
 *   no anon, file, private       read     FILE_READ              map it read-only
 *   no anon, file, private       write    FILE_COPY              copy it into a new anon
 *   a page past the file's end   any      PAST_END               SIGBUS
 *
 * A page whose content is on the swap device or not yet in the page cache is brought in
 * first: the transfer is started, every lock is dropped, and when it has ended the fault
 * starts again from the top. Whatever changed meanwhile is seen by looking again. The same
 * happens when anything else turns out to have changed.
 *
 * Memory is allocated before vm_lock is taken; under it the new state is put in place in a
 * few steps that cannot fail. Nothing old is given up before the new exists.
 */
#include "vm/fault.h"

#include <asm/errno.h>

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/trap.h"
#include "kernel/cpu/wide.h"
#include "kernel/mem/layout.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "vm/anon.h"
#include "vm/area.h"
#include "vm/chaos.h"
#include "vm/evict.h"
#include "vm/frame.h"
#include "vm/page.h"
#include "vm/pagecache.h"
#include "vm/pagedir.h"
#include "vm/readahead.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/tracepoints.h"
#include "vm/usercopy.h"
#include "vm/vm.h"

enum row {
	NO_AREA, FORBIDDEN, ANON_OWN, ANON_SHARED, ANON_COPY, ZERO_MAP, ZERO_FILL,
	FILE_SHARED, FILE_READ, FILE_COPY, PAST_END, NO_TABLES, ROWS
};

/* What a step of a fault ends with. */
enum step { DONE, AGAIN, MAPERR, ACCERR, BUS, NO_MEMORY };

struct fault {
	struct spt *spt;
	uintptr_t page;       /* the address, rounded down */
	bool write;
	struct area *area;    /* these two: valid while spt->lock is held */
	struct anon *anon;    /* NULL: the page has none */
	struct frame *wait;   /* AGAIN: pinned; wait for it first. NULL: just look again */
	bool major;           /* a transfer was started for it */
	bool waited;          /* for a transfer: one that failed before may have been somebody's
	                         reading ahead, and is tried again */
};

static void (*signal_hook)(struct trap_frame *, uintptr_t, enum fault_result);

/* The stack's area may grow down to hold the address: within its limit, and leaving a gap
 * to whatever lies below. */
static struct area *grow_stack(struct fault *fault)
{
	struct spt *spt = fault->spt;
	struct area *area = spt_area_from(spt, fault->page);
	if (!area || !(area->flags & AREA_GROWS_DOWN))
		return NULL;
	if (area->end - fault->page > spt->stack_limit || fault->page < USER_START)
		return NULL;
	uintptr_t below = area_start(area) - area->gap_before;
	if (below > 0 && fault->page < below + STACK_GUARD_GAP)
		return NULL;
	area_set_start(spt, area, fault->page);
	vm_count(VM_fault_stack_grown);
	return area;
}

/* The bits of the entry for a page that is the program's own to write, if its area is. */
static pte_t own_bits(const struct area *area)
{
	return (area->flags & AREA_WRITE ? PTE_W : 0) |
	       (area->flags & AREA_LOCKED ? PTE_LOCKED : 0);
}

/* The same for a page that others may see: not to be written. */
static pte_t shared_bits(const struct area *area)
{
	return own_bits(area) & ~PTE_W;
}

static bool allowed(const struct area *area, bool write)
{
	return area->flags & (write ? AREA_WRITE : AREA_READ | AREA_WRITE | AREA_EXECUTE);
}

/* Whether a file's bytes lie behind the page, or zeros. */
static bool file_behind(const struct fault *fault)
{
	return fault->area->source && fault->page < fault->area->file_end;
}

/* Whether the file's bytes end, and zeros begin, within the page: it is nobody else's. */
static bool file_ends_within(const struct fault *fault)
{
	return fault->area->file_end - fault->page < PAGE_SIZE;
}

static bool past_end(const struct fault *fault)
{
	return area_source_page(fault->area, fault->page) >= source_pages(fault->area->source);
}

/* Makes sure that the page can get an entry and an anon. Mostly all that it takes is there. */
static bool prepared(struct spt *spt, uintptr_t page)
{
	if (pagedir_ready(&spt->pagedir, page) && spt->leaves[directory_index(page)])
		return true;
	return pagedir_prepare(&spt->pagedir, page) == 0 && spt_leaf_prepare(spt, page) == 0;
}

/* After fork: a slot that is shared becomes the program's own, unless the fault changes nothing
 * that the others must not see, which is reading an anon; see spt.h. */
static bool owned(const struct fault *fault)
{
	struct spt *spt = fault->spt;
	if (spt->shared_slots == 0)
		return true;
	bool harmless = fault->anon && !fault->write && spt_sharers(spt, fault->page) > 1;
	return harmless || spt_own(spt, fault->page) == 0;
}

/* Whether it is this program's page alone: one leaf names the anon, and the leaf is its own. That
 * others who shared the leaf have left it since owned() looked does not make it so. */
static bool is_own(const struct fault *fault)
{
	return __atomic_load_n(&fault->anon->references, __ATOMIC_RELAXED) == 1 &&
	       spt_owns(fault->spt, fault->page);
}

/* The decision: which row of the table this is. */
static enum row classify(struct fault *fault)
{
	struct spt *spt = fault->spt;
	fault->area = spt_area(spt, fault->page);
	if (!fault->area)
		fault->area = grow_stack(fault);
	if (!fault->area)
		return NO_AREA;
	if (!allowed(fault->area, fault->write))
		return FORBIDDEN;
	fault->anon = spt_anon(spt, fault->page);
	if (!owned(fault) || !prepared(spt, fault->page))
		return NO_TABLES;

	if (fault->anon && is_own(fault))
		return ANON_OWN;
	if (fault->anon)
		return fault->write ? ANON_COPY : ANON_SHARED;
	if (!file_behind(fault))
		return fault->write ? ZERO_FILL : ZERO_MAP;
	if (past_end(fault))
		return PAST_END;
	if (fault->area->flags & AREA_SHARED)
		return FILE_SHARED;
	return fault->write || file_ends_within(fault) ? FILE_COPY : FILE_READ;
}

/* A program at its resident limit gives up a page of its own for the one it wants. */
static void make_room(struct fault *fault)
{
	struct spt *spt = fault->spt;
	if (spt->resident_limit == UINT32_MAX ||
	    pagedir_entry(&spt->pagedir, fault->page) & PTE_P)
		return;
	if (pagedir_resident(&spt->pagedir) >= spt->resident_limit)
		evict_from(spt, 1);
}

static enum step no_area(struct fault *fault)
{
	(void)fault;
	vm_count(VM_fault_no_area);
	return MAPERR;
}

static enum step forbidden(struct fault *fault)
{
	(void)fault;
	vm_count(VM_fault_forbidden);
	return ACCERR;
}

static enum step no_tables(struct fault *fault)
{
	(void)fault;
	return NO_MEMORY;
}

static enum step after_eof(struct fault *fault)
{
	(void)fault;
	vm_count(VM_fault_past_end);
	return BUS;
}

/* The page is on its way into the frame: let go of everything, wait, start again. */
static enum step wait_for(struct fault *fault, struct frame *frame)
{
	fault->wait = frame;
	fault->waited = true;
	return AGAIN;
}

/* The anon is on the swap device only: starts reading it into a frame of its own. */
static enum step swap_in(struct fault *fault, struct anon *anon)
{
	struct frame *frame;
	int error = anon_start_reading(anon, &frame);
	if (error)
		return error == -ENOMEM ? NO_MEMORY : AGAIN;
	fault->major = true;
	vm_count(VM_fault_swapped_in);
	readahead_missed(fault->spt, fault->area, fault->page);
	return wait_for(fault, frame);
}

/*
 * The anon's frame with its content, vm_lock held: *frame. Or vm_lock not held and a step to
 * end with: it must be read, is being read, or could not be read.
 */
static bool anon_in_memory(struct fault *fault, struct anon *anon, struct frame **frame,
                           enum step *step)
{
	readahead_reached(fault->spt, fault->area, fault->page);
	spin_lock(&vm_lock);
	*frame = anon->frame;
	if (*frame && frame_has(*frame, FRAME_VALID))
		return true;
	if (*frame && frame_has(*frame, FRAME_ERROR) && !frame_has(*frame, FRAME_BUSY)) {
		anon_detach(anon); /* the slot stays, for another try */
		spin_unlock(&vm_lock);
		*step = fault->waited ? BUS : AGAIN;
		return false;
	}
	if (*frame) { /* on its way, if it did not arrive this instant */
		frame_pin(*frame);
		spin_unlock(&vm_lock);
		*step = wait_for(fault, *frame);
		return false;
	}
	spin_unlock(&vm_lock);
	*step = swap_in(fault, anon);
	return false;
}

/* References 1: the page is this program's alone. */
static enum step anon_own(struct fault *fault)
{
	struct anon *anon = fault->anon;
	struct frame *frame;
	enum step step;
	if (!anon_in_memory(fault, anon, &frame, &step))
		return step;

	/* The copy on the swap device is about to be out of date: its slot is free again,
	 * unless a write to it is under way. */
	if (fault->write && anon->slot && !frame_has(frame, FRAME_WRITING)) {
		swap_slot_free(anon->slot);
		anon->slot = 0;
		frame_set(frame, FRAME_DIRTY);
	}
	pte_t old = pagedir_entry(&fault->spt->pagedir, fault->page);
	bool reused = old & PTE_P && fault->write;
	vm_count(reused ? VM_fault_cow_reused : VM_fault_anon_mapped);
	pagedir_set(&fault->spt->pagedir, fault->page, frame, own_bits(fault->area));
	anon_around(fault->spt, fault->area, fault->page);
	spin_unlock(&vm_lock);
	return DONE;
}

/* References > 1, read: everyone who shares it may look. */
static enum step anon_shared(struct fault *fault)
{
	struct frame *frame;
	enum step step;
	if (!anon_in_memory(fault, fault->anon, &frame, &step))
		return step;
	vm_count(VM_fault_anon_shared_read);
	pagedir_set(&fault->spt->pagedir, fault->page, frame, shared_bits(fault->area));
	anon_around(fault->spt, fault->area, fault->page);
	spin_unlock(&vm_lock);
	return DONE;
}

/* Puts a new anon, made of the (pinned, filled) frame, in the page's place and maps it. */
static enum step install_anon(struct fault *fault, struct frame *frame)
{
	struct anon *anon = anon_alloc();
	if (!anon) {
		frame_unpin(frame);
		return NO_MEMORY;
	}
	spin_lock(&vm_lock);
	anon_begin(anon, frame);
	struct anon *old = spt_anon_set(fault->spt, fault->page, anon);
	pagedir_set(&fault->spt->pagedir, fault->page, frame, own_bits(fault->area));
	if (old)
		anon_put(old);
	frame_unpin_locked(frame);
	spin_unlock(&vm_lock);
	return DONE;
}

/* A new frame with the bytes of the pinned one, which it unpins; NULL if there is no memory. */
static inline struct frame *copy_frame(const struct fault *fault, struct frame *original)
{
	struct frame *copy = frame_alloc();
	if (copy) {
		page_copy(frame_data(copy), frame_data(original));
		trace_copy(fault->spt, fault->page, original, copy);
	}
	frame_unpin(original);
	return copy;
}

/* References > 1, write: copy-on-write. While the reference is ours the others cannot
 * write either, so the bytes stand still. */
static enum step anon_copy(struct fault *fault)
{
	struct frame *original;
	enum step step;
	if (!anon_in_memory(fault, fault->anon, &original, &step))
		return step;
	frame_pin(original);
	spin_unlock(&vm_lock);

	struct frame *copy = copy_frame(fault, original);
	if (!copy)
		return NO_MEMORY;
	vm_count(VM_fault_cow_copied);
	return install_anon(fault, copy);
}

/* Nothing behind, read: all such pages share one frame of zeros. */
static enum step zero_map(struct fault *fault)
{
	vm_count(VM_fault_zero_mapped);
	spin_lock(&vm_lock);
	pagedir_set(&fault->spt->pagedir, fault->page, zero_frame, 0);
	spin_unlock(&vm_lock);
	return DONE;
}

static enum step zero_fill(struct fault *fault)
{
	struct frame *frame = frame_alloc_zeroed();
	if (!frame)
		return NO_MEMORY;
	vm_count(VM_fault_zero_filled);
	return install_anon(fault, frame);
}

/* The page cache's frame of the page, valid and pinned: DONE; or another step. */
static enum step file_page(struct fault *fault, struct frame **frame)
{
	bool started;
	int error = pagecache_start(fault->area->source, area_source_page(fault->area, fault->page),
	                            frame, &started);
	if (error)
		return NO_MEMORY;
	if (started) {
		fault->major = true;
		readahead_missed(fault->spt, fault->area, fault->page);
	} else {
		readahead_reached(fault->spt, fault->area, fault->page);
	}
	if (frame_has(*frame, FRAME_VALID))
		return DONE;
	if (frame_has(*frame, FRAME_BUSY))
		return wait_for(fault, *frame);
	if (pagecache_await(*frame) == 0)
		return DONE;
	return fault->waited ? BUS : AGAIN; /* the device failed; the pin is gone */
}

/* Maps the pinned cache frame, if it is still the file's, and unpins it. */
static enum step map_file_page(struct fault *fault, struct frame *frame, pte_t bits)
{
	enum step step = AGAIN; /* it was truncated meanwhile */
	spin_lock(&vm_lock);
	if (frame->state == FRAME_FILE && !past_end(fault)) {
		if (fault->write)
			frame_set(frame, FRAME_DIRTY);
		if (!frame_has(frame, FRAME_DIRTY))
			bits &= ~PTE_W;
		pagedir_set(&fault->spt->pagedir, fault->page, frame, bits);
		step = DONE;
	}
	frame_unpin_locked(frame);
	spin_unlock(&vm_lock);
	return step;
}

/* A shared mapping: the first write marks the page dirty, so until then it is read-only. */
static enum step file_shared(struct fault *fault)
{
	struct frame *frame;
	enum step step = file_page(fault, &frame);
	if (step != DONE)
		return step;
	struct page_source *source = fault->area->source;
	int error = fault->write ? source->ops->prepare_write(source, frame) : 0;
	if (error) {
		frame_unpin(frame);
		return error == -ENOMEM ? NO_MEMORY : BUS; /* else: no room on the disk */
	}
	vm_count(VM_fault_file_shared);
	step = map_file_page(fault, frame, own_bits(fault->area));
	if (!fault->write)
		fault_around(fault->spt, fault->area, fault->page);
	return step;
}

static enum step file_read(struct fault *fault)
{
	struct frame *frame;
	enum step step = file_page(fault, &frame);
	if (step != DONE)
		return step;
	vm_count(VM_fault_file_private_read);
	step = map_file_page(fault, frame, shared_bits(fault->area));
	fault_around(fault->spt, fault->area, fault->page);
	return step;
}

static enum step file_copy(struct fault *fault)
{
	struct frame *original;
	enum step step = file_page(fault, &original);
	if (step != DONE)
		return step;
	struct frame *copy = copy_frame(fault, original);
	if (!copy)
		return NO_MEMORY;
	if (file_ends_within(fault)) {
		uint32_t bytes = fault->area->file_end - fault->page;
		memset((char *)frame_data(copy) + bytes, 0, PAGE_SIZE - bytes);
	}
	vm_count(VM_fault_file_private_write);
	return install_anon(fault, copy);
}

static enum step (*const handlers[ROWS])(struct fault *) = {
	[NO_AREA] = no_area,         [FORBIDDEN] = forbidden,     [ANON_OWN] = anon_own,
	[ANON_SHARED] = anon_shared, [ANON_COPY] = anon_copy,     [ZERO_MAP] = zero_map,
	[ZERO_FILL] = zero_fill,     [FILE_SHARED] = file_shared, [FILE_READ] = file_read,
	[FILE_COPY] = file_copy,     [PAST_END] = after_eof,      [NO_TABLES] = no_tables,
};

/* One time from the top: decides and acts. */
static enum step attempt(struct fault *fault, enum row *row)
{
	chaos_shake();
	fault->wait = NULL;
	SCOPED_MUTEX(&fault->spt->lock);
	*row = classify(fault);
	thread_current()->fault_row = *row + 1;
	make_room(fault);
	return handlers[*row](fault);
}

enum fault_result fault_resolve(struct spt *spt, uintptr_t address, bool write)
{
	static const enum fault_result results[] = {
		[DONE] = FAULT_DONE,     [MAPERR] = FAULT_MAPERR, [ACCERR] = FAULT_ACCERR,
		[BUS] = FAULT_BUS,       [NO_MEMORY] = FAULT_NO_MEMORY,
	};
	struct fault fault = {.spt = spt, .page = page_round_down(address), .write = write};
	enum row row;
	enum step step;

	trace_fault_begin(spt, address, write);
	thread_current()->fault = &fault;
	while ((step = attempt(&fault, &row)) == AGAIN) {
		trace_fault_again(row);
		if (fault.wait) {
			frame_wait(fault.wait);
			frame_unpin(fault.wait);
		}
	}
	thread_current()->fault = NULL;
	chaos_shake();

	if (step == DONE) {
		struct thread *thread = thread_current();
		*(fault.major ? &thread->major_faults : &thread->minor_faults) += 1;
		vm_count(VM_pgfault);
		if (fault.major)
			vm_count(VM_pgmajfault);
	}
	trace_fault_end(&results[step], &fault.major);
	return results[step];
}

struct fault_story fault_story(void)
{
	static const struct {
		const char *name, *words;
	} rows[ROWS] = {
		[NO_AREA] = {"NO_AREA", "no area there, and no stack that may grow to it"},
		[FORBIDDEN] = {"FORBIDDEN", "an area that forbids the access"},
		[ANON_OWN] = {"ANON_OWN", "an anon, references 1: map it as the area allows"},
		[ANON_SHARED] = {"ANON_SHARED", "an anon, references > 1, read: map it read-only"},
		[ANON_COPY] = {"ANON_COPY", "an anon, references > 1, write: copy it"},
		[ZERO_MAP] = {"ZERO_MAP", "nothing behind, read: map the frame of zeros"},
		[ZERO_FILL] = {"ZERO_FILL", "nothing behind, write: a new anon, of zeros"},
		[FILE_SHARED] = {"FILE_SHARED", "a file, shared: map the page cache's frame"},
		[FILE_READ] = {"FILE_READ", "a file, private, read: map its cached frame read-only"},
		[FILE_COPY] = {"FILE_COPY", "a file, private, write: copy the cache's frame"},
		[PAST_END] = {"PAST_END", "a page past the end of its file"},
		[NO_TABLES] = {"NO_TABLES", "no memory for a page table"},
	};
	const struct thread *self = thread_current();
	struct fault_story story = {.under_way = self->fault};
	if (self->fault) {
		story.page = self->fault->page;
		story.write = self->fault->write;
	}
	if (self->fault_row) {
		story.row = rows[self->fault_row - 1].name;
		story.words = rows[self->fault_row - 1].words;
	}
	return story;
}

extern char user_access_start[], user_access_end[]; /* usercopy.S */

static bool in_usercopy(uintptr_t eip)
{
	return eip >= (uintptr_t)user_access_start && eip < (uintptr_t)user_access_end;
}

/* Vector 14. A program's fault, or the kernel's own on a user address in usercopy. */
static void page_fault(struct trap_frame *frame)
{
	uintptr_t address = trap_fault_address();
	struct spt *spt = thread_current()->spt;
	bool user = trap_from_user(frame);

	if (!user && user_wide_stop(frame))
		return;
	if (user || in_usercopy(frame->eip)) {
		/* A program that reaches for the kernel's half finds nothing there. */
		enum fault_result result = FAULT_MAPERR;
		if (address < USER_END && spt)
			result = fault_resolve(spt, address, frame->error & PF_WRITE);
		if (result == FAULT_DONE)
			return;
		if (user || result == FAULT_NO_MEMORY)
			signal_hook(frame, address, result);
		if (user || trap_fixup(frame))
			return;
	}
	panic_trap(frame, "the kernel %s %s address 0x%08x",
	           frame->error & PF_WRITE ? "wrote to" : "read or ran",
	           frame->error & PF_PRESENT ? "the protected" : "the unmapped", address);
}

void fault_set_signal_hook(void (*hook)(struct trap_frame *, uintptr_t, enum fault_result))
{
	signal_hook = hook;
}

void fault_init(void)
{
	trap_register(TRAP_PAGE_FAULT, page_fault);
}
