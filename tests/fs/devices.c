/* SPDX-License-Identifier: MIT */
/*
 * /dev/null swallows and is empty, /dev/zero gives zeros and can be mapped, /dev/urandom gives
 * bytes that differ.
 */
#include "tests/test.h"

int main(void)
{
	static char bytes[3 * PAGE], more[3 * PAGE];
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);
	int noise = open("/dev/urandom", O_RDONLY);
	uint32_t histogram[16] = {0};
	char *memory;

	CHECK(null >= 0 && zero >= 0 && noise >= 0, "three devices");
	CHECK(write(null, bytes, sizeof(bytes)) == sizeof(bytes) && read(null, bytes, 10) == 0,
	      "null");
	memset(bytes, 1, sizeof(bytes));
	CHECK(read(zero, bytes, sizeof(bytes)) == sizeof(bytes), "read zeros");
	CHECK(all_bytes_are(bytes, sizeof(bytes), 0), "they are");
	CHECK(write(zero, bytes, 100) == 100, "writing does nothing");
	memory = file_map(zero, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	CHECK(all_bytes_are(memory, 2 * PAGE, 0), "mapped zeros");
	page_fill(memory, 1);
	CHECK(page_has(memory, 1) && read(zero, bytes, 10) == 10 && all_bytes_are(bytes, 10, 0),
	      "which can be written and change nothing else");
	CHECK(read(noise, bytes, sizeof(bytes)) == sizeof(bytes) &&
	      read(noise, more, sizeof(more)) == sizeof(more), "noise");
	CHECK(memcmp(bytes, more, sizeof(bytes)) != 0, "is not the same twice");
	for (uint32_t i = 0; i < sizeof(bytes); i++)
		histogram[bytes[i] & 15]++;
	for (uint32_t i = 0; i < 16; i++)
		CHECK(histogram[i] > 500 && histogram[i] < 1100, "%u: %u of 12288", i,
		      histogram[i]);
	CHECK_ERRNO(open("/dev/missing", O_RDONLY), ENOENT);
	say("null, zero, urandom");
	return 0;
}
