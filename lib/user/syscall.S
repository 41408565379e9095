/* SPDX-License-Identifier: MIT */
/*
 * Into the kernel: the number in eax, arguments in ebx, ecx, edx, esi, edi, ebp, the
 * result in eax, all other registers kept. A result from -4095 to -1 is a negative errno.
 */
#include <asm/unistd_32.h>

	.section .note.GNU-stack, "", @progbits
	.text
	.cfi_sections .debug_frame /* for debuggers: how to find the caller */

/* long syscall(long number, ...): always takes six arguments from the stack. Those that
 * the caller did not give are whatever stands there, and the kernel ignores them. */
	.globl syscall
	.type syscall, @function
syscall:
	.cfi_startproc
	pushl %ebp
	pushl %edi
	pushl %esi
	pushl %ebx
	.cfi_def_cfa_offset 20
	.cfi_offset ebp, -8
	.cfi_offset edi, -12
	.cfi_offset esi, -16
	.cfi_offset ebx, -20
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
	.cfi_def_cfa_offset 4
	.cfi_restore ebp
	.cfi_restore edi
	.cfi_restore esi
	.cfi_restore ebx
syscall_result:
	cmpl $-4095, %eax
	jae 1f
	ret
1:	negl %eax
	movl %eax, errno
	movl $-1, %eax
	ret
	.cfi_endproc
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

/* clone(run, end of its stack, flags, argument, parent's place for the number, tls, its own): the
 * new thread of control starts with this one's registers, and with the argument on its stack. */
	.globl clone
	.type clone, @function
clone:
	pushl %ebp
	pushl %ebx
	pushl %esi
	pushl %edi
	movl 20(%esp), %ebp
	movl 24(%esp), %ecx
	andl $-16, %ecx
	subl $16, %ecx
	movl 32(%esp), %eax
	movl %eax, (%ecx)
	movl 28(%esp), %ebx
	movl 36(%esp), %edx
	movl 40(%esp), %esi
	movl 44(%esp), %edi
	movl $__NR_clone, %eax
	int $0x80
	testl %eax, %eax
	jz 1f
	popl %edi
	popl %esi
	popl %ebx
	popl %ebp
	jmp syscall_result
1:	movl %ebp, %eax
	xorl %ebp, %ebp /* nobody called it: a backtrace ends here */
	call *%eax
	movl %eax, %ebx
	movl $__NR_exit, %eax
	int $0x80
	.size clone, . - clone

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
