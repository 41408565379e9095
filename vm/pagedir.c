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
#include "kernel/panic.h"
#include "lib/string.h"
#include "vm/frame.h"
#include "vm/rmap.h"
#include "vm/spt.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

/* Above so many pages, forgetting every translation is cheaper than one after another. */
#define FLUSH_PAGES_MAX 32u
/* vm_lock is released after so many entries of a long range. */
#define ENTRIES_A_HOLD 256u

/* Forgets the page's translation, if this processor may have one: it has only those of the
 * directory that is loaded, since loading forgets all (SDM vol. 3A, 4.10.4.1). */
static void tlb_forget_page(const struct pagedir *pagedir, uintptr_t address)
{
	if (this_cpu()->cr3 != pagedir_phys(pagedir))
		return;
	invlpg(address);
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
	trace_frame_table(pagedir->spt, frame);
}

static void table_free(struct frame *frame)
{
	frame_disown(frame);
	frame_unpin_locked(frame);
}

int pagedir_create(struct pagedir *pagedir, struct spt *spt)
{
	struct frame *frame = frame_alloc();
	if (!frame)
		return -ENOMEM;
	memset(frame_data(frame), 0, SPT_LEAVES * sizeof(pte_t));
	kmap_copy_kernel_entries(frame_data(frame));

	*pagedir = (struct pagedir){.directory = frame_data(frame), .spt = spt};
	spin_lock(&vm_lock);
	become_table(frame, FRAME_DIRECTORY, pagedir, 0);
	spin_unlock(&vm_lock);
	return 0;
}

physaddr_t pagedir_phys(const struct pagedir *pagedir)
{
	return virt_to_phys(pagedir->directory);
}

static pte_t *table_at(const struct pagedir *pagedir, uintptr_t address)
{
	pte_t directory_entry = pagedir->directory[directory_index(address)];
	return directory_entry ? phys_to_virt(directory_entry & PAGE_MASK) : NULL;
}

