/* SPDX-License-Identifier: MIT */
/*
 * The way into the kernel and out again. Every vector has a stub of 16 bytes that makes
 * the stack look alike (an error code, the vector) and goes on to trap_common, which
 * saves the rest of struct trap_frame and calls trap_dispatch. System calls do the same
 * by a shorter way.
 *
 * Loading a segment register or IRET can fault on what a program put there (a selector
 * whose descriptor is gone). The fault happens in the kernel; section __fixups says
 * where to go on: with a selector that is always good.
 */
#define KERNEL_DATA 0x10
#define USER_CODE 0x73
#define USER_DATA 0x7b
#define VECTOR_SYSTEM_CALL 0x80
#define FRAME_EBP 20
#define FRAME_EIP 52

	/* Vectors for which the processor itself pushes an error code. */
#define HAS_ERROR_CODE(v) ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21)

	.text
	.balign 16
	.globl trap_stubs
trap_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	.if !HAS_ERROR_CODE(vector)
	pushl $0
	.endif
	pushl $vector
	jmp trap_common
	.set vector, vector + 1
	.endr

	/* Saves the rest of the frame and calls `dispatch` with its address, in eax. */
	.macro call_with_frame dispatch
	pushl %gs
	pushl %fs
	pushl %es
	pushl %ds
	pushl %eax
	pushl %ebp
	pushl %edi
	pushl %esi
	pushl %edx
	pushl %ecx
	pushl %ebx
	cld
	movl $KERNEL_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	/* No program's selector stays loaded: a trap inside the kernel would save it, and
	 * loading it again could fault without end. */
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
	movl %esp, %eax

	/* A stack frame as a call from the interrupted instruction would have made it:
	 * backtraces run through. */
	pushl FRAME_EIP(%eax)
	pushl FRAME_EBP(%eax)
	movl %esp, %ebp
.Lcall_\dispatch:
	call \dispatch
	addl $8, %esp
.Lcall_end_\dispatch:
	.endm

	/* int $0x80, by far the most frequent one, has a gate of its own. */
	.balign 16
	.globl trap_system_call
	.type trap_system_call, @function
trap_system_call:
	pushl $0
	pushl $VECTOR_SYSTEM_CALL
	call_with_frame trap_dispatch_system_call
	jmp trap_leave
	.size trap_system_call, . - trap_system_call

	.balign 16
	.type trap_common, @function
trap_common:
	call_with_frame trap_dispatch
	.size trap_common, . - trap_common

	/* For debuggers: where the registers of what was interrupted lie while the dispatch
	 * runs (DWARF 4, 6.4). Their CFA is the end of struct trap_frame's eflags. There stands
	 * esp if user mode was interrupted; else that address is what it was. By hand, for
	 * clang's assembler cannot say "S": a trap, after which the stack may be another. */
	.section .debug_frame, "", @progbits
.Lcie:
	.long .Lcie_end - . - 4, -1
	.byte 1                         /* version */
	.asciz "S"
	.byte 1, 0x7c, 8                /* offsets in units of -4; the caller is in eip */
	.byte 0x0c, 4, 72               /* CFA = esp + 72 */
	.byte 0x80 + 8, 3               /* eip at CFA - 3 * 4; then ebx, ecx, edx, esi, ... */
	.byte 0x80 + 3, 16, 0x80 + 1, 15, 0x80 + 2, 14, 0x80 + 6, 13, 0x80 + 7, 12
	.byte 0x80 + 5, 11, 0x80 + 0, 10
	/* esp = cs & 3 ? CFA[0] : CFA: dup lit8 minus deref lit3 and; bra skip deref */
	.byte 0x16, 4, 13, 0x12, 0x38, 0x1c, 0x06, 0x33, 0x1a, 0x28, 3, 0, 0x2f, 1, 0, 0x06
	.balign 4, 0
.Lcie_end:
	.irp dispatch, trap_dispatch, trap_dispatch_system_call
	.long 12, .Lcie, .Lcall_\dispatch, .Lcall_end_\dispatch - .Lcall_\dispatch
	.endr
	.text

	/* esp points at a complete struct trap_frame; interrupts are off. */
	.globl trap_leave
	.type trap_leave, @function
trap_leave:
	popl %ebx
	popl %ecx
	popl %edx
	popl %esi
	popl %edi
	popl %ebp
	popl %eax
1:	popl %ds
2:	popl %es
3:	popl %fs
4:	popl %gs
	addl $8, %esp
5:	iret

bad_data_segment:               /* the selector that could not be loaded is on top */
	movl $USER_DATA, %ss:(%esp)
	jmp 1b
bad_es:
	movl $USER_DATA, %ss:(%esp)
	jmp 2b
bad_fs:
	movl $0, %ss:(%esp)
	jmp 3b
bad_gs:
	movl $0, %ss:(%esp)
	jmp 4b
bad_return:
	movl $USER_CODE, %ss:4(%esp)
	movl $USER_DATA, %ss:16(%esp)
	jmp 5b
	.size trap_leave, . - trap_leave

	.section __fixups, "a"
	.long 1b, bad_data_segment
	.long 2b, bad_es
	.long 3b, bad_fs
	.long 4b, bad_gs
	.long 5b, bad_return

	.text
	/* trap_leave_with(frame): leaves by the frame, in eax, which lies on the current stack. */
	.globl trap_leave_with
	.type trap_leave_with, @function
trap_leave_with:
	movl %eax, %esp
	jmp trap_leave
	.size trap_leave_with, . - trap_leave_with

	.section .note.GNU-stack, "", @progbits
