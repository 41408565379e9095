/* SPDX-License-Identifier: MIT */
/*
 * A little of everything that a trace tells: fork, copy-on-write, pages of a file, swap, an
 * access that fails. In the middle it renames itself to "checked" and then says what pagemap
 * says of all its pages. tests/host/trace-real.py runs it traced: the events, played up to that
 * name (the last one, should it have had to say it more than once), must come to the same.
 *
 * guest: mem=12 swap=24
 */
#include "tests/test.h"

#define OWN 8u
#define CROWD (16 * MIB)
#define ENTRIES_MAX 4096u
#define TRIES 100u

static uintptr_t starts[64], ends[64];
static uint64_t entries[ENTRIES_MAX], later[ENTRIES_MAX];
static unsigned areas;

static void read_areas(void)
{
	char line[256];
	FILE *maps = fopen("/proc/self/maps", "r");

	CHECK(maps, "/proc/self/maps can be read");
	while (areas < 64 && fgets(line, sizeof line, maps)) {
		char *rest;
		starts[areas] = strtoul(line, &rest, 16);
		ends[areas++] = strtoul(rest + 1, NULL, 16);
	}
	fclose(maps);
}

static unsigned read_pagemap(int fd, uint64_t *to)
{
	unsigned count = 0;

	for (unsigned i = 0; i < areas; i++) {
		size_t pages = (ends[i] - starts[i]) / PAGE;
		CHECK(count + pages <= ENTRIES_MAX, "few pages");
		CHECK(pread(fd, to + count, pages * 8, starts[i] / PAGE * 8) ==
		              (ssize_t)pages * 8, "pagemap has all pages");
		count += pages;
	}
	return count;
}

static void rename_self(const char *name)
{
	syscall(__NR_prctl, PR_SET_NAME, name, 0, 0, 0);
}

static void say_pages(void)
{
	uint64_t *entry = entries;

	for (unsigned i = 0; i < areas; i++)
		for (uintptr_t page = starts[i]; page < ends[i]; page += PAGE, entry++) {
			const char *where = *entry & PAGEMAP_PRESENT ? "frame"
			                  : *entry & PAGEMAP_SWAPPED ? "slot" : NULL;
			if (where)
				say("page: %lx %s %llx", (unsigned long)page, where,
				    (unsigned long long)(*entry & PAGEMAP_FRAME));
		}
}

static void check_now(void)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);

	CHECK(fd >= 0, "pagemap can be opened");
	memset(entries, 1, sizeof entries);
	memset(later, 1, sizeof later);
	read_areas();
	/*
	 * The page-out thread may take a page at any time, and the renaming itself may bring
	 * one in; what pagemap says is so at that moment if it says the same before and after.
	 */
	unsigned count, tries = 0;
	do {
		CHECK(++tries <= TRIES, "nothing moves between two looks at pagemap");
		rename_self("looking");
		read_pagemap(fd, entries);
		rename_self("checked");
		count = read_pagemap(fd, later);
	} while (memcmp(entries, later, count * sizeof *entries) != 0);
	close(fd);
	say_pages();
}

static void child_copies(char *own)
{
	read_byte(own);
	pid_t child = fork_checked();

	if (child == 0) {
		own[0] = 7;
		own[PAGE] = 7;
		_exit(0);
	}
	wait_success(child);
	own[0] = 8; /* the last owner, with the entry that fork left read-only */
}

static void write_nowhere(void *unused)
{
	(void)unused;
	*(volatile char *)16 = 1;
}

static void push_out(void)
{
	char *crowd = memory_map(CROWD, PROT_READ | PROT_WRITE);

	for (size_t i = 0; i < CROWD; i += PAGE)
		crowd[i] = (char)i;
	munmap(crowd, CROWD);
}

int main(void)
{
	char *own = memory_map(OWN * PAGE, PROT_READ | PROT_WRITE);
	char *zeros = memory_map(PAGE, PROT_READ | PROT_WRITE);
	int file = file_make("traced.tmp", 3, 1);
	char *shared = file_map(file, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	char *copied = file_map(file, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	for (uint32_t i = 0; i < OWN; i++)
		page_fill(own + i * PAGE, i);
	if (machine_is_ours())
		push_out();
	read_byte(zeros);
	read_byte(own + 2 * PAGE);
	shared[0] = 1;
	copied[PAGE] = 1;
	child_copies(own);
	CHECK(death_of(write_nowhere, NULL).signal == SIGSEGV, "nothing lies at address 16");
	check_now();
	mprotect(own, OWN * PAGE, PROT_READ);
	munmap(own + 4 * PAGE, PAGE);
	unlink("traced.tmp");
	return 0;
}
