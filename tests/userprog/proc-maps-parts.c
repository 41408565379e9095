/* SPDX-License-Identifier: MIT */
/*
 * /proc/self/maps of thousands of areas, read in pieces of any size, has them all, in order, each
 * once; and so it has when the reader goes back. The text is made as it is read: files that are
 * opened and left at their first byte hold a page of the kernel's memory each, and not all of it.
 *
 * pagoda-only: what the files hold is seen in MemFree, and Linux's is everybody's.
 * guest: mem=16 pagoda-only
 */
#include "tests/test.h"

#define AREAS 3000
#define FILES 200

static char *arena;

/* How many areas of the arena the file shows from its position on: pages 0, 2, 4 and so on. */
static uint32_t areas_shown(int fd, size_t piece)
{
	static char bytes[8192];
	char line[200];
	uint32_t length = 0, found = 0;
	ssize_t n;

	while ((n = read(fd, bytes, piece)) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (bytes[i] != '\n') {
				CHECK(length < sizeof(line) - 1, "a line ends");
				line[length++] = bytes[i];
				continue;
			}
			line[length] = '\0';
			length = 0;
			char *start = (char *)strtoul(line, NULL, 16);
			if (start == arena + 2 * found * PAGE && found < AREAS)
				found++;
			else
				CHECK(start < arena || start >= arena + 2 * AREAS * PAGE ||
				              (start - arena) % (2 * PAGE) == PAGE,
				      "area %u comes next, and not: %s", found, line);
		}
	CHECK(n == 0 && length == 0, "the last line ends");
	return found;
}

int main(void)
{
	static const size_t pieces[] = {8192, 4096, 1000, 77};
	int files[FILES];
	char byte;

	arena = memory_map(2 * AREAS * PAGE, PROT_NONE);
	for (uint32_t i = 0; i < AREAS; i++)
		CHECK(mprotect(arena + 2 * i * PAGE, PAGE, PROT_READ) == 0, "an area of its own");
	int fd = open("/proc/self/maps", O_RDONLY);
	for (uint32_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		CHECK(areas_shown(fd, pieces[i]) == AREAS, "all are shown, %u bytes at a time",
		      (unsigned)pieces[i]);
		CHECK(lseek(fd, 0, SEEK_SET) == 0, "back to the beginning");
	}
	CHECK(pread(fd, &byte, 1, 100000) == 1 && pread(fd, &byte, 1, 70000) == 1, "and anywhere");
	close(fd);
	say("%u areas, in pieces", AREAS);

	long before = proc_number("/proc/meminfo", "MemFree") / 4;
	for (uint32_t i = 0; i < FILES; i++) {
		files[i] = open("/proc/self/maps", O_RDONLY);
		CHECK(files[i] >= 0 && read(files[i], &byte, 1) == 1, "one byte of file %u", i);
	}
	long taken = before - proc_number("/proc/meminfo", "MemFree") / 4;
	CHECK(taken < 2 * FILES, "%u files hold %ld pages", FILES, taken);
	for (uint32_t i = 0; i < FILES; i++)
		close(files[i]);
	return 0;
}
