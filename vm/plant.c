/* SPDX-License-Identifier: MIT */
/* Corruption on purpose: see plant.h. Each kind says which promise it breaks. */
#include "vm/plant.h"

#ifdef PAGODA_DEBUG

#include <asm/errno.h>

#include "kernel/mem/kmap.h"
#include "kernel/mem/physmem.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "vm/anon.h"
#include "vm/audit.h"
#include "vm/replace.h"
#include "vm/frame.h"
#include "vm/page.h"
#include "vm/rmap.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/vm.h"

/* The page that a kind works on. */
struct victim {
	struct spt *spt;
	uintptr_t address;
	struct anon *anon;    /* NULL: a page of a file */
	struct frame *frame;
	pte_t *entry;         /* present */
	uint32_t taken;       /* a frame or slot that was made to be lost */
	pte_t old;            /* what the entry was */
};

/* Promise 3: an entry that its frame does not list. */
static void entry_unlisted(struct victim *victim, bool plant)
{
	if (plant)
		victim->frame->mappings -= 4;
	else
		victim->frame->mappings += 4;
}

/* Promise 3: an entry that maps another frame than its anon's. */
static void entry_elsewhere(struct victim *victim, bool plant)
{
	*victim->entry += plant ? (pte_t)PAGE_SIZE : -(pte_t)PAGE_SIZE;
}

/* Promise 3: an entry says that its page is locked, and the frame does not know. */
static void count_locked(struct victim *victim, bool plant)
{
	*victim->entry ^= PTE_LOCKED;
	(void)plant;
}

/* Promise 6: a program may write where others look. */
static void entry_writable(struct victim *victim, bool plant)
{
	*victim->entry ^= PTE_W;
	(void)plant;
}

/* Promise 11: data of a program that may be executed. */
static void entry_executable(struct victim *victim, bool plant)
{
	*victim->entry ^= PTE_NX;
	(void)plant;
}

/* The kernel's entry for a page of its image. */
static void change_kernel(const void *address, pte_t bits)
{
	kernel_low_table[page_number(virt_to_phys(address))] ^= bits;
	invlpg((uintptr_t)address);
}

/* Promise 11: the kernel's code may be changed. */
static void kernel_code_writable(struct victim *victim, bool plant)
{
	change_kernel((const void *)(uintptr_t)audit_planted, PTE_W);
	(void)victim, (void)plant;
}

/* Promise 11: a variable of the kernel's may be executed. */
static void kernel_data_executable(struct victim *victim, bool plant)
{
	change_kernel(&frames, PTE_NX);
	(void)victim, (void)plant;
}

/* Promise 4: one reference too many. */
static void references_high(struct victim *victim, bool plant)
{
	victim->anon->references += plant ? 1 : -1;
}

/* Promise 4, 5: a page that its address space has forgotten. */
static void anon_forgotten(struct victim *victim, bool plant)
{
	struct anon *anon = plant ? NULL : victim->anon;
	spt_anon_set(victim->spt, victim->address, anon);
}

/* Promise 2: an anon whose frame says it belongs to somebody else. */
static void frame_stolen(struct victim *victim, bool plant)
{
	victim->frame->owner.anon = (struct anon *)((uintptr_t)victim->anon + (plant ? 4 : 0));
}

/* Promise 2: a frame that vm took and does not know. */
static void frame_lost(struct victim *victim, bool plant)
{
	if (plant)
		victim->taken = physmem_take(PHYSMEM_VM, 0);
	else
		physmem_give(victim->taken);
}

/* Promise 2: a page that no policy will ever evict. */
static void frame_unqueued(struct victim *victim, bool plant)
{
	if (plant)
		replace_leave(victim->frame);
	else
		replace_enter(victim->frame);
}

/* Promise 5: a clean page whose bytes are nowhere else. */
static void frame_clean(struct victim *victim, bool plant)
{
	if (plant)
		frame_clear(victim->frame, FRAME_DIRTY);
	else
		frame_set(victim->frame, FRAME_DIRTY);
}

