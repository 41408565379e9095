/* SPDX-License-Identifier: MIT */
/*
 * The kernel's half of every address space (kernel/mem/layout.h has the picture): all of
 * RAM once, and kernel stacks above holes. Its page tables are all made
 * at start-up and never replaced, so a process's directory copies the entries for them once
 * (PAE: the pointer to their directory) and sees every later change.
 *
 * A kernel stack's slot in the stack window, 16 KiB:
 *
 *   slot            +8 KiB                   +16 KiB
 *   | hole: unmapped | stack, growing down <- top |
 *
 * Running over the lower end is a fault with no stack to take it: a double fault.
 * A spinlock guards the window.
 */
#pragma once

#include "kernel/mem/page_table.h"

/* The kernel's own page directory, and the page tables of the first 4 MiB of RAM, which
 * the boot code begins. */
#define LOW_RAM_MAPPED (4u << 20)
#define LOW_ENTRIES (LOW_RAM_MAPPED / PAGE_SIZE)
extern pte_t kernel_directory[ENTRIES_PER_TABLE];
extern pte_t kernel_low_table[LOW_ENTRIES];

/* Start-up, after physmem_init: maps all RAM and makes the stack window's page tables. From here
 * on kernel code and constants are read-only. */
void kernel_map_init(void);
/* What CR3 holds when no process is wanted. */
physaddr_t kernel_directory_physical(void);
/* For the auditor: the first page of the kernel's half whose entry allows too much. Code and constants are
 * not to be written, and where entries can forbid it nothing but code is to be executed. 0: none. */
uintptr_t kmap_misplaced_right(void);
/* Fills the new root of an address space's tables: what is the kernel's, and nothing below. */
void kmap_root_fill(pte_t *root);

/* Maps the large page of device memory around the physical address at the same address, which is in the
 * kernel's half and not in use. Start-up only, after kernel_map_init; needs large pages. */
void kmap_device(physaddr_t address);

/* A kernel stack of THREAD_STACK_SIZE bytes: its lowest address, or 0 if there is no
 * memory. Asks the shrinkers if the caller may sleep. */
uintptr_t kmap_stack_alloc(void);
/* Takes it back; not the one the caller runs on. Callable with interrupts off. */
void kmap_stack_free(uintptr_t stack);
/* Whether the address lies in a hole: somebody ran over the end of a kernel stack. */
bool kmap_in_stack_hole(uintptr_t address);
