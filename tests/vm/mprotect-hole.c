/* SPDX-License-Identifier: MIT */
/*
 * mprotect(2) over a range with a hole is ENOMEM.
 */
#include "tests/test.h"

int main(void)
{
	char *memory = memory_map(5 * PAGE, PROT_READ | PROT_WRITE);

	page_fill(memory, 1);
	page_fill(memory + 4 * PAGE, 5);
	CHECK(munmap(memory + 2 * PAGE, PAGE) == 0, "a hole");
	CHECK_ERRNO(mprotect(memory, 5 * PAGE, PROT_READ), ENOMEM);
	CHECK_ERRNO(mprotect(memory + 2 * PAGE, PAGE, PROT_READ), ENOMEM);
	CHECK(page_has(memory, 1) && page_has(memory + 4 * PAGE, 5), "nothing is lost");
	page_fill(memory + 4 * PAGE, 6);
	CHECK(page_has(memory + 4 * PAGE, 6), "behind the hole the rights are as before");
	say("a hole stops mprotect");
	return 0;
}
