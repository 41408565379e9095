/* SPDX-License-Identifier: MIT */
/*
 * A page that came back from swap and was only read need not be written again: reading 20 MiB
 * again and again in a guest with 12 MiB writes each page about once.
 *
 * guest: mem=12 swap=32
 */
#include "tests/test.h"

#define BYTES (20 * MIB)

int main(void)
{
	char *memory = memory_map(BYTES, PROT_READ | PROT_WRITE);
	long after_writing, written;

	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
	after_writing = proc_number("/proc/vmstat", "pswpout");
	for (uint32_t round = 0; round < 4; round++)
		for (uint32_t i = 0; i < PAGES(BYTES); i++)
			CHECK(page_has(memory + i * PAGE, i), "page %u is intact, round %u", i,
			      round);
	written = proc_number("/proc/vmstat", "pswpout") - after_writing;
	if (machine_is_ours())
		CHECK(written < (long)PAGES(BYTES), "four rounds of reading wrote only %ld pages",
		      written);
	say("reading 20 MiB four times wrote %ld pages to swap", written);
	return 0;
}
