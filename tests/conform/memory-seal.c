/* SPDX-License-Identifier: MIT */
/* mseal(2): what is done no more to memory that is sealed, and what is; a part of a range; a child. */
#include "case.h"
#include <sys/shm.h>

#ifndef SYS_mseal
#define SYS_mseal 462
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

static int seal(void *start, size_t length, unsigned long flags)
{
	return syscall(SYS_mseal, start, length, flags);
}

#define BOTH (PROT_READ | PROT_WRITE)

/* Eight pages of which the third and the fourth are sealed; the k-th full of the k-th letter. */
static char *partly(int protection)
{
	char *memory = pages(8, BOTH);
	for (int i = 0; i < 8; i++)
		memset(memory + i * PAGE, 'a' + i, PAGE);
	mprotect(memory, 8 * PAGE, protection);
	if (seal(memory + 2 * PAGE, 2 * PAGE, 0))
		say("not sealed");
	return memory;
}

static void shapes(void)
{
	char *memory = partly(BOTH), *other = pages(8, BOTH), *place;
	say("unmapping and protecting");
	GIVES(munmap(memory, 8 * PAGE), "all");
	GIVES(munmap(memory + 3 * PAGE, PAGE), "one of the sealed");
	GIVES(mprotect(memory + 2 * PAGE, PAGE, PROT_READ), "read only");
	GIVES(mprotect(memory + 2 * PAGE, PAGE, BOTH), "as it is");
	GIVES(mprotect(memory + 2 * PAGE, PAGE, PROT_NONE), "none");
	GIVES(munmap(memory + PAGE, PAGE), "the page before");
	GIVES(munmap(memory + 4 * PAGE, PAGE), "the page behind");
	say("mapping and moving");
	SUCCEEDS(mmap(memory + 2 * PAGE, PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
	         "over it");
	SUCCEEDS(mremap(memory + 2 * PAGE, 2 * PAGE, PAGE, 0), "shorter");
	SUCCEEDS(mremap(memory + 2 * PAGE, 2 * PAGE, 2 * PAGE, 0), "as long");
	SUCCEEDS(mremap(memory + 2 * PAGE, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE), "longer");
	place = pages(4, PROT_NONE);
	SUCCEEDS(mremap(memory + 2 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place), "elsewhere");
	SUCCEEDS(mremap(other, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, memory + 2 * PAGE),
	         "another one to it");
	say("%c%c", memory[2 * PAGE], memory[3 * PAGE]);
	memory[2 * PAGE] = 'W';
	say("it can be written: %c", memory[2 * PAGE]);
	GIVES(mlock(memory + 2 * PAGE, 2 * PAGE), "lock");
	GIVES(munlock(memory + 2 * PAGE, 2 * PAGE), "unlock");
	GIVES(seal(memory + 2 * PAGE, 2 * PAGE, 0), "seal it again");
}

static const struct { int advice; const char *name; } advices[] = {
	{MADV_NORMAL, "normal"}, {MADV_WILLNEED, "willneed"}, {MADV_COLD, "cold"},
	{MADV_DONTNEED, "dontneed"}, {MADV_DONTNEED_LOCKED, "dontneed locked"}, {MADV_FREE, "free"},
	{MADV_REMOVE, "remove"}, {MADV_DONTFORK, "dontfork"}, {MADV_WIPEONFORK, "wipeonfork"},
	{MADV_DOFORK, "dofork"}, {MADV_DONTDUMP, "dontdump"},
};

static void advise(const char *what, char *memory)
{
	say("advice on %s", what);
	for (unsigned i = 0; i < sizeof advices / sizeof advices[0]; i++)
		GIVES(madvise(memory + 2 * PAGE, 2 * PAGE, advices[i].advice), "  %s", advices[i].name);
	GIVES(madvise(memory, 8 * PAGE, MADV_DONTNEED), "  dontneed of all around");
}

static void advice(void)
{
	int file = new_file("file", 8);
	char *memory;
	advise("what can be written", partly(BOTH));
	memory = partly(PROT_READ);
	advise("what can be read", memory);
	say("  %d %c%c", memory[PAGE], memory[2 * PAGE], memory[3 * PAGE]);
	memory = mmap(NULL, 8 * PAGE, PROT_READ, MAP_SHARED, file, 0);
	seal(memory + 2 * PAGE, 2 * PAGE, 0);
	advise("a shared file", memory);
	memory = mmap(NULL, 8 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);
	seal(memory + 2 * PAGE, 2 * PAGE, 0);
	advise("a private file", memory);
}

static void wrong(void)
{
	char *memory = pages(8, BOTH);
	munmap(memory + 5 * PAGE, PAGE);
	GIVES(seal(memory + 1, PAGE, 0), "an odd start");
	GIVES(seal(memory, PAGE, 1), "a flag");
	GIVES(seal(memory, 0, 0), "nothing");
	GIVES(seal(memory + 4 * PAGE, 2 * PAGE, 0), "a hole at the end");
	GIVES(seal(memory + 5 * PAGE, 2 * PAGE, 0), "and at the start");
	GIVES(seal(memory + 3 * PAGE, 4 * PAGE, 0), "in the middle");
	GIVES(munmap(memory + 3 * PAGE, PAGE), "nothing was sealed");
	GIVES(seal(memory + 6 * PAGE, 1, 0), "one byte is a page");
	GIVES(munmap(memory + 6 * PAGE, PAGE), "which is sealed");
}

static void in_child(void *memory)
{
	GIVES(munmap(memory, 8 * PAGE), "a child unmaps");
}

static void others(void)
{
	child_status(in_child, partly(BOTH));
	char *heap = sbrk(4 * PAGE);
	heap = (char *)(((uintptr_t)heap + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
	GIVES(seal(heap + PAGE, PAGE, 0), "a page of the heap");
	char *end = sbrk(0);
	say("it shrinks above %d", brk(heap + 2 * PAGE) == 0);
	say("and not further %d", brk(heap) != 0);
	say("it is longer again %d", brk(end) == 0);
	int id = shmget(IPC_PRIVATE, 2 * PAGE, 0600);
	char *segment = shmat(id, NULL, 0);
	seal(segment, PAGE, 0);
	shmdt(segment);
	segment[0] = 's';
	say("it is still attached: %c", segment[0]);
	shmctl(id, IPC_RMID, NULL);
	char text[4000] = "", name[20];
	char *memory = partly(BOTH);
	snprintf(name, sizeof name, "%08lx-", (unsigned long)memory + 2 * PAGE);
	FILE *file = fopen("/proc/self/smaps", "r");
	bool found = false;
	while (fgets(text, sizeof text, file)) {
		found |= strncmp(text, name, 9) == 0;
		if (found && strncmp(text, "VmFlags:", 8) == 0)
			break;
	}
	say("smaps tells %d", found && strstr(text, " sl") != NULL);
}

int main(void)
{
	shapes();
	advice();
	wrong();
	others();
	return 0;
}
