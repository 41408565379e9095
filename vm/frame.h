/* SPDX-License-Identifier: MIT */
/*
 * The frame table: one struct frame for each physical page frame, indexed by frame
 * number. It is an inverted page table: from a frame to its owner and to every
 * page-table entry that maps it.
 *
 * The life of a frame in the hands of vm/:
 *   1 frame_alloc takes it from physmem, evicting if it must; it is pinned once
 *   2 it is given an owner: an anon, a page of a file, or it is a table itself
 *   3 while it is read or written it is busy; whoever needs it waits
 *   4 unpinned, it is the replacement policy's to choose
 *   5 it loses its owner (evicted, freed, truncated), and when no pin is left goes back
 *
 * The state is the owner's kind; a frame without owner and pin is not vm's.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"
#include "kernel/mem/layout.h"
#include "kernel/panic.h"
#include "kernel/trace.h"
#include "vm/page.h"
#include "vm/policy.h"

struct anon;
struct page_source;
struct pagedir;
struct spt;
struct block_device;

enum frame_state {
	FRAME_NONE,       /* not vm's: free, or the kernel's; physmem knows */
	FRAME_UNOWNED,    /* just allocated, or its owner let go while it is pinned */
	FRAME_ANON,       /* owner.anon */
	FRAME_FILE,       /* owner.source, index */
	FRAME_PAGE_TABLE, /* owner.pagedir, NULL while shared; index: the first address it maps */
	FRAME_DIRECTORY,  /* owner.pagedir */
	FRAME_ANON_LEAF,  /* owner.spt; pointers to a span's anons; the rest as a page table's */
	FRAME_ZERO,       /* the one frame of zeros that all untouched pages share */
};

/* Flags; changed by atomic operations, since completion interrupts change them too. */
#define FRAME_BUSY 0x01u    /* being read or written by a device */
#define FRAME_DIRTY 0x40u   /* PTE_D: content differs from its file's or slot's */
#define FRAME_VALID 0x04u   /* content has been read or made */
#define FRAME_ERROR 0x08u   /* the last transfer failed */
#define FRAME_WRITING 0x10u /* the transfer under way is a write */
#define FRAME_TOUCHED 0x20u /* PTE_A: used by read(2), write(2) or before it lost an entry */
#define FRAME_ORPHAN 0x02u  /* nobody's any more; freed when its transfer ends */
#define FRAME_HAS_SLOT 0x80u  /* (v) its anon went during a write, and left the slot to whoever
                                 waits for that: `block` */

struct frame {
	volatile uint16_t flags;
	uint16_t pins;          /* (v) users that need it to stay put: I/O, copies */
	uint32_t state : 8;     /* (v) enum frame_state */
	uint32_t locks : 24;    /* (v) entries with PTE_LOCKED; while any, no policy has it. More
	                           would need more areas than memory can hold */
	union {                 /* (v) */
		struct anon *anon;
		struct page_source *source;
		struct pagedir *pagedir;
		struct spt *spt;
	} owner;
	uint32_t index;         /* (v) FILE: page within the source; tables: first address */
	union {
		uint32_t block; /* FILE: the source's own note, ext2: the disk block, 0 a hole */
		uint32_t used;  /* (v) tables: entries that are not empty */
	};
	union {
		uintptr_t mappings; /* (v) the entries that map it: see rmap.c */
		uint32_t sharers;   /* (v) PAGE_TABLE, ANON_LEAF: address spaces that use it */
	};
	struct policy_page policy;     /* (v) in a queue while ANON or FILE, and not locked */
	struct list_link source_link;  /* (v) FILE: all frames of the source */
	union {
		struct frame *hash_next; /* (v) FILE: the page cache's index */
		struct {
			uint16_t resident; /* (v) PAGE_TABLE: entries that map a frame, the zero
			                      frame not counted */
			uint16_t seen;     /* PAGE_TABLE, ANON_LEAF: the auditor's last round */
		};
	};
#ifdef PAGODA_DEBUG
	const char *pinned_at; /* (v) where the latest pin was taken: "vm/fault.c:350" */
	uint32_t pinned_when;  /* (v) that one's number: they are counted from the start on */
#endif
};

extern struct frame *frames;     /* physmem_end() of them */
extern struct frame *zero_frame;

static inline uint32_t frame_number(const struct frame *frame)
{
	return frame - frames;
}

static inline physaddr_t frame_phys(const struct frame *frame)
{
	return frame_number(frame) << PAGE_SHIFT;
}

/* Whether it holds a page: one that a policy may have, and that can be evicted. */
static inline bool frame_is_page(const struct frame *frame)
{
	return frame->state == FRAME_ANON || frame->state == FRAME_FILE;
}

/* The frame's content, as the kernel sees it. */
static inline void *frame_data(const struct frame *frame)
{
	return phys_to_virt(frame_phys(frame));
}

/* The frame that holds a kernel (direct map) address. */
static inline struct frame *frame_of(const void *address)
{
	return &frames[virt_to_phys(address) >> PAGE_SHIFT];
}

static inline bool frame_has(const struct frame *frame, uint32_t flag)
{
	return __atomic_load_n(&frame->flags, __ATOMIC_ACQUIRE) & flag;
}

/* Set or clear the flag and return whether it was set. These two are for changes of FRAME_DIRTY
 * that go without saying in the trace, as another event says them. */
static inline bool frame_set_implied(struct frame *frame, uint32_t flag)
{
	return __atomic_fetch_or(&frame->flags, flag, __ATOMIC_ACQ_REL) & flag;
}

