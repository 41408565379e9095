/* SPDX-License-Identifier: MIT */
/*
 * Reading memory that was never written needs no frames of its own: 24 MiB of zeros are read in
 * a guest with 16 MiB, and nothing goes to swap.
 *
 * guest: mem=16 swap=32
 */
#include "tests/test.h"

#define BYTES (24 * MIB)

int main(void)
{
	char *memory = memory_map(BYTES, PROT_READ | PROT_WRITE);
	long swapped_out = proc_number("/proc/vmstat", "pswpout");

	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(all_bytes_are(memory + i * PAGE, 64, 0), "page %u reads as zeros", i);
	CHECK(smaps_sum(memory, BYTES, "Anonymous") == 0, "no page became the program's own");
	if (machine_is_ours() && pages_stay())
		CHECK(proc_number("/proc/vmstat", "pswpout") == swapped_out,
		      "no page was swapped out");

	page_fill(memory + 5 * PAGE, 5);
	CHECK(page_has(memory + 5 * PAGE, 5), "a page can be written after it was read");
	CHECK(all_bytes_are(memory + 4 * PAGE, PAGE, 0), "page 4 is still zero");
	CHECK(all_bytes_are(memory + 6 * PAGE, PAGE, 0), "page 6 is still zero");
	CHECK(smaps_sum(memory, BYTES, "Anonymous") == PAGE / 1024 || !pages_stay(),
	      "one page is our own now");
	say("24 MiB of zeros cost nothing until one page was written");
	return 0;
}
