/* SPDX-License-Identifier: MIT */
/*
 * Row 23: the list of areas, what the program was promised, in the views that Linux's tools
 * read: maps for people, smaps with how much is there, pagemap for programs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "userprog/bin/demo/demo.h"

static int initialised = 1;
static int zeros;

/* The line of /proc/self/maps whose area holds the address. */
static bool area_line(const void *address, char *line, size_t size)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	bool found = false;

	if (!maps)
		give_up("/proc/self/maps cannot be read");
	while (!found && fgets(line, (int)size, maps))
		found = sscanf(line, "%lx-%lx", &start, &end) == 2 && (uintptr_t)address >= start &&
		        (uintptr_t)address < end;
	fclose(maps);
	line[strcspn(line, "\n")] = '\0';
	return found;
}

static void where(const char *what, const void *address, const char *rights)
{
	char line[256];
	bool found = area_line(address, line, sizeof(line));
	const char *space = strchr(line, ' ');

	say("  %-10s %p  %s", what, address, found ? line : "no area");
	if (!found || !space || strncmp(space + 1, rights, strlen(rights)) != 0)
		claim(false, "%s lies in an area with the rights %s", what, rights);
}

/* Pages in memory, summed over the areas, as smaps has it and as pagemap has it. */
static void compare(long *by_smaps, long *by_pagemap)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char line[256];
	unsigned long start, end;

	*by_smaps = *by_pagemap = 0;
	if (!smaps)
		give_up("/proc/self/smaps cannot be read");
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx", &start, &end) == 2)
			*by_pagemap +=
				states_of((void *)start, (unsigned)((end - start) / PAGE)).present;
		else if (strncmp(line, "Rss:", 4) == 0)
			*by_smaps += strtol(line + 4, NULL, 10) * (long)KIB / (long)PAGE;
	}
	fclose(smaps);
}

void demo_maps(void)
{
	int local = 0;
	int *small = malloc(sizeof(int));
	char *mapping = memory_map(3 * PAGE);
	unsigned before = failures;

	say("A program's memory is a list of areas. What follows is this program's own, and then\n"
	    "where some of its objects lie.");
	step("/proc/self/maps: range, rights, offset, device, inode, file");
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[256];
	while (maps && fgets(line, sizeof(line), maps))
		if (!quiet)
			fputs(line, stdout);
	if (maps)
		fclose(maps);

	step("objects and their areas");
	where("code", (void *)(uintptr_t)demo_maps, "r-xp");
	where("constant", "a string", "r");
	where("data", &initialised, "rw-p");
	where("bss", &zeros, "rw-p");
	where("heap", small, "rw-p");
	where("mapping", mapping, "rw-p");
	where("stack", &local, "rw-p");
	claim(failures == before, "each has the rights that such a thing should have");
	mprotect(mapping + PAGE, PAGE, PROT_READ);
	where("its middle", mapping + PAGE, "r--p");
	claim(failures == before, "mprotect of the middle page has cut one area in three");

	step("two views of what is in memory");
	long by_smaps, by_pagemap;
	compare(&by_smaps, &by_pagemap);
	say("  smaps: %ld pages; pagemap: %ld pages", by_smaps, by_pagemap);
	claim(labs(by_smaps - by_pagemap) <= 16, "they agree, but for what asking itself touches");
	free(small);
	try_next("  cat /proc/1/maps; pmap 1; cat /proc/1/smaps     Linux's tools read them\n"
	         "  demo demand                                     how areas fill\n"
	         "  vm/area.h                                       the record behind a line\n");
}