static inline bool frame_clear_implied(struct frame *frame, uint32_t flag)
{
	return __atomic_fetch_and(&frame->flags, ~flag, __ATOMIC_ACQ_REL) & flag;
}

/* The same two, for all others. The trace hears of FRAME_DIRTY alone: trace.c. */
TRACE_CALLING void frame_trace_dirty(const struct frame *);
TRACE_CALLING void frame_trace_clean(const struct frame *);

static inline bool frame_set(struct frame *frame, uint32_t flag)
{
	if (flag & FRAME_DIRTY && tracing(TRACE_BIT(frame)))
		TRACE_TELL(frame_trace_dirty, frame);
	return frame_set_implied(frame, flag);
}

static inline bool frame_clear(struct frame *frame, uint32_t flag)
{
	if (flag & FRAME_DIRTY && tracing(TRACE_BIT(frame)))
		TRACE_TELL(frame_trace_clean, frame);
	return frame_clear_implied(frame, flag);
}

/* As frame_set and frame_clear with FRAME_DIRTY, for a page of a file; counts those whose bytes
 * only their file can take: not tmpfs's, which go to swap. vm_lock held, or the frame is busy. */
extern uint32_t frames_dirty; /* atomic */
/* Whether there are such pages of devices that lie on files, or they are just being written. */
bool frames_deep_to_write(void);
void frame_file_dirty(struct frame *);
void frame_file_clean(struct frame *);
void frame_file_forget(struct frame *); /* the same, implied: it leaves its file */

/*
 * A frame with one pin, no owner, and whatever content; FRAME_UNOWNED. Evicts when none
 * is free, so it may sleep; NULL if nothing can be evicted (out of memory).
 * frame_alloc_zeroed: filled with zeros.
 */
struct frame *frame_alloc(void);
struct frame *frame_alloc_zeroed(void);

/* The same of several, up to `count`, which is at most FRAMES_AT_ONCE: those there are without
 * evicting. How many. */
#define FRAMES_AT_ONCE 64u
uint32_t frames_alloc_zeroed(struct frame **made, uint32_t count);

/* Pins keep a frame from being evicted or freed. frame_pin with vm_lock held. The last
 * frame_unpin of a frame without owner frees it; vm_lock not held / held. */
void frame_pin(struct frame *);
#ifdef PAGODA_DEBUG
/* The checked kernel notes who pinned a frame last, for the audit. Returns the frame, which may
 * be NULL. */
struct frame *frame_note_pin(struct frame *, const char *place);
uint32_t frame_pins_counted(void);
#define FRAME_LINE_(line) #line
#define FRAME_LINE(line) FRAME_LINE_(line)
#define FRAME_PLACE __FILE__ ":" FRAME_LINE(__LINE__)
#define frame_pin(frame) (frame_pin)(frame_note_pin(frame, FRAME_PLACE))
#define frame_alloc() frame_note_pin((frame_alloc)(), FRAME_PLACE)
#define frame_alloc_zeroed() frame_note_pin((frame_alloc_zeroed)(), FRAME_PLACE)
uint32_t frames_note_pins(struct frame *const *pinned, uint32_t count, const char *place);
#define frames_alloc_zeroed(made, count) \
	frames_note_pins(made, (frames_alloc_zeroed)(made, count), FRAME_PLACE)
#endif
void frame_unpin(struct frame *);
void frame_release(struct frame *); /* for frame_unpin_locked alone */
static inline void frame_unpin_locked(struct frame *frame)
{
	ASSERT_SAYING(frame->pins > 0, "a frame is unpinned that was not pinned");
	if (--frame->pins == 0 && frame->state == FRAME_UNOWNED)
		frame_release(frame);
}

/* The owner lets go: unmapped everywhere already, out of the policy's queue. The frame is
 * freed now or by its last unpin. vm_lock held. */
void frame_disown(struct frame *);
/* The same of several, at most FRAMES_AT_ONCE. */
void frames_disown(struct frame *const *, uint32_t count);

/* Waits until the frame is not busy. The caller holds a pin. May sleep. */
void frame_wait(struct frame *);
/* Like the above, for one that has no pin: vm_lock is held on entry, released, and the
 * caller looks again. */
void frame_wait_unpinned(struct frame *);

/*
 * Reads or writes the (busy) frame from or to a block device, one page at `sector`, of which the
 * device may have the beginning alone, and calls frame_io_done when that is over. May sleep for a
 * place in the queue; never allocates memory.
 */
void frame_io_start(struct frame *, struct block_device *, uint32_t sector, bool write);
/* The transfer is over (or was not needed): sets VALID or ERROR after a read, DIRTY again
 * after a failed write, then clears BUSY and wakes. Callable from interrupts. */
void frame_io_done(struct frame *, int error);

/*
 * Who needs a frame and finds none asks the reclaimer, which registers itself (evict.c). Of the
 * calls, all may sleep but the first.
 */
struct frame_reclaimer {
	uint32_t reserve; /* free frames kept for threads that are freeing memory */
	uint32_t low;     /* with fewer than these `few` is called for each frame taken */
	/* Whether the current thread may use the reserve: else it could never finish. */
	bool (*privileged)(void);
	void (*few)(void);
	/* Frees frames: if memory is short many, else one. Whether there are any. */
	bool (*reclaim)(bool memory_short);
	/* Nothing can be freed: makes somebody give memory up. False: the caller itself must do
	 * without. */
	bool (*out_of_memory)(void);
};
void frame_set_reclaimer(const struct frame_reclaimer *);

/* Boot: the table itself and the zero frame. */
void frame_init(void);
