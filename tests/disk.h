/* SPDX-License-Identifier: MIT */
/* For tests that name the disks, count what goes to and from them, or ask what the kernel said of them. */
#pragma once

#include "tests/test.h"

#define DISK_ROOT 0u
#define DISK_SWAP 1u

/* The file of one of these disks: of a virtio disk, or of an ATA disk, as this machine has them. */
static inline const char *disk_path(unsigned disk)
{
	static const char *const paths[][2] = {{"/dev/vda", "/dev/hda"}, {"/dev/vdb", "/dev/hdb"}};

	return paths[disk][access(paths[disk][0], F_OK) != 0];
}

/* Whether a line of the kernel's log, as far as it is kept, has these words. */
static inline bool log_says(const char *words)
{
	char record[1024];
	bool found = false;
	ssize_t n;
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	CHECK(log >= 0, "the kernel's log");
	while (!found && (n = read(log, record, sizeof record - 1)) > 0) {
		record[n] = 0;
		found = strstr(record, words);
	}
	close(log);
	return found;
}

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
