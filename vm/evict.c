/* SPDX-License-Identifier: MIT */
/*
 * Eviction. The policy names a frame; it is unmapped wherever it is mapped, its A and D bits
 * harvested, and then
 *
 *   clean page of a file      dropped: the file has it
 *   dirty page of a file      written to its file, then dropped
 *   clean anonymous page      dropped: its slot has it
 *   dirty anonymous page      written to a slot, then dropped
 *   page of shared memory     as an anonymous one, though it is in the page cache
 *
 * Writes go out many together, in batches. A page that is used again while it is written stays.
 *
 * Who evicts: the page-out thread, which keeps the number of free frames between two watermarks,
 * with several batches of writes under way (vm.pageout=1 at boot: one); and any thread that finds
 * none. Neither takes an address-space lock, nor any mutex: all that is needed is under vm_lock, in
 * the frame and what it points to.
 */
#include "vm/evict.h"

#include <asm/errno.h>

#include "kernel/boot_args.h"
#include "kernel/log.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/wait_queue.h"
#include "kernel/time/clock.h"
#include "vm/anon.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/pagedir.h"
#include "vm/replace.h"
#include "vm/resident.h"
#include "vm/shmem.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"
#include "vm/writeback.h"

#define RESERVE_FRAMES 24u /* for threads that are freeing memory: they need few */
#define WATER_LEAST (RESERVE_FRAMES + 16) /* that the page-out thread keeps free */
#define FILE_PAGES_MIN 16u /* fewer, and no swap: not worth a look */
#define SWAPPINESS_EVEN 100u
#define ANY_VICTIMS 256u   /* chosen before it is tried again to choose by turns */
#define OOM_WAIT_NS (10 * 1000 * 1000ull)
#define PAGEOUT_BATCHES 4u /* that the page-out thread has under way at a time */
#define VICTIMS_A_HOLD 8u  /* chosen before vm_lock is let go */
#define TICK_NS (100 * 1000 * 1000ull) /* between two ticks of a policy that wants them */

static struct wait_queue pageout_queue = WAIT_QUEUE_INIT(pageout_queue);
static uint32_t low_water, high_water; /* frames; 0 until the thread runs */
static uint32_t batches_most;
static volatile uint32_t swappiness = SWAPPINESS_EVEN;
static volatile bool pageout_at_work;
static uint64_t next_tick; /* of a policy that wants ticks; the page-out thread's */

static bool (*oom_hook)(void);

/* ---- victims ---- */

/* Writing to a device that lies on a file takes memory, and locks of the file's file system, which
 * whoever wants a frame may hold. So that is done by the page-out thread alone, which holds none. */
static const struct thread *pageout_thread;

static bool others_write_it(const struct frame *frame)
{
	return frame->owner.source->depth && frame_has(frame, FRAME_DIRTY) &&
	       thread_current() != pageout_thread;
}

/* What the policy asks of a page. */
static bool may_go(const struct frame *frame)
{
	if (frame->pins > 0 || frame->locks > 0 || frame_has(frame, FRAME_BUSY))
		return false;
	/* A page that never had a slot needs one; a slot in hand can be written again. */
	if (frame->state == FRAME_ANON)
		return frame->owner.anon->slot || swap_available();
	if (frame->owner.source->shmem && frame_has(frame, FRAME_DIRTY))
		return swap_available() || shmem_has_slot(frame);
	return !others_write_it(frame);
}

/* The same by turns: of the pages of a kind that could go, as many hundredths do as swappiness
 * says, and the others are passed over. */
static bool may_go_in_turn(const struct frame *frame)
{
	static uint32_t owed[2]; /* hundredths of a page: of files, for swap; vm_lock */
	bool to_swap = frame->state == FRAME_ANON || frame->owner.source->shmem;
	if (!may_go(frame))
		return false;
	owed[to_swap] += to_swap ? swappiness : 2 * SWAPPINESS_EVEN - swappiness;
	if (owed[to_swap] < SWAPPINESS_EVEN)
		return false;
	owed[to_swap] = owed[to_swap] % SWAPPINESS_EVEN;
	return true;
}

