/* SPDX-License-Identifier: MIT */
/*
 * MAP_POPULATE brings every page in before mmap returns: touching them faults no more. Without
 * it each first touch is a fault.
 */
#include "tests/test.h"

#define COUNT 64u

static long faults(void)
{
	return faults_minor() + faults_major();
}

static long faults_of_writing(char *memory)
{
	long before = faults();

	for (uint32_t i = 0; i < COUNT; i++)
		memory[i * PAGE] = 1;
	return faults() - before;
}

static char *map(int flags, int fd)
{
	char *memory = mmap(NULL, COUNT * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	CHECK(memory != MAP_FAILED, "mmap");
	return memory;
}

int main(void)
{
	int fd = file_make("data", COUNT, 3);
	char *ready = map(MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
	uint32_t resident = pages_resident(ready, COUNT * PAGE);
	long of_ready = faults_of_writing(ready);
	long of_lazy;
	char *file = map(MAP_PRIVATE | MAP_POPULATE, fd);
	char *none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	/* Linux brings more in at once where it uses large pages, so it is asked for small ones. */
	char *lazy = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	(void)madvise(lazy, COUNT * PAGE, MADV_NOHUGEPAGE);
	of_lazy = faults_of_writing(lazy);

	if (pages_stay()) {
		CHECK(resident == COUNT, "%u pages are there at once", resident);
		CHECK(of_ready < 8, "touching them: %ld faults", of_ready);
		CHECK(pages_resident(file, COUNT * PAGE) == COUNT, "the file's, too");
	}
	CHECK(of_lazy >= (long)COUNT / 2, "without it: %ld faults", of_lazy);
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(page_has(file + i * PAGE, 3 + i), "page %u of the file", i);
	CHECK(none != MAP_FAILED, "what may not be touched can be mapped all the same");
	say("%ld faults instead of %ld", of_ready, of_lazy);
	return 0;
}
