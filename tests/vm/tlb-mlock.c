/* SPDX-License-Identifier: MIT */
/*
 * mlock rewrites entries that are in use, and the bits the processor set in them are not lost: a
 * page that was written before mlock, and one that is written after it, both reach the file.
 *
 * The processor is told to forget (pagedir_set, the same frame), since a cached "dirty" would
 * keep it from setting D again; but the frame is marked dirty by then, so no test can miss it.
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 2, 5);
	int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);

	for (uint32_t round = 0; round < 50; round++) {
		volatile uint32_t *page = (void *)file_map(fd, 2 * PAGE, PROT_READ | PROT_WRITE,
		                                           MAP_SHARED);
		uint32_t seen[2];

		page[0] = 1000 + round;
		CHECK(mlock((void *)page, 2 * PAGE) == 0, "mlock");
		page[1] = 2000 + round;
		CHECK(msync((void *)page, PAGE, MS_SYNC) == 0, "msync");
		page[1]++;
		CHECK(munlock((void *)page, 2 * PAGE) == 0, "munlock");
		page[0]++;
		CHECK(munmap((void *)page, 2 * PAGE) == 0, "munmap");
		if (machine_is_ours())
			CHECK(drop >= 0 && write(drop, "1", 1) == 1, "drop what is clean");
		CHECK(pread(fd, seen, 8, 0) == 8 && seen[0] == 1001 + round &&
		      seen[1] == 2001 + round, "both stores are in the file in round %u", round);
	}
	say("50 pages were locked and unlocked while they were written");
	return 0;
}
