/* SPDX-License-Identifier: MIT */
/* mlock(2), mlock2, mlockall and munlock: arguments, limits, and which pages come in. */
#include "memory.h"

#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

static void in_core(const char *what, unsigned first, unsigned count)
{
	unsigned char there[ARENA];
	char text[ARENA + 1] = "";

	if (mincore(at(first), count * PAGE, there) != 0) {
		say("%s: %s", what, error_name(errno));
		return;
	}
	for (unsigned i = 0; i < count; i++)
		text[i] = there[i] & 1 ? '1' : '0';
	text[count] = '\0';
	say("%s: %s", what, text);
}

static void limited(void *limit)
{
	struct rlimit lock = {*(unsigned *)limit * PAGE, *(unsigned *)limit * PAGE};
	char *memory = pages(8, PROT_READ | PROT_WRITE);

	setrlimit(RLIMIT_MEMLOCK, &lock);
	setresuid(1000, 1000, 1000);
	GIVES(mlock(memory, PAGE), "limit %u: one", *(unsigned *)limit);
	GIVES(mlock(memory, 3 * PAGE), "three");
	GIVES(mlock(memory, 5 * PAGE), "five");
	GIVES(mlock(memory + 2 * PAGE, PAGE), "one of those");
	GIVES(munlock(memory, 2 * PAGE), "two go");
	GIVES(mlock(memory + 5 * PAGE, 2 * PAGE), "two others");
	SUCCEEDS((long)mmap(NULL, PAGE, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0),
	         "mapped and locked");
	SUCCEEDS((long)mmap(NULL, 9 * PAGE, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0),
	         "nine mapped and locked");
	SUCCEEDS((long)mremap(memory + 5 * PAGE, 2 * PAGE, 20 * PAGE, MREMAP_MAYMOVE),
	         "locked ones grow");
	GIVES(mlockall(MCL_CURRENT), "all");
	GIVES(mlockall(MCL_FUTURE), "all that come");
	SUCCEEDS((long)mmap(NULL, 9 * PAGE, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), "nine come");
	SUCCEEDS((long)sbrk(9 * PAGE), "nine come by brk");
	GIVES(munlockall(), "none");
	SUCCEEDS((long)mmap(NULL, 9 * PAGE, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), "nine come");
}

