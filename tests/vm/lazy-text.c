/* SPDX-License-Identifier: MIT */
/*
 * The read-only part of a program is not read in before it is touched: of a constant array of
 * 2 MiB almost nothing is resident at the start, and touching a quarter brings in about that.
 */
#include "tests/test.h"

#define BYTES (2 * MIB)

static const unsigned char constants[BYTES] __attribute__((aligned(4096))) = {
	[0] = 11, [BYTES / 2] = 22, [BYTES - 1] = 33};

int main(void)
{
	const volatile unsigned char *bytes = constants;
	long before = smaps_sum(constants, BYTES, "Rss"), after;

	CHECK(before >= 0 && before < 512, "little is resident at the start, not %ld KiB", before);
	CHECK(bytes[0] == 11 && bytes[BYTES / 2] == 22 && bytes[BYTES - 1] == 33,
	      "the constants have their values");
	CHECK(bytes[1] == 0 && bytes[BYTES / 2 + 1] == 0, "and zeros between");
	for (uint32_t i = 0; i < BYTES / 4; i += PAGE)
		CHECK(bytes[i + 1] == 0, "byte %u is zero", i + 1);
	after = smaps_sum(constants, BYTES, "Rss");
	CHECK(after >= 512 || !pages_stay(), "a quarter is resident now, not %ld KiB", after);
	CHECK(after < 2048, "but not everything: %ld KiB", after);
	say("resident part of 2048 KiB of constants: %ld KiB, then %ld KiB", before, after);
	return 0;
}
