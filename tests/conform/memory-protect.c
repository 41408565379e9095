/* SPDX-License-Identifier: MIT */
/* mprotect(2): arguments, holes, files' modes, stacks; remap_file_pages(2); what errors leave. */
#include "memory.h"

static int fd;

static void refill(void)
{
	arena_clear();
	put(0, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE, 'a');
	put(5, 2, PROT_READ | PROT_WRITE, MAP_SHARED, 'f');
	put_file(8, 4, PROT_READ, MAP_SHARED, fd, 0);
	put(13, 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_GROWSDOWN, 'n');
	put_file(20, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 1);
}

static void protect(const char *what, unsigned page, unsigned long offset, unsigned long length,
                    int rights)
{
	refill();
	GIVES(syscall(SYS_mprotect, at(page) + offset, length, rights), "%s", what);
	picture(26, "  here");
}

static void again(const char *what, unsigned page, unsigned long offset, unsigned long length,
                  int rights, unsigned first, int flags)
{
	GIVES(syscall(SYS_remap_file_pages, at(page) + offset, length, rights, first, flags),
	      "remap_file_pages, %s", what);
	picture(26, "  here");
}

int main(void)
{
	int read_only;

	fd = new_file("f", 6);
	read_only = open("f", O_RDONLY);
	arena_make();
	protect("read", 1, 0, 2 * PAGE, PROT_READ);
	protect("none", 1, 0, 2 * PAGE, PROT_NONE);
	protect("write alone", 1, 0, 2 * PAGE, PROT_WRITE);
	protect("execute alone", 1, 0, 2 * PAGE, PROT_EXEC);
	protect("a byte", 1, 0, 1, PROT_READ);
	protect("a page and a byte", 1, 0, PAGE + 1, PROT_READ);
	protect("not aligned", 1, 1, PAGE, PROT_READ);
	protect("of no length", 1, 0, 0, PROT_READ);
	protect("of no length, not aligned", 1, 1, 0, PROT_READ);
	protect("of no length, rights unknown", 1, 0, 0, 0x1000);
	protect("rights unknown", 1, 0, PAGE, 0x1000);
	protect("rights unknown, nothing there", 4, 0, PAGE, 0x1000);
	protect("PROT_SEM", 1, 0, PAGE, PROT_READ | 8);
	protect("nothing there", 4, 0, PAGE, PROT_READ);
	protect("into a hole", 2, 0, 4 * PAGE, PROT_READ);
	protect("out of a hole", 4, 0, 2 * PAGE, PROT_READ);
	protect("down", 13, 0, PAGE, PROT_READ | PROT_GROWSDOWN);
	protect("down, the second page", 14, 0, PAGE, PROT_READ | PROT_GROWSDOWN);
	protect("down, from below", 12, 0, 2 * PAGE, PROT_READ | PROT_GROWSDOWN);
	protect("down, below alone", 12, 0, PAGE, PROT_READ | PROT_GROWSDOWN);
	protect("down, no stack", 1, 0, PAGE, PROT_READ | PROT_GROWSDOWN);
	protect("up", 1, 0, PAGE, PROT_READ | PROT_GROWSUP);
	protect("up, nothing there", 4, 0, PAGE, PROT_READ | PROT_GROWSUP);
	protect("both", 1, 0, PAGE, PROT_READ | PROT_GROWSUP | PROT_GROWSDOWN);
	protect("a file for writing", 8, 0, 4 * PAGE, PROT_READ | PROT_WRITE);
	refill();
	put_file(8, 2, PROT_READ, MAP_SHARED, read_only, 0);
	put_file(10, 2, PROT_READ, MAP_PRIVATE, read_only, 0);
	GIVES(mprotect(at(10), 2 * PAGE, PROT_READ | PROT_WRITE), "private, file read-only");
	GIVES(mprotect(at(8), 2 * PAGE, PROT_READ | PROT_WRITE), "shared, file read-only");
	picture(26, "  here");
	GIVES(mprotect(at(5), 4 * PAGE, PROT_READ | PROT_WRITE), "over a hole to it");
	GIVES(mprotect(at(6), PAGE, PROT_READ), "before it");
	picture(26, "  here");

	refill();
	again("the second page first", 20, 0, PAGE, 0, 2, 0);
	again("the last page second", 21, 0, PAGE, 0, 5, 0);
	again("two pages", 22, 0, 2 * PAGE, 0, 0, MAP_NONBLOCK);
	again("all four", 20, 0, 4 * PAGE, 0, 1, 0);
	again("with rights", 20, 0, PAGE, PROT_READ, 1, 0);
	again("private", 0, 0, PAGE, 0, 1, 0);
	again("anonymous", 5, 0, PAGE, 0, 1, 0);
	again("nothing there", 4, 0, PAGE, 0, 1, 0);
	again("of no length", 20, 0, 0, 0, 1, 0);
	again("not aligned", 20, 5, PAGE + 7, 0, 3, 0);
	again("read-only", 8, 0, PAGE, 0, 3, 0);
	again("over a hole", 22, 0, 3 * PAGE, 0, 0, 0);
	again("past the end", 20, 0, 2 * PAGE, 0, 5, 0);
	return 0;
}
