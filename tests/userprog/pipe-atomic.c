/* SPDX-License-Identifier: MIT */
/*
 * Writes of up to PIPE_BUF bytes by several processes do not mix in a pipe.
 */
#include "tests/test.h"

#include <limits.h>

#define WRITERS 4
#define RECORDS 200

struct record {
	uint32_t writer, number;
	unsigned char filling[PIPE_BUF / 4 - 8];
};

int main(void)
{
	static struct record record;
	uint32_t next[WRITERS] = {0};
	int ends[2];

	CHECK(pipe(ends) == 0, "a pipe");
	for (uint32_t w = 0; w < WRITERS; w++)
		if (!fork_checked()) {
			for (uint32_t i = 0; i < RECORDS; i++) {
				record.writer = w;
				record.number = i;
				memset(record.filling, w * 50 + i % 50, sizeof(record.filling));
				CHECK(write(ends[1], &record, sizeof(record)) == sizeof(record),
				      "write");
			}
			_exit(0);
		}
	close(ends[1]);
	for (uint32_t i = 0; i < WRITERS * RECORDS; i++) {
		size_t got = 0;

		while (got < sizeof(record)) {
			ssize_t n = read(ends[0], (char *)&record + got, sizeof(record) - got);

			CHECK(n > 0, "a record");
			got += n;
		}
		CHECK(record.writer < WRITERS && record.number == next[record.writer], "in order");
		CHECK(all_bytes_are(record.filling, sizeof(record.filling),
		                    record.writer * 50 + record.number % 50), "not mixed");
		next[record.writer]++;
	}
	CHECK(read(ends[0], &record, 1) == 0, "nothing more");
	while (wait(NULL) > 0)
		;
	say("%u records of 4 writers", WRITERS * RECORDS);
	return 0;
}
