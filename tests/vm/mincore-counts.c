/* SPDX-License-Identifier: MIT */
/*
 * mincore(2) tells page by page what is in memory: of fresh memory nothing, then exactly what was
 * written.
 */
#include "tests/test.h"

int main(void)
{
	const uint32_t pages = 200;
	char *memory = memory_map(pages * PAGE, PROT_READ | PROT_WRITE);
	static unsigned char present[200];

	CHECK(pages_resident(memory, pages * PAGE) == 0, "nothing is there at first");
	for (uint32_t i = 0; i < pages; i += 3)
		memory[i * PAGE] = 1;
	CHECK(mincore(memory, pages * PAGE, present) == 0, "mincore");
	for (uint32_t i = 0; i < pages; i++)
		CHECK((present[i] & 1) == (i % 3 == 0) || !pages_stay(), "page %u is %s", i,
		      i % 3 ? "absent" : "there");
	CHECK(munmap(memory + 100 * PAGE, PAGE) == 0, "a hole");
	CHECK_ERRNO(mincore(memory, pages * PAGE, present), ENOMEM);
	CHECK_ERRNO(mincore(memory + 1, PAGE, present), EINVAL);
	CHECK_ERRNO(mincore(memory, PAGE, (void *)8), EFAULT);
	say("67 of 200 pages were there");
	return 0;
}
