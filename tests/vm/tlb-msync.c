/* SPDX-License-Identifier: MIT */
/*
 * msync makes a page clean and read-only, so that the next store is noticed. If the processor went
 * on with what it knew, the store would pass unseen, and be lost when the clean page is dropped.
 *
 * tlb: frame_write_protect 1
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 1, 5);
	int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);

	for (uint32_t round = 0; round < 50; round++) {
		volatile uint32_t *page = (void *)file_map(fd, PAGE, PROT_READ | PROT_WRITE,
		                                           MAP_SHARED);
		uint32_t seen;

		page[9] = 1000 + round;
		CHECK(msync((void *)page, PAGE, MS_SYNC) == 0, "msync");
		page[9] = 2000 + round;
		CHECK(munmap((void *)page, PAGE) == 0, "munmap");
		if (machine_is_ours())
			CHECK(drop >= 0 && write(drop, "1", 1) == 1, "drop what is clean");
		CHECK(pread(fd, &seen, 4, 36) == 4 && seen == 2000 + round,
		      "the last store is in the file in round %u, not %u", round, seen);
	}
	say("50 stores right after msync, and none was lost");
	return 0;
}