static const struct replace_judge judge = {may_go, frame_test_accessed};
static const struct replace_judge judge_in_turn = {may_go_in_turn, frame_test_accessed};

/* If by turns none is found, which took a look at all of them, any may go for a while. */
static struct frame *next_victim(void)
{
	static uint32_t any; /* so many; vm_lock */
	struct frame *frame = NULL;
	if (swappiness != SWAPPINESS_EVEN && !any) {
		frame = replace_next(&judge_in_turn);
		any = frame ? 0 : ANY_VICTIMS;
	}
	if (frame)
		return frame;
	any -= any > 0;
	return replace_next(&judge);
}

/* Without any swap, and with hardly a page of a file left, a policy would walk its whole queue
 * for nothing. The few that are left are what runs. */
static bool hopeless(void)
{
	return swap_total() == 0 && swap_used() == 0 && replace_file_pages() < FILE_PAGES_MIN;
}

/* Takes a clean, unmapped frame from its owner, which frees it. */
static void drop(struct frame *frame)
{
	if (frame->state == FRAME_FILE) {
		vm_count(VM_evict_file_clean);
		pagecache_remove(frame);
	} else {
		vm_count(VM_evict_anon_clean);
		ASSERT_SAYING(frame->owner.anon->slot, "a clean anonymous page has no slot");
		anon_detach(frame->owner.anon);
	}
}

/* A slot for a page that goes, beside those that go with it. The one that it had from an earlier
 * time, whose bytes are out of date, lies beside others: kept only if there is no free one. */
static bool place_beside_others(struct anon *anon)
{
	uint32_t slot = swap_slot_alloc();
	if (slot && anon->slot)
		swap_slot_free(anon->slot);
	if (slot)
		anon->slot = slot;
	return anon->slot;
}

/* Unmaps the victim and drops it, or adds it to those that are to be written first. Returns
 * how many frames that freed. */
static uint32_t evict_or_write(struct frame *frame, struct writeback *batch)
{
	frame_unmap(frame);
	trace_evict(frame);
	if (!frame_has(frame, FRAME_DIRTY)) {
		drop(frame);
		return 1;
	}
	if (frame->state == FRAME_ANON) {
		if (!place_beside_others(frame->owner.anon))
			return 0;
		trace_anon_slot(frame, frame->owner.anon->slot);
		vm_count(VM_evict_anon_dirty);
	} else {
		vm_count(VM_evict_file_dirty);
	}
	writeback_add(batch, frame);
	return 0;
}

/* Chooses victims until `wanted` frames are freed or on their way, a batch is full, or the
 * policy knows no more. Returns how many were freed at once. */
static uint32_t choose_victims(uint32_t wanted, struct writeback *batch)
{
	uint32_t freed = 0, steps = 0;
	spin_lock(&vm_lock);
	while (freed + batch->count < wanted && batch->count < WRITEBACK_MAX && !hopeless()) {
		struct frame *frame = next_victim();
		if (!frame)
			break;
		freed += evict_or_write(frame, batch);
		vm_breathe(&steps, VICTIMS_A_HOLD);
	}
	spin_unlock(&vm_lock);
	return freed;
}

/* A page whose slot cannot be written stays; the next time it goes to another slot. */
static bool slot_is_broken(struct frame *frame, uint32_t slot)
{
	if (frame_has(frame, FRAME_BUSY))
		return false;
	if (frame->state == FRAME_FILE)
		return frame->owner.source->shmem && shmem_slot_is_broken(frame);
	if (frame->state != FRAME_ANON || frame->owner.anon->slot != slot ||
	    !frame_clear(frame, FRAME_ERROR))
		return false;
	swap_slot_retire(slot);
	frame->owner.anon->slot = 0;
	return true;
}

/* The write has ended: drops the frame, unless it is used again. Returns what that was worth:
 * a broken slot is not met a second time, so it counts like a freed frame. */
