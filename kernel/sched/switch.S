/* SPDX-License-Identifier: MIT */
/*
 * context_switch(void **save, void *load), in eax and edx: puts the registers that C expects
 * a call to preserve on the stack, leaves the stack pointer in *save, takes `load` as the new
 * one, and returns in the other thread: into its own call of context_switch, or, the first
 * time, into thread_begin, which thread.c put there.
 */
	.text
	.globl context_switch
	.type context_switch, @function
context_switch:
	pushl %ebp
	pushl %ebx
	pushl %esi
	pushl %edi
	movl %esp, (%eax)
	movl %edx, %esp
	popl %edi
	popl %esi
	popl %ebx
	popl %ebp
	ret
	.size context_switch, . - context_switch

	.section .note.GNU-stack, "", @progbits