/* Promise 5: a slot in use that nobody holds. */
static void slot_lost(struct victim *victim, bool plant)
{
	if (plant)
		victim->taken = swap_slot_alloc();
	else
		swap_slot_free(victim->taken);
}

/* Promise 5: a slot that two pages believe to be theirs, or that is free. */
static void slot_free(struct victim *victim, bool plant)
{
	victim->anon->slot = plant ? swap_total() : 0; /* the last one: not in use yet */
}

/* Promise 1: counts that the tables do not bear out. */
static void count_resident(struct victim *victim, bool plant)
{
	frame_of(victim->entry)->resident += plant ? 1 : -1;
}

static void count_table(struct victim *victim, bool plant)
{
	frame_of(victim->entry)->used += plant ? 1 : -1;
}

static void count_shared(struct victim *victim, bool plant)
{
	victim->spt->shared_spans += plant ? 1 : -1;
}

/* Promise 6: a page table, or a leaf, that nobody else uses though it says so. */
static void sharers_table(struct victim *victim, bool plant)
{
	frame_of(victim->entry)->sharers += plant ? 1 : -1;
}

static void sharers_leaf(struct victim *victim, bool plant)
{
	frame_of(*spt_leaf(victim->spt, span_index(victim->address)))->sharers += plant ? 1 : -1;
}

/* Promise 6: a page table that belongs to nobody and can be written through. */
static void table_unowned(struct victim *victim, bool plant)
{
	frame_of(victim->entry)->owner.pagedir = plant ? NULL : &victim->spt->pagedir;
}

static void count_tables(struct victim *victim, bool plant)
{
	victim->spt->pagedir.tables += plant ? 1 : -1;
}

static void count_leaf(struct victim *victim, bool plant)
{
	frame_of(*spt_leaf(victim->spt, span_index(victim->address)))->used += plant ? 1 : -1;
}

/* Promise 1: an entry that no program could use. */
static void entry_kernel(struct victim *victim, bool plant)
{
	*victim->entry ^= PTE_U;
	(void)plant;
}

/* Promise 6: the frame of zeros would be zeros no more. */
static void zeros_writable(struct victim *victim, bool plant)
{
	if (plant)
		victim->old = *victim->entry;
	*victim->entry = plant ? frame_phys(zero_frame) | PTE_P | PTE_U | PTE_W : victim->old;
}

/* Promise 1: an entry that maps what is nobody's page. */
static void frame_unowned(struct victim *victim, bool plant)
{
	victim->frame->state = plant ? FRAME_UNOWNED : FRAME_ANON;
}

/* Promise 2: a page table that believes to be another's. */
static void table_stolen(struct victim *victim, bool plant)
{
	frame_of(victim->entry)->index += plant ? SPAN_SIZE : -SPAN_SIZE;
}

/* Promise 2: a leaf that believes to be another's. */
static void leaf_stolen(struct victim *victim, bool plant)
{
	frame_of(*spt_leaf(victim->spt, span_index(victim->address)))->index +=
		plant ? SPAN_SIZE : -SPAN_SIZE;
}

/* Promise 6: in a shared span, a way to write through the page table. */
static void directory_writable(struct victim *victim, bool plant)
{
	*pagedir_span(&victim->spt->pagedir, victim->address) ^= PTE_W;
	(void)plant;
}

/* Promise 5: a page that is nowhere. */
static void page_lost(struct victim *victim, bool plant)
{
	victim->anon->frame = plant ? NULL : victim->frame;
}

/* Promise 2: a frame that was let go and never became free. */
static void frame_stray(struct victim *victim, bool plant)
{
	if (!plant) {
		frames[victim->taken].state = FRAME_NONE;
		physmem_give(victim->taken);
		return;
	}
	victim->taken = physmem_take(PHYSMEM_VM, 0);
	frames[victim->taken].state = FRAME_UNOWNED;
	frames[victim->taken].pins = 0;
	frames[victim->taken].flags = 0;
	list_link_init(&frames[victim->taken].policy.link);
}

