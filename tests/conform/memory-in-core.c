/* SPDX-License-Identifier: MIT */
/* mincore(2): which pages of which mapping are in memory, by what was done with them. */
#include "memory.h"

static void show(const char *what, char *memory, unsigned count)
{
	unsigned char there[64] = {0};
	char text[65] = "";

	if (mincore(memory, count * PAGE, there) != 0) {
		say("%s: %s", what, error_name(errno));
		return;
	}
	for (unsigned i = 0; i < count; i++)
		text[i] = there[i] & 1 ? '1' : '0';
	say("%s: %s", what, text);
}

int main(void)
{
	static const struct {
		int rights, flags;
		const char *name;
	} kinds[] = {
		{PROT_READ, MAP_PRIVATE, "private, read"},
		{PROT_READ | PROT_WRITE, MAP_PRIVATE, "private"},
		{PROT_NONE, MAP_PRIVATE, "private, no rights"},
		{PROT_READ, MAP_SHARED, "shared, read"},
		{PROT_READ | PROT_WRITE, MAP_SHARED, "shared"},
	};
	static const int more[] = {0, MAP_POPULATE, MAP_LOCKED, MAP_POPULATE | MAP_NONBLOCK};
	char what[100];
	for (int i = 0; i < 5; i++) {
		for (int j = 0; j < 4; j++) {
			char *memory = mmap(NULL, 4 * PAGE, kinds[i].rights,
			                    kinds[i].flags | MAP_ANONYMOUS | more[j], -1, 0);
			snprintf(what, sizeof what, "%s, flags %#x", kinds[i].name, more[j]);
			show(what, memory, 4);
			if (kinds[i].rights & PROT_READ)
				read_byte(memory + PAGE);
			if (kinds[i].rights & PROT_WRITE)
				write_byte(memory + 2 * PAGE);
			show("  touched", memory, 4);
			GIVES(madvise(memory, 4 * PAGE, MADV_DONTNEED), "  DONTNEED");
			show("  then", memory, 4);
			munmap(memory, 4 * PAGE);
		}
	}
	char *memory = pages(4, PROT_READ | PROT_WRITE);
	memset(memory, 'm', 4 * PAGE);
	mprotect(memory, 2 * PAGE, PROT_NONE);
	show("protected", memory, 4);
	munmap(memory + 2 * PAGE, PAGE);
	show("with a hole", memory, 4);
	show("before it", memory, 2);
	GIVES(mincore(memory + 1, PAGE, (void *)what), "not aligned");
	GIVES(mincore(memory, 0, (void *)what), "of no length");
	GIVES(mincore(memory + 2 * PAGE, 0, (void *)what), "of no length, nothing there");
	GIVES(mincore(memory, PAGE, NULL), "into nothing");
	GIVES(mincore(memory, PAGE, (void *)memory), "into what cannot be written");
	GIVES(syscall(SYS_mincore, 0xfffff000u, PAGE, what), "above everything");

	int fd = new_file("f", 3);
	char *file = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	show("a file just written", file, 5);
	file[PAGE] = 'w';
	ftruncate(fd, PAGE);
	show("cut off", file, 5);
	ftruncate(fd, 5 * PAGE);
	show("grown", file, 5);
	read_byte(file + 3 * PAGE);
	say("read: %c", peek(file + PAGE));
	return 0;
}