static void future(void *unused)
{
	char *heap = sbrk(0);

	GIVES(mlockall(MCL_FUTURE), "mlockall for the future");
	put(20, 3, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	in_core("  mapped then", 20, 3);
	put(24, 2, PROT_NONE, MAP_PRIVATE, 0);
	in_core("  without rights", 24, 2);
	unsigned char there[2] = {0};
	brk(heap + 8 * PAGE);
	char *page = (char *)(((unsigned long)heap + 4 * PAGE) & ~(PAGE - 1ul));
	GIVES(mincore(page, PAGE, there), "  the heap then");
	say("  is there: %d", there[0] & 1);
	GIVES(mlockall(MCL_FUTURE | MCL_ONFAULT), "mlockall for the future, on demand");
	put(28, 3, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	write_byte(at(29));
	in_core("  mapped then, one written", 28, 3);
	GIVES(mlockall(MCL_CURRENT), "mlockall for now");
	in_core("  mapped then", 28, 3);
	put(32, 3, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	in_core("  mapped after", 32, 3);
	GIVES(munlockall(), "munlockall");
	GIVES(madvise(at(20), PAGE, MADV_DONTNEED), "  they can go");
}

/* What becomes writable joins the rest of its mapping, which goes on past the range. */
static void part_becomes_writable(void)
{
	static const unsigned parts[][2] = {{0, 3}, {2, 3}, {4, 2}, {0, 6}};

	put(0, 6, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	mlock(at(0), 6 * PAGE);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		char *part = at(parts[i][0]);
		size_t size = parts[i][1] * PAGE;

		GIVES(mprotect(part, size, i % 2 ? PROT_NONE : PROT_READ), "locked, %u from %u",
		      parts[i][1], parts[i][0]);
		GIVES(mprotect(part, size, PROT_READ | PROT_WRITE), "  writable again");
		in_core("  in core", 0, 6);
	}
	arena_clear();
}

/* Locked pages of a private file that become writable are copied then, not when they are written:
 * what the file gets later does not show. */
static void becomes_writable(int fd)
{
	put_file(0, 3, PROT_READ, MAP_PRIVATE, fd, 0);
	put_file(3, 1, PROT_READ, MAP_PRIVATE, fd, 0);
	put_file(4, 1, PROT_READ, MAP_SHARED, fd, 0);
	put_file(5, 1, PROT_READ, MAP_PRIVATE, fd, 1);
	mlock(at(0), 3 * PAGE);
	mlock(at(4), PAGE);
	syscall(SYS_mlock2, at(5), PAGE, 1);
	read_byte(at(5));
	GIVES(mprotect(at(0), 6 * PAGE, PROT_READ | PROT_WRITE), "locked ones become writable");
	pwrite(fd, "x", 1, 0);
	pwrite(fd, "y", 1, PAGE);
	picture(2, "  and the file is written");
	picture(6, "  not locked, shared, locked on demand");
	GIVES(madvise(at(3), PAGE, MADV_POPULATE_READ), "  one comes in");
	arena_clear();

	/* One that was writable before stays as it is, though a lock that met a hole left it out. */
	put_file(0, 1, PROT_READ, MAP_PRIVATE, fd, 0);
	put_file(1, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	munmap(at(2), PAGE);
	read_byte(at(1));
	GIVES(mlock(at(0), 3 * PAGE), "a lock that meets a hole");
	GIVES(mprotect(at(0), 2 * PAGE, PROT_READ | PROT_WRITE), "  the first becomes writable");
	pwrite(fd, "z", 1, 0);
	pwrite(fd, "z", 1, PAGE);
	picture(2, "  and the file is written");
	arena_clear();
}

int main(void)
{
	static const unsigned limits[] = {0, 1, 4, 1000};
	int fd = new_file("f", 2);

	arena_make();
	put(0, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	put(6, 2, PROT_NONE, MAP_PRIVATE, 0);
	put(9, 2, PROT_READ, MAP_PRIVATE, 0);
	put_file(12, 4, PROT_READ, MAP_SHARED, fd, 0);
	in_core("untouched", 0, 4);
	GIVES(mlock(at(1), PAGE), "mlock of a page");
	in_core("  in core", 0, 4);
	GIVES(mlock(at(2) + 5, 1), "mlock of a byte");
	GIVES(mlock(at(2) + 5, PAGE), "mlock of a page's length");
	in_core("  in core", 0, 4);
	GIVES(mlock(at(0), 0), "mlock of nothing");
	GIVES(mlock(at(5), 0), "mlock of nothing, where nothing is");
	GIVES(mlock(at(5), PAGE), "mlock where nothing is");
	GIVES(mlock(at(3), 2 * PAGE), "mlock of one and a hole");
	GIVES(mlock(at(6), PAGE), "mlock without rights");
	GIVES(mlock(at(9), 2 * PAGE), "mlock, read-only");
	in_core("  in core", 9, 2);
	GIVES(mlock(at(12), 2 * PAGE), "mlock of a file");
	GIVES(mlock(at(12), 4 * PAGE), "mlock past its end");
	GIVES(munlock(at(0), 4 * PAGE), "munlock of some that are and some that are not");
	GIVES(munlock(at(3), 2 * PAGE), "munlock of one and a hole");
	GIVES(munlock(at(5), PAGE), "munlock where nothing is");
	GIVES(munlock(at(5), 0), "munlock of nothing");

	put(0, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	write_byte(at(1));
	GIVES(syscall(SYS_mlock2, at(0), 4 * PAGE, 1), "mlock2 on demand");
	in_core("  in core", 0, 4);
	write_byte(at(2));
	in_core("  one more written", 0, 4);
	GIVES(madvise(at(0), PAGE, MADV_DONTNEED), "  can they go");
	GIVES(syscall(SYS_mlock2, at(0), 4 * PAGE, 0), "mlock2 now");
	in_core("  in core", 0, 4);
	GIVES(syscall(SYS_mlock2, at(0), 4 * PAGE, 2), "mlock2, an unknown flag");
	GIVES(syscall(SYS_mlock2, at(6), PAGE, 1), "mlock2 on demand without rights");

	/* What is locked stays so when it grows, and is brought in. */
	SUCCEEDS((long)mremap(at(0), 4 * PAGE, 6 * PAGE, 0), "no room to grow");
	munmap(at(4), 8 * PAGE);
	GIVES(mremap(at(0), 4 * PAGE, 6 * PAGE, 0) == at(0), "grows where it is");
	in_core("  in core", 0, 6);
	GIVES(remap(at(0), 6 * PAGE, 9 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at(20)) == at(20),
	      "moves and grows");
	in_core("  in core", 20, 9);
	GIVES(madvise(at(20), PAGE, MADV_DONTNEED), "  can they go");
	arena_clear();

	part_becomes_writable();
	becomes_writable(fd);
	GIVES(mlockall(0), "mlockall of nothing");
	GIVES(mlockall(8), "mlockall, an unknown flag");
	GIVES(mlockall(MCL_ONFAULT), "mlockall on demand alone");
	child_status(future, NULL);
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
		child_status(limited, (void *)&limits[i]);
	return 0;
}