static uint32_t finish_write(struct frame *frame, uint32_t slot)
{
	if (frame->state == FRAME_UNOWNED) {
		/* Its owner went during the write. */
		if (frame_clear(frame, FRAME_HAS_SLOT))
			swap_slot_free(slot);
		frame_unpin_locked(frame);
		return 1;
	}
	frame_unpin_locked(frame);
	if (frame->pins || frame->mappings || frame_has(frame, FRAME_DIRTY | FRAME_BUSY)) {
		vm_count(VM_evict_failed);
		trace_evict_back(frame);
		return slot_is_broken(frame, slot);
	}
	drop(frame);
	return 1;
}

/* Waits for the writes of a batch and does the same with each. */
static uint32_t finish_batch(struct writeback *batch)
{
	uint32_t freed = 0;
	writeback_wait(batch);
	spin_lock(&vm_lock);
	for (uint32_t i = 0, steps = 0; i < batch->count; i++) {
		freed += finish_write(batch->frames[i], batch->slots[i]);
		vm_breathe(&steps, VICTIMS_A_HOLD);
	}
	spin_unlock(&vm_lock);
	return freed;
}

static uint32_t write_and_drop(struct writeback *batch)
{
	if (batch->count == 0)
		return 0;
	writeback_start(batch);
	return finish_batch(batch);
}

/* The page-out thread's writes may have ended without its having run since. Returns how many
 * frames that gave. */
static uint32_t let_pageout_run(void)
{
	uint32_t before = physmem_free();
	thread_yield();
	uint32_t now = physmem_free();
	return now > before ? now - before : 0;
}

uint32_t evict_frames(uint32_t wanted)
{
	struct thread *thread = thread_current();
	if (thread->reclaiming || !thread_may_sleep())
		return 0;
	uint32_t given = pageout_at_work ? let_pageout_run() : 0;
	if (given >= wanted)
		return given;
	thread->reclaiming = true;
	struct writeback batch = {0};
	uint32_t freed = choose_victims(wanted, &batch);
	freed += write_and_drop(&batch);
	thread->reclaiming = false;
	return freed;
}

bool evict_frame(struct frame *frame)
{
	struct thread *thread = thread_current();
	if (thread->reclaiming || !thread_may_sleep())
		return false;
	thread->reclaiming = true;
	struct writeback batch = {0};
	uint32_t freed = 0;
	spin_lock(&vm_lock);
	if (frame_is_page(frame) && may_go(frame))
		freed = evict_or_write(frame, &batch);
	spin_unlock(&vm_lock);
	freed += write_and_drop(&batch);
	thread->reclaiming = false;
	return freed;
}

static void set_own_pages(struct spt *spt, struct resident_set *set)
{
	spin_lock(&vm_lock);
	spt->own_pages = set;
	spin_unlock(&vm_lock);
}

/* Makes sure that the policy knows the space's pages. False: there is no memory for that. */
static bool know_own_pages(struct spt *spt)
{
	struct resident_set *set = spt->own_pages;
	if (set && !resident_fits(set, spt->resident_limit)) {
		set_own_pages(spt, NULL);
		resident_end(set);
	}
	if (!spt->own_pages)
		set_own_pages(spt, resident_begin(&spt->pagedir, spt->resident_limit));
	else
		resident_take_stock(spt->own_pages);
	return spt->own_pages;
}

/* One page out of one address space, for one at this address. vm_lock held. */
static bool take_from(struct spt *spt, uintptr_t address, struct writeback *batch)
{
	struct frame *frame = resident_next(spt->own_pages, address, &judge);
	if (!frame)
		return false;
	frame_unmap_from(frame, &spt->pagedir);
	if (frame->state == FRAME_ANON && !frame->mappings)
		evict_or_write(frame, batch);
	return true;
}

