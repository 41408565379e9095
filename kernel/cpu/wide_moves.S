/* SPDX-License-Identifier: MIT */
/*
 * The loops of wide.c: WIDE_STEP bytes a turn. Addresses are multiples of 16, lengths of the
 * step, and not 0. Arguments are in eax, edx and ecx.
 */
#define STEP 512

	.text
	/* void wide_clear(void *to, size_t bytes) */
	.globl wide_clear
	.type wide_clear, @function
wide_clear:
	leal (%eax, %edx), %ecx
	xorps %xmm0, %xmm0
1:
	.set at, 0
	.rept STEP / 16
	movaps %xmm0, at(%eax)
	.set at, at + 16
	.endr
	addl $STEP, %eax
	cmpl %ecx, %eax
	jb 1b
	ret
	.size wide_clear, . - wide_clear

	/* void wide_copy(void *to, const void *from, size_t bytes) */
	.globl wide_copy
	.type wide_copy, @function
wide_copy:
	addl %eax, %ecx
1:
	.set at, 0
	.rept STEP / 64
	movaps at(%edx), %xmm0
	movaps at+16(%edx), %xmm1
	movaps at+32(%edx), %xmm2
	movaps at+48(%edx), %xmm3
	movaps %xmm0, at(%eax)
	movaps %xmm1, at+16(%eax)
	movaps %xmm2, at+32(%eax)
	movaps %xmm3, at+48(%eax)
	.set at, at + 64
	.endr
	addl $STEP, %edx
	addl $STEP, %eax
	cmpl %ecx, %eax
	jb 1b
	ret
	.size wide_copy, . - wide_copy

	.section .note.GNU-stack, "", @progbits
