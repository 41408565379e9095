/* SPDX-License-Identifier: MIT */
/*
 * What copy-on-write saves: a process with many pages forks children that each write a
 * tenth of them, and the memory in use is told before, with all of them alive, and after.
 *
 *   forktenth [MIB [CHILDREN]]          default: 32 and 10
 *
 * Every process checks all of its pages.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define CHILDREN_MAX 100

static uint32_t *memory;
static size_t pages;

/* Each page holds its owner and its number at both ends. */
static void page_mark(size_t page, uint32_t owner)
{
	uint32_t *words = memory + page * (PAGE / 4);

	words[0] = words[PAGE / 4 - 2] = owner;
	words[1] = words[PAGE / 4 - 1] = page;
}

static bool page_is(size_t page, uint32_t owner)
{
	const uint32_t *words = memory + page * (PAGE / 4);

	return words[0] == owner && words[PAGE / 4 - 2] == owner && words[1] == page &&
	       words[PAGE / 4 - 1] == page;
}

/* Pages of all in which `owner` has written [first, end) and process 0 the rest. */
static bool all_right(uint32_t owner, size_t first, size_t end)
{
	for (size_t page = 0; page < pages; page++)
		if (!page_is(page, page >= first && page < end ? owner : 0))
			return false;
	return true;
}

/* Memory and swap that nobody needs, in KiB. A page that is in both counts once. */
static long memory_left(void)
{
	static const char *const names[] = {"MemFree:", "SwapFree:", "SwapCached:"};
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long kib = 0;

	while (file && fgets(line, sizeof(line), file))
		for (int i = 0; i < 3; i++)
			if (strncmp(line, names[i], strlen(names[i])) == 0)
				kib += strtol(line + strlen(names[i]), NULL, 10);
	if (file)
		fclose(file);
	return kib;
}

/* Writes its tenth, says so by a byte, waits for the end of `go`, checks everything. */
static _Noreturn void child(uint32_t number, int ready, int go)
{
	size_t first = pages / 10 * ((number - 1) % 10), end = first + pages / 10;
	char byte = 'r';

	for (size_t page = first; page < end; page++)
		page_mark(page, number);
	if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 0)
		_exit(2);
	_exit(all_right(number, first, end) ? 0 : 1);
}

int main(int argc, char **argv)
{
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 32;
	uint32_t children = argc > 2 ? strtoul(argv[2], NULL, 10) : 10, right = 0;
	long before, during, after;
	int ready[2], go[2];
	char byte;

	pages = mib * (1024 * 1024 / PAGE);
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	              -1, 0);
	if (!mib || children > CHILDREN_MAX || memory == MAP_FAILED || pipe(ready) || pipe(go)) {
		fprintf(stderr, "usage: forktenth [MIB [CHILDREN]]\n");
		return 2;
	}
	for (size_t page = 0; page < pages; page++)
		page_mark(page, 0);
	before = memory_left();
	for (uint32_t number = 1; number <= children; number++) {
		pid_t pid = fork();

		if (pid == 0) {
			close(go[1]);
			child(number, ready[1], go[0]);
		}
		if (pid < 0 || read(ready[0], &byte, 1) != 1) {
			perror("forktenth: fork");
			return 1;
		}
	}
	during = memory_left();
	close(go[1]);
	for (uint32_t number = 1; number <= children; number++) {
		int status = -1;

		wait(&status);
		right += status == 0;
	}
	after = memory_left();
	printf("%zu MiB in one process, %u children that wrote a tenth each\n", mib, children);
	printf("copies of everything would take %zu KiB; what was written is %zu KiB\n",
	       children * mib * 1024, children * (pages / 10) * (PAGE / 1024));
	printf("memory that the children took: %ld KiB; not given back: %ld KiB\n", before - during,
	       before - after);
	printf("contents right: the parent's %s, of %u children %u\n",
	       all_right(0, 0, 0) ? "yes" : "NO", children, right);
	return right == children && all_right(0, 0, 0) ? 0 : 1;
}
