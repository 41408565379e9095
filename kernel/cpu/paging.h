/* SPDX-License-Identifier: MIT */
/*
 * Paging as the processor knows it: pages, and the privileged instructions that control
 * translation. Intel SDM vol. 3A, 4.1 and 4.10 (caching translation information). The format of
 * page tables is kernel/mem/page_table.h's.
 */
#pragma once

#include "lib/types.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096u
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define CR0_PE 0x00000001u
#define CR0_MP 0x00000002u
#define CR0_EM 0x00000004u
#define CR0_TS 0x00000008u
#define CR0_NE 0x00000020u
#define CR0_WP 0x00010000u /* supervisor writes obey read-only entries */
#define CR0_PG 0x80000000u
#define CR4_TSD 0x00000004u
#define CR4_PSE 0x00000010u
#define CR4_PAE 0x00000020u
#define CR4_PGE 0x00000080u
#define CR4_OSFXSR 0x00000200u
#define CR4_OSXMMEXCPT 0x00000400u
#define MSR_EFER 0xC0000080u
#define EFER_NXE 0x800u /* PAE's entries may forbid execution */

/* Page-fault error code, SDM vol. 3A, 4.7. */
#define PF_PRESENT 0x1u /* the entry was present: a protection violation */
#define PF_WRITE 0x2u
#define PF_FETCH 0x10u /* an instruction was fetched; told only while EFER.NXE is set */

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

/* Loads the root of the tables; every translation that is not global is forgotten. */
static inline void write_cr3(physaddr_t root)
{
	__asm__ volatile("movl %0, %%cr3" : : "r"(root) : "memory");
}

/* Forgets the translation of the one page that holds `address`, global or not. */
static inline void invlpg(uintptr_t address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}
