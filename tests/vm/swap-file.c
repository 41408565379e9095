/* SPDX-License-Identifier: MIT */
/*
 * A file as swap: pages go to it and come back intact; while it is in use nobody may write it;
 * after swapoff it is a file again. A file with holes is refused.
 *
 * Pagoda only: it changes the machine's swap.
 *
 * guest: mem=16 swap=0 pagoda-only writes
 */
#include "tests/test.h"

#include <sys/syscall.h>

#define FILE_PAGES 4096u /* 16 MiB */
#define PAGES_OWN 6000u

/* What mkswap(8) writes, for a file of so many pages. */
static void make_swap_file(const char *name, uint32_t pages, bool holes)
{
	char page[PAGE] = {0};
	int fd = open(name, O_CREAT | O_RDWR | O_TRUNC, 0600);
	CHECK(fd >= 0, "make the file");
	for (uint32_t i = 0; i < pages && !holes; i++)
		CHECK(write(fd, page, PAGE) == (ssize_t)PAGE, "fill it");
	CHECK(ftruncate(fd, pages * PAGE) == 0, "set its size");
	uint32_t *words = (uint32_t *)(page + 1024);
	words[0] = 1;
	words[1] = pages - 1;
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
	CHECK(pwrite(fd, page, PAGE, 0) == (ssize_t)PAGE, "write its header");
	close(fd);
}

int main(void)
{
	make_swap_file("holes", 256, true);
	CHECK_ERRNO(syscall(SYS_swapon, "holes", 0), EINVAL);
	make_swap_file("swap", FILE_PAGES, false);
	CHECK(syscall(SYS_swapon, "swap", 0) == 0, "swap to a file");
	int fd = open("swap", O_RDWR);
	if (fd >= 0)
		CHECK_ERRNO(write(fd, "x", 1), ETXTBSY);
	close(fd);

	char *memory = memory_map(PAGES_OWN * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < PAGES_OWN; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(proc_number("/proc/vmstat", "pswpout") > 1000, "pages went to the file");
	for (uint32_t i = 0; i < PAGES_OWN; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u came back intact", i);
	CHECK(munmap(memory, PAGES_OWN * PAGE) == 0, "give the memory back");
	CHECK(syscall(SYS_swapoff, "swap") == 0, "stop swapping to it");
	fd = open("swap", O_RDWR);
	CHECK(fd >= 0 && write(fd, "x", 1) == 1, "it can be written again");
	CHECK(unlink("swap") == 0, "and removed");
	say("%u pages were swapped to a file and back", PAGES_OWN);
	return 0;
}
