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

#define DIRECTORY_INDEX(address) ((address) >> 22)
#define TABLE_INDEX(address) ((address) >> PAGE_SHIFT & (ENTRIES_PER_TABLE - 1))

#define VGA_START 0xA0000u
#define VGA_END 0xC0000u

#define STACK_SLOT (2 * THREAD_STACK_SIZE)
#define STACK_PAGES (THREAD_STACK_SIZE / PAGE_SIZE)
#define STACK_SLOTS ((STACK_WINDOW_END - STACK_WINDOW) / STACK_SLOT)
#define STACKS_CACHED 8
#define STACK_RESERVE 8 /* frames that a new stack leaves to those who free memory */

pte_t kernel_directory[ENTRIES_PER_TABLE]
	__attribute__((aligned(PAGE_SIZE), section(".bss.page")));
pte_t kernel_low_table[ENTRIES_PER_TABLE]
	__attribute__((aligned(PAGE_SIZE), section(".bss.page")));

/* The stack that start-up runs on; linker.ld puts its hole, a page never mapped, below. */
char boot_stack_hole[PAGE_SIZE]
	__attribute__((aligned(PAGE_SIZE), section(".bss.stack_hole")));
char boot_stack[THREAD_STACK_SIZE] __attribute__((aligned(PAGE_SIZE), section(".bss.stack")));

extern char text_start[], rodata_end[]; /* linker.ld */

static struct spinlock window_lock = SPINLOCK_INIT("stack window");
static uint32_t slot_words[STACK_SLOTS / 32];
static struct bitmap slots = {.words = slot_words, .bits = STACK_SLOTS};
static uintptr_t cached_stacks[STACKS_CACHED]; /* free ones that keep their frames */
static uint32_t cached;

static pte_t global_bit(void)
{
	return this_cpu()->has_global_pages ? PTE_G : 0;
}

/* The entry of a kernel page, in a table that exists. */
static pte_t *kernel_entry(uintptr_t address)
{
	pte_t entry = kernel_directory[DIRECTORY_INDEX(address)];
	pte_t *table = phys_to_virt(entry & PAGE_MASK);
	return &table[TABLE_INDEX(address)];
}

static pte_t *table_make(uintptr_t address)
{
	pte_t *table = physmem_boot_take(1);
	kernel_directory[DIRECTORY_INDEX(address)] = virt_to_phys(table) | PTE_P | PTE_W;
	return table;
}

/* The first 4 MiB hold the kernel itself, so each page has the rights it needs. */
static void map_low_ram(void)
{
	for (uint32_t i = 0; i < ENTRIES_PER_TABLE; i++) {
		physaddr_t address = i * PAGE_SIZE;
		char *page = phys_to_virt(address);
		pte_t entry = address | PTE_P | global_bit();
		if (page < text_start || page >= rodata_end)
			entry |= PTE_W;
		if (address >= VGA_START && address < VGA_END)
			entry |= PTE_PCD;
		kernel_low_table[i] = page == boot_stack_hole ? 0 : entry;
	}
}

static void map_high_ram(void)
{
	physaddr_t end = physmem_end() * PAGE_SIZE;
	for (physaddr_t start = LARGE_PAGE_SIZE; start < end; start += LARGE_PAGE_SIZE) {
		uintptr_t address = start + KERNEL_BASE;
		if (this_cpu()->has_large_pages) {
			kernel_directory[DIRECTORY_INDEX(address)] =
				start | PTE_P | PTE_W | PTE_PS | global_bit();
			continue;
		}
		pte_t *table = table_make(address);
		for (uint32_t i = 0; i < ENTRIES_PER_TABLE; i++)
			table[i] = (start + i * PAGE_SIZE) | PTE_P | PTE_W | global_bit();
	}
}

void kernel_map_init(void)
{
	map_low_ram();
	map_high_ram();
	for (uintptr_t at = STACK_WINDOW; at < STACK_WINDOW_END; at += LARGE_PAGE_SIZE)
		table_make(at);
	/* The boot code's entries were not global: this forgets them all. */
	write_cr3(kernel_directory_physical());
}

physaddr_t kernel_directory_physical(void)
{
	return virt_to_phys(kernel_directory);
}

void kmap_directory_fill(pte_t *directory)
{
	/* The kernel's own directory has nothing in the lower half. */
	page_copy(directory, kernel_directory);
}

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
		uint32_t frame = *entry >> PAGE_SHIFT;
		*entry = 0;
		invlpg(at);
		physmem_give(frame);
	}
}

static void slot_release(uintptr_t stack)
{
	uint32_t flags = spin_lock_irq(&window_lock);
	bitmap_clear(&slots, (stack - STACK_WINDOW) / STACK_SLOT);
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

	stack = STACK_WINDOW + slot * STACK_SLOT + THREAD_STACK_SIZE;
	for (uintptr_t at = stack; at < stack + THREAD_STACK_SIZE; at += PAGE_SIZE) {
		uint32_t frame = stack_frame_take();
		if (!frame) {
			stack_unmap(stack);
			slot_release(stack);
			return 0;
		}
		*kernel_entry(at) = frame << PAGE_SHIFT | PTE_P | PTE_W | global_bit();
	}
	return stack;
}

void kmap_stack_free(uintptr_t stack)
{
	ASSERT_SAYING(stack >= STACK_WINDOW && stack < STACK_WINDOW_END, "not a kernel stack");
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
	return address >= STACK_WINDOW && address < STACK_WINDOW_END &&
		(address - STACK_WINDOW) % STACK_SLOT < THREAD_STACK_SIZE;
}
