/* SPDX-License-Identifier: MIT */
/*
 * Page directories and page tables: the hardware's cache of the supplemental page table.
 *
 * Every entry is set by pagedir_set and dropped by drop_entry, which keep four things true
 * together: the entry, its frame's list of mappings, the counts, and the TLB.
 */
#include "vm/pagedir.h"

#include <asm/errno.h>

#include "kernel/cpu/cpu.h"
#include "kernel/mem/kmap.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "vm/frame.h"
#include "vm/replace.h"
#include "vm/rmap.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

/* Above so many pages, forgetting every translation is cheaper than one after another. */
#define FLUSH_PAGES_MAX 32u
/* vm_lock is released after so many entries of a long range. */
#define ENTRIES_A_HOLD 128u
#define RECORDS_AT_ONCE 16u

/* The address that an entry translates. */
static uintptr_t address_of(const pte_t *entry)
{
	return frame_of(entry)->index +
	       (page_offset((uintptr_t)entry) / sizeof(pte_t) << PAGE_SHIFT);
}

/* Whether the directory below a root maps something by this entry: points to the page table around
 * it. */
static bool uses(pte_t *root, const pte_t *entry)
{
	return entry_address(*root_span(root, span_index(frame_of(entry)->index))) ==
	       virt_to_phys((void *)page_round_down((uintptr_t)entry));
}

/* Forgets the entry's translation, if this processor may have it: it has only those of the
 * directory that is loaded, since loading forgets all (SDM vol. 3A, 4.10.4.1). */
static void tlb_forget_page(const pte_t *entry)
{
	if (!uses(phys_to_virt(this_cpu()->cr3), entry))
		return;
	invlpg(address_of(entry));
	vm_count(VM_tlb_flush_page);
}

static void tlb_forget_all(const struct pagedir *pagedir)
{
	if (this_cpu()->cr3 != pagedir_phys(pagedir))
		return;
	write_cr3(this_cpu()->cr3);
	vm_count(VM_tlb_flush_all);
}

/* A frame that holds a table stays pinned for the table's life. */
static void become_table(struct frame *frame, enum frame_state state, struct pagedir *pagedir,
                         uintptr_t first_address)
{
	frame->state = state;
	frame->owner.pagedir = pagedir;
	frame->index = first_address;
	frame->used = 0;
	frame->sharers = 1;
	frame->resident = 0;
	frame->seen = 0;
	trace_frame_table(pagedir, frame);
}

static void table_free(struct frame *frame)
{
	frame->sharers = 0;
	frame_disown(frame);
	frame_unpin_locked(frame);
}

#ifndef PAGODA_PAE

/* The root is the one directory. */
static pte_t *root_create(struct pagedir *pagedir)
{
	struct frame *frame = frame_alloc();
	if (!frame)
		return NULL;
	kmap_root_fill(frame_data(frame));
	spin_lock(&vm_lock);
	become_table(frame, FRAME_DIRECTORY, pagedir, 0);
	spin_unlock(&vm_lock);
	return frame_data(frame);
}

/* vm_lock held. */
static void root_free(pte_t *root)
{
	table_free(frame_of(root));
}

const struct frame *pagedir_directory(const struct pagedir *pagedir, uint32_t index)
{
	(void)index;
	return frame_of(pagedir->root);
}

#else

/* The root: four pointers to directories, of which the last is the kernel's. They are there from
 * the start, since the processor reads them only when CR3 is loaded (SDM vol. 3A, 4.4.1). */
static struct slab_cache root_cache =
	SLAB_CACHE("directory pointers", ROOT_ENTRIES * sizeof(pte_t));

/* vm_lock held. */
static void root_free(pte_t *root)
{
	for (uint32_t i = 0; i < DIRECTORIES; i++)
		if (root[i])
			table_free(&frames[entry_frame(root[i])]);
	slab_free(&root_cache, root);
}

static pte_t *root_create(struct pagedir *pagedir)
{
	pte_t *root = slab_alloc_zeroed(&root_cache);
	if (!root)
		return NULL;
	kmap_root_fill(root);
	for (uint32_t i = 0; i < DIRECTORIES; i++) {
		struct frame *frame = frame_alloc_zeroed();
		spin_lock(&vm_lock);
		if (!frame) {
			root_free(root);
			root = NULL;
			i = DIRECTORIES;
		} else {
			uint32_t first = i * ENTRIES_PER_TABLE;
			become_table(frame, FRAME_DIRECTORY, pagedir, span_address(first));
			entry_set(&root[i], frame_phys(frame) | PTE_P);
		}
		spin_unlock(&vm_lock);
	}
	return root;
}

