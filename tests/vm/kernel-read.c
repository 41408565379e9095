/* SPDX-License-Identifier: MIT */
/*
 * Reading the kernel's memory is SIGSEGV, at every place of it, with the address told.
 */
#include "tests/test.h"

int main(void)
{
	static const uintptr_t addresses[] = {0xC0000000, 0xC0100000, 0xC0100FFC, 0xC0400000,
	                                      0xD0000000, 0xE0000000, 0xFFFFE000, 0xFFFFF000};

	for (uint32_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		void *address = (void *)addresses[i];
		struct death death = death_of(read_byte, address);

		CHECK(death.signal == SIGSEGV, "%p: SIGSEGV, not %d", address, death.signal);
		CHECK(death.address == addresses[i], "%p: not si_addr %#lx", address,
		      (unsigned long)death.address);
	}
	say("the kernel cannot be reached");
	return 0;
}
