/* SPDX-License-Identifier: MIT */
/*
 * A mapped file stays open though its descriptor is closed: /proc/self/maps knows its name, also
 * that it was deleted; a file that was opened for writing cannot be run until it is unmapped.
 */
#include "tests/test.h"

/* Whether the line of /proc/self/maps for the address ends with the words. */
static bool line_ends_with(const void *address, const char *end)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	bool found = false;

	CHECK(maps, "/proc/self/maps can be read");
	while (fgets(line, sizeof(line), maps)) {
		size_t length = strlen(line), wanted = strlen(end);

		if (strtoul(line, NULL, 16) != (uintptr_t)address)
			continue;
		line[--length] = '\0';
		found = length >= wanted && !strcmp(line + length - wanted, end);
		if (!found)
			say("%s", line);
	}
	fclose(maps);
	return found;
}

static char *map_and_close(const char *name, int prot, int flags)
{
	int fd = open(name, O_RDWR);
	char *memory = file_map(fd, PAGE, prot, flags);

	close(fd);
	return memory;
}

static void names(void)
{
	close(file_make("file", 1, 1));
	char *memory = map_and_close("file", PROT_READ, MAP_PRIVATE);
	CHECK(line_ends_with(memory, "/file"), "the name is known");
	CHECK(rename("file", "other") == 0 && line_ends_with(memory, "/other"), "the new one, too");
	CHECK(unlink("other") == 0 && line_ends_with(memory, "/other (deleted)"), "it is gone");
	CHECK(page_has(memory, 1), "its content is not");
	munmap(memory, PAGE);

	int fd = (int)syscall(__NR_memfd_create, "thing", 0);
	CHECK(fd >= 0 && ftruncate(fd, PAGE) == 0, "a file without a name");
	memory = file_map(fd, PAGE, PROT_READ, MAP_SHARED);
	close(fd);
	CHECK(line_ends_with(memory, "/memfd:thing (deleted)"), "what memfd_create(2) called it");
	munmap(memory, PAGE);
	memory = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(line_ends_with(memory, "/dev/zero (deleted)"), "shared memory is a file as well");
	munmap(memory, PAGE);
}

static void run_program(void *error)
{
	execl("./program", "program", "run", (char *)NULL);
	CHECK(errno == (int)(uintptr_t)error, "it cannot be run: %d", (int)(uintptr_t)error);
}

static void busy(int flags)
{
	char *memory = map_and_close("program", PROT_READ | PROT_WRITE, flags);

	in_child(run_program, (void *)ETXTBSY);
	CHECK(munmap(memory, PAGE) == 0, "unmapped");
	in_child(run_program, (void *)0);
}

/* The pieces of a mapping that was cut hold the file as the whole did; a fork's copy does, too. */
static void pieces(void)
{
	int fd = open("program", O_RDWR);
	char *memory = file_map(fd, 3 * PAGE, PROT_READ, MAP_PRIVATE);

	close(fd);
	CHECK(mprotect(memory + PAGE, PAGE, PROT_NONE) == 0, "cut in three");
	munmap(memory, PAGE);
	munmap(memory + PAGE, PAGE);
	in_child(run_program, (void *)ETXTBSY);
	munmap(memory + 2 * PAGE, PAGE);
	in_child(run_program, (void *)0);
}

int main(int argc, char **argv)
{
	uint32_t length;

	if (argc > 1 && !strcmp(argv[1], "run"))
		return 0;
	unsigned char *image = program_image(&length);
	program_make("program", image, length);
	names();
	busy(MAP_SHARED);
	busy(MAP_PRIVATE);
	pieces();
	say("names and writers last as long as the mapping");
	return 0;
}
