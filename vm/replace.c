/* SPDX-License-Identifier: MIT */
/*
 * The policy in use and its pages. The policy knows neither frames nor locks: it has a struct
 * policy_page of each, and asks about it by policy_evictable and policy_referenced, which pass the
 * question on to whoever is choosing just now: here to the judge of the machine's pages.
 */
#include "vm/replace.h"

#include <asm/errno.h>

#include "kernel/mem/physmem.h"
#include "kernel/panic.h"
#include "kernel/sync/locktimes.h"
#include "vm/frame.h"
#include "vm/source.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

#define STEPS_A_HOLD 16u /* of the policy, before vm_lock is let go */

/* All of these: vm_lock. */
static const struct policy *policy;
static void *policy_table;  /* for whichever is in use */
static uint64_t policy_self[POLICY_SELF_MOST / sizeof(uint64_t)]; /* what it knows */
static uint32_t queued;     /* pages that the policy has */
static uint32_t file_pages;
static const struct replace_answers *answers;
static const struct replace_judge *judge; /* while the policy is asked */

static struct frame *frame_of_policy(struct policy_page *page)
{
	return LIST_ENTRY(page, struct frame, policy);
}

void replace_answer_by(const struct replace_answers *who)
{
	ASSERT(spin_held(&vm_lock));
	answers = who;
}

bool policy_referenced(struct policy_page *page)
{
	return answers->referenced(page);
}

bool policy_evictable(struct policy_page *page)
{
	return answers->evictable(page);
}

static bool referenced(struct policy_page *page)
{
	struct frame *frame = frame_of_policy(page);
	bool referenced = judge->referenced(frame);
	trace_hand(frame, referenced);
	return referenced;
}

static bool evictable(struct policy_page *page)
{
	vm_count(VM_pgscan);
	return judge->may_go(frame_of_policy(page));
}

static const struct replace_answers answers_of_frames = {evictable, referenced};

/* ---- the policy's pages ---- */

static void policy_gets(struct frame *frame)
{
	policy->page_in(policy_self, &frame->policy);
	queued++;
}

static void policy_loses(struct frame *frame)
{
	policy->page_out(policy_self, &frame->policy);
	queued--;
}

/* Which page this is, also when it comes back: an anon is the same object while it is swapped
 * out, and a page of a file is named by its source and place. */
static uint32_t identity_of(const struct frame *frame)
{
	if (frame->state == FRAME_ANON)
		return (uintptr_t)frame->owner.anon;
	return ((uintptr_t)frame->owner.source * 2654435761u) ^ frame->index;
}

static bool goes_without_swap(const struct frame *frame)
{
	return frame->state == FRAME_FILE && !frame->owner.source->shmem;
}

void replace_enter(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	file_pages += goes_without_swap(frame);
	frame->policy.identity = identity_of(frame);
	policy_gets(frame);
}

void replace_leave(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	file_pages -= goes_without_swap(frame);
	policy_loses(frame);
}

void replace_leave_many(struct frame *const *left, uint32_t count)
{
	ASSERT(spin_held(&vm_lock));
	for (uint32_t i = 0; i < count; i++) {
		file_pages -= goes_without_swap(left[i]);
		policy->page_out(policy_self, &left[i]->policy);
	}
	queued -= count;
}

void replace_lock(struct frame *frame, bool lock)
{
	ASSERT(spin_held(&vm_lock));
	if (lock && frame->locks++ == 0)
		policy_loses(frame);
	else if (!lock && --frame->locks == 0)
		policy_gets(frame);
}

uint32_t replace_file_pages(void)
{
	return file_pages;
}

/* ---- victims ---- */

static void ask_as(const struct replace_judge *who)
{
	judge = who;
	answers = &answers_of_frames;
}

#ifdef PAGODA_DEBUG

static struct frame *any_that_may_go(void)
{
	for (uint32_t number = 1; number < physmem_end(); number++)
		if (frame_is_page(&frames[number]) && policy_evictable(&frames[number].policy))
			return &frames[number];
	return NULL;
}

/* The policy has named nobody. That is right if nobody may go. Else it has broken its promise,
 * and a program would be killed for memory that is there: it is asked once more, with nothing
 * changing meanwhile. vm_lock held. */
static void expect_that_nobody_may_go(const struct replace_judge *who)
{
	ask_as(who);
	const struct frame *frame = any_that_may_go();
	lock_time_ignore(&vm_lock);
	if (frame && !policy_choose(policy, policy_self, queued))
		panic("the policy '%s' was asked %u times for a victim and named none of its %u "
		      "pages; frame 0x%x, for one, can go", policy->name, POLICY_STEPS * queued,
		      queued, frame_number(frame));
}

#else

static void expect_that_nobody_may_go(const struct replace_judge *who)
{
	(void)who;
}

#endif

struct frame *replace_next(const struct replace_judge *who)
{
	ASSERT(spin_held(&vm_lock));
	uint32_t steps = 0;
	for (uint32_t left = POLICY_STEPS * queued; left > 0 && queued > 0; left--) {
		ask_as(who);
		struct policy_page *page = policy->step(policy_self);
		if (page)
			return frame_of_policy(page);
		vm_breathe(&steps, STEPS_A_HOLD);
	}
	expect_that_nobody_may_go(who);
	return NULL;
}

void replace_tick(const struct replace_judge *who)
{
	ASSERT(spin_held(&vm_lock));
	ask_as(who);
	if (policy->tick)
		policy->tick(policy_self);
}

/* ---- the policy ---- */

static void policy_begin(const struct policy *new)
{
	ASSERT(new->self_bytes <= sizeof(policy_self));
	new->start(policy_self, policy_table, physmem_end());
}

void replace_init(void)
{
	uint32_t bytes = physmem_end() * policy_table_bytes();
	policy_table = physmem_boot_take((bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
	policy = policies[0];
	policy_begin(policy);
}

const struct policy *replace_policy(void)
{
	return policy;
}

/* Tells a policy of every page that is in its queue. */
static void tell_of_all(void (*tell)(void *self, struct policy_page *))
{
	for (uint32_t number = 1; number < physmem_end(); number++)
		if (frame_is_page(&frames[number]) && !frames[number].locks)
			tell(policy_self, &frames[number].policy);
}

int replace_set_policy(const char *name)
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
	return 0;
}
