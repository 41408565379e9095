/* SPDX-License-Identifier: MIT */
/* The floating-point state as FXSAVE leaves it, and in the older form of FSAVE, which signal
 * frames and ptrace(2) have too (SDM vol. 1, 10.5.1 and 8.1.10). */
#pragma once

#include <asm/sigcontext.h>

#include "lib/types.h"

#define FXSAVE_SIZE 512u

/* The fields of FXSAVE's image that FSAVE's has too (SDM vol. 1, 10.5.1 and 8.1.10). */
struct fxsave {
	uint16_t control, status;
	uint8_t tags, reserved;
	uint16_t opcode;
	uint32_t instruction;
	uint16_t instruction_selector, reserved2;
	uint32_t operand;
	uint16_t operand_selector, reserved3;
	uint32_t mxcsr, mxcsr_mask;
	struct _fpxreg st[8];
	uint8_t rest[FXSAVE_SIZE - 160];
} __attribute__((aligned(16)));

struct fsave {
	uint32_t control, status, tags;
	uint32_t instruction, instruction_selector; /* with the opcode, above */
	uint32_t operand, operand_selector;
	struct _fpreg st[8];
} __attribute__((packed));

void fpu_image_to_fsave(const struct fxsave *, struct fsave *);
/* Changes what FSAVE's form has of it; the rest stays. */
void fpu_image_from_fsave(struct fxsave *, const struct fsave *);
