/* SPDX-License-Identifier: MIT */
/*
 * Paging as the processor knows it: the entry's bits under the manual's names and the
 * privileged instructions that control translation. Intel SDM vol. 3A, 4.3 (32-bit
 * paging) and 4.10 (caching translation information).
 *
 *   31          22 21        12 11            0
 *   | directory   | table      | offset        |   a linear address
 */
#pragma once

#include "lib/types.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096u
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define LARGE_PAGE_SIZE (4u << 20)
#define ENTRIES_PER_TABLE 1024u

typedef uint32_t pte_t; /* an entry of a page directory or of a page table */

#define PTE_P 0x001u   /* present */
#define PTE_W 0x002u   /* R/W: writable */
#define PTE_U 0x004u   /* U/S: user mode may access */
#define PTE_PCD 0x010u /* page cache disable: device memory */
#define PTE_A 0x020u   /* accessed; the processor sets it, software clears it */
#define PTE_D 0x040u   /* dirty; the same, at the first write */
#define PTE_PS 0x080u  /* in a directory entry: maps a 4 MiB page itself */
#define PTE_G 0x100u   /* global: survives a load of CR3 */

#define CR0_PE 0x00000001u
#define CR0_MP 0x00000002u
#define CR0_EM 0x00000004u
#define CR0_TS 0x00000008u
#define CR0_NE 0x00000020u
#define CR0_WP 0x00010000u /* supervisor writes obey read-only entries */
#define CR0_PG 0x80000000u
#define CR4_PSE 0x00000010u
#define CR4_PGE 0x00000080u
#define CR4_OSFXSR 0x00000200u
#define CR4_OSXMMEXCPT 0x00000400u

/* Page-fault error code, SDM vol. 3A, 4.7. */
#define PF_PRESENT 0x1u /* the entry was present: a protection violation */
#define PF_WRITE 0x2u

static inline uintptr_t read_cr2(void)
{
	uintptr_t value;
	__asm__ volatile("movl %%cr2, %0" : "=r"(value));
	return value;
}

static inline physaddr_t read_cr3(void)
{
	physaddr_t value;
	__asm__ volatile("movl %%cr3, %0" : "=r"(value));
	return value;
}

/* Loads the page directory; every translation that is not global is forgotten. */
static inline void write_cr3(physaddr_t directory)
{
	__asm__ volatile("movl %0, %%cr3" : : "r"(directory) : "memory");
}

/* Forgets the translation of the one page that holds `address`, global or not. */
static inline void invlpg(uintptr_t address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}
