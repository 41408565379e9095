/* SPDX-License-Identifier: MIT */
/*
 * Anonymous mappings: zero at first, apart from each other, gone after munmap(2).
 */
#include "tests/test.h"

int main(void)
{
	char *a = memory_map(10 * PAGE, PROT_READ | PROT_WRITE);
	char *b = memory_map(10 * PAGE, PROT_READ | PROT_WRITE);

	CHECK((uintptr_t)a % PAGE == 0 && (uintptr_t)b % PAGE == 0, "whole pages");
	CHECK(a + 10 * PAGE <= b || b + 10 * PAGE <= a, "no overlap");
	for (uint32_t i = 0; i < 10; i++) {
		CHECK(all_bytes_are(a + i * PAGE, PAGE, 0), "page %u of a is zero", i);
		page_fill(a + i * PAGE, i);
		page_fill(b + i * PAGE, 100 + i);
	}
	for (uint32_t i = 0; i < 10; i++)
		CHECK(page_has(a + i * PAGE, i) && page_has(b + i * PAGE, 100 + i), "page %u", i);
	CHECK(munmap(a, 10 * PAGE) == 0, "munmap");
	CHECK_DIES(read_byte, a, SIGSEGV, SEGV_MAPERR, a);
	CHECK_DIES(write_byte, a + 10 * PAGE - 1, SIGSEGV, SEGV_MAPERR, a + 10 * PAGE - 1);
	CHECK(page_has(b + 9 * PAGE, 109), "b is still there");
	say("two mappings lived side by side; one was unmapped");
	return 0;
}
