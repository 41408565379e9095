/* SPDX-License-Identifier: MIT */
/*
 * The memory map of every address space.
 *
 *   0xffffffff +--------------------------------------+
 *              | nothing, but the local APIC at       | a large page, not cached
 *              | 0xfee00000                           |
 *   0xfa000000 +--------------------------------------+
 *              | kernel stacks, each above a hole:    | 4 KiB pages, whose tables are made
 *              | half as much as there is RAM, 32 MiB | at boot and shared by everyone
 *              | at least and 256 MiB at most         |
 *              +--------------------------------------+
 *              | nothing                              |
 *              +--------------------------------------+
 *   0xc0000000 | all of RAM (at most 896 MiB), once   | large global pages
 *              +--------------------------------------+ <- KERNEL_BASE, USER_END
 *              | a page that is never mapped          |
 *   0xbfffd000 | vDSO: two pages                      |
 *              | stack, growing down by faults        |
 *              | guard gap                            |
 *   MMAP_TOP   | mappings, each below the last        |
 *              |                                      |
 *              | heap (brk), growing up               |
 *   0x08048000 | program: text, data, bss             |
 *              | nothing                              |
 *   0x00000000 | page 0: never mapped                 |
 *              +--------------------------------------+
 */
#pragma once

#include "kernel/cpu/paging.h"

#define KERNEL_BASE 0xC0000000u
#define DIRECT_MAP_MAX (896u << 20) /* bytes of RAM that the kernel can use */
#define STACK_WINDOW_END 0xFA000000u
#define STACK_WINDOW_LEAST (32u << 20) /* between this and the most RAM */
#define STACK_WINDOW_MOST (256u << 20)

#define USER_END KERNEL_BASE
#define USER_START 0x00010000u /* lowest address a program may map (Linux's mmap_min_addr) */
#define USER_STACK_TOP 0xBFFFD000u
#define VDSO_START USER_STACK_TOP /* where the stack's page table serves it, too */
#define STACK_GUARD_GAP (256u * PAGE_SIZE)

/* Where RAM at a physical address is seen by the kernel, and back. */
static inline void *phys_to_virt(physaddr_t address)
{
	return (void *)(address + KERNEL_BASE);
}

static inline physaddr_t virt_to_phys(const void *address)
{
	return (physaddr_t)((uintptr_t)address - KERNEL_BASE);
}