const struct frame *pagedir_directory(const struct pagedir *pagedir, uint32_t index)
{
	return &frames[entry_frame(pagedir->root[index])];
}

#endif

int pagedir_create(struct pagedir *pagedir)
{
	pte_t *root = root_create(pagedir);
	if (!root)
		return -ENOMEM;
	*pagedir = (struct pagedir){.root = root};
	return 0;
}

physaddr_t pagedir_phys(const struct pagedir *pagedir)
{
	return virt_to_phys(pagedir->root);
}

static pte_t *table_at(const struct pagedir *pagedir, uintptr_t address)
{
	pte_t directory_entry = *pagedir_span(pagedir, address);
	return directory_entry ? entry_table(directory_entry) : NULL;
}

static void table_remove(struct pagedir *pagedir, uintptr_t address)
{
	pte_t *table = table_at(pagedir, address);
	ASSERT_SAYING(frame_of(table)->used == 0, "a page table goes with entries in it");
	/* The processor may have cached the directory entry itself: any invlpg drops that
	 * (SDM vol. 3A, 4.10.4.1). */
	pte_t *directory_entry = pagedir_span(pagedir, address);
	entry_weaken(directory_entry, PTE_P);
	tlb_forget_page(table);
	entry_set(directory_entry, 0);
	pagedir->tables--;
	table_free(frame_of(table));
}

/* The spare records form a stack, linked by `rest`. */
static struct mapping *spare_take(struct pagedir *pagedir)
{
	struct mapping *spare = pagedir->spares;
	if (spare) {
		pagedir->spares = (struct mapping *)spare->rest;
		pagedir->spare_count--;
	}
	return spare;
}

static void spare_give(struct pagedir *pagedir, struct mapping *spare)
{
	spare->rest = (uintptr_t)pagedir->spares;
	pagedir->spares = spare;
	pagedir->spare_count++;
}

void pagedir_stock(struct pagedir *pagedir, uint32_t records)
{
	void *new[RECORDS_AT_ONCE];
	uint32_t got = RECORDS_AT_ONCE;
	while (pagedir->spare_count < records && got > 0) {
		uint32_t missing = records - pagedir->spare_count;
		got = mappings_alloc(new, missing < RECORDS_AT_ONCE ? missing : RECORDS_AT_ONCE);
		spin_lock(&vm_lock);
		for (uint32_t i = 0; i < got; i++)
			spare_give(pagedir, new[i]);
		spin_unlock(&vm_lock);
	}
}

/* Records beyond so many go back to the heap. vm_lock not held. */
static void keep_spares(struct pagedir *pagedir, uint32_t most)
{
	void *surplus[RECORDS_AT_ONCE];
	while (pagedir->spare_count > most) {
		uint32_t count = 0;
		spin_lock(&vm_lock);
		while (count < RECORDS_AT_ONCE && pagedir->spare_count > most)
			surplus[count++] = spare_take(pagedir);
		spin_unlock(&vm_lock);
		mappings_free(surplus, count);
	}
}

void pagedir_destroy(struct pagedir *pagedir)
{
	spin_lock(&vm_lock);
	/* A thread without an address space runs on whichever directory is loaded. */
	if (this_cpu()->cr3 == pagedir_phys(pagedir))
		cpu_load_directory(kernel_directory_physical());
	for (uint32_t i = 0; pagedir->tables > 0 && i < USER_TABLES; i++)
		if (*pagedir_span_at(pagedir, i))
			table_remove(pagedir, span_address(i));
	root_free(pagedir->root);
	spin_unlock(&vm_lock);
	keep_spares(pagedir, 0);
	pagedir->root = NULL;
}

int pagedir_prepare(struct pagedir *pagedir, uintptr_t address)
{
	pagedir_stock(pagedir, 1);
	if (pagedir->spare_count == 0)
		return -ENOMEM;
	if (table_at(pagedir, address))
		return 0;
	struct frame *frame = frame_alloc_zeroed();
	if (!frame)
		return -ENOMEM;
	spin_lock(&vm_lock);
	become_table(frame, FRAME_PAGE_TABLE, pagedir, span_start(address));
	/* The rights are decided in the table's entries; the directory allows everything. */
	entry_set(pagedir_span(pagedir, address), frame_phys(frame) | PTE_P | PTE_W | PTE_U);
	pagedir->tables++;
	spin_unlock(&vm_lock);
	return 0;
}

