/* SPDX-License-Identifier: MIT */
/*
 * Eviction. The policy names a frame; it is unmapped wherever it is mapped, its A and D bits
 * harvested, and then
 *
 *   clean page of a file      dropped: the file has it
 *   dirty page of a file      written to its file, then dropped
 *   clean anonymous page      dropped: its slot has it
 *   dirty anonymous page      written to a slot, then dropped
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
#include "kernel/sync/locktimes.h"
#include "kernel/sync/wait_queue.h"
#include "kernel/time/clock.h"
#include "vm/anon.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/pagedir.h"
#include "vm/policy.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"
#include "vm/writeback.h"

#define RESERVE_FRAMES 24u /* for threads that are freeing memory: they need few */
#define FILE_PAGES_MIN 16u /* fewer, and no swap: not worth a look */
#define OOM_WAIT_NS (10 * 1000 * 1000ull)
#define PAGEOUT_BATCHES 4u /* that the page-out thread has under way at a time */
#define VICTIMS_A_HOLD 8u  /* chosen before vm_lock is let go */
#define STEPS_A_HOLD 16u   /* of the policy, the same */
#define SWEEP_STEPS 8u     /* frames looked at for each victim: is one locked? */
#define SWEEP_A_HOLD 256u  /* locked pages looked at before vm_lock is let go */
#define TICK_NS (100 * 1000 * 1000ull) /* between two ticks of a policy that wants them */

/* All of these: vm_lock. */
static const struct policy *policy;
static void *policy_table;          /* for whichever is in use */
static const struct spt *only_from; /* choose among this one's pages; NULL: all */
static uint32_t queued;             /* pages that the policy has */
static uint32_t file_pages;         /* resident, able to go without swap */

/* Locked pages are no policy's: its shares and ages are of pages that can go. They wait here,
 * FRAME_ASIDE. When the policy has met one, a hand goes once round the frames and finds them all;
 * who is locked no more is found by another that goes round these. vm_lock. */
static struct list aside = LIST_INIT(aside);
static uint32_t aside_count;
static uint32_t sweep_next = 1; /* the hand, */
static uint32_t sweep_left;     /* and how many frames are left of its round */
static bool aside_on;           /* vm.aside=0: the policy keeps them */

static struct wait_queue pageout_queue = WAIT_QUEUE_INIT(pageout_queue);
static uint32_t low_water, high_water; /* frames; 0 until the thread runs */
static uint32_t batches_most;
static volatile bool pageout_at_work;
static uint64_t next_tick; /* of a policy that wants ticks; the page-out thread's */

static bool (*oom_hook)(void);

/* ---- the policy and its pages ---- */

static void policy_gets(struct frame *frame)
{
	policy->page_in(&frame->policy);
	queued++;
}

static void policy_loses(struct frame *frame)
{
	policy->page_out(&frame->policy);
	queued--;
}

static void policy_begin(const struct policy *new)
{
	if (new->start)
		new->start(policy_table, physmem_end());
}

static struct frame *frame_of_policy(struct policy_page *page)
{
	return LIST_ENTRY(page, struct frame, policy);
}

/* What a policy may ask: these two. */
bool policy_referenced(struct policy_page *page)
{
	struct frame *frame = frame_of_policy(page);
	bool referenced = frame_test_accessed(frame);
	trace_hand(frame, referenced);
	return referenced;
}

bool policy_evictable(struct policy_page *page)
{
	struct frame *frame = frame_of_policy(page);
	vm_count(VM_pgscan);
	if (frame->pins > 0 || frame_has(frame, FRAME_BUSY))
		return false;
	if (frame_locked(frame)) {
		if (aside_on && !sweep_left)
			sweep_left = physmem_end();
		return false;
	}
	if (only_from && !frame_mapped_in(frame, &only_from->pagedir))
		return false;
	/* A page that never had a slot needs one; a slot in hand can be written again. */
	if (frame->state == FRAME_ANON)
		return frame->owner.anon->slot || swap_available();
	/* Whether a page of tmpfs has one only tmpfs knows. */
	if (frame->owner.source->anonymous && frame_has(frame, FRAME_DIRTY))
		return swap_available();
	return true;
}

/* Which page this is, also when it comes back: an anon is the same object while it is swapped
 * out, and a page of a file is named by its source and place. */
static uint32_t identity_of(const struct frame *frame)
{
	if (frame->state == FRAME_ANON)
		return (uintptr_t)frame->owner.anon;
	return ((uintptr_t)frame->owner.source * 2654435761u) ^ frame->index;
}

/* Pages that can go without swap: files', except for tmpfs's. */
static bool goes_without_swap(const struct frame *frame)
{
	return frame->state == FRAME_FILE && !frame->owner.source->anonymous;
}