static void table_remove(struct pagedir *pagedir, uintptr_t address)
{
	struct frame *frame = frame_of(table_at(pagedir, address));
	pagedir->directory[directory_index(address)] = 0;
	/* The processor may have cached the directory entry itself: any invlpg drops that
	 * (SDM vol. 3A, 4.10.4.1). */
	tlb_forget_page(pagedir, address);
	pagedir->tables--;
	table_free(frame);
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

void pagedir_stock(struct pagedir *pagedir, uint32_t records)
{
	struct mapping *spare;
	while (pagedir->spare_count < records && (spare = mapping_alloc())) {
		spin_lock(&vm_lock);
		spare->rest = (uintptr_t)pagedir->spares;
		pagedir->spares = spare;
		pagedir->spare_count++;
		spin_unlock(&vm_lock);
	}
}

void pagedir_destroy(struct pagedir *pagedir)
{
	ASSERT_SAYING(pagedir->resident == 0, "a page directory is destroyed with pages in it");
	spin_lock(&vm_lock);
	/* A thread without an address space runs on whichever directory is loaded. */
	if (this_cpu()->cr3 == pagedir_phys(pagedir))
		cpu_load_directory(kernel_directory_physical());
	for (uint32_t i = 0; pagedir->tables > 0 && i < SPT_LEAVES; i++)
		if (pagedir->directory[i])
			table_remove(pagedir, i << 22);
	table_free(frame_of(pagedir->directory));
	spin_unlock(&vm_lock);
	struct mapping *spare;
	while ((spare = spare_take(pagedir)))
		mapping_free(spare);
	pagedir->directory = NULL;
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
	become_table(frame, FRAME_PAGE_TABLE, pagedir, address & ~(LARGE_PAGE_SIZE - 1));
	/* The rights are decided in the table's entries; the directory allows everything. */
	pagedir->directory[directory_index(address)] = frame_phys(frame) | PTE_P | PTE_W | PTE_U;
	pagedir->tables++;
	spin_unlock(&vm_lock);
	return 0;
}

bool pagedir_can_set(const struct pagedir *pagedir, uintptr_t address, const struct frame *frame)
{
	return table_at(pagedir, address) && (!frame->mappings || pagedir->spare_count > 0);
}

/* What the processor noted in an entry goes to the frame, before the entry is forgotten. */
static inline void harvest(struct frame *frame, pte_t entry)
{
	if (entry & PTE_A)
		frame_set(frame, FRAME_TOUCHED);
	if (entry & PTE_D)
		frame_set(frame, FRAME_DIRTY);
}

/* The address that an entry translates. */
static uintptr_t address_of(const pte_t *entry)
{
	return frame_of(entry)->index +
	       (page_offset((uintptr_t)entry) / sizeof(pte_t) << PAGE_SHIFT);
}

/* Clears a present entry and all that goes with it, except for the TLB and the trace. */
static void forget_entry(struct pagedir *pagedir, pte_t *entry)
{
	pte_t old = __atomic_exchange_n(entry, 0, __ATOMIC_ACQ_REL);
	frame_of(entry)->used--;
	struct frame *frame = &frames[old >> PAGE_SHIFT];
	if (frame == zero_frame)
		return;
	harvest(frame, old);
	rmap_remove(frame, entry);
	pagedir->resident--;
}

static void drop_entry(struct pagedir *pagedir, uintptr_t address, pte_t *entry)
{
	trace_unmap(pagedir, address, *entry);
	forget_entry(pagedir, entry);
}

void pagedir_set(struct pagedir *pagedir, uintptr_t address, struct frame *frame, pte_t bits)
{
	ASSERT(spin_held(&vm_lock));
	pte_t *entry = &table_at(pagedir, address)[table_index(address)];
	pte_t value = frame_phys(frame) | PTE_P | PTE_U | bits;

	trace_map(pagedir, address, *entry, value);
	if (*entry) {
		if ((*entry & PAGE_MASK) == frame_phys(frame)) {
			harvest(frame, __atomic_exchange_n(entry, value, __ATOMIC_ACQ_REL));
			tlb_forget_page(pagedir, address);
			return;
		}
		forget_entry(pagedir, entry);
		tlb_forget_page(pagedir, address);
	}
	*entry = value;
	frame_of(entry)->used++;
	if (frame == zero_frame)
		return;
	rmap_add(frame, entry, frame->mappings ? spare_take(pagedir) : NULL);
	pagedir->resident++;
}

pte_t pagedir_entry(const struct pagedir *pagedir, uintptr_t address)
{
	pte_t *table = table_at(pagedir, address);
	return table ? table[table_index(address)] : 0;
}

/* Drops the entries of a range within one table; frees the table if none is left. */
static void clear_in_table(struct pagedir *pagedir, uintptr_t start, uintptr_t end)
{
	pte_t *table = table_at(pagedir, start);
	bool many = end - start > FLUSH_PAGES_MAX * PAGE_SIZE;
	bool any = false;

	trace_clear(pagedir, start, end);
	for (uintptr_t address = start; address != end; address += PAGE_SIZE) {
		pte_t *entry = &table[table_index(address)];
		if (!*entry)
			continue;
		any = true;
		forget_entry(pagedir, entry);
		if (!many)
			tlb_forget_page(pagedir, address);
	}
	if (many && any)
		tlb_forget_all(pagedir);
	if (frame_of(table)->used == 0)
		table_remove(pagedir, start);
}

void pagedir_clear(struct pagedir *pagedir, uintptr_t start, uintptr_t end)
{
	while (start < end) {
		uintptr_t hold = ENTRIES_A_HOLD * PAGE_SIZE;
		uintptr_t stop = (start & ~(hold - 1)) + hold;
		if (stop > end)
			stop = end;
		spin_lock(&vm_lock);
		if (table_at(pagedir, start))
			clear_in_table(pagedir, start, stop);
		else
			stop = (start & ~(LARGE_PAGE_SIZE - 1)) + LARGE_PAGE_SIZE;
		spin_unlock(&vm_lock);
		start = stop;
	}
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
		__atomic_fetch_and(&entries[i], ~PTE_W, __ATOMIC_ACQ_REL);
		if (!many)
			tlb_forget_page(pagedir, start + (i << PAGE_SHIFT));
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
		uintptr_t stop = (start & ~(LARGE_PAGE_SIZE - 1)) + LARGE_PAGE_SIZE;
		if (stop > end)
			stop = end;
		if (table_at(pagedir, start))
			any |= protect_in_table(pagedir, start, stop, many);
		start = stop;
	}
	if (many && any)
		tlb_forget_all(pagedir);
}

