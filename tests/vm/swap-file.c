/* SPDX-License-Identifier: MIT */
/*
 * A file as swap: pages go to it and come back intact; while it is in use nobody may write to it,
 * map it shared and writable, cut it off or take its name; after swapoff it is a file again. A file
 * with holes is refused.
 *
 * Pagoda only: it changes the machine's swap.
 *
 * guest: mem=16 swap=0 pagoda-only writes
 */
#include "tests/test.h"

#include <sys/syscall.h>

#define FILE_PAGES 4096u /* 16 MiB */
#define PAGES_OWN 6000u

int main(void)
{
	swap_file_make("holes", 256, true);
	CHECK_ERRNO(syscall(SYS_swapon, "holes", 0), EINVAL);
	swap_file_make("swap", FILE_PAGES, false);
	CHECK(syscall(SYS_swapon, "swap", 0) == 0, "swap to a file");
	int fd = open("swap", O_RDWR);
	CHECK(fd >= 0, "it may be opened");
	CHECK_ERRNO(write(fd, "x", 1), ETXTBSY);
	CHECK_ERRNO(ftruncate(fd, PAGE), ETXTBSY);
	CHECK_ERRNO(truncate("swap", PAGE), ETXTBSY);
	CHECK_ERRNO(open("swap", O_RDONLY | O_TRUNC), ETXTBSY);
	CHECK_ERRNO(unlink("swap"), EPERM);
	CHECK_ERRNO(rename("swap", "other"), EPERM);
	CHECK_ERRNO(rename("holes", "swap"), EPERM);
	CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ETXTBSY,
	      "it is not written through a mapping");
	char *read_only = file_map(fd, PAGE, PROT_READ, MAP_SHARED);
	CHECK_ERRNO(mprotect(read_only, PAGE, PROT_READ | PROT_WRITE), EACCES);
	munmap(read_only, PAGE);
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
