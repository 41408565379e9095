/* SPDX-License-Identifier: MIT */
/*
 * Swap slots that cannot be written, of shared memory: a page that was to go there stays, whole, and
 * goes to another slot the next time.
 *
 * pagoda-only: the disk's errors are made by QEMU.
 * guest: mem=12 swap=32 errors="swap:write:1-100" pagoda-only
 */
#include "tests/test.h"

#define COUNT PAGES(14 * MIB)

int main(void)
{
	long total = proc_number("/proc/meminfo", "SwapTotal:");
	char *memory = mmap(NULL, COUNT * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	                    -1, 0);

	CHECK(memory != MAP_FAILED, "shared memory");
	pages_through_rounds(memory, COUNT, 4);
	long failed = proc_number("/proc/vmstat", "evict_failed");
	long lost = (total - proc_number("/proc/meminfo", "SwapTotal:")) / 4;
	CHECK(failed >= 100, "pages stayed because they could not be written, not %ld", failed);
	CHECK(lost > 50 && lost <= 100, "slots that failed are used no more, not %ld", lost);
	say("%ld writes failed, %ld slots are broken, and %u pages are intact", failed, lost, COUNT);
	return 0;
}
