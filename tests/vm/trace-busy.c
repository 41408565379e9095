/* SPDX-License-Identifier: MIT */
/*
 * A trace of everything is under way while memory is short, files are cut off and processes come
 * and go: it disturbs nobody, and can be switched off and on again.
 *
 * pagoda-only: it is Pagoda's trace.
 * guest: mem=8 swap=32 trace pagoda-only
 */
#include "tests/test.h"

#define COUNT PAGES(10 * MIB)

static void trace(const char *what)
{
	int fd = open("/proc/sys/kernel/trace", O_RDWR);

	CHECK(fd >= 0, "the trace can be switched");
	CHECK(write(fd, what, strlen(what)) == (ssize_t)strlen(what), "trace: %s", what);
	close(fd);
}

static void use_memory(void *unused)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	char *shared = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	                    0);

	(void)unused;
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t i = 0; i < 64; i++)
		page_fill(shared + i * PAGE, i);
	pid_t child = fork_checked();
	if (!child) {
		for (uint32_t i = 0; i < COUNT; i += 50)
			memory[i * PAGE] = 1;
		_exit(0);
	}
	wait_success(child);
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
	for (uint32_t i = 0; i < 64; i++)
		CHECK(page_has(shared + i * PAGE, i), "shared page %u is intact", i);
	mprotect(memory, 8 * PAGE, PROT_READ);
	madvise(memory + 20 * PAGE, 8 * PAGE, MADV_DONTNEED);
	mremap(memory + 40 * PAGE, 8 * PAGE, 80 * PAGE, MREMAP_MAYMOVE);
	mlock(memory + 200 * PAGE, 8 * PAGE);
	munmap(memory, 4 * PAGE);
}

/* After a fork the child copies, and the parent, when it is alone again, writes to what it has. */
static void copy_on_write(void *unused)
{
	char *page = memory_map(PAGE, PROT_READ | PROT_WRITE);

	(void)unused;
	page_fill(page, 5);
	in_child(write_byte, page);
	CHECK(page_has(page, 5), "the child wrote to a copy");
	write_byte(page);
	CHECK(page[0] == 1 && page[PAGE - 1] == (char)(pattern(5, PAGE / 4 - 1) >> 24),
	      "the parent to its own page");
}

/* A child still has a whole page table in common with its parent when a trace begins, and gives
 * it up. */
static void share_tables(void *unused)
{
	char *memory = memory_map(8 * MIB, PROT_READ | PROT_WRITE);
	int ends[2];
	char go = 0;

	(void)unused;
	CHECK(pipe(ends) == 0, "a pipe");
	memory = (char *)(((uintptr_t)memory + 4 * MIB - 1) & ~(uintptr_t)(4 * MIB - 1));
	for (uint32_t i = 0; i < 600; i++)
		page_fill(memory + i * PAGE, i);
	pid_t child = fork_checked();
	if (!child) {
		CHECK(read(ends[0], &go, 1) == 1, "wait for the trace to begin");
		_exit(munmap(memory, 4 * MIB) != 0);
	}
	trace("off");
	trace("all");
	CHECK(write(ends[1], &go, 1) == 1, "let the child go on");
	wait_success(child);
	for (uint32_t i = 0; i < 600; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
}

static void use_files(void *unused)
{
	int fd = file_make("data", 40, 3);
	char *map = file_map(fd, 40 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);

	(void)unused;
	page_fill(map + 3 * PAGE, 77);
	CHECK(msync(map, 40 * PAGE, MS_SYNC) == 0, "msync");
	CHECK(ftruncate(fd, 10 * PAGE) == 0, "cut it off");
	CHECK(death_of(read_byte, map + 20 * PAGE).signal == SIGBUS, "SIGBUS behind the end");
	CHECK(death_of(write_byte, (void *)16).signal == SIGSEGV, "SIGSEGV at a null pointer");
	char *arguments[] = {"true", NULL};
	execv("/bin/true", arguments);
	_exit(1);
}

static void check_refused(int fd, const char *words, int error)
{
	CHECK(write(fd, words, strlen(words)) < 0 && errno == error, "%s is refused", words);
}

/* What the switch understands; and what it refuses, which leaves it as it was. */
static void check_switch(void)
{
	int fd = open("/proc/sys/kernel/trace", O_RDWR);
	char text[200], only[30];

	check_refused(fd, "nonsense", EINVAL);
	check_refused(fd, "pid:0", EINVAL);
	check_refused(fd, "pid:99999", ESRCH);
	snprintf(only, sizeof(only), "pid:%d", getpid());
	trace(only);
	CHECK(pread(fd, text, sizeof(text), 0) > 0 && strncmp(text, "off", 3) != 0, "it is on");
	trace("swap,fault");
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);
	text[length > 0 ? length : 0] = '\0';
	CHECK(strstr(text, "swap ") && strstr(text, "fault ") && !strstr(text, "map "),
	      "just these two, not: %s", text);
	close(fd);
}

int main(void)
{
	trace("all");
	in_child(copy_on_write, NULL);
	in_child(share_tables, NULL);
	in_child(use_memory, NULL);
	in_child(use_files, NULL);
	trace("off");
	check_switch();
	trace("0");
	in_child(use_files, NULL);
	trace("all");
	in_child(use_files, NULL);
	trace("off");
	say("traced, not traced, and traced again");
	return 0;
}