/* What the processor noted in an entry goes to the frame, before the entry is forgotten. */
static inline void harvest(struct frame *frame, pte_t entry)
{
	_Static_assert(FRAME_TOUCHED == PTE_A && FRAME_DIRTY == PTE_D, "the same bits");
	frame_set(frame, entry & (PTE_A | PTE_D));
}

/* The entry says no longer, or now, that the page is locked. */
static inline void count_lock(struct frame *frame, pte_t before, pte_t after)
{
	if ((before ^ after) & PTE_LOCKED)
		replace_lock(frame, after & PTE_LOCKED);
}

/* Clears a present entry and all that goes with it, except for the TLB and the trace. The record
 * that is not needed any more, or NULL. */
static inline struct mapping *take_entry(struct frame *table, pte_t *entry)
{
	pte_t old = entry_exchange(entry, 0);
	struct frame *frame = &frames[entry_frame(old)];
	table->used--;
	if (frame == zero_frame)
		return NULL;
	table->resident--;
	count_lock(frame, old, 0);
	harvest(frame, old);
	return rmap_take(frame, entry);
}

/* The same, and the record goes back to the heap. */
static void forget_entry(pte_t *entry)
{
	void *left = take_entry(frame_of(entry), entry);
	if (left)
		mappings_free(&left, 1);
}

static void drop_entry(pte_t *entry)
{
	trace_unmap(frame_of(entry), address_of(entry), *entry);
	forget_entry(entry);
}

/* The table's frame, and the address that the entry in it is for. */
static inline void set_entry(struct pagedir *pagedir, struct frame *table, uintptr_t address,
                             pte_t *entry, struct frame *frame, pte_t bits)
{
	pte_t value = frame_phys(frame) | PTE_P | PTE_U | bits, before = *entry;

	if (before) {
		if (entry_address(before) == frame_phys(frame)) {
			trace_map_again(pagedir, address, before, value, frame);
			harvest(frame, entry_exchange(entry, value));
			count_lock(frame, before, value);
			tlb_forget_page(entry);
			return;
		}
		trace_map(pagedir, address, before, value, frame);
		forget_entry(entry);
		tlb_forget_page(entry);
	} else {
		trace_map(pagedir, address, 0, value, frame);
	}
	entry_set(entry, value);
	ASSERT_SAYING(table->owner.pagedir || !(bits & (PTE_W | PTE_LOCKED)),
	              "a shared page table gets an entry that only one of them wants");
	table->used++;
	if (frame == zero_frame)
		return;
	count_lock(frame, 0, value);
	rmap_add(frame, entry, frame->mappings ? spare_take(pagedir) : NULL);
	table->resident++;
}

void pagedir_set(struct pagedir *pagedir, uintptr_t address, struct frame *frame, pte_t bits)
{
	ASSERT(spin_held(&vm_lock));
	pte_t *table = table_at(pagedir, address);
	set_entry(pagedir, frame_of(table), address, &table[table_index(address)], frame, bits);
}

void pagedir_set_many(struct pagedir *pagedir, uintptr_t address, struct frame *const *mapped,
                      uint32_t count, pte_t bits)
{
	ASSERT(spin_held(&vm_lock));
	pte_t *table = table_at(pagedir, address);
	struct frame *table_frame = frame_of(table);
	pte_t *entry = &table[table_index(address)];
	for (uint32_t i = 0; i < count; i++, entry++, address += PAGE_SIZE)
		set_entry(pagedir, table_frame, address, entry, mapped[i], bits);
}

