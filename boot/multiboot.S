/* SPDX-License-Identifier: MIT */
/*
 * From the boot loader to C. The loader enters in 32-bit protected mode with paging off,
 * the magic number in eax and the physical address of its information in ebx. The kernel
 * lies at physical 1 MiB but is linked at KERNEL_BASE + 1 MiB, so until paging is on
 * every symbol needs KERNEL_BASE taken off.
 *
 * One page table of 4 KiB pages maps the first 4 MiB of RAM, entered twice in the
 * directory: at 0, so that the instruction after "paging on" is found, and at
 * KERNEL_BASE, where the kernel goes on. kernel/mem/kmap.c completes both tables; the
 * mapping at 0 goes away here, before any C code runs.
 */
#include "boot/multiboot.h"

#define BASE 0xC0000000
#define PHYSICAL(symbol) ((symbol) - BASE)
#define FLAGS (MULTIBOOT_PAGE_ALIGN | MULTIBOOT_MEMORY_INFO)
#define PRESENT_WRITABLE 0x3       /* PTE_P | PTE_W */
#define CR0_PAGING 0x80010000      /* CR0_PG | CR0_WP */
#define STACK_SIZE 8192            /* THREAD_STACK_SIZE */
#define TRAP_FRAME_SIZE 80         /* sizeof(struct trap_frame), rounded up to 16 */

	.section .multiboot, "a"
	.balign 4
	.long MULTIBOOT_HEADER_MAGIC
	.long FLAGS
	.long -(MULTIBOOT_HEADER_MAGIC + FLAGS)

	.text
	.globl multiboot_entry
	.type multiboot_entry, @function
multiboot_entry:
	cli
	cld
	movl %eax, %ebp

	movl $PHYSICAL(kernel_low_table), %edi
	movl $PRESENT_WRITABLE, %eax
	movl $1024, %ecx
1:	stosl
	addl $4096, %eax
	loop 1b

	movl $PHYSICAL(kernel_low_table) + PRESENT_WRITABLE, %eax
	movl %eax, PHYSICAL(kernel_directory)
	movl %eax, PHYSICAL(kernel_directory) + (BASE >> 22) * 4
	movl $PHYSICAL(kernel_directory), %eax
	movl %eax, %cr3
	movl %cr0, %eax
	orl $CR0_PAGING, %eax
	movl %eax, %cr0
	movl $high, %eax
	jmp *%eax

high:
	movl $0, kernel_directory
	movl %cr3, %eax
	movl %eax, %cr3

	/* The top stays free for the registers of user mode, as on every kernel stack. */
	movl $boot_stack + STACK_SIZE - TRAP_FRAME_SIZE, %esp
	pushl %ebx
	pushl %ebp
	xorl %ebp, %ebp         /* ends every backtrace */
	call kernel_main
	.size multiboot_entry, . - multiboot_entry

	.section .note.GNU-stack, "", @progbits
