/* SPDX-License-Identifier: MIT */
/* Files that become shorter and longer while they are mapped, on a disk and in memory: what each
 * mapping and read(2) see. */
#include "memory.h"

static void zeros_behind(int fd, off_t from, const char *what)
{
	static char bytes[16 * PAGE];
	ssize_t n = pread(fd, bytes, sizeof bytes, from);
	unsigned others = 0;

	for (ssize_t i = 0; i < n; i++)
		others += bytes[i] != 0;
	say("%s: %zd bytes, %u of them not zero", what, n, others);
}

static void in_folder(const char *folder)
{
	static const off_t sizes[] = {0,        1,           100,          PAGE - 1, PAGE,
	                              PAGE + 1, 2 * PAGE + 5, 3 * PAGE, 5 * PAGE, 6 * PAGE};
	char name[100], what[100];

	snprintf(name, sizeof name, "%s/truncated", folder);
	say("%s", folder);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		int fd = new_file(name, 5);
		put_file(0, 6, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		put_file(8, 6, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
		put_file(16, 6, PROT_READ, MAP_PRIVATE, fd, 0);
		*at(9) = 'p';
		*at(12) = 'q';
		read_byte(at(18));
		snprintf(what, sizeof what, "to %ld", (long)sizes[i]);
		GIVES(ftruncate(fd, sizes[i]), "%s", what);
		picture(22, "  mapped");
		GIVES(ftruncate(fd, 5 * PAGE + 10), "  and longer");
		picture(22, "  mapped");
		zeros_behind(fd, sizes[i], "  read");
		if (sizes[i] % PAGE) {
			char *end = at(sizes[i] / PAGE) + sizes[i] % PAGE;
			say("  at the old end: %c %c, private %c", peek(end - 1), peek(end),
			    peek(end + 8 * PAGE));
		}
		arena_clear();
		close(fd);
		unlink(name);
	}
	/* A hole that is mapped and read, written, and cut off. */
	int fd = new_file(name, 0);
	ftruncate(fd, 4 * PAGE);
	put_file(0, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	picture(4, "a hole");
	*at(2) = 'h';
	picture(4, "written");
	zeros_behind(fd, 0, "read");
	ftruncate(fd, 2 * PAGE);
	say("the written page ends by %d", signal_of(read_byte, at(2)));
	ftruncate(fd, 4 * PAGE);
	picture(4, "longer again");
	pwrite(fd, "x", 1, 3 * PAGE);
	picture(4, "a byte by write");
	close(fd);
	arena_clear();
	unlink(name);
}

int main(void)
{
	arena_make();
	in_folder(".");
	in_folder("/tmp");
	return 0;
}
