/* SPDX-License-Identifier: MIT */
/* The line VmFlags of /proc/self/smaps, for mappings of many kinds. */
#include "memory.h"

/* Left out: "sd", which depends on how Linux was built, and "nr", which has no meaning here. */
static void show(const char *what, void *address)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	char line[512];
	bool within = false;

	printf("%s:", what);
	while (fgets(line, sizeof line, smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			within = start <= (unsigned long)address && (unsigned long)address < end;
		if (!within || strncmp(line, "VmFlags:", 8))
			continue;
		for (char *word = strtok(line + 8, " \n"); word; word = strtok(NULL, " \n"))
			if (strcmp(word, "sd") && strcmp(word, "nr"))
				printf(" %s", word);
	}
	say("");
	fclose(smaps);
}

static void advise(unsigned page, int advice, const char *what)
{
	madvise(at(page), PAGE, advice);
	show(what, at(page));
}

int main(void)
{
	int fd = new_file("f", 8), read_only = open("f", O_RDONLY);

	arena_make();
	show("read and write", put(0, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0));
	show("read", put(2, 1, PROT_READ, MAP_PRIVATE, 0));
	show("none", put(4, 1, PROT_NONE, MAP_PRIVATE, 0));
	show("shared", put(6, 1, PROT_READ | PROT_WRITE, MAP_SHARED, 0));
	show("executable", put(8, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, 0));
	show("grows down", put(10, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_GROWSDOWN, 0));
	show("locked", put(12, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_LOCKED, 0));
	show("a file, shared", put_file(14, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	show("a file, shared, read", put_file(16, 1, PROT_READ, MAP_SHARED, fd, 0));
	show("open to read, shared", put_file(18, 1, PROT_READ, MAP_SHARED, read_only, 0));
	show("open to read, private", put_file(20, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE,
	                                       read_only, 0));
	mprotect(at(2), PAGE, PROT_READ | PROT_WRITE);
	show("written from now on", at(2));
	syscall(SYS_mlock2, at(2), PAGE, 1);
	show("locked on demand", at(2));
	munlock(at(2), PAGE);
	advise(2, MADV_RANDOM, "random");
	advise(2, MADV_SEQUENTIAL, "sequential");
	advise(2, MADV_NORMAL, "normal");
	advise(2, MADV_DONTFORK, "not forked");
	advise(2, MADV_WIPEONFORK, "forked empty");
	advise(2, MADV_DONTDUMP, "not dumped");
	return 0;
}
