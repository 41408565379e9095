/* SPDX-License-Identifier: MIT */
/* The build's folder is where the assembler looks for it (Makefile). */
	.section .rodata
	.globl vdso_image, vdso_image_size
	.balign 4
vdso_image:
	.incbin "vdso.so"
vdso_image_end:
	.balign 4
vdso_image_size:
	.long vdso_image_end - vdso_image

	.section .note.GNU-stack, "", @progbits
