/* SPDX-License-Identifier: MIT */
/*
 * Four processes append records to one file at the same time with O_APPEND: none is lost or torn.
 *
 * guest: writes
 */
#include "tests/test.h"

#define WRITERS 4
#define RECORDS 300

struct record {
	uint32_t writer, number;
	unsigned char filling[92];
};

int main(void)
{
	uint32_t next[WRITERS] = {0};
	struct record record;
	pid_t children[WRITERS];
	int fd;

	for (uint32_t w = 0; w < WRITERS; w++) {
		children[w] = fork_checked();
		if (children[w])
			continue;
		fd = open("log", O_WRONLY | O_CREAT | O_APPEND, 0644);
		CHECK(fd >= 0, "open");
		for (uint32_t i = 0; i < RECORDS; i++) {
			record.writer = w;
			record.number = i;
			memset(record.filling, w * 60 + i % 60, sizeof(record.filling));
			CHECK(write(fd, &record, sizeof(record)) == sizeof(record), "append");
		}
		_exit(0);
	}
	for (uint32_t w = 0; w < WRITERS; w++)
		wait_success(children[w]);
	fd = open("log", O_RDONLY);
	for (uint32_t i = 0; i < WRITERS * RECORDS; i++) {
		CHECK(read(fd, &record, sizeof(record)) == sizeof(record), "record %u", i);
		CHECK(record.writer < WRITERS && record.number == next[record.writer], "in order");
		CHECK(all_bytes_are(record.filling, sizeof(record.filling),
		                    record.writer * 60 + record.number % 60), "not torn");
		next[record.writer]++;
	}
	CHECK(read(fd, &record, 1) == 0, "nothing more");
	say("%u records of 4 writers", WRITERS * RECORDS);
	return 0;
}