/* Drops the entries of a range within one table; frees the table if none is left. */
static void clear_in_table(struct pagedir *pagedir, uintptr_t start, uintptr_t end)
{
	pte_t *table = table_at(pagedir, start);
	struct frame *table_frame = frame_of(table);
	uint32_t used = table_frame->used;
	bool many = end - start > FLUSH_PAGES_MAX * PAGE_SIZE;

	ASSERT_SAYING(table_frame->owner.pagedir, "a shared page table is cleared");
	trace_clear(pagedir, start, end);
	pte_t *entry = &table[table_index(start)];
	for (uintptr_t left = (end - start) >> PAGE_SHIFT; left > 0; left--, entry++) {
		if (!*entry)
			continue;
		struct mapping *spare = take_entry(table_frame, entry);
		if (spare)
			spare_give(pagedir, spare);
		if (!many)
			tlb_forget_page(entry);
	}
	if (many && table_frame->used < used)
		tlb_forget_all(pagedir);
	if (table_frame->used == 0)
		table_remove(pagedir, start);
}

/* The processor knows nothing of this mark: no TLB has to forget it. */
static void unlock_in_table(struct pagedir *pagedir, uintptr_t start, uintptr_t end)
{
	pte_t *entries = &table_at(pagedir, start)[table_index(start)];
	for (uint32_t i = 0; i < (end - start) >> PAGE_SHIFT; i++) {
		struct frame *frame = &frames[entry_frame(entries[i])];
		if (!(entries[i] & PTE_LOCKED))
			continue;
		pte_t before = entry_weaken(&entries[i], PTE_LOCKED);
		if (frame != zero_frame)
			count_lock(frame, before, before & ~PTE_LOCKED);
	}
}

/* Does something to the entries of [start, end) in each table that there is, and lets vm_lock go in
 * between. */
static void for_each_table(struct pagedir *pagedir, uintptr_t start, uintptr_t end,
                           void (*change)(struct pagedir *, uintptr_t, uintptr_t))
{
	while (start < end) {
		uintptr_t hold = ENTRIES_A_HOLD * PAGE_SIZE;
		uintptr_t stop = (start & ~(hold - 1)) + hold;
		if (stop > end)
			stop = end;
		spin_lock(&vm_lock);
		if (table_at(pagedir, start))
			change(pagedir, start, stop);
		else
			stop = span_end(start);
		spin_unlock(&vm_lock);
		start = stop;
	}
	/* Not one at a time. */
	if (pagedir->spare_count >= 2 * RECORDS_AT_ONCE)
		keep_spares(pagedir, RECORDS_AT_ONCE);
}

void pagedir_clear(struct pagedir *pagedir, uintptr_t start, uintptr_t end)
{
	for_each_table(pagedir, start, end, clear_in_table);
}

void pagedir_unlock(struct pagedir *pagedir, uintptr_t start, uintptr_t end)
{
	for_each_table(pagedir, start, end, unlock_in_table);
}

/* The same within one table; whether there was anything to weaken. */
static bool protect_in_table(struct pagedir *pagedir, uintptr_t start, uintptr_t end, bool many)
{
	pte_t *entries = &table_at(pagedir, start)[table_index(start)];
	bool any = false;
	for (uint32_t i = 0; i < (end - start) >> PAGE_SHIFT; i++) {
		if (!(entries[i] & PTE_W))
			continue;
		any = true;
		entry_weaken(&entries[i], PTE_W);
		if (!many)
			tlb_forget_page(&entries[i]);
	}
	return any;
}

void pagedir_protect(struct pagedir *pagedir, uintptr_t start, uintptr_t end)
{
	ASSERT(spin_held(&vm_lock));
	bool many = end - start > FLUSH_PAGES_MAX * PAGE_SIZE;
	bool any = false;

	trace_weaken(pagedir, start, end);
	while (start < end) {
		uintptr_t stop = span_end(start);
		if (stop > end)
			stop = end;
		if (table_at(pagedir, start))
			any |= protect_in_table(pagedir, start, stop, many);
		start = stop;
	}
	if (many && any)
		tlb_forget_all(pagedir);
}

uint32_t pagedir_resident_table(const struct pagedir *pagedir, uint32_t index)
{
	pte_t directory_entry = *pagedir_span_at(pagedir, index);
	return directory_entry ? frames[entry_frame(directory_entry)].resident : 0;
}

uint32_t pagedir_resident(const struct pagedir *pagedir)
{
	uint32_t resident = 0, tables = pagedir->tables;
	for (uint32_t i = 0; tables > 0 && i < USER_TABLES; i++) {
		resident += pagedir_resident_table(pagedir, i);
		tables -= *pagedir_span_at(pagedir, i) != 0;
	}
	return resident;
}

