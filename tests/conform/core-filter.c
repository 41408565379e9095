/* SPDX-License-Identifier: MIT */
/* core(5), /proc/PID/coredump_filter: what of a process's memory its core has. */
#include "case.h"
#include <elf.h>

#define KINDS 7

static char *areas[KINDS];
static const char *const names[KINDS] = {
	"private", "private of a file, written", "private of a file", "shared", "shared of a file",
	"shared of a removed file", "the head of a file",
};

static void put(const char *text)
{
	int fd = open("/proc/self/coredump_filter", O_WRONLY);
	GIVES(write(fd, text, strlen(text)), "\"%s\"", text);
	close(fd);
}

static void tell(const char *when)
{
	char text[32] = "";
	int fd = open("/proc/self/coredump_filter", O_RDONLY);
	if (read(fd, text, sizeof text - 1) < 0)
		say("cannot be read");
	close(fd);
	say("%s: %s", when, strtok(text, "\n"));
}

static void make_areas(void)
{
	int file = new_file("file", 4), removed = new_file("removed", 4);
	unlink("removed");
	int both = PROT_READ | PROT_WRITE;
	areas[0] = mmap(NULL, 3 * PAGE, both, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	areas[1] = mmap(NULL, 3 * PAGE, both, MAP_PRIVATE, file, PAGE);
	areas[2] = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, file, PAGE);
	areas[3] = mmap(NULL, 3 * PAGE, both, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	areas[4] = mmap(NULL, 3 * PAGE, both, MAP_SHARED, file, 0);
	areas[5] = mmap(NULL, 3 * PAGE, both, MAP_SHARED, removed, 0);
	areas[6] = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);
	for (int i = 0; i < KINDS; i++)
		if (i != 2 && i != 6)
			areas[i][0] = 'x';
}

static long size_in_core(int fd, uintptr_t address)
{
	Elf32_Ehdr header;
	Elf32_Phdr segment;
	pread(fd, &header, sizeof header, 0);
	for (int i = 0; i < header.e_phnum; i++) {
		pread(fd, &segment, sizeof segment, header.e_phoff + i * sizeof segment);
		if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
		    address < segment.p_vaddr + segment.p_memsz)
			return segment.p_filesz;
	}
	return -1;
}

static void die(void *filter)
{
	put(filter);
	make_areas();
	abort();
}

/* What lies beside another of its kind is one segment with it, so only the least is told. */
static void dump(const char *filter)
{
	unlink("core");
	int status = child_status(die, (void *)filter);
	int fd = open("core", O_RDONLY);
	make_areas(); /* they lie as in the child */
	say("filter %s: signal %d core %d", filter, WTERMSIG(status), WCOREDUMP(status) != 0);
	for (int i = 0; i < KINDS; i++) {
		long size = size_in_core(fd, (uintptr_t)areas[i]);
		say("  %s: %s", names[i], size <= 0 ? "none" : size < (long)(3 * PAGE) ? "a page" : "all");
	}
	close(fd);
	for (int i = 0; i < KINDS; i++)
		munmap(areas[i], 3 * PAGE);
}

static void in_child(void *unused)
{
	(void)unused;
	tell("a child");
}

int main(int count, char **arguments)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	if (count > 1) {
		tell("after exec");
		return 0;
	}
	tell("at first");
	put("0x41");
	tell("then");
	put("0xffffffff");
	tell("then");
	put("010");
	tell("then");
	child_status(in_child, NULL);
	put("x");
	put("-1");
	put("0x1ffffffff");
	tell("still");
	int pattern = open("/proc/sys/kernel/core_pattern", O_RDONLY);
	char text[200] = "";
	read(pattern, text, sizeof text - 1);
	if (strcmp(text, "core\n") == 0 && setrlimit(RLIMIT_CORE, &all) == 0) {
		static const char *const filters[] = {"0x33", "0", "1", "2", "4", "8", "0x10", "0x1ff"};
		for (unsigned i = 0; i < sizeof filters / sizeof filters[0]; i++)
			dump(filters[i]);
	}
	put("0x2c");
	execl(arguments[0], arguments[0], "again", NULL);
	return 1;
}
