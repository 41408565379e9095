/* SPDX-License-Identifier: MIT */
/* zero(4) mapped: what its way of opening allows, then and in mprotect(2); who sees writes. */
#include "memory.h"

static void write_in_child(void *address)
{
	*(char *)address = 'c';
}

static void try(const char *way, int open_flags, int type, int rights)
{
	int fd = open("/dev/zero", open_flags);
	char what[100];

	snprintf(what, sizeof what, "%s, %s, rights %d", way, type == MAP_SHARED ? "shared" : "private",
	         rights);
	errno = 0;
	char *memory = mmap(NULL, 2 * PAGE, rights, type, fd, 0);
	say("%s: %s", what, memory == MAP_FAILED ? error_name(errno) : "done");
	close(fd);
	if (memory == MAP_FAILED)
		return;
	say("  holds %c", peek(memory + PAGE));
	say("  a write ends by signal %d", signal_of(write_byte, memory));
	GIVES(mprotect(memory, PAGE, PROT_READ | PROT_WRITE), "  mprotect for writing");
	say("  a write ends by signal %d", signal_of(write_in_child, memory));
	say("  holds %c", peek(memory));
	munmap(memory, 2 * PAGE);
}

int main(void)
{
	static const struct {
		const char *name;
		int flags;
	} ways[] = {{"read", O_RDONLY}, {"write", O_WRONLY}, {"both", O_RDWR}};
	for (int way = 0; way < 3; way++)
		for (int rights = 0; rights < 4; rights++) {
			try(ways[way].name, ways[way].flags, MAP_PRIVATE, rights);
			try(ways[way].name, ways[way].flags, MAP_SHARED, rights);
		}
	return 0;
}