void pagedir_share(struct pagedir *parent, struct pagedir *child, uintptr_t address)
{
	ASSERT(spin_held(&vm_lock));
	pte_t *directory_entry = pagedir_span(parent, address);
	if (!*directory_entry)
		return;
	struct frame *table = &frames[entry_frame(*directory_entry)];
	table->owner.pagedir = NULL;
	table->sharers++;
	entry_weaken(directory_entry, PTE_W);
	tlb_forget_all(parent);
	entry_set(pagedir_span(child, address), *directory_entry);
	child->tables++;
}

void pagedir_release(struct pagedir *pagedir, uintptr_t address)
{
	ASSERT(spin_held(&vm_lock));
	pte_t *directory_entry = pagedir_span(pagedir, address);
	struct frame *table = &frames[entry_frame(*directory_entry)];
	if (!*directory_entry || table->owner.pagedir)
		return;
	if (table->sharers == 1) {
		table->owner.pagedir = pagedir;
		entry_mark(directory_entry, PTE_W);
	} else {
		table->sharers--;
		pagedir->tables--;
		entry_exchange(directory_entry, 0);
	}
	tlb_forget_all(pagedir);
}

void frame_unmap(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	while (frame->mappings) {
		pte_t *entry = rmap_entry(frame->mappings);
		drop_entry(entry);
		tlb_forget_page(entry);
	}
}

/* The entry by which this directory maps the frame, or NULL. */
static pte_t *entry_in(const struct frame *frame, const struct pagedir *pagedir)
{
	for (uintptr_t m = frame->mappings; m; m = rmap_rest(m))
		if (uses(pagedir->root, rmap_entry(m)))
			return rmap_entry(m);
	return NULL;
}

uint32_t frame_unmap_from(struct frame *frame, const struct pagedir *pagedir)
{
	ASSERT(spin_held(&vm_lock));
	uint32_t dropped = 0;
	pte_t *entry;
	while ((entry = entry_in(frame, pagedir))) {
		drop_entry(entry);
		tlb_forget_page(entry);
		dropped++;
	}
	return dropped;
}

void frame_write_protect(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	for (uintptr_t m = frame->mappings; m; m = rmap_rest(m)) {
		pte_t *entry = rmap_entry(m);
		if (!(*entry & (PTE_W | PTE_D)))
			continue;
		pte_t old = entry_weaken(entry, PTE_W | PTE_D);
		harvest(frame, old);
		trace_protect(frame_of(entry), address_of(entry), old, old & ~(PTE_W | PTE_D));
		tlb_forget_page(entry);
	}
}

/* Tests and clears A, leaving `mark` in its place. */
static bool entry_test_accessed(pte_t *entry, pte_t mark)
{
	pte_t marked = *entry & mark;
	if (!(*entry & PTE_A))
		return false;
	entry_mark(entry, mark);
	pte_t old = entry_weaken(entry, PTE_A);
	/* A cached translation would hide the next access: the processor sets A only when it
	 * walks the tables. */
	trace_protect(frame_of(entry), address_of(entry), (old & ~mark) | marked, old & ~PTE_A);
	tlb_forget_page(entry);
	return true;
}

bool frame_test_accessed(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	bool accessed = frame_clear(frame, FRAME_TOUCHED);
	for (uintptr_t m = frame->mappings; m; m = rmap_rest(m))
		accessed |= entry_test_accessed(rmap_entry(m), PTE_ACCESSED_BEFORE);
	return accessed;
}

bool pagedir_test_accessed(const struct pagedir *pagedir, uintptr_t address)
{
	ASSERT(spin_held(&vm_lock));
	pte_t *entry = &table_at(pagedir, address)[table_index(address)];
	bool accessed = entry_test_accessed(entry, 0);
	if (accessed)
		frame_set(&frames[entry_frame(*entry)], FRAME_TOUCHED);
	if (!(*entry & PTE_ACCESSED_BEFORE))
		return accessed;
	pte_t old = entry_weaken(entry, PTE_ACCESSED_BEFORE);
	trace_protect(frame_of(entry), address_of(entry), old, old & ~PTE_ACCESSED_BEFORE);
	return true;
}

uint32_t frame_mapping_count(const struct frame *frame)
{
	uint32_t count = 0;
	for (uintptr_t m = frame->mappings; m; m = rmap_rest(m))
		count += frame_of(rmap_entry(m))->sharers;
	return count;
}
