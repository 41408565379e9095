/* SPDX-License-Identifier: MIT */
/*
 * Everything at once in 8 MiB of RAM: 16 MiB of anonymous memory, a shared file mapping of 4 MiB
 * and 4 MiB read by read(2), used in turn at random; each keeps its content.
 *
 * guest: mem=8 swap=64 timeout=90 writes
 */
#include "tests/test.h"

#define ANONYMOUS PAGES(16 * MIB)
#define FILE_PAGES PAGES(4 * MIB)

static uint16_t anonymous_round[ANONYMOUS], mapped_round[FILE_PAGES];

/* Checks the page's content of its last round, and gives it the next. */
static void step(char *page, uint32_t seed, uint16_t *round)
{
	CHECK(*round ? page_has(page, seed + *round) : all_bytes_are(page, PAGE, 0),
	      "page %#x of round %u is intact", seed, *round);
	++*round;
	page_fill(page, seed + *round);
}

int main(void)
{
	char *anonymous = memory_map(ANONYMOUS * PAGE, PROT_READ | PROT_WRITE), *mapped;
	int plain = file_make("plain", FILE_PAGES, 90000);
	int shared = open("shared", O_RDWR | O_CREAT | O_TRUNC, 0644);
	uint32_t random = 77;
	static char page[PAGE];

	CHECK(shared >= 0 && ftruncate(shared, FILE_PAGES * PAGE) == 0, "a file of 4 MiB");
	mapped = file_map(shared, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	for (uint32_t i = 0; i < 12000; i++) {
		uint32_t a = next_random(&random) % ANONYMOUS, f =
			next_random(&random) % FILE_PAGES;

		step(anonymous + a * PAGE, a << 12, &anonymous_round[a]);
		if (i % 4 == 0)
			step(mapped + f * PAGE, 0x80000000u + (f << 12), &mapped_round[f]);
		if (i % 4 == 2) {
			CHECK(pread(plain, page, PAGE, f * PAGE) == (ssize_t)PAGE, "pread");
			CHECK(page_has(page, 90000 + f), "page %u of the file", f);
		}
	}
	CHECK(munmap(mapped, FILE_PAGES * PAGE) == 0, "unmap the file");
	for (uint32_t f = 0; f < FILE_PAGES; f++) {
		CHECK(pread(shared, page, PAGE, f * PAGE) == (ssize_t)PAGE, "pread");
		CHECK(mapped_round[f] ? page_has(page, 0x80000000u + (f << 12) + mapped_round[f])
		      : all_bytes_are(page, PAGE, 0), "page %u of the shared file", f);
	}
	say("12,000 random steps over 24 MiB of three kinds");
	return 0;
}
