/* SPDX-License-Identifier: MIT */
/*
 * What parent and child still have together after fork must be parted before one of them changes
 * its memory, and that takes memory itself. Each allocation that a call makes for it fails in
 * turn: the call says so, all pages are what they were, and the next try succeeds. The parent
 * notices nothing of all this.
 *
 * Pagoda only: /proc/self/fail-nth is there in kernels built for testing.
 *
 * guest: mem=16 swap=16 pagoda-only timeout=60
 */
#include "tests/test.h"

#define COUNT 600u
#define FIRST 250u /* the part that is changed */
#define END 350u
#define ROOM (16 * MIB)
#define TRIES_MAX 200
#define REACHED_END 42

static char *memory, *elsewhere;
static int fail_nth;

static char *page_at(uint32_t page)
{
	return memory + page * PAGE;
}

static bool move(void)
{
	return mremap(page_at(FIRST), (END - FIRST) * PAGE, (END - FIRST) * PAGE,
	              MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) == elsewhere;
}

static bool protect(void)
{
	return mprotect(page_at(FIRST), (END - FIRST) * PAGE, PROT_READ) == 0;
}

/* Few pages: each is copied, too. */
static bool lock(void)
{
	return mlock(page_at(FIRST), 5 * PAGE) == 0;
}

static bool unmap(void)
{
	return munmap(page_at(FIRST), (END - FIRST) * PAGE) == 0;
}

static bool give_up(void)
{
	return madvise(page_at(FIRST), (END - FIRST) * PAGE, MADV_DONTNEED) == 0;
}

/* Where the changed part is afterwards; what becomes of its pages. */
enum fate { THERE, ELSEWHERE, ZEROS, GONE };

static const struct call {
	const char *name;
	bool (*run)(void);
	enum fate fate;
} calls[] = {
	{"mremap", move, ELSEWHERE}, {"mprotect", protect, THERE}, {"mlock", lock, THERE},
	{"munmap", unmap, GONE},     {"madvise", give_up, ZEROS},
};

static void set_failure(uint32_t nth)
{
	char words[20];
	int length = snprintf(words, sizeof(words), "%u", nth);
	bool done = pwrite(fail_nth, words, length, 0) == length;

	/* This call takes memory, too, and may be the one that finds none. */
	CHECK(done || pwrite(fail_nth, words, length, 0) == length, "ask for a failure");
}

static bool failure_left(void)
{
	char words[20] = "";

	return pread(fail_nth, words, sizeof(words) - 1, 0) > 0 && strtol(words, NULL, 10) > 0;
}

static void check_pages(enum fate fate)
{
	for (uint32_t i = 0; i < COUNT; i++) {
		bool changed = i >= FIRST && i < END;

		if (!changed || fate == THERE)
			CHECK(page_has(page_at(i), i), "page %u is what it was", i);
		else if (fate == ELSEWHERE)
			CHECK(page_has(elsewhere + (i - FIRST) * PAGE, i), "page %u moved", i);
		else if (fate == ZEROS)
			CHECK(all_bytes_are(page_at(i), PAGE, 0), "page %u is zeros", i);
	}
}

static void change(const struct call *call, uint32_t nth)
{
	fail_nth = open("/proc/self/fail-nth", O_RDWR);
	CHECK(fail_nth >= 0, "allocations can be made to fail");
	set_failure(nth);
	bool done = call->run();
	int error = errno;
	bool left = failure_left();
	set_failure(0);
	if (!done) {
		CHECK(error == ENOMEM || error == EAGAIN, "%s: errno %d", call->name, error);
		check_pages(THERE);
		CHECK(call->run(), "%s succeeds the second time", call->name);
	}
	check_pages(call->fate);
	_exit(left ? REACHED_END : 0);
}

/* Every allocation in turn. Returns how many there were. */
static uint32_t try_all(const struct call *call)
{
	for (uint32_t nth = 1; nth < TRIES_MAX; nth++) {
		pid_t child = fork_checked();
		if (!child)
			change(call, nth);
		int status = wait_status(child);
		bool killed = WIFSIGNALED(status) &&
		              (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGBUS);
		if (WIFEXITED(status) && WEXITSTATUS(status) == REACHED_END)
			return nth - 1;
		CHECK(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0),
		      "%s, allocation %u: %#x", call->name, nth, status);
	}
	CHECK(false, "%s comes to an end", call->name);
	return 0;
}

int main(void)
{
	memory = memory_map(ROOM, PROT_READ | PROT_WRITE);
	memory = (char *)(((uintptr_t)memory + 4 * MIB - 1) & ~(uintptr_t)(4 * MIB - 1));
	elsewhere = memory + 4 * MIB;
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(page_at(i), i);
	for (uint32_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		uint32_t failed = try_all(&calls[i]);

		CHECK(failed > 0, "%s makes allocations that can fail", calls[i].name);
		check_pages(THERE);
		say("%s: %u allocations failed in turn", calls[i].name, failed);
	}
	return 0;
}
