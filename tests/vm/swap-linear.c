/* SPDX-License-Identifier: MIT */
/*
 * 24 MiB are written from the first page to the last in a guest with 16 MiB, then read back
 * twice: every page comes back from swap with its own content.
 *
 * guest: mem=16 swap=32
 */
#include "tests/test.h"

#define BYTES (24 * MIB)

int main(void)
{
	char *memory = memory_map(BYTES, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < PAGES(BYTES); i++)
			CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
	if (machine_is_ours()) {
		CHECK(proc_number("/proc/vmstat", "pswpout") >= 2000, "pages went out to swap");
		CHECK(proc_number("/proc/vmstat", "pswpin") >= 2000, "and came in again");
		CHECK(faults_major() > 0, "by major faults, each with some read ahead");
	}
	say("24 MiB were written and read twice: %ld major faults", faults_major());
	return 0;
}
