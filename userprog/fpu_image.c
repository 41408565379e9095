/* SPDX-License-Identifier: MIT */
/* From one form of the floating-point state to the other (fpu_image.h). */
#include "userprog/fpu_image.h"

#include "lib/string.h"

/* What a register holds, as FSAVE's two bits tell it: valid, zero, special. */
static uint32_t tag_of(const struct _fpxreg *st)
{
	bool zero = !(st->significand[0] | st->significand[1] | st->significand[2] |
	              st->significand[3]);
	uint32_t exponent = st->exponent & 0x7fff;
	if (exponent == 0 && zero)
		return 1;
	if (exponent == 0 || exponent == 0x7fff || !(st->significand[3] & 0x8000))
		return 2;
	return 0;
}

/* FSAVE's tag word: by physical register, where FXSAVE's st[] is by distance from the top
 * and its tags only tell empty (3) from the rest. */
static uint32_t tag_word(const struct fxsave *fx)
{
	uint32_t word = 0xffffffff, top = fx->status >> 11 & 7;
	for (uint32_t left = fx->tags; left; left &= left - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(left);
		word ^= (3 ^ tag_of(&fx->st[(i - top) & 7])) << 2 * i;
	}
	return word;
}

void fpu_image_to_fsave(const struct fxsave *fx, struct fsave *to)
{
	to->control = fx->control | 0xffff0000;
	to->status = fx->status | 0xffff0000;
	to->tags = tag_word(fx);
	to->instruction = fx->instruction;
	to->instruction_selector = fx->instruction_selector | (uint32_t)fx->opcode << 16;
	to->operand = fx->operand;
	to->operand_selector = fx->operand_selector;
	for (int i = 0; i < 8; i++)
		__builtin_memcpy(&to->st[i], &fx->st[i], sizeof to->st[i]); /* inline */
}

void fpu_image_from_fsave(struct fxsave *fx, const struct fsave *from)
{
	fx->control = (uint16_t)from->control;
	fx->status = (uint16_t)from->status;
	fx->tags = 0;
	for (uint32_t i = 0; i < 8; i++)
		if ((from->tags >> 2 * i & 3) != 3)
			fx->tags |= (uint8_t)(1u << i);
	fx->instruction = from->instruction;
	fx->instruction_selector = (uint16_t)from->instruction_selector;
	fx->opcode = (uint16_t)(from->instruction_selector >> 16);
	fx->operand = from->operand;
	fx->operand_selector = (uint16_t)from->operand_selector;
	for (int i = 0; i < 8; i++)
		memcpy(&fx->st[i], &from->st[i], sizeof from->st[i]);
}
