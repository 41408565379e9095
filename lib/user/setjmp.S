/* SPDX-License-Identifier: MIT */
/* Saves and restores what a called function must preserve, in struct __jump's order. */
	.section .note.GNU-stack, "", @progbits
	.text

	.globl setjmp
	.type setjmp, @function
setjmp:
	movl 4(%esp), %eax
	movl $0, 24(%eax)       /* mask_saved */
	call save_registers
	xorl %eax, %eax
	ret
	.size setjmp, . - setjmp

/* The C function that saves the mask takes the same two arguments and returns 0, to the
 * same place. */
	.globl sigsetjmp
	.type sigsetjmp, @function
sigsetjmp:
	movl 4(%esp), %eax
	call save_registers
	jmp __jump_save_mask
	.size sigsetjmp, . - sigsetjmp

/* Into the struct at eax. The caller's own caller sees, after the jump, the stack as it
 * is once both have returned. */
save_registers:
	movl %ebx, 0(%eax)
	movl %esi, 4(%eax)
	movl %edi, 8(%eax)
	movl %ebp, 12(%eax)
	leal 8(%esp), %ecx
	movl %ecx, 16(%eax)
	movl 4(%esp), %ecx
	movl %ecx, 20(%eax)
	ret

/* setjmp returns again, with the value, which is never 0. */
	.globl longjmp
	.type longjmp, @function
longjmp:
	movl 4(%esp), %edx
	movl 8(%esp), %eax
	testl %eax, %eax
	jnz 1f
	incl %eax
1:	movl 0(%edx), %ebx
	movl 4(%edx), %esi
	movl 8(%edx), %edi
	movl 12(%edx), %ebp
	movl 16(%edx), %esp
	jmp *20(%edx)
	.size longjmp, . - longjmp
