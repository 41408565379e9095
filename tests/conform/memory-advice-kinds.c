/* SPDX-License-Identifier: MIT */
/* madvise(2): each advice to each kind of mapping, and what is there afterwards. */
#include "memory.h"

static int fd;

static void refill(void)
{
	static int file = -1;

	arena_clear();
	if (file >= 0)
		close(file);
	file = fd = new_file("f", 4);
	put(0, 3, PROT_READ | PROT_WRITE, MAP_PRIVATE, 'a');
	put(4, 2, PROT_READ, MAP_PRIVATE, 'e');
	put(6, 2, PROT_READ | PROT_WRITE, MAP_SHARED, 'g');
	put_file(10, 2, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	*at(11) = 'p';
	put_file(12, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 1);
	*at(12) = 's';
	put(16, 2, PROT_READ | PROT_WRITE, MAP_PRIVATE, 'l');
	mlock(at(16), 2 * PAGE);
	put(20, 2, PROT_NONE, MAP_PRIVATE, 'n');
	put_file(24, 4, PROT_READ, MAP_PRIVATE, fd, 2);
	put_file(30, 2, PROT_READ, MAP_SHARED, fd, 0);
}

int main(void)
{
	static const struct {
		unsigned page;
		unsigned long length;
		const char *name;
	} ranges[] = {
		{0, 3 * PAGE, "anonymous"}, {1, PAGE, "a page of it"}, {4, 2 * PAGE, "read-only"},
		{6, 2 * PAGE, "shared"}, {10, 2 * PAGE, "private file"},
		{12, 3 * PAGE, "shared file"}, {16, 2 * PAGE, "locked"}, {20, 2 * PAGE, "no rights"},
		{24, 4 * PAGE, "past its end"}, {30, 2 * PAGE, "shared, read-only"},
		{0, 6 * PAGE, "over a hole"}, {2, 6 * PAGE, "from one to others"},
		{8, PAGE, "nothing"}, {0, 0, "of no length"}, {8, 0, "nothing, of no length"},
		{0, 1, "a byte"},
	};
	static const int advices[] = {
		MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, 5, 6, 7,
		MADV_REMOVE,
		MADV_DONTFORK, MADV_DOFORK, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP,
		MADV_DODUMP, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_COLD, MADV_PAGEOUT,
		MADV_POPULATE_READ, MADV_POPULATE_WRITE, 24 /* DONTNEED_LOCKED */, 99, -1, 0x12345,
	};
	char what[100];
	arena_make();
	for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++) {
		for (size_t range = 0; range < sizeof ranges / sizeof ranges[0]; range++) {
			refill();
			snprintf(what, sizeof what, "advice %d, %s", advices[i], ranges[range].name);
			GIVES(madvise(at(ranges[range].page), ranges[range].length, advices[i]),
			      "%s", what);
			picture(32, "  after");
		}
		GIVES(madvise(at(0) + 1, PAGE, advices[i]), "advice %d, not aligned", advices[i]);
	}
	/* Given up at once or when memory is wanted: only whether it may be done. */
	for (size_t range = 0; range < sizeof ranges / sizeof ranges[0]; range++) {
		refill();
		GIVES(madvise(at(ranges[range].page), ranges[range].length, MADV_FREE),
		      "MADV_FREE, %s", ranges[range].name);
	}
	return 0;
}
