/* SPDX-License-Identifier: MIT */
/*
 * A directory with 300 files, some with names of 255 bytes: all are listed once and found; after
 * every second one is removed, the others are.
 *
 * guest: writes timeout=60
 */
#include "tests/test.h"

#include <dirent.h>

#define COUNT 300

static const char *name_of(uint32_t i)
{
	static char name[256];

	if (i % 10 == 3) {
		memset(name, 'a' + i % 26, 255);
		name[255] = '\0';
		name[snprintf(name, 20, "%u-", i)] = 'x';
	} else {
		snprintf(name, sizeof(name), "file-%u", i * 7919);
	}
	return name;
}

static uint32_t listed(const bool *expected)
{
	bool seen[COUNT] = {false};
	DIR *directory = opendir(".");
	struct dirent *entry;
	uint32_t count = 0;

	CHECK(directory, "opendir");
	while ((entry = readdir(directory))) {
		uint32_t i = 0;

		if (entry->d_name[0] == '.')
			continue;
		while (i < COUNT && strcmp(entry->d_name, name_of(i)) != 0)
			i++;
		CHECK(i < COUNT && expected[i], "%s belongs here", entry->d_name);
		CHECK(!seen[i], "%s is listed once", entry->d_name);
		CHECK(entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN, "its type");
		seen[i] = true;
		count++;
	}
	closedir(directory);
	return count;
}

int main(void)
{
	bool expected[COUNT];
	char too_long[257];
	uint32_t n;

	CHECK(mkdir("d", 0755) == 0 && chdir("d") == 0, "a directory");
	for (uint32_t i = 0; i < COUNT; i++) {
		int fd = open(name_of(i), O_WRONLY | O_CREAT | O_EXCL, 0644);

		CHECK(fd >= 0 && write(fd, &i, 4) == 4 && close(fd) == 0, "file %u", i);
		expected[i] = true;
	}
	CHECK((n = listed(expected)) == COUNT, "%u are listed, not %u", COUNT, n);
	for (uint32_t i = 0; i < COUNT; i += 2) {
		CHECK(unlink(name_of(i)) == 0, "remove file %u", i);
		expected[i] = false;
	}
	CHECK((n = listed(expected)) == COUNT / 2, "%u are listed, not %u", COUNT / 2, n);
	for (uint32_t i = 0; i < COUNT; i++) {
		int fd = open(name_of(i), O_RDONLY);
		uint32_t content = 0;

		CHECK((fd >= 0) == (i % 2 == 1), "file %u is %s", i, i % 2 ? "there" : "gone");
		CHECK(fd < 0 || (read(fd, &content, 4) == 4 && content == i), "with its content");
		close(fd);
	}
	memset(too_long, 'n', 256);
	too_long[256] = '\0';
	CHECK_ERRNO(open(too_long, O_WRONLY | O_CREAT, 0644), ENAMETOOLONG);
	say("300 files, then 150");
	return 0;
}
