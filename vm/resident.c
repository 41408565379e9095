/* SPDX-License-Identifier: MIT */
/* One space's own pages, in queues of their own. A gone page, which has no entry any more, counts
 * as one that can go: so the policy names it soon, and it is forgotten. */
#include "vm/resident.h"

#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "lib/tree.h"
#include "vm/frame.h"
#include "vm/pagedir.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

#define PART_PAGES_MOST 512u /* that a part has room for: twice what it has on average */
#define STEPS_A_HOLD 16u     /* of the policy, before vm_lock is let go */

/* A page of the space, by its address. */
struct own_page {
	struct policy_page policy;
	struct tree_node node;
};

struct part {
	uint64_t self[POLICY_SELF_MOST / sizeof(uint64_t)];
	void *table;
	uint32_t pages;
};

struct resident_set {
	const struct policy *policy;
	struct pagedir *pagedir;
	uint32_t limit;
	struct tree pages; /* all, by address; changed with vm_lock held as well */
	uint32_t count;    /* of them */
	uint32_t locked;   /* pages that were found locked (mlock), and are not here */
	uint32_t room;     /* of a part, in pages */
	bool outgrown;     /* that was not enough */
	uint32_t next_tick; /* the part whose turn it is */
	uint32_t part_count;
	struct part *parts[];
};

static struct slab_cache own_page_cache = SLAB_CACHE("own_page", sizeof(struct own_page));

/* While a policy is asked: vm_lock. */
static const struct resident_set *asked;
static const struct replace_judge *asked_for;
static struct own_page *found_locked; /* since then */

static struct own_page *own_page_of(struct policy_page *page)
{
	return LIST_ENTRY(page, struct own_page, policy);
}

/* The frame that the page is in, or NULL: it is gone, or it is the frame of zeros. */
static struct frame *frame_at(const struct resident_set *set, uintptr_t address)
{
	pte_t entry = pagedir_entry(set->pagedir, address);
	struct frame *frame = &frames[entry_frame(entry)];
	return entry && frame_is_page(frame) ? frame : NULL;
}

static struct frame *frame_of_own(struct policy_page *page)
{
	return frame_at(asked, own_page_of(page)->node.key);
}

static bool locked_at(const struct resident_set *set, uintptr_t address)
{
	return pagedir_entry(set->pagedir, address) & PTE_LOCKED;
}

static bool evictable(struct policy_page *page)
{
	const struct frame *frame = frame_of_own(page);
	vm_count(VM_pgscan);
	if (locked_at(asked, own_page_of(page)->node.key)) {
		found_locked = own_page_of(page);
		return false;
	}
	return !frame || asked_for->may_go(frame);
}

static bool referenced(struct policy_page *page)
{
	const struct frame *frame = frame_of_own(page);
	if (!frame)
		return false;
	bool used = pagedir_test_accessed(asked->pagedir, own_page_of(page)->node.key);
	trace_hand(frame, used);
	return used;
}

static const struct replace_answers answers = {evictable, referenced};

static void ask_about(const struct resident_set *set, const struct replace_judge *judge)
{
	asked = set;
	asked_for = judge;
	found_locked = NULL;
	replace_answer_by(&answers);
}

static uint32_t part_number(const struct resident_set *set, uintptr_t address)
{
	uint32_t spread = (address >> PAGE_SHIFT) * 2654435761u;
	return ((uint64_t)spread * set->part_count) >> 32;
}

/* ---- pages enter and leave ---- */

static struct part *part_of(const struct resident_set *set, uintptr_t address)
{
	return set->parts[part_number(set, address)];
}

static void forget(struct resident_set *set, struct own_page *page)
{
	ASSERT(spin_held(&vm_lock));
	struct part *part = part_of(set, page->node.key);
	set->policy->page_out(part->self, &page->policy);
	part->pages--;
	tree_remove(&set->pages, &page->node);
	set->count--;
	slab_free(&own_page_cache, page);
}

/* A part is full: those that are gone leave. */
static void forget_gone(struct resident_set *set)
{
	struct tree_node *next;
	for (struct tree_node *node = tree_first(&set->pages); node; node = next) {
		next = tree_next(node);
		spin_lock(&vm_lock);
		if (!frame_at(set, node->key))
			forget(set, TREE_ENTRY(node, struct own_page, node));
		spin_unlock(&vm_lock);
	}
}

void resident_enter(struct resident_set *set, uintptr_t address)
{
	address = page_round_down(address);
	if (tree_find(&set->pages, address))
		return;
	if (locked_at(set, address)) {
		set->locked++;
		return;
	}
	struct part *part = part_of(set, address);
	if (part->pages == set->room)
		forget_gone(set);
	set->outgrown |= part->pages == set->room;
	struct own_page *page = set->outgrown ? NULL : slab_alloc(&own_page_cache);
	if (!page)
		return;
	page->node.key = page->policy.identity = address;
	spin_lock(&vm_lock);
	tree_insert(&set->pages, &page->node);
	set->count++;
	part->pages++;
	set->policy->page_in(part->self, &page->policy);
	spin_unlock(&vm_lock);
}

