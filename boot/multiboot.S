/* SPDX-License-Identifier: MIT */
/*
 * From the boot loader to C. The loader enters in 32-bit protected mode with paging off,
 * the magic number in eax and the physical address of its information in ebx. The kernel
 * lies at physical 1 MiB but is linked at KERNEL_BASE + 1 MiB, so until paging is on
 * every symbol needs KERNEL_BASE taken off.
 *
 * One page table of 4 KiB pages (PAE: two) maps the first 4 MiB of RAM, entered twice in the
 * directory: at 0, so that the instruction after "paging on" is found, and at
 * KERNEL_BASE, where the kernel goes on. With PAE the directory is the kernel's alone, and it is
 * the directory that is entered twice. kernel/mem/kmap.c completes the tables; the
 * mapping at 0 goes away here, before any C code runs.
 */
#include "boot/multiboot.h"

#define BASE 0xC0000000
#define PHYSICAL(symbol) ((symbol) - BASE)
#define FLAGS (MULTIBOOT_PAGE_ALIGN | MULTIBOOT_MEMORY_INFO)
#define PRESENT 0x1
#define PRESENT_WRITABLE 0x3       /* PTE_P | PTE_W */
#define CR0_PAGING 0x80010000      /* CR0_PG | CR0_WP */
#define CR4_PAE 0x20
#define CPUID_PAE 0x40             /* leaf 1, edx */
#define EFLAGS_ID 0x200000
#define COM1 0x3f8
#define COM1_STATUS 0x3fd
#define CAN_TAKE 0x20
#define VGA_TEXT 0xb8000
#define WHITE_ON_BLACK 0x07
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

#ifndef PAGODA_PAE
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
#else
	/* There is CPUID if the flag ID can be changed. */
	movl $PHYSICAL(boot_stack) + STACK_SIZE, %esp
	pushfl
	xorl $EFLAGS_ID, (%esp)
	popfl
	pushfl
	popl %eax
	xorl $EFLAGS_ID, %eax
	pushl %eax
	popfl
	pushfl
	popl %edx
	cmpl %eax, %edx
	jne no_pae

	movl %ebx, %esi
	movl $1, %eax
	cpuid
	movl %esi, %ebx
	testl $CPUID_PAE, %edx
	jz no_pae

	movl $PHYSICAL(kernel_low_table), %edi
	movl $PRESENT_WRITABLE, %eax
	movl $1024, %ecx
1:	movl %eax, (%edi)       /* the high halves are zero already */
	addl $8, %edi
	addl $4096, %eax
	loop 1b

	movl $PHYSICAL(kernel_low_table) + PRESENT_WRITABLE, %eax
	movl %eax, PHYSICAL(kernel_directory)
	addl $4096, %eax
	movl %eax, PHYSICAL(kernel_directory) + 8
	movl $PHYSICAL(kernel_directory) + PRESENT, %eax
	movl %eax, PHYSICAL(kernel_pointers)
	movl %eax, PHYSICAL(kernel_pointers) + (BASE >> 30) * 8
	movl $PHYSICAL(kernel_pointers), %eax
	movl %eax, %cr3
	movl %cr4, %eax
	orl $CR4_PAE, %eax
	movl %eax, %cr4
#endif
	movl %cr0, %eax
	orl $CR0_PAGING, %eax
	movl %eax, %cr0
	movl $high, %eax
	jmp *%eax

high:
#ifndef PAGODA_PAE
	movl $0, kernel_directory
#else
	movl $0, kernel_pointers
#endif
	movl %cr3, %eax
	movl %eax, %cr3

	/* The top stays free for the registers of user mode, as on every kernel stack. */
	movl $boot_stack + STACK_SIZE - TRAP_FRAME_SIZE, %esp
	movl %ebp, %eax
	movl %ebx, %edx
	xorl %ebp, %ebp         /* ends every backtrace */
	call kernel_main
	.size multiboot_entry, . - multiboot_entry

#ifdef PAGODA_PAE
/* Paging is off, and without PAE this kernel has no tables to turn it on with. It says so to the
 * first serial port and in the screen's first line, and stops. */
	.type no_pae, @function
no_pae:
	movl $PHYSICAL(no_pae_words), %esi
	movl $VGA_TEXT, %edi
2:	lodsb
	testb %al, %al
	jz 4f
	movb $WHITE_ON_BLACK, %ah
	stosw
	movb %al, %bl
	movl $0xffff, %ecx      /* where there is no port, nothing takes it */
	movw $COM1_STATUS, %dx
3:	inb %dx, %al
	testb $CAN_TAKE, %al
	loopz 3b
	movb %bl, %al
	movw $COM1, %dx
	outb %al, %dx
	jmp 2b
4:	hlt
	jmp 4b
	.size no_pae, . - no_pae

	.section .rodata
no_pae_words:
	.asciz "Pagoda: this kernel was made with PAGING=pae, and this processor has no PAE.\n"
	.text
#endif

	.section .note.GNU-stack, "", @progbits
