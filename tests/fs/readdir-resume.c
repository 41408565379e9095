/* SPDX-License-Identifier: MIT */
/*
 * Reading a directory in small pieces, with others' changes in between, lists every entry that was
 * there all the time exactly once; lseek(2) to 0 starts anew.
 */
#include "tests/test.h"

#include <dirent.h>

#define COUNT 100

int main(void)
{
	uint32_t seen[COUNT] = {0}, round = 0;
	char name[20], buffer[128];
	int directory;
	long n;

	CHECK(mkdir("d", 0755) == 0, "a directory");
	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "d/stay-%u", i);
		CHECK(close(open(name, O_WRONLY | O_CREAT, 0644)) == 0, "file %u", i);
		snprintf(name, sizeof(name), "d/go-%u", i);
		CHECK(close(open(name, O_WRONLY | O_CREAT, 0644)) == 0, "file %u", i);
	}
	directory = open("d", O_RDONLY | O_DIRECTORY);
	while ((n = syscall(__NR_getdents64, directory, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < n;) {
			struct dirent *entry = (void *)(buffer + at);

			if (strncmp(entry->d_name, "stay-", 5) == 0)
				seen[atoi(entry->d_name + 5)]++;
			at += entry->d_reclen;
		}
		snprintf(name, sizeof(name), "d/go-%u", round++);
		unlink(name);
	}
	CHECK(n == 0, "the end of the directory");
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(seen[i] == 1, "stay-%u was listed once, not %u times", i, seen[i]);
	CHECK(lseek(directory, 0, SEEK_SET) == 0, "from the start");
	CHECK(syscall(__NR_getdents64, directory, buffer, sizeof(buffer)) > 0,
	      "there are entries again");
	CHECK_ERRNO(syscall(__NR_getdents64, directory, buffer, 4), EINVAL);
	say("%u rounds of reading and removing", round);
	return 0;
}