/* Without any swap, and with hardly a page of a file left, a policy would walk its whole queue
 * for nothing. The few that are left are what runs. */
static bool hopeless(void)
{
	return swap_total() == 0 && swap_used() == 0 && file_pages < FILE_PAGES_MIN;
}

void evict_page_in(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	file_pages += goes_without_swap(frame);
	frame->policy.identity = identity_of(frame);
	policy_gets(frame);
}

void evict_page_out(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	file_pages -= goes_without_swap(frame);
	if (frame_clear(frame, FRAME_ASIDE)) {
		list_remove(&frame->policy.link);
		aside_count--;
	} else {
		policy_loses(frame);
	}
}

/* ---- locked pages, aside ---- */

/* Whether the frame's page is one that a policy may have. */
static bool is_page(const struct frame *frame)
{
	return frame->state == FRAME_ANON || frame->state == FRAME_FILE;
}

/* Looks at the next frames of a round, and takes pages from the policy that are locked. vm_lock
 * held. */
static void set_locked_aside(void)
{
	for (uint32_t steps = SWEEP_STEPS; steps > 0 && sweep_left > 0; steps--, sweep_left--) {
		struct frame *frame = &frames[sweep_next];
		sweep_next = sweep_next + 1 < physmem_end() ? sweep_next + 1 : 1;
		if (!is_page(frame) || !frame_locked(frame) || frame_has(frame, FRAME_ASIDE))
			continue;
		policy_loses(frame);
		frame_set(frame, FRAME_ASIDE);
		list_append(&aside, &frame->policy.link);
		aside_count++;
	}
}

/* Looks at so many of those, and gives the policy what is locked no more. Returns whether there
 * was any. vm_lock held. */
static bool return_unlocked(uint32_t steps)
{
	bool any = false;
	for (; steps > 0 && aside_count > 0; steps--) {
		struct list_link *link = list_pop(&aside);
		struct frame *frame = LIST_ENTRY(link, struct frame, policy.link);
		if (frame_locked(frame)) {
			list_append(&aside, link);
			continue;
		}
		frame_clear(frame, FRAME_ASIDE);
		aside_count--;
		policy_gets(frame);
		any = true;
	}
	return any;
}

/* Nothing can go: the same for all, until there are some. */
static bool any_unlocked(void)
{
	bool any = false;
	spin_lock(&vm_lock);
	for (uint32_t seen = 0; seen < aside_count && !any; seen += SWEEP_A_HOLD) {
		any = return_unlocked(SWEEP_A_HOLD);
		spin_unlock(&vm_lock);
		spin_lock(&vm_lock);
	}
	spin_unlock(&vm_lock);
	return any;
}

/* ---- victims ---- */

/* The policy's next victim, among the space's pages alone if there is one; NULL if none can go.
 * vm_lock held, and let go between steps. */
static struct frame *next_victim(const struct spt *space)
{
	uint32_t steps = 0;
	set_locked_aside();
	return_unlocked(1);
	for (uint32_t left = POLICY_STEPS * queued; left > 0 && queued > 0; left--) {
		only_from = space;
		struct policy_page *page = policy->step();
		only_from = NULL;
		if (page)
			return frame_of_policy(page);
		vm_breathe(&steps, STEPS_A_HOLD);
	}
	return NULL;
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
		struct anon *anon = frame->owner.anon;
		if (!anon->slot && !(anon->slot = swap_slot_alloc()))
			return 0;
		trace_anon_slot(anon);
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
		struct frame *frame = next_victim(NULL);
		if (!frame)
			break;
		freed += evict_or_write(frame, batch);
		vm_breathe(&steps, VICTIMS_A_HOLD);
	}
	spin_unlock(&vm_lock);
	return freed;
}

/* The same; if there is nobody, once more with those that were locked. */
static uint32_t find_victims(uint32_t wanted, struct writeback *batch)
{
	uint32_t freed;
	do
		freed = choose_victims(wanted, batch);
	while (!freed && !batch->count && any_unlocked());
	return freed;
}

/* A page whose slot cannot be written stays; the next time it goes to another slot. */
static bool slot_is_broken(struct frame *frame, uint32_t slot)
{
	if (frame->state != FRAME_ANON || frame->owner.anon->slot != slot ||
	    frame_has(frame, FRAME_BUSY) || !frame_clear(frame, FRAME_ERROR))
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
	uint32_t freed = find_victims(wanted, &batch);
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
	if (is_page(frame) && policy_evictable(&frame->policy))
		freed = evict_or_write(frame, &batch);
	spin_unlock(&vm_lock);
	freed += write_and_drop(&batch);
	thread->reclaiming = false;
	return freed;
}

