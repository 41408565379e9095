/* SPDX-License-Identifier: MIT */
/*
 * The format of page tables, as the processor reads them (Intel SDM vol. 3A, 4.3 and 4.4). Two
 * kinds are built, one kernel each: all that differs between them is here, in vm/pagedir.c, and
 * where the kernel's own tables are made (boot/multiboot.S, kernel/mem/kmap.c).
 *
 *   make PAGING=two-level     a linear address     | directory 10 | table 10 | offset 12 |
 *   entries of 4 bytes        CR3 -> directory -> page table -> page
 *
 *   make PAGING=pae           a linear address | 2 | directory 9 | table 9 | offset 12 |
 *   entries of 8 bytes        CR3 -> 4 pointers -> directory -> page table -> page
 *
 * What both have in common is what the rest of the kernel counts with: an address space is a row
 * of *spans*, and an entry of a directory is for one span, which one page table maps page by page.
 * The kind decides how large a span is, and by what way its entry is found.
 */
#pragma once

#include "lib/types.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/paging.h"
#include "kernel/mem/layout.h"

#ifndef PAGODA_PAE

typedef uint32_t pte_t; /* an entry of a page directory or of a page table */
#define SPAN_SHIFT 22
#define DIRECTORIES 1u /* of an address space */
#define PTE_NX ((pte_t)0) /* no bit says that a page is not to be executed */

#else

typedef uint64_t pte_t;
#define SPAN_SHIFT 21
#define ROOT_ENTRIES 4u
#define DIRECTORIES (ROOT_ENTRIES - 1) /* below the kernel's: one for each GiB */
#define PTE_NX ((pte_t)1 << 63) /* no code: reserved if the processor has no such thing */

#endif

#define SPAN_SIZE (1u << SPAN_SHIFT)   /* bytes that a page table maps */
#define LARGE_PAGE_SIZE SPAN_SIZE      /* a directory's entry can map as much itself */
#define ENTRIES_PER_TABLE (SPAN_SIZE / PAGE_SIZE) /* and as many in a directory */
#define USER_TABLES (KERNEL_BASE >> SPAN_SHIFT)   /* spans below the kernel: page tables at most */

#define PTE_P ((pte_t)0x001)   /* present */
#define PTE_W ((pte_t)0x002)   /* R/W: writable */
#define PTE_U ((pte_t)0x004)   /* U/S: user mode may access */
#define PTE_PCD ((pte_t)0x010) /* page cache disable: device memory */
#define PTE_A ((pte_t)0x020)   /* accessed; the processor sets it, software clears it */
#define PTE_D ((pte_t)0x040)   /* dirty; the same, at the first write */
#define PTE_PS ((pte_t)0x080)  /* in a directory entry: maps a large page itself */
#define PTE_G ((pte_t)0x100)   /* global: survives a load of CR3 */

/* The span around an address, and back; and which entry of its page table is the address's. */
static inline uint32_t span_index(uintptr_t address)
{
	return address >> SPAN_SHIFT;
}

static inline uintptr_t span_address(uint32_t index)
{
	return index << SPAN_SHIFT;
}

static inline uint32_t table_index(uintptr_t address)
{
	return (address >> PAGE_SHIFT) & (ENTRIES_PER_TABLE - 1);
}

/* What an entry leads to: all of RAM lies below 4 GiB. */
static inline physaddr_t entry_address(pte_t entry)
{
	return (physaddr_t)entry & PAGE_MASK;
}

static inline uint32_t entry_frame(pte_t entry)
{
	return (uint32_t)entry >> PAGE_SHIFT;
}

/* The page table, or directory, that an entry leads to. */
static inline pte_t *entry_table(pte_t entry)
{
	return phys_to_virt(entry_address(entry));
}

#ifndef PAGODA_PAE

/* From the table that CR3 names to the directory's entry for a span. */
static inline pte_t *root_span(pte_t *root, uint32_t index)
{
	return &root[index];
}

/* The bit that forbids to execute a page; 0 if this machine has none. */
static inline pte_t entry_no_execute(void)
{
	return 0;
}

/* An entry that is not present gets its value. */
static inline void entry_set(pte_t *entry, pte_t value)
{
	*entry = value;
}

/* An entry gets another value, and what it was is returned, with all that the processor noted. */
static inline pte_t entry_exchange(pte_t *entry, pte_t value)
{
	return __atomic_exchange_n(entry, value, __ATOMIC_ACQ_REL);
}

/* Takes bits off a present entry / adds some; returns what it was. */
static inline pte_t entry_weaken(pte_t *entry, pte_t bits)
{
	return __atomic_fetch_and(entry, ~bits, __ATOMIC_ACQ_REL);
}

static inline pte_t entry_mark(pte_t *entry, pte_t bits)
{
	return __atomic_fetch_or(entry, bits, __ATOMIC_ACQ_REL);
}

/* The entry in 32 bits, for the trace. */
static inline uint32_t entry_short(pte_t entry)
{
	return entry;
}

#else

static inline pte_t *root_span(pte_t *root, uint32_t index)
{
	return &entry_table(root[index / ENTRIES_PER_TABLE])[index % ENTRIES_PER_TABLE];
}

static inline pte_t entry_no_execute(void)
{
	return this_cpu()->has_no_execute ? PTE_NX : 0;
}

/*
 * An entry is 64 bits, and an instruction changes 32. So that the processor, which may walk the
 * tables at any moment, never takes one half of an old entry with the other of a new one, an entry
 * is made from its high half to its low half, which has P, and unmade the other way: a walk in
 * between finds nothing present. A store does not overtake an earlier one (SDM vol. 3A, 8.2.2).
 *
 * What the processor notes itself, A and D, is in the low half, which it changes as a whole and
 * only while P is set. So the exchange that takes P away returns all that was ever noted. The high
 * half is software's alone, and vm_lock guards it. (CMPXCHG8B would do both at once, at the price
 * of a loop, and of reading the entry before.)
 */
static inline uint32_t *entry_low(pte_t *entry)
{
	return (uint32_t *)entry;
}

static inline uint32_t *entry_high(pte_t *entry)
{
	return (uint32_t *)entry + 1;
}

static inline void entry_set(pte_t *entry, pte_t value)
{
	__atomic_store_n(entry_high(entry), (uint32_t)(value >> 32), __ATOMIC_RELAXED);
	__atomic_store_n(entry_low(entry), (uint32_t)value, __ATOMIC_RELEASE);
}

static inline pte_t entry_exchange(pte_t *entry, pte_t value)
{
	pte_t low = __atomic_exchange_n(entry_low(entry), 0, __ATOMIC_ACQ_REL);
	pte_t old = (pte_t)*entry_high(entry) << 32 | low;
	entry_set(entry, value);
	return old;
}

static inline pte_t entry_weaken(pte_t *entry, pte_t bits)
{
	pte_t low = __atomic_fetch_and(entry_low(entry), (uint32_t)~bits, __ATOMIC_ACQ_REL);
	return (pte_t)*entry_high(entry) << 32 | low;
}

static inline pte_t entry_mark(pte_t *entry, pte_t bits)
{
	pte_t low = __atomic_fetch_or(entry_low(entry), (uint32_t)bits, __ATOMIC_ACQ_REL);
	return (pte_t)*entry_high(entry) << 32 | low;
}

/* NX takes the place of a bit that the processor ignores and the kernel does not use. */
static inline uint32_t entry_short(pte_t entry)
{
	return (uint32_t)entry | (entry & PTE_NX ? 0x800u : 0);
}

#endif