/* So many pages, or as many as make a batch of writes. */
static void take_many_from(struct spt *spt, uintptr_t address, uint32_t pages)
{
	struct thread *thread = thread_current();
	if (thread->reclaiming || !thread_may_sleep() || !know_own_pages(spt))
		return;
	thread->reclaiming = true;
	struct writeback batch = {0};
	spin_lock(&vm_lock);
	while (pages-- > 0 && batch.count < WRITEBACK_MAX && take_from(spt, address, &batch))
		address += PAGE_SIZE;
	spin_unlock(&vm_lock);
	write_and_drop(&batch);
	thread->reclaiming = false;
}

void evict_to_limit(struct spt *spt)
{
	ASSERT(rwlock_written(&spt->lock));
	uint32_t before = UINT32_MAX, resident;
	while ((resident = pagedir_resident(&spt->pagedir)) > spt->resident_limit &&
	       resident < before) {
		take_many_from(spt, 0, resident - spt->resident_limit);
		before = resident;
	}
}

void evict_for(struct spt *spt, uintptr_t address)
{
	ASSERT(rwlock_written(&spt->lock));
	uint32_t resident = pagedir_resident(&spt->pagedir);
	if (resident >= spt->resident_limit)
		take_many_from(spt, address, 1);
	else if (!spt->own_pages && resident >= spt->resident_limit / 2)
		know_own_pages(spt);
	if (spt->own_pages)
		resident_enter(spt->own_pages, address);
}

/* ---- the page-out thread ---- */

uint32_t evict_reserve(void)
{
	return RESERVE_FRAMES;
}

uint32_t evict_low_water(void)
{
	return low_water;
}

uint32_t evict_room(void)
{
	uint32_t free = physmem_free();
	return free > RESERVE_FRAMES ? free - RESERVE_FRAMES : 0;
}

/* Few frames are left: the page-out thread runs. */
static void few_left(void)
{
	if (pageout_at_work)
		return;
	wait_wake_one(&pageout_queue);
	/* At once: the disk works while the caller uses what is left. */
	if (!thread_current()->reclaiming && thread_may_sleep())
		thread_yield();
}

/* When the policy wants to be told that time has passed. */
static uint64_t tick_deadline(void)
{
	return replace_policy()->tick ? next_tick : WAIT_FOREVER;
}

static void tick_own_pages(struct spt *spt, void *unused)
{
	(void)unused;
	if (spt->own_pages)
		resident_tick(spt->own_pages, &judge);
}

static void tick_if_due(void)
{
	if (clock_now() < tick_deadline())
		return;
	spin_lock(&vm_lock);
	spt_for_each(tick_own_pages, NULL);
	replace_tick(&judge);
	spin_unlock(&vm_lock);
	next_tick = clock_now() + TICK_NS;
}

/*
 * Evicts until enough frames are free. Several batches are under way at a time, so that the disk
 * always has the next one, and what is on its way counts as free: no more is begun than is wanted.
 */
static void pageout_round(void)
{
	static struct writeback batches[PAGEOUT_BATCHES];
	uint32_t begun = 0, ended = 0, coming = 0;
	bool hope = true;

	for (;;) {
		if (hope && begun - ended < batches_most && physmem_free() + coming < high_water) {
			struct writeback *batch = &batches[begun % PAGEOUT_BATCHES];
			batch->count = 0;
			hope = choose_victims(EVICT_CLUSTER, batch) > 0 || batch->count > 0;
			if (batch->count == 0)
				continue;
			writeback_start(batch);
			coming += batch->count;
			begun++;
		} else if (ended < begun) {
			struct writeback *batch = &batches[ended++ % PAGEOUT_BATCHES];
			hope &= finish_batch(batch) > 0;
			coming -= batch->count;
		} else {
			break;
		}
	}
}

static void (*shortage_hook)(void);

void evict_set_shortage_hook(void (*give_back)(void))
{
	shortage_hook = give_back;
}

