/* SPDX-License-Identifier: MIT */
/*
 * The memory map of every address space.
 *
 *   0xffffffff +--------------------------------------+
 *              | nothing                              |
 *   0xfa000000 +--------------------------------------+
 *              | kernel stacks, each above a hole     | 4 KiB pages, whose tables are made
 *   0xf8000000 +--------------------------------------+ at boot and shared by everyone
 *   0xc0000000 | all of RAM (at most 896 MiB), once   | 4 MiB global pages
 *              +--------------------------------------+ <- KERNEL_BASE, USER_END
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
#define STACK_WINDOW 0xF8000000u    /* kernel stacks: 32 MiB */
#define STACK_WINDOW_END 0xFA000000u

#define USER_END KERNEL_BASE
#define USER_START 0x00010000u /* lowest address a program may map (Linux's mmap_min_addr) */
#define USER_STACK_TOP 0xBFFFF000u
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