/* One page out of one address space. vm_lock held. */
static bool take_from(struct spt *spt, struct writeback *batch)
{
	struct frame *frame = next_victim(spt);
	if (!frame)
		return false;
	frame_unmap_from(frame, &spt->pagedir);
	if (frame->state == FRAME_ANON && !frame->mappings)
		evict_or_write(frame, batch);
	return true;
}

void evict_to_limit(struct spt *spt)
{
	ASSERT(mutex_held(&spt->lock));
	uint32_t before = UINT32_MAX, resident;
	while ((resident = pagedir_resident(&spt->pagedir)) > spt->resident_limit &&
	       resident < before) {
		evict_from(spt, resident - spt->resident_limit);
		before = resident;
	}
}

void evict_from(struct spt *spt, uint32_t pages)
{
	struct thread *thread = thread_current();
	if (thread->reclaiming || !thread_may_sleep())
		return;
	thread->reclaiming = true;
	struct writeback batch = {0};
	spin_lock(&vm_lock);
	while (pages-- > 0 && batch.count < WRITEBACK_MAX && take_from(spt, &batch))
		;
	spin_unlock(&vm_lock);
	write_and_drop(&batch);
	thread->reclaiming = false;
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

bool evict_short(void)
{
	return physmem_free() < low_water;
}

void evict_check(void)
{
	if (!evict_short() || pageout_at_work)
		return;
	wait_wake_one(&pageout_queue);
	/* At once: the disk works while the caller uses what is left. */
	if (low_water && !thread_current()->reclaiming && thread_may_sleep())
		thread_yield();
}

/* When the policy wants to be told that time has passed. */
static uint64_t tick_deadline(void)
{
	return evict_policy()->tick ? next_tick : WAIT_FOREVER;
}

static void tick_if_due(void)
{
	if (clock_now() < tick_deadline())
		return;
	spin_lock(&vm_lock);
	if (policy->tick)
		policy->tick();
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
			hope = find_victims(EVICT_CLUSTER, batch) > 0 || batch->count > 0;
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
		pageout_round();
		/* Nothing to evict: those who need a frame find that out for themselves. */
		if (physmem_free() < low_water)
			thread_sleep_until(clock_now() + OOM_WAIT_NS);
		pageout_at_work = false;
	}
}

/* ---- beginning; the end of memory; another policy ---- */

void evict_init(void)
{
	uint32_t bytes = physmem_end() * policy_table_bytes();
	policy_table = physmem_boot_take((bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
	policy = policies[0];
	policy_begin(policy);
}

void evict_start(void)
{
	const char *name = boot_arg("vm.policy");
	if (name && evict_set_policy(name) != 0)
		log_print("vm.policy=%s: no such policy", name);
	aside_on = boot_arg_number("vm.aside", 1);
	batches_most = boot_arg_number("vm.pageout", PAGEOUT_BATCHES);
	if (batches_most < 1 || batches_most > PAGEOUT_BATCHES)
		batches_most = PAGEOUT_BATCHES;
	low_water = RESERVE_FRAMES + 16 + physmem_total() / 128;
	high_water = low_water + EVICT_CLUSTER + physmem_total() / 256;
	shrinker_register(evict_frames);
	ASSERT_SAYING(thread_create("pageout", pageout, NULL), "no memory for the page-out thread");
}

void evict_set_oom_hook(bool (*hook)(void))
{
	oom_hook = hook;
}

bool evict_out_of_memory(void)
{
	if (thread_current()->reclaiming || !thread_may_sleep() || !oom_hook || !oom_hook())
		return false;
	thread_sleep_until(clock_now() + OOM_WAIT_NS);
	return true;
}

const struct policy *evict_policy(void)
{
	return policy;
}

/* Tells a policy of every page that is in its queue. */
static void tell_of_all(void (*tell)(struct policy_page *))
{
	for (uint32_t number = 1; number < physmem_end(); number++)
		if (is_page(&frames[number]) && !frame_has(&frames[number], FRAME_ASIDE))
			tell(&frames[number].policy);
}

int evict_set_policy(const char *name)
{
	const struct policy *new = policy_find(name);
	if (!new)
		return -EINVAL;

	spin_lock(&vm_lock);
	lock_time_ignore(&vm_lock); /* it goes through all frames, twice */
	if (new != policy) {
		tell_of_all(policy->page_out);
		policy_begin(new);
		tell_of_all(new->page_in);
		policy = new;
		trace_policy(new->name);
	}
	spin_unlock(&vm_lock);
	/* The page-out thread finds out whether the new one wants ticks. */
	wait_wake_one(&pageout_queue);
	return 0;
}
