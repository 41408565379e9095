/* SPDX-License-Identifier: MIT */
/*
 * Addresses run out: mmap(2) fails with ENOMEM in the end, and after giving back it works again.
 * RLIMIT_AS stops it earlier.
 */
#include "tests/test.h"

static void with_limit(void *unused)
{
	struct rlimit limit = {64 * MIB, 64 * MIB};

	(void)unused;
	CHECK(setrlimit(RLIMIT_AS, &limit) == 0, "the limit can be set");
	CHECK_ERRNO((long)mmap(NULL, 100 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	            ENOMEM);
	CHECK(munmap(memory_map(8 * MIB, PROT_READ), 8 * MIB) == 0, "8 MiB are within it");
}

int main(void)
{
	const size_t piece = 256 * MIB;
	char *pieces[20];
	uint32_t count = 0;

	for (; count < 20; count++) {
		pieces[count] = mmap(NULL, piece, PROT_READ | PROT_WRITE,
		                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (pieces[count] == MAP_FAILED)
			break;
		pieces[count][piece - 1] = count + 1;
	}
	CHECK(errno == ENOMEM, "the end is ENOMEM");
	CHECK(count >= 8 && count < 16, "between 2 and 4 GiB of addresses, not %u pieces", count);
	for (uint32_t i = 0; i < count; i++) {
		CHECK(pieces[i][piece - 1] == (char)(i + 1) && pieces[i][0] == 0, "piece %u", i);
		CHECK(munmap(pieces[i], piece) == 0, "munmap");
	}
	CHECK(munmap(memory_map(piece, PROT_READ), piece) == 0, "there is room again");
	in_child(with_limit, NULL);
	say("%u pieces of 256 MiB", count);
	return 0;
}
