/* SPDX-License-Identifier: MIT */
/*
 * Initialised data arrives page by page too, and a written page becomes the program's own while
 * the others stay the file's.
 */
#include "tests/test.h"

#define WORDS (MIB / 4)

static uint32_t data[WORDS] __attribute__((aligned(4096))) = {
	[0] = 101, [WORDS / 2] = 202, [WORDS - 1] = 303};

int main(void)
{
	volatile uint32_t *words = data;
	long before = smaps_sum(data, MIB, "Rss"), own;

	CHECK(before >= 0 && before < 512, "little is resident at the start, not %ld KiB", before);
	for (uint32_t i = 0; i < 16; i++)
		words[WORDS / 2 + i * 1024 + 7] = i + 1;
	own = smaps_sum(data, MIB, "Anonymous");
	CHECK((own >= 64 || !pages_stay()) && own < 128,
	      "the 16 written pages are the program's own, not %ld KiB",
	      own);

	CHECK(words[0] == 101 && words[WORDS / 2] == 202 && words[WORDS - 1] == 303,
	      "the data has its initial values");
	for (uint32_t i = 0; i < 16; i++)
		CHECK(words[WORDS / 2 + i * 1024 + 7] == i + 1, "the written word %u stays", i);
	say("1 MiB of data: %ld KiB resident at the start, 16 pages copied by writing", before);
	return 0;
}
