/* SPDX-License-Identifier: MIT */
/* The kernel's half of every address space: see kmap.h. */
#include "kernel/mem/kmap.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/wide.h"
#include "kernel/mem/failpoint.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/spinlock.h"
#include "lib/bitmap.h"

#define VGA_START 0xA0000u
#define VGA_END 0xC0000u

#define STACK_SLOT (2 * THREAD_STACK_SIZE)
#define STACK_PAGES (THREAD_STACK_SIZE / PAGE_SIZE)
#define STACK_SLOTS_MOST (STACK_WINDOW_MOST / STACK_SLOT)
#define STACKS_CACHED 8
#define STACK_RESERVE 8 /* frames that a new stack leaves to those who free memory */

pte_t kernel_directory[ENTRIES_PER_TABLE]
	__attribute__((aligned(PAGE_SIZE), section(".bss.page")));
pte_t kernel_low_table[LOW_ENTRIES]
	__attribute__((aligned(PAGE_SIZE), section(".bss.page")));
#ifdef PAGODA_PAE
/* The root, one pointer for each GiB. Below the kernel's there are directories all the same, one
 * for all, of nothing: so whoever walks the tables finds one at each. */
pte_t kernel_pointers[ROOT_ENTRIES] __attribute__((aligned(ROOT_ENTRIES * sizeof(pte_t))));
static pte_t empty_directory[ENTRIES_PER_TABLE]
	__attribute__((aligned(PAGE_SIZE), section(".bss.page")));
#endif

/* The stack that start-up runs on; linker.ld puts its hole, a page never mapped, below. */
char boot_stack_hole[PAGE_SIZE]
	__attribute__((aligned(PAGE_SIZE), section(".bss.stack_hole")));
char boot_stack[THREAD_STACK_SIZE] __attribute__((aligned(PAGE_SIZE), section(".bss.stack")));

extern char text_start[], text_end[], rodata_end[]; /* linker.ld */

static struct spinlock window_lock = SPINLOCK_INIT("stack window");
static uintptr_t window_start; /* constant after start-up */
static uint32_t slot_words[STACK_SLOTS_MOST / 32];
static struct bitmap slots = {.words = slot_words};
static uintptr_t cached_stacks[STACKS_CACHED]; /* free ones that keep their frames */
static uint32_t cached;

static pte_t global_bit(void)
{
	return this_cpu()->has_global_pages ? PTE_G : 0;
}

/* What the entry of any page of data says. */
static pte_t data_bits(void)
{
	return PTE_P | PTE_W | global_bit() | entry_no_execute();
}

/* The kernel's directory is its own root, or the last of its root's. */
static pte_t *directory_entry(uintptr_t address)
{
	return &kernel_directory[span_index(address) % ENTRIES_PER_TABLE];
}

/* The entry of a kernel page, in a table that exists. */
static pte_t *kernel_entry(uintptr_t address)
{
	return &entry_table(*directory_entry(address))[table_index(address)];
}

static pte_t *table_make(uintptr_t address)
{
	pte_t *table = physmem_boot_take(1);
	entry_set(directory_entry(address), virt_to_phys(table) | PTE_P | PTE_W);
	return table;
}

/* The first 4 MiB hold the kernel itself, so each page has the rights it needs: code is not
 * written, constants are neither written nor executed, and nothing else is executed. */
static void map_low_ram(void)
{
	for (uint32_t i = 0; i < LOW_ENTRIES; i++) {
		physaddr_t address = i * PAGE_SIZE;
		char *page = phys_to_virt(address);
		pte_t entry = address | data_bits();
		if (page >= text_start && page < text_end)
			entry &= ~PTE_NX;
		if (page >= text_start && page < rodata_end)
			entry &= ~PTE_W;
		if (address >= VGA_START && address < VGA_END)
			entry |= PTE_PCD;
		/* It was present, with all rights; the frame stays the same. */
		entry_set(&kernel_low_table[i], page == boot_stack_hole ? 0 : entry);
	}
}

static void map_high_ram(void)
{
	physaddr_t end = physmem_end() * PAGE_SIZE;
	for (physaddr_t start = LOW_RAM_MAPPED; start < end; start += LARGE_PAGE_SIZE) {
		uintptr_t address = start + KERNEL_BASE;
		if (this_cpu()->has_large_pages) {
			entry_set(directory_entry(address), start | data_bits() | PTE_PS);
			continue;
		}
		pte_t *table = table_make(address);
		for (uint32_t i = 0; i < ENTRIES_PER_TABLE; i++)
			entry_set(&table[i], (start + i * PAGE_SIZE) | data_bits());
	}
}

/* A process wants some ten pages beside its stack, of which a slot is four: so half as much as there
 * is RAM is more than can ever be used. Where the RAM leaves less room, that. */
static void stack_window_make(void)
{
	uint32_t ram = (physmem_end() * PAGE_SIZE + LARGE_PAGE_SIZE - 1) & ~(LARGE_PAGE_SIZE - 1);
	uint32_t room = STACK_WINDOW_END - KERNEL_BASE - ram;
	uint32_t window = ram / 2 & ~(LARGE_PAGE_SIZE - 1);
	window = window < STACK_WINDOW_LEAST ? STACK_WINDOW_LEAST : window;
	window = window > STACK_WINDOW_MOST ? STACK_WINDOW_MOST : window;
	window = window > room ? room : window;
	window_start = STACK_WINDOW_END - window;
	slots.bits = window / STACK_SLOT;
	for (uintptr_t at = window_start; at < STACK_WINDOW_END; at += LARGE_PAGE_SIZE)
		table_make(at);
}

