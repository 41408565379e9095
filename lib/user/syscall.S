/* SPDX-License-Identifier: MIT */
/*
 * Into the kernel: the number in eax, arguments in ebx, ecx, edx, esi, edi, ebp, the
 * result in eax, all other registers kept. A result from -4095 to -1 is a negative errno.
 */
#include <asm/unistd_32.h>

	.section .note.GNU-stack, "", @progbits
	.text

/* long syscall(long number, ...): always takes six arguments from the stack. Those that
 * the caller did not give are whatever stands there, and the kernel ignores them. */
	.globl syscall
	.type syscall, @function
syscall:
	pushl %ebp
	pushl %edi
	pushl %esi
	pushl %ebx
	movl 20(%esp), %eax
	movl 24(%esp), %ebx
	movl 28(%esp), %ecx
	movl 32(%esp), %edx
	movl 36(%esp), %esi
	movl 40(%esp), %edi
	movl 44(%esp), %ebp
	int $0x80
	popl %ebx
	popl %esi
	popl %edi
	popl %ebp
syscall_result:
	cmpl $-4095, %eax
	jae 1f
	ret
1:	negl %eax
	movl %eax, errno
	movl $-1, %eax
	ret
	.size syscall, . - syscall

/* The child runs on the parent's stack and overwrites the return address there before
 * the parent comes back, so the parent keeps it in a register across the call. */
	.globl vfork
	.type vfork, @function
vfork:
	popl %ecx
	movl $__NR_vfork, %eax
	int $0x80
	pushl %ecx
	jmp syscall_result
	.size vfork, . - vfork

/* Where a signal handler returns to: sigaction names one of these as the restorer. The
 * kernel finds its frame by the stack pointer. In the frame without siginfo, the
 * handler's argument is still on the stack above it. */
	.globl __signal_return
	.type __signal_return, @function
__signal_return:
	popl %eax
	movl $__NR_sigreturn, %eax
	int $0x80
	.size __signal_return, . - __signal_return

	.globl __signal_return_info
	.type __signal_return_info, @function
__signal_return_info:
	movl $__NR_rt_sigreturn, %eax
	int $0x80
	.size __signal_return_info, . - __signal_return_info
