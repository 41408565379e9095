/* SPDX-License-Identifier: MIT */
/*
 * The frame table, pins, waiting for transfers, and the transfers themselves.
 *
 * A transfer of a frame borrows one of a fixed number of records, so that evicting needs no
 * memory. Its end comes by interrupt and changes flags only; whoever waits for the frame
 * wakes and does the rest as a thread.
 */
#include "vm/frame.h"

#include <asm/errno.h>

#include "kernel/cpu/wide.h"
#include "kernel/dev/block.h"
#include "kernel/mem/failpoint.h"
#include "kernel/mem/physmem.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/wait_queue.h"
#include "kernel/time/clock.h"
#include "kernel/watch.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/chaos.h"
#include "vm/source.h"
#include "vm/vm.h"

/* The functions themselves stand here, not the words that note who calls them. */
#undef frame_alloc
#undef frame_alloc_zeroed
#undef frames_alloc_zeroed
#undef frame_pin

#define WAIT_QUEUES 64   /* frames share them by number; a wake is a hint anyway */
#define TRANSFERS 512    /* in flight at once */
#define TRANSFERS_KEPT 32 /* by each depth of devices (block.h) for those below it */
#define KILLS_TO_AWAIT 300 /* rounds of waiting for memory of killed programs */

struct frame *frames;
struct frame *zero_frame;
uint32_t frames_dirty;
static uint32_t frames_dirty_deep; /* of these, those of devices that lie on files; atomic */

static struct wait_queue wait_queues[WAIT_QUEUES];

struct transfer {
	struct list_link link; /* the free ones; transfer_lock */
	struct block_request request;
	struct frame *frame;   /* NULL: the record is free */
	bool deep;             /* of a device that lies on a file */
	uint64_t since;        /* ns; when it was asked for */
};

static struct transfer transfers[TRANSFERS];
static struct list free_transfers; /* and how many: transfer_lock */
static uint32_t free_count;
static uint32_t deep_count; /* of those that are not free, deep ones: transfer_lock */
static struct spinlock transfer_lock = SPINLOCK_INIT("transfers");
static struct wait_queue transfer_waiters = WAIT_QUEUE_INIT(transfer_waiters);

static bool wait_ends(const struct thread *, char *words, size_t size);
static void say_busy_frames(void);