static void enter_table(struct resident_set *set, uintptr_t start)
{
	for (uintptr_t address = start; address != start + SPAN_SIZE; address += PAGE_SIZE)
		if (frame_at(set, address))
			resident_enter(set, address);
}

void resident_take_stock(struct resident_set *set)
{
	if (set->count + set->locked >= pagedir_resident(set->pagedir))
		return;
	set->locked = 0;
	for (uint32_t i = 0; i < USER_TABLES; i++)
		if (*pagedir_span_at(set->pagedir, i))
			enter_table(set, span_address(i));
}

/* ---- a victim ---- */

static struct frame *next_of_part(struct resident_set *set, struct part *part,
                                  const struct replace_judge *judge)
{
	uint32_t steps = 0;
	for (uint32_t left = POLICY_STEPS * part->pages; left > 0 && part->pages > 0; left--) {
		ask_about(set, judge);
		struct policy_page *page = set->policy->step(part->self);
		if (page) {
			struct frame *frame = frame_of_own(page);
			forget(set, own_page_of(page));
			if (frame)
				return frame;
		} else if (found_locked) {
			forget(set, found_locked);
			set->locked++;
		}
		vm_breathe(&steps, STEPS_A_HOLD);
	}
	return NULL;
}

struct frame *resident_next(struct resident_set *set, uintptr_t address,
                            const struct replace_judge *judge)
{
	ASSERT(spin_held(&vm_lock));
	uint32_t first = part_number(set, address);
	struct frame *frame = NULL;
	for (uint32_t i = 0; i < set->part_count && !frame; i++)
		frame = next_of_part(set, set->parts[(first + i) % set->part_count], judge);
	return frame;
}

void resident_tick(struct resident_set *set, const struct replace_judge *judge)
{
	ASSERT(spin_held(&vm_lock));
	if (!set->policy->tick)
		return;
	ask_about(set, judge);
	set->policy->tick(set->parts[set->next_tick++ % set->part_count]->self);
}

/* ---- beginning and end ---- */

/* The policy in use, or the one that it names for this. */
static const struct policy *policy_here(void)
{
	const struct policy *policy = replace_policy();
	return policy->at_limit ? policy->at_limit : policy;
}

bool resident_fits(const struct resident_set *set, uint32_t limit)
{
	return set->limit == limit && set->policy == policy_here() && !set->outgrown;
}

static bool add_part(struct resident_set *set)
{
	struct part *part = kmalloc_zeroed(sizeof(*part));
	if (!part)
		return false;
	if (set->policy->table_bytes && !(part->table = kmalloc(PAGE_SIZE))) {
		kfree(part);
		return false;
	}
	set->policy->start(part->self, part->table, set->room);
	set->parts[set->part_count++] = part;
	return true;
}

static uint32_t room_of_part(const struct policy *policy)
{
	uint32_t room = policy->table_bytes ? PAGE_SIZE / policy->table_bytes : PART_PAGES_MOST;
	return room < PART_PAGES_MOST ? room : PART_PAGES_MOST;
}

/* How many pages of the space are locked in memory. */
static uint32_t locked_pages(const struct pagedir *pagedir)
{
	uint32_t locked = 0;
	for (uint32_t i = 0; i < USER_TABLES; i++) {
		const pte_t *table = entry_table(*pagedir_span_at(pagedir, i));
		for (uint32_t k = 0; *pagedir_span_at(pagedir, i) && k < ENTRIES_PER_TABLE; k++)
			locked += (table[k] & PTE_LOCKED) != 0;
	}
	return locked;
}

struct resident_set *resident_begin(struct pagedir *pagedir, uint32_t limit)
{
	const struct policy *policy = policy_here();
	uint32_t room = room_of_part(policy), locked = locked_pages(pagedir);
	uint32_t parts = (limit > locked ? limit - locked : 0) / (room / 2) + 1;
	struct resident_set *set =
		kmalloc_zeroed(sizeof(*set) + parts * sizeof(set->parts[0]));
	if (!set)
		return NULL;
	set->policy = policy;
	set->pagedir = pagedir;
	set->limit = limit;
	set->room = room;
	while (set->part_count < parts)
		if (!add_part(set)) {
			resident_end(set);
			return NULL;
		}
	resident_take_stock(set);
	return set;
}

void resident_end(struct resident_set *set)
{
	if (!set)
		return;
	struct tree_node *next;
	for (struct tree_node *node = tree_first(&set->pages); node; node = next) {
		next = tree_next(node);
		spin_lock(&vm_lock);
		forget(set, TREE_ENTRY(node, struct own_page, node));
		spin_unlock(&vm_lock);
	}
	for (uint32_t i = 0; i < set->part_count; i++) {
		kfree(set->parts[i]->table);
		kfree(set->parts[i]);
	}
	kfree(set);
}
