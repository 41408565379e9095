/* SPDX-License-Identifier: MIT */
/* RLIMIT_AS and RLIMIT_DATA in each call that can go beyond them, and what an error leaves. */
#include "memory.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static unsigned long kilobytes(const char *name)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[200];
	unsigned long number = 0;

	while (fgets(line, sizeof line, status))
		if (strncmp(line, name, strlen(name)) == 0)
			number = strtoul(line + strlen(name) + 1, NULL, 10);
	fclose(status);
	return number;
}

/* So that `pages` more may be there. */
static void allow(int resource, const char *name, unsigned count)
{
	struct rlimit limit = {kilobytes(name) * 1024 + count * PAGE, RLIM_INFINITY};
	if (setrlimit(resource, &limit) != 0)
		say("setrlimit: %s", error_name(errno));
}

static void refill(void)
{
	arena_clear();
	put(0, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE, 'a');
	put(8, 4, PROT_READ, MAP_PRIVATE, 'i');
	put(16, 4, PROT_READ | PROT_WRITE, MAP_SHARED, 'q');
	put(24, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE, 'y');
}

static void try_all(int resource, const char *name)
{
	static const int rights[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};
	struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	FILE *first = fopen("/proc/self/status", "r"); /* its buffer is there from now on */
	char *heap = sbrk(0);

	fclose(first);
	for (int i = 0; i < 3; i++) {
		for (unsigned count = 4; count <= 6; count++) {
			refill();
			allow(resource, name, 5);
			void *private = mmap(at(30), count * PAGE, rights[i], ANON | MAP_FIXED, -1, 0);
			say("%s, private, rights %d, %u: %s", name, rights[i], count,
			    private == MAP_FAILED ? error_name(errno) : "done");
			setrlimit(resource, &none);
			arena_clear();
			refill();
			allow(resource, name, 5);
			void *shared = mmap(at(30), count * PAGE, rights[i],
			                    MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			say("%s, shared, rights %d, %u: %s", name, rights[i], count,
			    shared == MAP_FAILED ? error_name(errno) : "done");
			setrlimit(resource, &none);
		}
	}
	refill();
	allow(resource, name, 1);
	errno = 0;
	say_place(mmap(at(0), 8 * PAGE, 3, ANON | MAP_FIXED, -1, 0), "%s, over others", name);
	picture(30, "  here");
	errno = 0;
	say_place(remap(at(0), 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at(24)),
	          "%s, mremap longer, onto others", name);
	picture(36, "  here");
	errno = 0;
	say_place(remap(at(0), 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at(24)),
	          "%s, mremap as long, onto others", name);
	picture(30, "  here");
	errno = 0;
	say_place(remap(at(8), 4 * PAGE, 6 * PAGE, 0, NULL), "%s, mremap longer, in place", name);
	errno = 0;
	say_place(remap(at(16), 4 * PAGE, 6 * PAGE, 0, NULL), "%s, shared, longer", name);
	errno = 0;
	void *both = remap(at(24), 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	say("%s, mremap dontunmap: %s", name, both == MAP_FAILED ? error_name(errno) : "done");
	GIVES(mprotect(at(8), PAGE, PROT_READ | PROT_WRITE), "%s, mprotect of one", name);
	GIVES(mprotect(at(8), 4 * PAGE, PROT_READ | PROT_WRITE), "%s, mprotect of four", name);
	picture(30, "  here");
	GIVES(brk(heap + 20 * PAGE), "%s, brk", name);
	GIVES(brk(heap), "%s, brk to where it is", name);
	setrlimit(resource, &none);
	GIVES(brk(heap + 20 * PAGE), "without a limit, brk");
	allow(resource, name, 0);
	GIVES(brk(heap), "%s, brk down", name);
	GIVES(munmap(at(0), ARENA * PAGE), "%s, munmap", name);
	setrlimit(resource, &none);
}

int main(void)
{
	arena_make();
	try_all(RLIMIT_AS, "VmSize:");
	try_all(RLIMIT_DATA, "VmData:");
	return 0;
}
