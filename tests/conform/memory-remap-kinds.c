/* SPDX-License-Identifier: MIT */
/* mremap(2) of every kind of mapping: what has moved, what has stayed, and who sees writes. */
#include "memory.h"

#define FIXED (MREMAP_MAYMOVE | MREMAP_FIXED)

static void show_file(int fd)
{
	char bytes[7] = "";
	for (int i = 0; i < 6; i++)
		if (pread(fd, bytes + i, 1, i * PAGE) != 1)
			bytes[i] = '$';
	say("  file %s", bytes);
}

/* The mapping, moved, is written to at both ends. */
static void try(const char *what, int fd, unsigned old_size, unsigned new_size, int flags)
{
	errno = 0;
	void *result = remap(at(1), old_size * PAGE, new_size * PAGE, flags, at(20));
	say_place(result, "%s: %u to %u, flags %d", what, old_size, new_size, flags);
	picture(32, "  after");
	if (result != MAP_FAILED && peek(result) != '!') {
		if (signal_of(write_byte, result) == 0)
			*(char *)result = 'x';
		picture(32, "  written");
	}
	show_file(fd);
	arena_clear();
}

int main(void)
{
	static const int kinds[] = {MAP_PRIVATE, MAP_SHARED};
	static const struct {
		unsigned old_size, new_size;
		int flags;
	} how[] = {
		{2, 2, FIXED}, {2, 4, FIXED}, {3, 1, FIXED}, {2, 3, 0}, {3, 2, 0}, {0, 2, FIXED},
		{2, 2, FIXED | MREMAP_DONTUNMAP}, {3, 3, FIXED | MREMAP_DONTUNMAP}, {3, 8, FIXED},
	};
	arena_make();
	for (int kind = 0; kind < 2; kind++) {
		for (size_t i = 0; i < sizeof how / sizeof how[0]; i++) {
			int fd = new_file("f", 5);

			put(1, 3, PROT_READ | PROT_WRITE, kinds[kind], 'a');
			try(kind ? "anonymous, shared" : "anonymous", fd, how[i].old_size,
			    how[i].new_size, how[i].flags);
			put_file(1, 3, PROT_READ | PROT_WRITE, kinds[kind], fd, 1);
			*at(2) = 'm';
			try(kind ? "file, shared" : "file, written", fd, how[i].old_size,
			    how[i].new_size, how[i].flags);
			put_file(1, 3, PROT_READ, kinds[kind], fd, 2);
			try(kind ? "file, shared, read-only" : "file, read-only", fd,
			    how[i].old_size, how[i].new_size, how[i].flags);
			put(1, 3, PROT_NONE, kinds[kind], 'a');
			try("no rights", fd, how[i].old_size, how[i].new_size, how[i].flags);
			close(fd);
		}
	}
	for (int cut = 2; cut <= 5; cut++) {
		int fd = new_file("f", 5);

		put(1, 5, PROT_READ | PROT_WRITE, MAP_PRIVATE, 'a');
		mprotect(at(cut), PAGE, PROT_READ);
		try("several areas, made shorter", fd, 5, 2, FIXED);
		close(fd);
	}
	return 0;
}