void kernel_map_init(void)
{
#ifdef PAGODA_PAE
	for (uint32_t i = 0; i < ROOT_ENTRIES - 1; i++)
		entry_set(&kernel_pointers[i], virt_to_phys(empty_directory) | PTE_P);
#endif
	map_low_ram();
	map_high_ram();
	stack_window_make();
	/* The boot code's entries were not global: this forgets them all. */
	write_cr3(kernel_directory_physical());
}

static bool allows_too_much(pte_t entry, uintptr_t address)
{
	bool code = address >= (uintptr_t)text_start && address < (uintptr_t)text_end;
	bool constant = address >= (uintptr_t)text_start && address < (uintptr_t)rodata_end;
	return entry & PTE_P && ((constant && entry & PTE_W) ||
	                         (!code && entry_no_execute() & ~entry));
}

/* The same of all pages of a table. */
static uintptr_t misplaced_in_table(const pte_t *table, uintptr_t first)
{
	for (uint32_t i = 0; i < ENTRIES_PER_TABLE; i++)
		if (allows_too_much(table[i], first + i * PAGE_SIZE))
			return first + i * PAGE_SIZE;
	return 0;
}

uintptr_t kmap_misplaced_right(void)
{
	uintptr_t found = 0;
	for (uintptr_t at = KERNEL_BASE; at && !found; at += LARGE_PAGE_SIZE) {
		pte_t entry = *directory_entry(at);
		if (entry & PTE_PS)
			found = allows_too_much(entry, at) ? at : 0;
		else if (entry & PTE_P)
			found = misplaced_in_table(entry_table(entry), at);
	}
	return found;
}

void kmap_device(physaddr_t address)
{
	pte_t *entry = directory_entry(address);
	ASSERT_SAYING(address >= STACK_WINDOW_END && !*entry, "device memory lies elsewhere");
	entry_set(entry, (address & ~(LARGE_PAGE_SIZE - 1)) | data_bits() | PTE_PCD | PTE_PS);
}

#ifndef PAGODA_PAE

physaddr_t kernel_directory_physical(void)
{
	return virt_to_phys(kernel_directory);
}

void kmap_root_fill(pte_t *root)
{
	/* The kernel's own directory has nothing in the lower half. */
	page_copy(root, kernel_directory);
}

#else

physaddr_t kernel_directory_physical(void)
{
	return virt_to_phys(kernel_pointers);
}

void kmap_root_fill(pte_t *root)
{
	entry_set(&root[ROOT_ENTRIES - 1], kernel_pointers[ROOT_ENTRIES - 1]);
}

#endif

static uint32_t stack_frame_take(void)
{
	uint32_t reserve = thread_current()->reclaiming ? 0 : STACK_RESERVE;
	uint32_t frame = physmem_take(PHYSMEM_STACK, reserve);
	if (!frame && !thread_current()->reclaiming && thread_may_sleep() &&
	    shrinkers_run(STACK_PAGES))
		frame = physmem_take(PHYSMEM_STACK, reserve);
	return frame;
}

static void stack_unmap(uintptr_t stack)
{
	for (uintptr_t at = stack; at < stack + THREAD_STACK_SIZE; at += PAGE_SIZE) {
		pte_t *entry = kernel_entry(at);
		if (!(*entry & PTE_P))
			continue;
		uint32_t frame = entry_frame(entry_exchange(entry, 0));
		invlpg(at);
		physmem_give(frame);
	}
}

static void slot_release(uintptr_t stack)
{
	uint32_t flags = spin_lock_irq(&window_lock);
	bitmap_clear(&slots, (stack - window_start) / STACK_SLOT);
	spin_unlock_irq(&window_lock, flags);
}

uintptr_t kmap_stack_alloc(void)
{
	if (failpoint_strikes())
		return 0;
	uint32_t flags = spin_lock_irq(&window_lock);
	uintptr_t stack = cached ? cached_stacks[--cached] : 0;
	uint32_t slot = stack ? BITMAP_NONE : bitmap_take(&slots, 0);
	spin_unlock_irq(&window_lock, flags);
	if (stack || slot == BITMAP_NONE)
		return stack;

	stack = window_start + slot * STACK_SLOT + THREAD_STACK_SIZE;
	for (uintptr_t at = stack; at < stack + THREAD_STACK_SIZE; at += PAGE_SIZE) {
		uint32_t frame = stack_frame_take();
		if (!frame) {
			stack_unmap(stack);
			slot_release(stack);
			return 0;
		}
		entry_set(kernel_entry(at), frame << PAGE_SHIFT | data_bits());
	}
	return stack;
}

void kmap_stack_free(uintptr_t stack)
{
	ASSERT_SAYING(stack >= window_start && stack < STACK_WINDOW_END, "not a kernel stack");
	uint32_t flags = spin_lock_irq(&window_lock);
	bool keep = cached < STACKS_CACHED;
	if (keep)
		cached_stacks[cached++] = stack;
	spin_unlock_irq(&window_lock, flags);
	if (keep)
		return;
	stack_unmap(stack);
	slot_release(stack);
}

bool kmap_in_stack_hole(uintptr_t address)
{
	if (address >= (uintptr_t)boot_stack_hole && address < (uintptr_t)boot_stack)
		return true;
	return address >= window_start && address < STACK_WINDOW_END &&
		(address - window_start) % STACK_SLOT < THREAD_STACK_SIZE;
}