/* Whose directory an entry belongs to, and the address it translates. */
static struct pagedir *pagedir_of(const pte_t *entry, uintptr_t *address)
{
	*address = address_of(entry);
	return frame_of(entry)->owner.pagedir;
}

void frame_unmap(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	while (frame->mappings) {
		uintptr_t address;
		pte_t *entry = rmap_entry(frame->mappings);
		struct pagedir *pagedir = pagedir_of(entry, &address);
		drop_entry(pagedir, address, entry);
		tlb_forget_page(pagedir, address);
	}
}

/* The entry of this directory that maps the frame, or NULL. */
static pte_t *entry_in(const struct frame *frame, const struct pagedir *pagedir,
                       uintptr_t *address)
{
	for (uintptr_t m = frame->mappings; m; m = rmap_rest(m))
		if (pagedir_of(rmap_entry(m), address) == pagedir)
			return rmap_entry(m);
	return NULL;
}

bool frame_mapped_in(const struct frame *frame, const struct pagedir *pagedir)
{
	uintptr_t address;
	return entry_in(frame, pagedir, &address) != NULL;
}

uint32_t frame_unmap_from(struct frame *frame, const struct pagedir *pagedir)
{
	ASSERT(spin_held(&vm_lock));
	uint32_t dropped = 0;
	uintptr_t address;
	pte_t *entry;
	while ((entry = entry_in(frame, pagedir, &address))) {
		drop_entry(frame_of(entry)->owner.pagedir, address, entry);
		tlb_forget_page(pagedir, address);
		dropped++;
	}
	return dropped;
}

void frame_write_protect(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	for (uintptr_t m = frame->mappings; m; m = rmap_rest(m)) {
		uintptr_t address;
		pte_t *entry = rmap_entry(m);
		if (!(*entry & (PTE_W | PTE_D)))
			continue;
		pte_t old = __atomic_fetch_and(entry, ~(PTE_W | PTE_D), __ATOMIC_ACQ_REL);
		harvest(frame, old);
		struct pagedir *pagedir = pagedir_of(entry, &address);
		trace_protect(pagedir, address, old, old & ~(PTE_W | PTE_D));
		tlb_forget_page(pagedir, address);
	}
}

bool frame_test_accessed(struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	bool accessed = frame_clear(frame, FRAME_TOUCHED);
	for (uintptr_t m = frame->mappings; m; m = rmap_rest(m)) {
		uintptr_t address;
		pte_t *entry = rmap_entry(m);
		if (!(*entry & PTE_A))
			continue;
		accessed = true;
		pte_t old = __atomic_fetch_and(entry, ~PTE_A, __ATOMIC_ACQ_REL);
		/* A cached translation would hide the next access: the processor sets A only
		 * when it walks the tables. */
		struct pagedir *pagedir = pagedir_of(entry, &address);
		trace_protect(pagedir, address, old, old & ~PTE_A);
		tlb_forget_page(pagedir, address);
	}
	return accessed;
}

bool frame_locked(const struct frame *frame)
{
	for (uintptr_t m = frame->mappings; m; m = rmap_rest(m))
		if (*rmap_entry(m) & PTE_LOCKED)
			return true;
	return false;
}

uint32_t frame_mapping_count(const struct frame *frame)
{
	uint32_t count = 0;
	for (uintptr_t m = frame->mappings; m; m = rmap_rest(m))
		count++;
	return count;
}
