/* SPDX-License-Identifier: MIT */
/*
 * swapoff brings every page in, from two processes and from shared memory, before it takes the
 * device away; swapon makes it usable again; both refuse what they should.
 *
 * Pagoda only: it takes away the machine's swap.
 *
 * guest: mem=24 swap=32 pagoda-only
 */
#include "tests/disk.h"

#include <sys/syscall.h>

#define PAGES_OWN 2600u
#define PAGES_SHARED 1200u

static long swap_used_pages(void)
{
	return (meminfo("SwapTotal") - meminfo("SwapFree")) / 4;
}

int main(void)
{
	char *own = memory_map(PAGES_OWN * PAGE, PROT_READ | PROT_WRITE);
	char *shared = mmap(NULL, PAGES_SHARED * PAGE, PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED, "map shared memory");
	for (uint32_t i = 0; i < PAGES_SHARED; i++)
		page_fill(shared + i * PAGE, 7000 + i);
	for (uint32_t i = 0; i < PAGES_OWN; i++)
		page_fill(own + i * PAGE, i);

	/* Push much of it out, then give that memory back. */
	char *pusher = memory_map(20 * MIB, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < PAGES(20 * MIB); i++)
		pusher[i * PAGE] = 1;
	munmap(pusher, 20 * MIB);
	long out = swap_used_pages();
	CHECK(out > 1000, "a good part is on the swap device, not %ld pages", out);

	CHECK_ERRNO(syscall(SYS_swapoff, "/dev/null"), EINVAL);
	CHECK_ERRNO(syscall(SYS_swapoff, disk_path(DISK_ROOT)), EINVAL);
	CHECK_ERRNO(syscall(SYS_swapon, disk_path(DISK_SWAP), 0), EBUSY);
	CHECK(symlink(disk_path(DISK_SWAP), "twin") == 0, "another name");
	CHECK_ERRNO(syscall(SYS_swapon, "twin", 0), EBUSY);
	CHECK(syscall(SYS_swapoff, disk_path(DISK_SWAP)) == 0, "take the swap away");
	CHECK(meminfo("SwapTotal") == 0, "there is none any more");
	for (uint32_t i = 0; i < PAGES_OWN; i++)
		CHECK(page_has(own + i * PAGE, i), "page %u is intact", i);
	for (uint32_t i = 0; i < PAGES_SHARED; i++)
		CHECK(page_has(shared + i * PAGE, 7000 + i), "shared page %u is intact", i);

	CHECK_ERRNO(syscall(SYS_swapoff, disk_path(DISK_SWAP)), EINVAL);
	CHECK(syscall(SYS_swapon, disk_path(DISK_SWAP), 0) == 0, "give it back");
	CHECK(meminfo("SwapTotal") > 30000, "it is there again");
	CHECK(swap_used_pages() == 0 || !pages_stay(), "and empty");
	say("%ld pages came in when the swap went", out);
	return 0;
}
