/* SPDX-License-Identifier: MIT */
/*
 * One process may map a file page at several addresses; all of them are the same memory, private
 * ones until they are written.
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 1, 150);
	char *views[8], *private = file_map(fd, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	for (uint32_t i = 0; i < 8; i++)
		views[i] = file_map(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	for (uint32_t i = 0; i < 8; i++) {
		page_fill(views[i], 1000 + i);
		for (uint32_t j = 0; j < 8; j++)
			CHECK(page_has(views[j], 1000 + i), "view %u shows the write to %u", j, i);
		if (i < 4)
			CHECK(page_has(private, 1000 + i), "the private view too");
		if (i == 3)
			private[0]++;
		if (i > 3)
			CHECK(!page_has(private, 1000 + i), "not any more, once it was written");
	}
	say("8 addresses, one page");
	return 0;
}
