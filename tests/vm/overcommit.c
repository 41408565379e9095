/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys/vm/overcommit_memory: with 2 no more is promised than swap and a share of memory can
 * hold, by none of the calls that promise, and Committed_AS says how much is; with 0 only a wish
 * larger than everything is refused; with 1 none is. What was promised with 2 can be had.
 *
 * Pagoda only: it changes the machine.
 *
 * guest: mem=16 swap=16 pagoda-only
 */
#include "tests/test.h"

#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static void set(const char *name, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	int fd = open(path, O_WRONLY);
	CHECK(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value), "%s is %s", name,
	      value);
	close(fd);
}

static size_t room(void)
{
	return (size_t)(meminfo("CommitLimit") - meminfo("Committed_AS")) * 1024;
}

static long promised(void)
{
	return meminfo("Committed_AS") / 4;
}

static bool can_map(size_t bytes, int prot, int flags)
{
	void *memory = mmap(NULL, bytes, prot, flags, -1, 0);

	if (memory == MAP_FAILED) {
		CHECK(errno == ENOMEM, "the error is ENOMEM");
		return false;
	}
	munmap(memory, bytes);
	return true;
}

/* What counts, page by page. */
static void counted(void)
{
	long before = promised();
	char *memory = mmap(NULL, 100 * PAGE, RW, PRIVATE, -1, 0);
	CHECK(promised() == before + 100, "private memory that may be written");
	CHECK(mprotect(memory, 50 * PAGE, PROT_READ) == 0 && promised() == before + 100,
	      "what may have been written stays promised");
	munmap(memory, 30 * PAGE);
	CHECK(promised() == before + 70, "what is unmapped does not");
	memory = mremap(memory + 50 * PAGE, 50 * PAGE, 80 * PAGE, MREMAP_MAYMOVE);
	CHECK(memory != MAP_FAILED && promised() == before + 100, "what it grows by");
	munmap(memory, 80 * PAGE);
	memory = mmap(NULL, 100 * PAGE, PROT_READ, PRIVATE, -1, 0);
	CHECK(promised() == before + 20, "what is only read is not");
	CHECK(mprotect(memory + 10 * PAGE, 5 * PAGE, RW) == 0 && promised() == before + 25,
	      "until it may be written");
	munmap(memory, 100 * PAGE);
	memory = mmap(NULL, 40 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(promised() == before + 60, "shared memory");
	pid_t child = fork_checked();
	if (!child) {
		pause();
		_exit(0);
	}
	CHECK(promised() > before + 60 + 20, "a child's private pages, and none of those");
	kill(child, SIGKILL);
	wait_status(child);
	munmap(memory, 40 * PAGE);
	CHECK(promised() == before + 20, "all of it is given back: %ld of %ld", promised(), before);
}

static void deep(void *pages)
{
	volatile char page[PAGE];

	page[0] = 1;
	if ((uintptr_t)pages > 1)
		deep((void *)((uintptr_t)pages - 1));
	page[1] = page[0];
}

/* Nothing more than there is room for, whoever asks. */
static void refused(void)
{
	size_t most = room() / PAGE * PAGE;

	CHECK(can_map(most - 16 * PAGE, RW, PRIVATE), "as much as there is");
	CHECK(!can_map(most + 16 * PAGE, RW, PRIVATE), "not more");
	CHECK(!can_map(most + 16 * PAGE, RW, PRIVATE | MAP_NORESERVE), "however it is asked for");
	CHECK(!can_map(most + 16 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS), "nor shared");
	CHECK(can_map(2 * most, PROT_READ, PRIVATE), "to be read, more");
	char *hold = mmap(NULL, most - 32 * PAGE, RW, PRIVATE, -1, 0);
	CHECK(hold != MAP_FAILED, "nearly all");
	char *reserve = mmap(NULL, 100 * PAGE, PROT_NONE, PRIVATE, -1, 0);
	CHECK_ERRNO(mprotect(reserve, 100 * PAGE, RW), ENOMEM);
	CHECK(mprotect(reserve, 4 * PAGE, RW) == 0, "a little is left");
	CHECK(mremap(reserve, 4 * PAGE, 100 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED, "no growth");
	CHECK(sbrk(200 * PAGE) == (void *)-1, "no heap");
	CHECK_ERRNO(fork(), ENOMEM);
	munmap(reserve, 100 * PAGE);
	munmap(hold, most - 32 * PAGE);
}

static void without_stack(void *unused)
{
	size_t most = room() / PAGE * PAGE;

	(void)unused;
	CHECK(mmap(NULL, most - 4 * PAGE, RW, PRIVATE, -1, 0) != MAP_FAILED, "nearly all");
	deep((void *)40);
}

/* What was promised is there: all of it is written. */
static void kept(void)
{
	size_t most = room() / PAGE * PAGE - 64 * PAGE;
	char *memory = mmap(NULL, most, RW, PRIVATE, -1, 0);

	CHECK(memory != MAP_FAILED, "all of it");
	for (size_t i = 0; i < most / PAGE; i++)
		page_fill(memory + i * PAGE, i);
	for (size_t i = 0; i < most / PAGE; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %zu is kept", i);
	munmap(memory, most);
}

int main(void)
{
	size_t all = (size_t)(meminfo("MemTotal") + meminfo("SwapTotal")) * 1024;

	CHECK(can_map(4 * all, RW, PRIVATE), "freely, as it starts");
	counted();
	set("overcommit_memory", "0");
	CHECK(!can_map(all + PAGE, RW, PRIVATE), "not more than there is in one piece");
	CHECK(can_map(all + PAGE, RW, PRIVATE | MAP_NORESERVE), "but without a promise");
	CHECK(can_map(all - PAGE, RW, PRIVATE), "as much as there is");
	set("overcommit_ratio", "50");
	set("overcommit_memory", "2");
	refused();
	kept();
	struct death death = death_of(without_stack, NULL);
	CHECK(death.signal == SIGSEGV, "a stack that cannot grow: signal %d", death.signal);
	size_t half = room();
	set("overcommit_ratio", "20");
	CHECK(room() < half, "a smaller share is less room");
	set("overcommit_ratio", "50");
	set("overcommit_memory", "1");
	say("promises are kept");
	return 0;
}
