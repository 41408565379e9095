/* SPDX-License-Identifier: MIT */
/*
 * The ways into the kernel that a C library finds here: __kernel_vsyscall does what int $0x80 does,
 * and the other two are what a handler returns to.
 *
 * In a handler's frame the registers are not where an unwinder looks for them; gdb knows these
 * two by their instructions (userprog/signal_frame.c has the same).
 */
#include <asm/unistd_32.h>

	.text
	.globl __kernel_vsyscall, __kernel_sigreturn, __kernel_rt_sigreturn

	.type __kernel_vsyscall, @function
__kernel_vsyscall:
	.cfi_startproc
	int $0x80
	ret
	.cfi_endproc
	.size __kernel_vsyscall, . - __kernel_vsyscall

	.balign 16
	.type __kernel_sigreturn, @function
__kernel_sigreturn:
	popl %eax
	movl $__NR_sigreturn, %eax
	int $0x80
	.size __kernel_sigreturn, . - __kernel_sigreturn

	.balign 16
	.type __kernel_rt_sigreturn, @function
__kernel_rt_sigreturn:
	movl $__NR_rt_sigreturn, %eax
	int $0x80
	.size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn

	.section .note.GNU-stack, "", @progbits
