/* SPDX-License-Identifier: MIT */
/*
 * Where a program begins. The kernel left on the stack: argc, the argv pointers and a
 * NULL, the environment pointers and a NULL, the auxiliary vector.
 */
	.section .note.GNU-stack, "", @progbits
	.text
	.globl _start
	.type _start, @function
_start:
	xorl %ebp, %ebp         /* the outermost frame: a backtrace ends here */
	movl %esp, %eax
	andl $-16, %esp
	subl $12, %esp          /* so that the call finds esp as the ABI wants it */
	pushl %eax
	call __start
	hlt                     /* not reached: __start ends in exit */
	.size _start, . - _start
