/* SPDX-License-Identifier: MIT */
/*
 * The page-fault handler: the place where every page of every program comes from.
 *
 * Two layers say what a page holds: its anon if it has one, else what lies behind its area.
 *
 *   the page has                 access   row                    what happens
 *   no area, no stack to grow    any      NO_AREA                SIGSEGV, SEGV_MAPERR
 *   an area that forbids it      any      FORBIDDEN              SIGSEGV, SEGV_ACCERR
 *   an area of no code           fetch    NOT_CODE               SIGSEGV, SEGV_ACCERR
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
 * Three rows come before these, when there is something to prepare; then the decision is made
 * anew, under the same lock:
 *
 *   no area, below the stack     any      GROW_STACK             the stack's area reaches it
 *   a span that fork shares      change   UNSHARE                the span becomes its own
 *   no page table                any      MAKE_TABLES            it gets one, and a leaf
 *
 * The decision (classify) changes nothing and never sleeps.
 *
 * Threads of one address space fault side by side: they hold spt->lock for reading, under which
 * areas, leaves and page tables stay as they are. Only the three rows that change these want it for
 * writing. What a page has can still change while its fault looks for a frame: another thread may
 * have made the same page, or the same copy. So whoever puts something in place asks once more,
 * under vm_lock (still_so): if it is not what was decided on, the decision is made anew.
 *
 * A page whose content is on the swap device or not yet in the page cache is brought in
 * first: the transfer is started, every lock is dropped, and when it has ended the fault
 * starts again from the top. Whatever changed meanwhile is seen by looking again. The same
 * happens when anything else turns out to have changed. A program that was killed meanwhile
 * does not start again: nobody wants the page.
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
#include "vm/commit.h"
#include "vm/evict.h"
#include "vm/frame.h"
#include "vm/page.h"
#include "vm/pagecache.h"
#include "vm/pagedir.h"
#include "vm/readahead.h"
#include "vm/shake.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/tracepoints.h"
#include "vm/usercopy.h"
#include "vm/vm.h"

enum row {
	NO_AREA, FORBIDDEN, ANON_OWN, ANON_SHARED, ANON_COPY, ZERO_MAP, ZERO_FILL,
	FILE_SHARED, FILE_READ, FILE_COPY, PAST_END, MAKE_TABLES, GROW_STACK, UNSHARE,
	NOT_CODE, ROWS
};

/* What a row ends with. LOOK: decide anew, under the same lock; ALONE: under the lock for writing.
 * AGAIN: from the top, after all locks were dropped. */
enum step { DONE, LOOK, ALONE, AGAIN, MAPERR, ACCERR, BUS, NO_MEMORY, KILLED };

struct fault {
	struct spt *spt;
	uintptr_t page;       /* the address, rounded down */
	bool write;
	bool fetch;           /* of an instruction; false where the processor does not tell (NX) */
	bool debugger;        /* not the program's own access: peek.c */
	struct area *area;    /* valid while spt->lock is held */
	struct anon **place;  /* in its leaf, where the page's anon is noted; NULL: there is no leaf */
	struct anon *anon;    /* NULL: the page has none. Valid while it is still_so */
	struct frame *wait;   /* AGAIN: pinned; wait for it first. NULL: just look again */
	bool major;           /* a transfer was started for it */
	bool waited;          /* for a transfer: one that failed before may have been somebody's
	                         reading ahead, and is tried again; one of our own is not */
#ifdef PAGODA_DEBUG
	uint32_t again;       /* times that it was begun again */
#endif
};

static void (*signal_hook)(struct trap_frame *, uintptr_t, enum fault_result);

/* Whether the stack may grow down to the page: within its limit, with memory to promise, and
 * leaving a gap to whatever lies below. */
static bool stack_may_grow(const struct fault *fault)
{
	const struct spt *spt = fault->spt;
	const struct area *area = spt_area_from(fault->spt, fault->page);
	if (!area || !(area->flags & AREA_GROWS_DOWN))
		return false;
	if (area->end - fault->page > spt->stack_limit || fault->page < USER_START)
		return false;
	if (!commit_allows(page_number(area_start(area)) - page_number(fault->page)))
		return false;
	uintptr_t below = area_start(area) - area->gap_before;
	return below == 0 || fault->page >= below + STACK_GUARD_GAP;
}

/* The bits of the entry for a page that is the program's own to write, if its area is. */
static pte_t own_bits(const struct area *area)
{
	return (area->flags & AREA_WRITE ? PTE_W : 0) |
	       (area->flags & AREA_LOCKED ? PTE_LOCKED : 0) | area_no_execute(area);
}

/* The same for a page that others may see: not to be written. */
static pte_t shared_bits(const struct area *area)
{
	return own_bits(area) & ~PTE_W;
}

