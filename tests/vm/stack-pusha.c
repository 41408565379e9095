/* SPDX-License-Identifier: MIT */
/*
 * PUSHA writes 32 bytes at once: where it reaches into the next page below, that page arrives
 * though the stack pointer still lies in the page above. Tried at every offset in a page.
 */
#include "tests/test.h"

/* Moves esp down to the given address, does PUSHA with known registers, and returns the
 * lowest word that it wrote (edi). */
static uint32_t pusha_at(uintptr_t address, uint32_t edi)
{
	uint32_t lowest;

	__asm__ volatile("movl %%esp, %%esi\n\t"
	                 "movl %1, %%esp\n\t"
	                 "pusha\n\t"
	                 "movl (%%esp), %0\n\t"
	                 "movl %%esi, %%esp"
	                 : "=a"(lowest)
	                 : "r"(address), "D"(edi)
	                 : "esi", "memory");
	return lowest;
}

int main(void)
{
	volatile char here;
	uintptr_t page = ((uintptr_t)&here & ~(uintptr_t)(PAGE - 1)) - 16 * PAGE;

	/* Each round uses a page that has not been touched, one page further down. */
	for (uint32_t offset = 0; offset <= 32; offset += 4, page -= PAGE) {
		uint32_t found = pusha_at(page + offset, 0xA0000000u + offset);

		CHECK(found == 0xA0000000u + offset, "PUSHA %u bytes above the page", offset);
	}
	say("PUSHA across page boundaries made the stack grow");
	return 0;
}
