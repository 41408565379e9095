/* SPDX-License-Identifier: MIT */
/*
 * Swap slots that cannot be written: a page that was to go there stays in memory, whole. The
 * others go where they can, nobody is killed, and nobody loses a byte.
 *
 * pagoda-only: the disk's errors are made by QEMU.
 * guest: mem=12 swap=32 errors="swap:write:1-100 swap:write:3000-3200" pagoda-only
 */
#include "tests/test.h"

#define COUNT PAGES(14 * MIB)

static void use(void *flags)
{
	char *memory = mmap(NULL, COUNT * PAGE, PROT_READ | PROT_WRITE,
	                    *(int *)flags | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED, "mmap");
	pages_through_rounds(memory, COUNT, 3);
	long failed = proc_number("/proc/vmstat", "evict_failed");
	CHECK(failed >= (*(int *)flags == MAP_PRIVATE ? 100 : 200),
	      "pages stayed because they could not be written, not %ld", failed);
	say("%ld writes failed, and %u pages are intact", failed, COUNT);
}

int main(void)
{
	int private = MAP_PRIVATE, shared = MAP_SHARED;

	in_child(use, &private);
	in_child(use, &shared);
	return 0;
}