/* Whether the area allows the access. A debugger's is kept from nothing but what would show: to
 * write to what others see, to touch what the program may not touch at all. What it changes of a
 * private area is the program's own copy (ptrace(2)). */
static bool allowed(const struct area *area, bool write, bool debugger)
{
	if (debugger && area->flags & AREA_RIGHTS && !(write && area->flags & AREA_SHARED))
		return true;
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

/* Whether the page can get an entry and an anon as things are. */
static bool has_tables(const struct fault *fault)
{
	const struct spt *spt = fault->spt;
	return fault->place && pagedir_ready(&spt->pagedir, fault->page);
}

/* After fork: whether something in the span is about to change that the others who share it must
 * not see. Reading an anon changes nothing of the kind; see spt.h. */
static bool disturbs_sharers(const struct fault *fault)
{
	const struct spt *spt = fault->spt;
	if (spt->shared_spans == 0 || spt_owns(spt, fault->page))
		return false;
	return fault->write || !fault->anon || spt_sharers(spt, fault->page) == 1;
}

/* Whether it is this program's page alone: one leaf names the anon, and the leaf is its own. That
 * others who shared the leaf have left it since disturbs_sharers looked does not make it so. An anon
 * that another thread has just given up can still be read, and what it says is not used: still_so. */
static bool is_own(const struct fault *fault)
{
	return __atomic_load_n(&fault->anon->references, __ATOMIC_RELAXED) == 1 &&
	       spt_owns(fault->spt, fault->page);
}

/* The decision: which row of the table this is. */
static enum row classify(struct fault *fault)
{
	fault->area = spt_area(fault->spt, fault->page);
	if (!fault->area)
		return stack_may_grow(fault) ? GROW_STACK : NO_AREA;
	if (!allowed(fault->area, fault->write, fault->debugger))
		return FORBIDDEN;
	if (fault->fetch && !(fault->area->flags & AREA_EXECUTE))
		return NOT_CODE;
	fault->place = spt_place(fault->spt, fault->page);
	fault->anon = fault->place ? *fault->place : NULL;
	if (disturbs_sharers(fault))
		return UNSHARE;
	if (!has_tables(fault))
		return MAKE_TABLES;

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

/* Whether the page still has what was decided on, and what an entry takes is at hand: no other thread
 * of the space was faster. vm_lock held, until what follows from it is in place. */
static bool still_so(const struct fault *fault)
{
	return *fault->place == fault->anon && pagedir_has_spare(&fault->spt->pagedir);
}

/* A program at its resident limit gives up a page of its own for the one it wants. */
static void make_room(struct fault *fault)
{
	struct spt *spt = fault->spt;
	if (spt->resident_limit != UINT32_MAX &&
	    !(pagedir_entry(&spt->pagedir, fault->page) & PTE_P))
		evict_for(spt, fault->page);
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

static enum step not_code(struct fault *fault)
{
	(void)fault;
	vm_count(VM_fault_not_code);
	return ACCERR;
}

static enum step grow_stack(struct fault *fault)
{
	area_set_start(&fault->spt->areas, spt_area_from(fault->spt, fault->page), fault->page);
	vm_count(VM_fault_stack_grown);
	return LOOK;
}

static enum step unshare(struct fault *fault)
{
	return spt_own(fault->spt, fault->page) == 0 ? LOOK : NO_MEMORY;
}

static enum step make_tables(struct fault *fault)
{
	struct spt *spt = fault->spt;
	bool made = pagedir_prepare(&spt->pagedir, fault->page) == 0 &&
	            spt_leaf_prepare(spt, fault->page) == 0;
	return made ? LOOK : NO_MEMORY;
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
static enum step swap_in(struct fault *fault)
{
	struct frame *frame;
	int error = anon_start_reading(fault->place, &frame);
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
	if (!still_so(fault)) {
		spin_unlock(&vm_lock);
		*step = LOOK;
		return false;
	}
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
	*step = swap_in(fault);
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

	if (fault->write && anon->slot)
		anon_give_up_slot(anon); /* the copy there is about to be out of date */
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
	if (is_own(fault)) { /* by now */
		spin_unlock(&vm_lock);
		return LOOK;
	}
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
	if (!still_so(fault)) {
		frame_unpin_locked(frame);
		spin_unlock(&vm_lock);
		anon_cancel(anon);
		return LOOK;
	}
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
		trace_copy(&fault->spt->pagedir, fault->page, original, copy);
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
	step = install_anon(fault, copy);
	if (step == DONE)
		vm_count(VM_fault_cow_copied);
	return step;
}

/* Nothing behind, read: all such pages share one frame of zeros. */
static enum step zero_map(struct fault *fault)
{
	struct pagedir *pagedir = &fault->spt->pagedir;
	spin_lock(&vm_lock);
	bool still = still_so(fault);
	if (still && !pagedir_entry(pagedir, fault->page)) { /* else another thread has mapped it */
		vm_count(VM_fault_zero_mapped);
		pagedir_set(pagedir, fault->page, zero_frame, area_no_execute(fault->area));
		if (zeros_in_order(fault->area, fault->page))
			zeros_around_read(fault->spt, fault->area, fault->page);
	}
	spin_unlock(&vm_lock);
	return still ? DONE : LOOK;
}

static enum step zero_fill(struct fault *fault)
{
	struct frame *frame = frame_alloc_zeroed();
	if (!frame)
		return NO_MEMORY;
	enum step step = install_anon(fault, frame);
	if (step != DONE)
		return step;
	vm_count(VM_fault_zero_filled);
	if (zeros_in_order(fault->area, fault->page))
		zeros_around_write(fault->spt, fault->area, fault->page, own_bits(fault->area));
	return step;
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
	if (pagecache_await(frame) == 0)
		return DONE;
	/* It cannot be read. Our own read may have failed at once: then there was no waiting. */
	return started || fault->waited ? BUS : AGAIN;
}

/* Maps the pinned cache frame, if it is still the file's, and unpins it. */
static enum step map_file_page(struct fault *fault, struct frame *frame, pte_t bits)
{
	enum step step = AGAIN; /* it was truncated meanwhile */
	spin_lock(&vm_lock);
	if (!still_so(fault)) {
		step = LOOK;
	} else if (frame->state == FRAME_FILE && !past_end(fault)) {
		if (fault->write)
			frame_file_dirty(frame);
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
	int error = fault->write ? pagecache_throttle(source) : 0;
	if (fault->write && !error)
		error = source->ops->prepare_write(source, frame);
	if (error) {
		frame_unpin(frame);
		return error == -ENOMEM ? NO_MEMORY : BUS; /* else: the disk is full, or refuses */
	}
	step = map_file_page(fault, frame, own_bits(fault->area));
	if (step == DONE)
		vm_count(VM_fault_file_shared);
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
	step = map_file_page(fault, frame, shared_bits(fault->area));
	if (step == DONE)
		vm_count(VM_fault_file_private_read);
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
	step = install_anon(fault, copy);
	if (step == DONE)
		vm_count(VM_fault_file_private_write);
	return step;
}

static enum step (*const handlers[ROWS])(struct fault *) = {
	[NO_AREA] = no_area,         [FORBIDDEN] = forbidden,     [ANON_OWN] = anon_own,
	[ANON_SHARED] = anon_shared, [ANON_COPY] = anon_copy,     [ZERO_MAP] = zero_map,
	[ZERO_FILL] = zero_fill,     [FILE_SHARED] = file_shared, [FILE_READ] = file_read,
	[FILE_COPY] = file_copy,     [PAST_END] = after_eof,      [MAKE_TABLES] = make_tables,
	[GROW_STACK] = grow_stack,   [UNSHARE] = unshare,         [NOT_CODE] = not_code,
};

/* The rows that change what the faults of other threads go by. */
static bool wants_to_be_alone(enum row row)
{
	return row == GROW_STACK || row == UNSHARE || row == MAKE_TABLES;
}

/* Decides and acts, until that is more than to look again. */
static enum step decide_and_act(struct fault *fault, enum row *row, bool alone)
{
	if (alone)
		make_room(fault);
	for (;;) {
		*row = classify(fault);
		thread_current()->fault_row = *row + 1;
		if (!alone && wants_to_be_alone(*row))
			return ALONE;
		enum step step = handlers[*row](fault);
		if (step != LOOK)
			return step;
		trace_fault_again(*row);
	}
}

/* One time from the top. */
static enum step attempt(struct fault *fault, enum row *row)
{
	struct rwlock *lock = &fault->spt->lock;
	bool alone = fault->spt->resident_limit != UINT32_MAX;
	shake();
	fault->wait = NULL;
	for (;; alone = true) {
		alone ? rwlock_write(lock) : rwlock_read(lock);
		if (!alone && lock->readers > 1)
			vm_count(VM_fault_beside);
		enum step step = decide_and_act(fault, row, alone);
		alone ? rwlock_write_end(lock) : rwlock_read_end(lock);
		if (step != ALONE)
			return step;
	}
}

#define AGAIN_MOST 50000u

/* A fault may start again from the top as often as things change under it. So often is no chance:
 * some row says AGAIN and nothing ever changes. The checked kernel stops there. */
static __attribute__((noinline)) void begin_again(struct fault *fault, enum row row)
{
	trace_fault_again(row);
#ifdef PAGODA_DEBUG
	if (++fault->again == AGAIN_MOST) {
		struct fault_story story = fault_story();
		panic("a fault was begun again %u times: a %s of page 0x%08x, row %s (%s)",
		      AGAIN_MOST, story.write ? "write" : "read", story.page, story.row,
		      story.words);
	}
#endif
	if (fault->wait) {
		frame_wait(fault->wait);
		frame_unpin(fault->wait);
	}
}

/* For getrusage(2) of the thread, and for /proc/vmstat. */
static void count_fault(bool major)
{
	struct thread *thread = thread_current();
	*(major ? &thread->major_faults : &thread->minor_faults) += 1;
	vm_count(VM_pgfault);
	if (major)
		vm_count(VM_pgmajfault);
}

static enum fault_result resolve(struct spt *spt, uintptr_t address, enum fault_access access,
                                 bool debugger)
{
	static const enum fault_result results[] = {
		[DONE] = FAULT_DONE,     [MAPERR] = FAULT_MAPERR, [ACCERR] = FAULT_ACCERR,
		[BUS] = FAULT_BUS,       [NO_MEMORY] = FAULT_NO_MEMORY,
		[KILLED] = FAULT_KILLED,
	};
	/* No initializer: it would clear first, at each fault, what each attempt finds out anew. */
	struct fault fault;
	fault.spt = spt;
	fault.page = page_round_down(address);
	fault.write = access == FAULT_WRITE;
	fault.fetch = access == FAULT_FETCH;
	fault.debugger = debugger;
	fault.major = fault.waited = false;
#ifdef PAGODA_DEBUG
	fault.again = 0;
#endif
	enum row row;
	enum step step;

	trace_fault_begin(&spt->pagedir, address, fault.write);
	thread_current()->fault = &fault;
	while ((step = attempt(&fault, &row)) == AGAIN) {
		begin_again(&fault, row);
		if (thread_current()->killed) {
			step = KILLED;
			break;
		}
	}
	thread_current()->fault = NULL;
	shake();

	if (step == DONE)
		count_fault(fault.major);
	trace_fault_end(&results[step], &fault.major);
	return results[step];
}

/* A function of its own, so that gdb finds what it was called with (pagoda break-fault ADDRESS). */
__attribute__((noinline))
enum fault_result fault_resolve(struct spt *spt, uintptr_t address, enum fault_access access)
{
	return resolve(spt, address, access, false);
}

enum fault_result fault_resolve_for_debugger(struct spt *spt, uintptr_t address, bool write)
{
	return resolve(spt, address, write, true);
}

struct fault_story fault_story(void)
{
	static const struct {
		const char *name, *words;
	} rows[ROWS] = {
		[NO_AREA] = {"NO_AREA", "no area there, and no stack that may grow to it"},
		[FORBIDDEN] = {"FORBIDDEN", "an area that forbids the access"},
		[NOT_CODE] = {"NOT_CODE", "an area that holds no code to execute"},
		[ANON_OWN] = {"ANON_OWN", "an anon, references 1: map it as the area allows"},
		[ANON_SHARED] = {"ANON_SHARED", "an anon, references > 1, read: map it read-only"},
		[ANON_COPY] = {"ANON_COPY", "an anon, references > 1, write: copy it"},
		[ZERO_MAP] = {"ZERO_MAP", "nothing behind, read: map the frame of zeros"},
		[ZERO_FILL] = {"ZERO_FILL", "nothing behind, write: a new anon, of zeros"},
		[FILE_SHARED] = {"FILE_SHARED", "a file, shared: map the page cache's frame"},
		[FILE_READ] = {"FILE_READ", "a file, private, read: map its cached frame read-only"},
		[FILE_COPY] = {"FILE_COPY", "a file, private, write: copy the cache's frame"},
		[PAST_END] = {"PAST_END", "a page past the end of its file"},
		[MAKE_TABLES] = {"MAKE_TABLES", "no page table: make one, and look again"},
		[GROW_STACK] = {"GROW_STACK", "below the stack: let it grow, and look again"},
		[UNSHARE] = {"UNSHARE", "a span shared since fork: own it, and look again"},
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

static enum fault_access access_of(uint32_t error)
{
	return error & PF_WRITE ? FAULT_WRITE : error & PF_FETCH ? FAULT_FETCH : FAULT_READ;
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
			result = fault_resolve(spt, address, access_of(frame->error));
		if (result == FAULT_DONE || (user && result == FAULT_KILLED))
			return; /* who is killed goes no further than the way back to it */
		if (user || result == FAULT_NO_MEMORY)
			signal_hook(frame, address, result);
		if (user || trap_fixup(frame))
			return;
	}
	panic_exception(frame, address);
}

void fault_set_signal_hook(void (*hook)(struct trap_frame *, uintptr_t, enum fault_result))
{
	signal_hook = hook;
}

void fault_init(void)
{
	trap_register(TRAP_PAGE_FAULT, page_fault);
}
