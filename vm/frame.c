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
#include "lib/string.h"
#include "vm/chaos.h"
#include "vm/evict.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/vm.h"

#define WAIT_QUEUES 64   /* frames share them by number; a wake is a hint anyway */
#define TRANSFERS 256    /* in flight at once */
#define KILLS_TO_AWAIT 300 /* rounds of waiting for memory of killed programs */

struct frame *frames;
struct frame *zero_frame;

static struct wait_queue wait_queues[WAIT_QUEUES];

struct transfer {
	struct list_link link; /* the free ones; transfer_lock */
	struct block_request request;
	struct frame *frame;
};

static struct transfer transfers[TRANSFERS];
static struct list free_transfers;
static struct spinlock transfer_lock = SPINLOCK_INIT("transfers");
static struct wait_queue transfer_waiters = WAIT_QUEUE_INIT(transfer_waiters);

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
}

/* A thread that is freeing memory, or a process that is being killed for its memory, may
 * use the last frames: otherwise it could never finish. */
static uint32_t reserve_for(const struct thread *thread)
{
	bool privileged = thread->reclaiming || (thread->spt && thread->spt->dying);
	return privileged ? 0 : evict_reserve();
}

/* A frame; one that was cleared ahead if *cleared asks for it and there is one. Afterwards
 * *cleared says whether it is one of zeros. */
static inline struct frame *take(bool *cleared)
{
	if (failpoint_strikes())
		return NULL;
	for (int round = 0; round < KILLS_TO_AWAIT; round++) {
		uint32_t number = 0;
		if (round > 0 || !chaos_strikes(8))
			number = physmem_take_cleared(PHYSMEM_VM, reserve_for(thread_current()),
			                              cleared);
		if (number) {
			struct frame *frame = &frames[number];
			frame->flags = 0;
			frame->state = FRAME_UNOWNED;
			frame->pins = 1;
			frame->owner.anon = NULL;
			frame->index = 0;
			frame->block = 0;
			frame->mappings = 0;
			list_link_init(&frame->policy.link);
			list_link_init(&frame->source_link);
			vm_count(VM_pgalloc);
			evict_check();
			return frame;
		}
		bool short_of_memory = physmem_free() <= evict_reserve();
		if (!evict_frames(short_of_memory ? EVICT_CLUSTER : 1) && short_of_memory &&
		    !evict_out_of_memory())
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

void frame_unpin(struct frame *frame)
{
	spin_lock(&vm_lock);
	frame_unpin_locked(frame);
	spin_unlock(&vm_lock);
}

void frame_disown(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	ASSERT_SAYING(!frame->mappings, "a frame loses its owner while an entry maps it");
	frame->state = FRAME_UNOWNED;
	frame->owner.anon = NULL;
	frame_clear_implied(frame, FRAME_DIRTY);
	if (frame->pins == 0)
		frame_release(frame);
}

static struct wait_queue *wait_queue_of(const struct frame *frame)
{
	return &wait_queues[frame_number(frame) % WAIT_QUEUES];
}

void frame_wait(struct frame *frame)
{
	WAIT_UNTIL(wait_queue_of(frame), !frame_has(frame, FRAME_BUSY));
}

void frame_wait_unpinned(struct frame *frame)
{
	frame_pin(frame);
	spin_unlock(&vm_lock);
	frame_wait(frame);
	frame_unpin(frame);
}

static struct transfer *transfer_take(void)
{
	uint32_t flags = spin_lock_irq(&transfer_lock);
	struct list_link *link = list_pop(&free_transfers);
	spin_unlock_irq(&transfer_lock, flags);
	return link ? LIST_ENTRY(link, struct transfer, link) : NULL;
}

static void transfer_done(struct block_request *request, int error)
{
	struct transfer *transfer = request->context;
	struct frame *frame = transfer->frame;

	uint32_t flags = spin_lock_irq(&transfer_lock);
	list_append(&free_transfers, &transfer->link);
	spin_unlock_irq(&transfer_lock, flags);
	if (wait_any(&transfer_waiters))
		wait_wake_one(&transfer_waiters);
	frame_io_done(frame, error);
}

void frame_io_start(struct frame *frame, struct block_device *device, uint32_t sector,
                    bool write)
{
	ASSERT_SAYING(frame_has(frame, FRAME_BUSY), "a transfer of a frame that is not busy");
	struct transfer *transfer;
	WAIT_UNTIL(&transfer_waiters, (transfer = transfer_take()));
	transfer->frame = frame;
	transfer->request = (struct block_request){
		.write = write,
		.sector = sector,
		.sectors = SECTORS_PER_PAGE,
		.data = frame_data(frame),
		.done = transfer_done,
		.context = transfer,
	};
	block_submit(device, &transfer->request);
}

void frame_io_done(struct frame *frame, int error)
{
	struct wait_queue *queue = wait_queue_of(frame);

	if (frame_clear(frame, FRAME_WRITING)) {
		if (!error) {
			frame_clear(frame, FRAME_ERROR);
		} else {
			frame_set(frame, FRAME_DIRTY | FRAME_ERROR);
			/* A busy page of a file keeps its owner: truncation waits. */
			if (frame->state == FRAME_FILE)
				frame->owner.source->dirty_error = 1;
		}
	} else {
		frame_set(frame, error ? FRAME_ERROR : FRAME_VALID);
	}
	/* Last: now the frame may go anywhere. An orphan has no pin, so nobody waits for it. */
	if (__atomic_fetch_and(&frame->flags, ~FRAME_BUSY, __ATOMIC_ACQ_REL) & FRAME_ORPHAN)
		frame_free(frame);
	else if (wait_any(queue))
		wait_wake_all(queue);
}