static void pageout(void *unused)
{
	(void)unused;
	thread_current()->reclaiming = true;
	for (;;) {
		(void)WAIT_FOR(&pageout_queue, physmem_free() < low_water, false,
		               tick_deadline());
		tick_if_due();
		if (physmem_free() >= low_water)
			continue;
		vm_count(VM_pageout_wakes);
		pageout_at_work = true;
		if (shortage_hook)
			shortage_hook();
		pageout_round();
		/* Nothing to evict: those who need a frame find that out for themselves. */
		if (physmem_free() < low_water)
			thread_sleep_until(clock_now() + OOM_WAIT_NS);
		pageout_at_work = false;
	}
}

/* ---- for who needs a frame; beginning; another policy ---- */

/* A thread that is freeing memory, or a process that is being killed for its memory. */
static bool privileged(void)
{
	const struct thread *thread = thread_current();
	return thread->reclaiming || thread->writes_out || (thread->spt && thread->spt->dying);
}

static bool reclaim(bool memory_short)
{
	return evict_frames(memory_short ? EVICT_CLUSTER : 1) > 0;
}

#define DEEP_WAITS 50u

/* What is left may be pages that only the page-out thread can write: it is given time, but not for
 * ever, since those that write them may wait for what the caller holds. Whether it got somewhere. */
static bool await_deep_writes(void)
{
	for (uint32_t i = 0; i < DEEP_WAITS && frames_deep_to_write(); i++) {
		wait_wake_one(&pageout_queue);
		thread_sleep_until(clock_now() + OOM_WAIT_NS);
		if (physmem_free() > RESERVE_FRAMES)
			return true;
	}
	return false;
}

/* Who is killed waits for nobody's memory: perhaps it is its own end that the others wait for, and the
 * space that it is at is not yet the process's (exec). */
static bool out_of_memory(void)
{
	const struct thread *thread = thread_current();
	if (thread->reclaiming || thread->killed || !thread_may_sleep() || !oom_hook)
		return false;
	if (!thread->writes_out && await_deep_writes())
		return true;
	if (!oom_hook())
		return false;
	thread_sleep_until(clock_now() + OOM_WAIT_NS);
	return true;
}

/* Its `low` is 0 until the page-out thread runs. */
static struct frame_reclaimer reclaimer = {
	.reserve = RESERVE_FRAMES, .privileged = privileged, .few = few_left,
	.reclaim = reclaim, .out_of_memory = out_of_memory,
};

void evict_init(void)
{
	frame_set_reclaimer(&reclaimer);
}

static void set_water(uint32_t frames)
{
	low_water = reclaimer.low = frames;
	high_water = frames + EVICT_CLUSTER + physmem_total() / 256;
}

uint32_t evict_high_water(void)
{
	return high_water;
}

int evict_set_low_water(uint32_t frames)
{
	if (frames < WATER_LEAST || frames > physmem_total() / 4)
		return -EINVAL;
	set_water(frames);
	return 0;
}

uint32_t evict_swappiness(void)
{
	return swappiness;
}

int evict_set_swappiness(uint32_t value)
{
	if (value > 2 * SWAPPINESS_EVEN)
		return -EINVAL;
	swappiness = value;
	return 0;
}

void evict_start(void)
{
	const char *name = boot_arg("vm.policy");
	if (name && evict_set_policy(name) != 0)
		log_print("vm.policy=%s: no such policy", name);
	batches_most = boot_arg_number("vm.pageout", PAGEOUT_BATCHES);
	if (batches_most < 1 || batches_most > PAGEOUT_BATCHES)
		batches_most = PAGEOUT_BATCHES;
	set_water(WATER_LEAST + physmem_total() / 128);
	shrinker_register(evict_frames);
	pageout_thread = thread_create("pageout", pageout, NULL);
	ASSERT_SAYING(pageout_thread, "no memory for the page-out thread");
}

void evict_set_oom_hook(bool (*hook)(void))
{
	oom_hook = hook;
}

int evict_set_policy(const char *name)
{
	int error = replace_set_policy(name);
	/* The page-out thread finds out whether the new one wants ticks. */
	if (!error)
		wait_wake_one(&pageout_queue);
	return error;
}
