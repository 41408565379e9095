/* SPDX-License-Identifier: MIT */
/* For tests that count what goes to and from the disks. */
#pragma once

#include "tests/test.h"

struct disk_traffic {
	unsigned long reads, sectors_read, writes, sectors_written; /* requests, and their sectors */
};

/* So far, of the disk with this name (NULL: of all together): /proc/diskstats. */
static inline struct disk_traffic disk_traffic(const char *name)
{
	FILE *file = fopen("/proc/diskstats", "r");
	struct disk_traffic all = {0}, one;
	char line[256], found[32];

	CHECK(file, "/proc/diskstats can be read");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*u %*u %31s %lu %*u %lu %*u %lu %*u %lu", found, &one.reads,
		           &one.sectors_read, &one.writes, &one.sectors_written) != 5 ||
		    (name && strcmp(found, name) != 0))
			continue;
		all.reads += one.reads;
		all.sectors_read += one.sectors_read;
		all.writes += one.writes;
		all.sectors_written += one.sectors_written;
	}
	fclose(file);
	return all;
}
