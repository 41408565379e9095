/* SPDX-License-Identifier: MIT */
/* Where mmap(2) maps: hints, fixed places, what is replaced, and what an error leaves. */
#include "memory.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static void refill(void)
{
	arena_clear();
	put(0, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE, 'a');
	put(6, 2, PROT_READ, MAP_SHARED, 'k');
}

static void try(const char *what, char *address, unsigned long length, int flags, int fd)
{
	refill();
	errno = 0;
	void *result = (void *)syscall(SYS_mmap2, address, length, PROT_READ, flags, fd, 0);
	say_place(result, "%s", what);
	if (result != MAP_FAILED && ((char *)result < arena || (char *)result >= at(ARENA)))
		munmap(result, length);
	picture(12, "  here");
}

int main(void)
{
	int fd = new_file("f", 2), write_only = open("f", O_WRONLY);

	arena_make();
	try("hint, free", at(10), PAGE, ANON, -1);
	try("hint, free, not aligned", at(10) + 7, PAGE, ANON, -1);
	try("hint, taken", at(0), PAGE, ANON, -1);
	try("hint, half taken", at(5), 2 * PAGE, ANON, -1);
	try("hint, in a hole", at(4), 2 * PAGE, ANON, -1);
	try("hint, too much for the hole", at(4), 3 * PAGE, ANON, -1);
	try("hint, the lowest page", (char *)1, PAGE, ANON, -1);
	try("hint, too high", (char *)0xfffff000u, PAGE, ANON, -1);
	try("fixed, free", at(10), PAGE, ANON | MAP_FIXED, -1);
	try("fixed, not aligned", at(10) + 7, PAGE, ANON | MAP_FIXED, -1);
	try("fixed, taken", at(1), 2 * PAGE, ANON | MAP_FIXED, -1);
	try("fixed, taken, a part of a page", at(1), PAGE + 1, ANON | MAP_FIXED, -1);
	try("fixed, over two and a hole", at(2), 5 * PAGE, ANON | MAP_FIXED, -1);
	try("fixed, a file", at(1), 2 * PAGE, MAP_PRIVATE | MAP_FIXED, fd);
	try("fixed, a file past its end", at(1), 4 * PAGE, MAP_PRIVATE | MAP_FIXED, fd);
	try("fixed, above everything", (char *)0xfffff000u, PAGE, ANON | MAP_FIXED, -1);
	try("fixed, above everything, not aligned", (char *)0xfffff001u, PAGE, ANON | MAP_FIXED, -1);
	try("fixed, too long", at(0), 0xf0000000ul, ANON | MAP_FIXED, -1);
	try("fixed, of no length", at(0), 0, ANON | MAP_FIXED, -1);
	try("fixed, write-only file", at(0), PAGE, MAP_PRIVATE | MAP_FIXED, write_only);
	try("fixed, no descriptor", at(0), PAGE, MAP_PRIVATE | MAP_FIXED, 99);
	try("noreplace, free", at(10), PAGE, ANON | MAP_FIXED_NOREPLACE, -1);
	try("noreplace, taken", at(0), PAGE, ANON | MAP_FIXED_NOREPLACE, -1);
	try("noreplace, half taken", at(5), 2 * PAGE, ANON | MAP_FIXED_NOREPLACE, -1);
	try("noreplace, in a hole", at(4), 2 * PAGE, ANON | MAP_FIXED_NOREPLACE, -1);
	try("noreplace, not aligned", at(10) + 7, PAGE, ANON | MAP_FIXED_NOREPLACE, -1);
	try("noreplace and fixed, taken", at(0), PAGE, ANON | MAP_FIXED | MAP_FIXED_NOREPLACE, -1);
	try("noreplace, taken, write-only file", at(0), PAGE, MAP_PRIVATE | MAP_FIXED_NOREPLACE,
	    write_only);

	refill();
	GIVES(syscall(SYS_munmap, at(0), 0), "munmap of nothing");
	GIVES(syscall(SYS_munmap, at(0) + 1, PAGE), "munmap, not aligned");
	GIVES(syscall(SYS_munmap, at(20), PAGE), "munmap, nothing there");
	GIVES(syscall(SYS_munmap, 0xfffff000u, PAGE), "munmap above everything");
	GIVES(syscall(SYS_munmap, at(0), 0xfffff000u), "munmap, too long");
	GIVES(syscall(SYS_munmap, at(1), 1), "munmap of a byte");
	picture(12, "  here");
	GIVES(syscall(SYS_munmap, at(3), 4 * PAGE), "munmap over a hole");
	picture(12, "  here");
	return 0;
}