/* Promise 6: a write to a file's page that nobody would notice. */
static void file_writable(struct victim *victim, bool plant)
{
	*victim->entry ^= PTE_W;
	(void)plant;
}

/* Promise 2: a page of a file that the page cache would not find. */
static void file_elsewhere(struct victim *victim, bool plant)
{
	victim->frame->index += plant ? 1 : -1;
}

struct kind {
	const char *name;
	void (*change)(struct victim *, bool plant);
};

static const struct kind anon_kinds[] = {
	{"entry-unlisted", entry_unlisted},   {"entry-elsewhere", entry_elsewhere},
	{"entry-writable", entry_writable},   {"references-high", references_high},
	{"anon-forgotten", anon_forgotten},   {"frame-stolen", frame_stolen},
	{"frame-lost", frame_lost},           {"frame-unqueued", frame_unqueued},
	{"frame-clean", frame_clean},         {"slot-lost", slot_lost},
	{"slot-free", slot_free},             {"count-resident", count_resident},
	{"count-table", count_table},         {"count-shared", count_shared},
	{"count-tables", count_tables},       {"count-leaf", count_leaf},
	{"entry-kernel", entry_kernel},       {"zeros-writable", zeros_writable},
	{"frame-unowned", frame_unowned},     {"table-stolen", table_stolen},
	{"page-lost", page_lost},             {"frame-stray", frame_stray},
	{"sharers-table", sharers_table},     {"sharers-leaf", sharers_leaf},
	{"table-unowned", table_unowned},     {"leaf-stolen", leaf_stolen},
	{"directory-writable", directory_writable}, {"count-locked", count_locked},
	{"entry-executable", entry_executable},
	{"kernel-code-writable", kernel_code_writable},
	{"kernel-data-executable", kernel_data_executable},
};

/* Of pages of files that are mapped and clean. */
static const struct kind file_kinds[] = {
	{"file-writable", file_writable}, {"file-elsewhere", file_elsewhere},
};

static const struct kind *find_kind(const struct kind *kinds, uint32_t count, const char *name)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* vm_lock and spt->lock held. */
static bool find_victim(struct victim *victim, bool of_file)
{
	pte_t *directory_entry = pagedir_span(&victim->spt->pagedir, victim->address);
	if (victim->address >= USER_END || !*directory_entry)
		return false;
	pte_t *table = entry_table(*directory_entry);
	victim->entry = &table[table_index(victim->address)];
	if (!(*victim->entry & PTE_P))
		return false;
	victim->anon = spt_anon(victim->spt, victim->address);
	victim->frame = &frames[entry_frame(*victim->entry)];
	if (of_file)
		return victim->frame->state == FRAME_FILE && !frame_has(victim->frame, FRAME_DIRTY);
	return victim->anon && victim->frame->mappings == (uintptr_t)victim->entry;
}

int audit_planted(const char *name, uintptr_t address, char *words, size_t size)
{
	const uint32_t anon_count = sizeof(anon_kinds) / sizeof(anon_kinds[0]);
	const uint32_t file_count = sizeof(file_kinds) / sizeof(file_kinds[0]);
	const struct kind *of_file = find_kind(file_kinds, file_count, name);
	const struct kind *kind = of_file ? of_file : find_kind(anon_kinds, anon_count, name);
	if (!kind)
		return -EINVAL;

	struct victim victim = {.spt = thread_current()->spt, .address = page_round_down(address)};
	SCOPED_WRITE(&victim.spt->lock);
	spin_lock(&vm_lock);
	int result = -EFAULT;
	if (find_victim(&victim, of_file)) {
		kind->change(&victim, true);
		result = audit_run_locked(words, size);
		kind->change(&victim, false);
	}
	spin_unlock(&vm_lock);
	return result;
}

#endif
