/* SPDX-License-Identifier: MIT */
/*
 * A page of a file is cut off while it is mapped, and was used the moment before: SIGBUS at the
 * next access. And after the file has grown again the page shows zeros, not the old frame.
 *
 * tlb: frame_unmap 1
 */
#include <setjmp.h>

#include "tests/test.h"

static sigjmp_buf missed;

static void bus_error(int number)
{
	(void)number;
	siglongjmp(missed, 1);
}

int main(void)
{
	int fd = file_make("data", 1, 5);
	volatile char *page = file_map(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);

	CHECK(signal(SIGBUS, bus_error) != SIG_ERR, "signal");
	for (volatile uint32_t round = 0; round < 50; round++) {
		page[7] = 'x';
		CHECK(ftruncate(fd, 0) == 0, "cut it off");
		if (!sigsetjmp(missed, 1)) {
			char seen = page[7];
			CHECK(false, "SIGBUS, not %d, in round %u", seen, round);
		}
		CHECK(ftruncate(fd, PAGE) == 0 && page[7] == 0, "grown again, it has zeros");
		page[7] = 'y';
		CHECK(ftruncate(fd, 0) == 0 && ftruncate(fd, PAGE) == 0, "cut off and grown");
		CHECK(page[7] == 0, "zeros again, in round %u", round);
	}
	say("50 pages were cut off, and every one was missed");
	return 0;
}
