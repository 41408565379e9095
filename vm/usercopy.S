/* SPDX-License-Identifier: MIT */
/*
 * The instructions that touch user memory. Each one that may fault on an address that cannot
 * be made good has an entry in __fixups: where to go on. fault.c accepts a kernel-mode fault
 * on a user address only between user_access_start and user_access_end, so a wild pointer
 * elsewhere in the kernel is still a panic.
 *
 * Arguments are in eax, edx and ecx; a fourth is on the stack.
 */

#define STEP 512 /* WIDE_STEP */

#define FIXUP(from, to)                 \
	.pushsection __fixups, "a";     \
	.long from, to;                 \
	.popsection

	.text
	.globl user_access_start, user_access_end
	.globl user_copy, user_copy_wide, user_clear, user_string, user_exchange
	.globl user_wide_start, user_wide_end, user_wide_fault

user_access_start:

/* uint32_t user_copy(void *to, const void *from, size_t n): bytes not copied. */
user_copy:
	pushl	%esi
	pushl	%edi
	movl	%eax, %edi
	movl	%edx, %esi
	movl	%ecx, %edx
	shrl	$2, %ecx
1:	rep movsl
	movl	%edx, %ecx
	andl	$3, %ecx
2:	rep movsb
	xorl	%eax, %eax
3:	popl	%edi
	popl	%esi
	ret
/* ecx doublewords, then edx & 3 bytes, were left. The first bytes of the doubleword that could not
 * be had may be had: byte by byte, up to the one that cannot. */
4:	andl	$3, %edx
	leal	(%edx, %ecx, 4), %ecx
	jmp	2b
5:	movl	%ecx, %eax
	jmp	3b
	FIXUP(1b, 4b)
	FIXUP(2b, 5b)

/* bool user_exchange(uint32_t *user, uint32_t old, uint32_t new, uint32_t *was): whether the
 * address is bad. */
user_exchange:
	xchgl	%eax, %edx
1:	lock; cmpxchgl %ecx, (%edx)
	movl	4(%esp), %ecx
	movl	%eax, (%ecx)
	xorl	%eax, %eax
	ret
2:	movl	$1, %eax
	ret
	FIXUP(1b, 2b)

/* uint32_t user_copy_wide(void *to, const void *from, size_t n): bytes not copied. n is a
 * multiple of STEP. Any fault in the loop ends it at the start of its turn, whether the page
 * could be had or not: interrupts are off. */
	.balign 16
user_copy_wide:
	addl	%eax, %ecx
user_wide_start:
	.set	at, 0
	.rept	STEP / 64
	movups	at(%edx), %xmm0
	movups	at+16(%edx), %xmm1
	movups	at+32(%edx), %xmm2
	movups	at+48(%edx), %xmm3
	movups	%xmm0, at(%eax)
	movups	%xmm1, at+16(%eax)
	movups	%xmm2, at+32(%eax)
	movups	%xmm3, at+48(%eax)
	.set	at, at + 64
	.endr
user_wide_end:
	addl	$STEP, %edx
	addl	$STEP, %eax
	cmpl	%ecx, %eax
	jb	user_wide_start
user_wide_fault:
	subl	%eax, %ecx
	movl	%ecx, %eax
	ret

/* uint32_t user_clear(void *to, size_t n): bytes not cleared. */
user_clear:
	pushl	%edi
	movl	%eax, %edi
	movl	%edx, %ecx
	xorl	%eax, %eax
6:	rep stosb
7:	movl	%ecx, %eax
	popl	%edi
	ret
	FIXUP(6b, 7b)

/* int user_string(char *to, const char *from, size_t size): copies up to and with the NUL;
 * its length, size if there was no NUL, -1 for a bad address. */
user_string:
	pushl	%esi
	pushl	%edi
	movl	%eax, %edi
	movl	%edx, %esi
	xorl	%edx, %edx
8:	cmpl	%ecx, %edx
	je	10f
9:	movb	(%esi, %edx), %al
	movb	%al, (%edi, %edx)
	testb	%al, %al
	je	10f
	incl	%edx
	jmp	8b
10:	movl	%edx, %eax
11:	popl	%edi
	popl	%esi
	ret
12:	movl	$-1, %eax
	jmp	11b
	FIXUP(9b, 12b)

user_access_end:
	.section .note.GNU-stack, "", @progbits