void frame_init(void)
{
	uint32_t bytes = physmem_end() * sizeof(struct frame);
	frames = physmem_boot_take((bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
	zero_frame = frame_of(physmem_boot_take(1));
	zero_frame->state = FRAME_ZERO;
	zero_frame->pins = 1;
	zero_frame->flags = FRAME_VALID;

	for (unsigned i = 0; i < WAIT_QUEUES; i++)
		wait_queue_init(&wait_queues[i]);
	list_init(&free_transfers);
	for (unsigned i = 0; i < TRANSFERS; i++)
		list_append(&free_transfers, &transfers[i].link);
	free_count = TRANSFERS;
	watch_set_frame_hooks(wait_ends, say_busy_frames);
}

static bool nothing(void)
{
	return false;
}

static bool nothing_to_reclaim(bool memory_short)
{
	(void)memory_short;
	return false;
}

static const struct frame_reclaimer no_reclaimer = {
	.privileged = nothing, .reclaim = nothing_to_reclaim, .out_of_memory = nothing,
};
static const struct frame_reclaimer *reclaimer = &no_reclaimer;

void frame_set_reclaimer(const struct frame_reclaimer *new)
{
	reclaimer = new;
}

static void begin(struct frame *frame)
{
	frame->flags = 0;
	frame->locks = 0;
	frame->state = FRAME_UNOWNED;
	frame->pins = 1;
	frame->owner.anon = NULL;
	frame->index = 0;
	frame->block = 0;
	frame->mappings = 0;
	list_link_init(&frame->policy.link);
	list_link_init(&frame->source_link);
	vm_count(VM_pgalloc);
}

/* A free frame's number, or 0; one that was cleared ahead if *cleared asks for it and there is
 * one. Afterwards *cleared says whether it is one of zeros. */
static inline uint32_t take_free(bool *cleared)
{
	uint32_t number = physmem_take_cleared(PHYSMEM_VM, reclaimer->reserve, cleared);
	return number || !reclaimer->privileged() ? number
	                                          : physmem_take_cleared(PHYSMEM_VM, 0, cleared);
}

static inline struct frame *take(bool *cleared)
{
	if (failpoint_strikes())
		return NULL;
	for (int round = 0; round < KILLS_TO_AWAIT; round++) {
		uint32_t number = round > 0 || !chaos_strikes(8) ? take_free(cleared) : 0;
		if (number) {
			begin(&frames[number]);
			if (physmem_free() < reclaimer->low)
				reclaimer->few();
			return &frames[number];
		}
		bool memory_short = physmem_free() <= reclaimer->reserve;
		if (!reclaimer->reclaim(memory_short) && memory_short &&
		    !reclaimer->out_of_memory())
			return NULL;
	}
	return NULL;
}

struct frame *frame_alloc(void)
{
	bool cleared = false;
	return take(&cleared);
}

struct frame *frame_alloc_zeroed(void)
{
	bool cleared = true;
	struct frame *frame = take(&cleared);
	if (frame && cleared)
		vm_count(VM_pgcleared_ahead);
	else if (frame)
		page_clear(frame_data(frame));
	return frame;
}

uint32_t frames_alloc_zeroed(struct frame **made, uint32_t count)
{
	uint32_t numbers[FRAMES_AT_ONCE], cleared;
	if (failpoint_strikes())
		return 0;
	ASSERT_SAYING(count <= FRAMES_AT_ONCE, "too many frames at once");
	count = physmem_take_many(reclaimer->reserve, numbers, count, &cleared);
	vm_count_many(VM_pgcleared_ahead, cleared);
	for (uint32_t i = 0; i < count; i++) {
		made[i] = &frames[numbers[i]];
		begin(made[i]);
		if (i >= cleared)
			page_clear(phys_to_virt(numbers[i] << PAGE_SHIFT));
	}
	if (physmem_free() < reclaimer->low)
		reclaimer->few();
	return count;
}

/* Nobody can reach the frame any more. Perhaps in an interrupt. */
static void frame_free(struct frame *frame)
{
	ASSERT_SAYING(!frame->mappings, "a frame is freed while an entry maps it");
	ASSERT_SAYING(!frame_has(frame, FRAME_BUSY), "a frame is freed during a transfer");
	frame->state = FRAME_NONE;
	vm_count(VM_pgfree);
	physmem_give(frame_number(frame));
}

/* No owner, no pin. A frame that is still being read, ahead of a need that is gone, must stay
 * until that has ended: of this and frame_io_done, whoever comes second frees it. */
void frame_release(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	uint32_t before = __atomic_fetch_or(&frame->flags, FRAME_ORPHAN, __ATOMIC_ACQ_REL);
	if (!(before & FRAME_BUSY))
		frame_free(frame);
}

void frame_pin(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	ASSERT_SAYING(frame->pins < UINT16_MAX, "a frame is pinned too often");
	frame->pins++;
}

#ifdef PAGODA_DEBUG

static uint32_t pins_counted; /* a hint under no lock */

struct frame *frame_note_pin(struct frame *frame, const char *place)
{
	if (frame) {
		frame->pinned_at = place;
		frame->pinned_when = ++pins_counted;
	}
	return frame;
}

uint32_t frames_note_pins(struct frame *const *pinned, uint32_t count, const char *place)
{
	for (uint32_t i = 0; i < count; i++)
		frame_note_pin(pinned[i], place);
	return count;
}

uint32_t frame_pins_counted(void)
{
	return pins_counted;
}

#endif

void frame_unpin(struct frame *frame)
{
	spin_lock(&vm_lock);
	frame_unpin_locked(frame);
	spin_unlock(&vm_lock);
}

static inline void count_dirty(const struct frame *frame, uint32_t change)
{
	if (frame->owner.source->shmem)
		return;
	__atomic_fetch_add(&frames_dirty, change, __ATOMIC_RELAXED);
	if (frame->owner.source->depth)
		__atomic_fetch_add(&frames_dirty_deep, change, __ATOMIC_RELAXED);
}

void frame_file_dirty(struct frame *frame)
{
	if (!frame_set(frame, FRAME_DIRTY))
		count_dirty(frame, 1);
}

void frame_file_clean(struct frame *frame)
{
	if (frame_clear(frame, FRAME_DIRTY))
		count_dirty(frame, -1u);
}

void frame_file_forget(struct frame *frame)
{
	if (frame_clear_implied(frame, FRAME_DIRTY))
		count_dirty(frame, -1u);
}

static void lose_owner(struct frame *frame)
{
	ASSERT_SAYING(!frame->mappings, "a frame loses its owner while an entry maps it");
	frame_clear_implied(frame, FRAME_DIRTY);
	frame->state = FRAME_UNOWNED;
	frame->owner.anon = NULL;
}

void frame_disown(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	lose_owner(frame);
	if (frame->pins == 0)
		frame_release(frame);
}

void frames_disown(struct frame *const *disowned, uint32_t count)
{
	uint32_t numbers[FRAMES_AT_ONCE], free_count = 0;
	ASSERT(spin_held(&vm_lock));
	ASSERT_SAYING(count <= FRAMES_AT_ONCE, "too many frames at once");
	for (uint32_t i = 0; i < count; i++) {
		struct frame *frame = disowned[i];
		if (frame->pins > 0 || frame_has(frame, FRAME_BUSY)) {
			frame_disown(frame);
			continue;
		}
		lose_owner(frame);
		frame->state = FRAME_NONE;
		numbers[free_count++] = frame_number(frame);
	}
	vm_count_many(VM_pgfree, free_count);
	physmem_give_many(numbers, free_count);
}

static struct wait_queue *wait_queue_of(const struct frame *frame)
{
	return &wait_queues[frame_number(frame) % WAIT_QUEUES];
}

void frame_wait(struct frame *frame)
{
	thread_current()->awaited = frame;
	WAIT_UNTIL(wait_queue_of(frame), !frame_has(frame, FRAME_BUSY));
	thread_current()->awaited = NULL;
}

void frame_wait_unpinned(struct frame *frame)
{
	frame_pin(frame);
	spin_unlock(&vm_lock);
	frame_wait(frame);
	frame_unpin(frame);
}

/* A transfer of a device that lies on a file ends by one of the disk below, which finds a record. */
static struct transfer *transfer_take(uint32_t depth)
{
	struct transfer *transfer = NULL;

	uint32_t flags = spin_lock_irq(&transfer_lock);
	if (free_count > depth * TRANSFERS_KEPT) {
		transfer = LIST_ENTRY(list_pop(&free_transfers), struct transfer, link);
		transfer->deep = depth;
		deep_count += transfer->deep;
		free_count--;
	}
	spin_unlock_irq(&transfer_lock, flags);
	return transfer;
}

static void transfer_done(struct block_request *request, int error)
{
	struct transfer *transfer = request->context;
	struct frame *frame = transfer->frame;

	uint32_t flags = spin_lock_irq(&transfer_lock);
	transfer->frame = NULL;
	deep_count -= transfer->deep;
	list_append(&free_transfers, &transfer->link);
	free_count++;
	spin_unlock_irq(&transfer_lock, flags);
	if (wait_any(&transfer_waiters)) /* all: one may be too deep */
		wait_wake_all(&transfer_waiters);
	frame_io_done(frame, error);
}

void frame_io_start(struct frame *frame, struct block_device *device, uint32_t sector,
                    bool write)
{
	ASSERT_SAYING(frame_has(frame, FRAME_BUSY), "a transfer of a frame that is not busy");
	struct transfer *transfer;
	WAIT_UNTIL(&transfer_waiters, (transfer = transfer_take(device->depth)));
	transfer->frame = frame;
	transfer->since = clock_now();
	transfer->request = (struct block_request){
		.write = write,
		.sector = sector,
		.sectors = block_page_sectors(device, sector),
		.data = frame_data(frame),
		.done = transfer_done,
		.context = transfer,
	};
	block_submit(device, &transfer->request);
}

bool frames_deep_to_write(void)
{
	return __atomic_load_n(&frames_dirty_deep, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&deep_count, __ATOMIC_RELAXED);
}

/* Its bytes are nowhere else. A busy page of a file keeps its owner: truncation waits. */
static void write_failed(struct frame *frame)
{
	if (frame->state != FRAME_FILE) {
		frame_set(frame, FRAME_DIRTY);
		return;
	}
	frame_file_dirty(frame);
	__atomic_fetch_add(&frame->owner.source->write_errors, 1, __ATOMIC_ACQ_REL);
}

void frame_io_done(struct frame *frame, int error)
{
	struct wait_queue *queue = wait_queue_of(frame);

	if (frame_clear(frame, FRAME_WRITING)) {
		if (!error) {
			frame_clear(frame, FRAME_ERROR);
		} else {
			frame_set(frame, FRAME_ERROR);
			write_failed(frame);
		}
	} else {
		frame_set(frame, error ? FRAME_ERROR : FRAME_VALID);
	}
	/* Last: now the frame may go anywhere. An orphan has no pin, so nobody waits for it. */
	if (__atomic_fetch_and(&frame->flags, (uint16_t)~FRAME_BUSY, __ATOMIC_ACQ_REL) &
	    FRAME_ORPHAN)
		frame_free(frame);
	else if (wait_any(queue))
		wait_wake_all(queue);
}

/* ---- what the trace hears ---- */

TRACE_CALLING void frame_trace_dirty(const struct frame *frame)
{
	if (!frame_has(frame, FRAME_DIRTY))
		trace_note(TRACE_WHAT(TRACE_FRAME_DIRTY, true), frame_number(frame), 0);
}

TRACE_CALLING void frame_trace_clean(const struct frame *frame)
{
	if (frame_has(frame, FRAME_DIRTY))
		trace_note(TRACE_WHAT(TRACE_FRAME_DIRTY, false), frame_number(frame), 0);
}

/* ---- what the watchdog asks: no lock, perhaps in a panic ---- */

#define BUSY_SAID 8u

static const struct transfer *transfer_of(const struct frame *frame)
{
	for (unsigned i = 0; i < TRANSFERS; i++)
		if (transfers[i].frame == frame)
			return &transfers[i];
	return NULL;
}

static bool any_transfer(void)
{
	for (unsigned i = 0; i < TRANSFERS; i++)
		if (transfers[i].frame)
			return true;
	return false;
}

/* The frame and its transfer, in a few words; whether its being busy may end: while anything is
 * transferred, whoever is to start this frame's transfer may be waiting for that. */
static bool describe(const struct frame *frame, char *words, size_t size)
{
	static const char *const owners[] = {
		[FRAME_UNOWNED] = "nobody's", [FRAME_ANON] = "an anon's", [FRAME_FILE] = "a file's",
	};
	const char *owner = frame->state <= FRAME_FILE ? owners[frame->state] : NULL;
	const struct transfer *transfer = transfer_of(frame);
	int n = snprintf(words, size, "frame 0x%x (%s)", frame_number(frame),
	                 owner ? owner : "a table");
	if (!frame_has(frame, FRAME_BUSY))
		snprintf(words + n, size - n, ", which is not busy: nobody woke it");
	else if (!transfer)
		snprintf(words + n, size - n, ", which is busy, and no transfer is under way");
	else
		snprintf(words + n, size - n, ", which is being %s since %u ms ago",
		         frame_has(frame, FRAME_WRITING) ? "written" : "read",
		         (uint32_t)((clock_now() - transfer->since) / 1000000));
	return frame_has(frame, FRAME_BUSY) && any_transfer();
}

static bool wait_ends(const struct thread *thread, char *words, size_t size)
{
	return describe(thread->awaited, words, size);
}

static void say_busy_frames(void)
{
	uint32_t said = 0;
	char words[120];
	for (uint32_t number = 1; number < physmem_end() && said < BUSY_SAID; number++) {
		if (!frame_has(&frames[number], FRAME_BUSY))
			continue;
		describe(&frames[number], words, sizeof words);
		panic_print("%s; pins %u\n", words, frames[number].pins);
		said++;
	}
}
