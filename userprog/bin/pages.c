/* SPDX-License-Identifier: MIT */
/*
 * pages WORD...: plays with the pages of one piece of memory, step by step, and shows after each
 * step where they are. The lessons' program (docs/lessons.md), and one to try things with:
 *
 *   pages map 8 write 0-3 read 0-7
 *   pages map 8 write 0-7 fork write 0-2 end write 0-7
 *   pages policy fifo map 5 limit 3 times 2 write 0-4 again
 *
 *   map N, file N   N pages of memory: anonymous, or of a new file on the disk, shared
 *   read A-B, write A-B   one byte of each of these pages; read A, write A: of one
 *   fork ... end    a child does what is between; then the parent goes on
 *   times N ... again     N times
 *   limit N         at most N of the pages may be in memory from now on (RLIMIT_RSS; all else is
 *                   locked)
 *   policy NAME     which replacement policy evicts, until the end
 *   sync            msync: what was written to the file is on the disk
 *   drop A-B        madvise MADV_DONTNEED: these are not needed
 *   stack KIB       a function that uses so much of the stack
 *
 * In what it shows a page is `.` nowhere yet, `#` in memory, `s` in swap.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define SHOWN 64u
#define PRESENT (1ull << 63)
#define SWAPPED (1ull << 62)
#define FILE_NAME "/root/pages.file"
#define POLICY_FILE "/proc/sys/vm/policy"

static volatile char *memory;
static unsigned page_count;
static char policy_before[16]; /* "": it was not changed */

static _Noreturn void stop(const char *format, const char *about)
{
	fprintf(stderr, "pages: ");
	fprintf(stderr, format, about);
	fputc('\n', stderr);
	exit(1);
}

/* ---- showing ----------------------------------------------------------------------- */

static void states_read(char *states)
{
	static uint64_t entries[SHOWN];
	unsigned shown = page_count < SHOWN ? page_count : SHOWN;
	int fd = open("/proc/self/pagemap", O_RDONLY);
	ssize_t size = shown * sizeof(entries[0]);

	if (fd < 0 || pread(fd, entries, size, (uintptr_t)memory / PAGE * sizeof(entries[0])) != size)
		stop("/proc/self/pagemap: %s", strerror(errno));
	close(fd);
	for (unsigned i = 0; i < shown; i++)
		states[i] = entries[i] & PRESENT ? '#' : entries[i] & SWAPPED ? 's' : '.';
	states[shown] = '\0';
}

static void show(const char *word, const char *argument)
{
	char states[SHOWN + 1] = "";

	if (memory)
		states_read(states);
	printf("%5d  %-6s %-7s %s%s\n", getpid(), word, argument, states,
	       page_count > SHOWN ? "..." : "");
	fflush(stdout);
}

/* ---- the words --------------------------------------------------------------------- */

static unsigned number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || value > 1u << 20)
		stop("%s is no number that it can take", text);
	return value;
}

struct range {
	unsigned first, last;
};

/* A-B or A, in the memory; a page past its end is allowed, to see what comes of it. */
static struct range range_of(const char *text)
{
	char first[16];
	size_t length = strcspn(text, "-");

	if (!memory)
		stop("%s: there is no memory yet (map N)", text);
	if (length >= sizeof(first))
		stop("%s is no range of pages", text);
	memcpy(first, text, length);
	first[length] = '\0';
	struct range range = {number(first), number(text[length] ? text + length + 1 : first)};
	if (range.first > range.last)
		stop("%s: the last page is before the first", text);
	return range;
}

static void memory_new(unsigned pages, int fd)
{
	if (memory)
		munmap((void *)memory, page_count * PAGE);
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
	              fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		stop("no room: %s", strerror(errno));
	page_count = pages;
}

/* The file is on the disk and nowhere else: its pages leave the page cache. */
static void file_new(unsigned pages)
{
	static char page[PAGE];
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (unsigned i = 0; fd >= 0 && i < pages; i++)
		if (write(fd, page, PAGE) != (ssize_t)PAGE)
			stop(FILE_NAME ": %s", strerror(errno));
	if (fd < 0 || fsync(fd) != 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
		stop(FILE_NAME ": %s", strerror(errno));
	memory_new(pages, fd);
	close(fd);
}

static void touch(const char *text, bool write)
{
	struct range range = range_of(text);

	for (unsigned i = range.first; i <= range.last; i++)
		if (write)
			memory[i * PAGE] = 'w';
		else
			(void)memory[i * PAGE];
}

static void drop(const char *text)
{
	struct range range = range_of(text);

	madvise((char *)memory + range.first * PAGE, (range.last - range.first + 1) * PAGE,
	        MADV_DONTNEED);
}

static unsigned resident_pages(void)
{
	static char text[2048];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *found;

	close(fd);
	text[length > 0 ? length : 0] = '\0';
	found = strstr(text, "VmRSS:");
	if (!found)
		stop("/proc/self/status: %s", "no VmRSS");
	return strtoul(found + 6, NULL, 10) / (PAGE / 1024);
}

/* All but the memory is locked, so that the policy has that alone to choose from. No page is read
 * from swap before it is asked for. */
static void limit(unsigned frames)
{
	char states[SHOWN + 1];
	struct rlimit rss;

	resident_pages();
	states_read(states); /* what asking and showing take is there */
	munmap((void *)memory, page_count * PAGE);
	memory = NULL;
	if (mlockall(MCL_CURRENT) != 0)
		stop("mlockall: %s", strerror(errno));
	memory_new(page_count, -1);
	madvise((void *)memory, page_count * PAGE, MADV_RANDOM);
	getrlimit(RLIMIT_RSS, &rss);
	rss.rlim_cur = (resident_pages() + frames) * PAGE;
	if (setrlimit(RLIMIT_RSS, &rss) != 0)
		stop("RLIMIT_RSS: %s", strerror(errno));
}

static void policy(const char *name)
{
	char text[256];
	int fd = open(POLICY_FILE, O_RDWR);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *current;

	text[length > 0 ? length : 0] = '\0';
	current = strchr(text, '[');
	if (!*policy_before && current)
		strlcpy(policy_before, current + 1, strcspn(current + 1, "]") + 1);
	if (fd < 0 || write(fd, name, strlen(name)) < 0)
		stop("the policy: %s", strerror(errno));
	close(fd);
}

static void __attribute__((noinline)) use_stack(unsigned kib)
{
	volatile char piece[1024];

	piece[0] = (char)kib;
	if (kib > 1)
		use_stack(kib - 1);
	piece[1] = piece[0];
}

/* ---- the program ------------------------------------------------------------------- */

static char **run(char **words);

/* The words behind the child's end; only the parent comes back. */
static char **run_child(char **words)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		stop("fork: %s", strerror(errno));
	if (child == 0) {
		run(words);
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		printf("%5d  ended by a signal: %s\n", child, strsignal(WTERMSIG(status)));
	for (unsigned depth = 1; *words; words++) {
		depth += strcmp(*words, "fork") == 0;
		depth -= strcmp(*words, "end") == 0;
		if (!depth)
			return words + 1;
	}
	return words;
}

static char **repeat(unsigned times, char **words)
{
	char **after = words;

	while (times--)
		after = run(words);
	return after;
}

/* A word with its argument. Whether there is such a word. */
static bool step(const char *word, const char *argument)
{
	if (strcmp(word, "map") == 0)
		memory_new(number(argument), -1);
	else if (strcmp(word, "file") == 0)
		file_new(number(argument));
	else if (strcmp(word, "read") == 0 || strcmp(word, "write") == 0)
		touch(argument, *word == 'w');
	else if (strcmp(word, "drop") == 0)
		drop(argument);
	else if (strcmp(word, "limit") == 0 && memory)
		limit(number(argument));
	else if (strcmp(word, "policy") == 0)
		policy(argument);
	else if (strcmp(word, "stack") == 0)
		use_stack(number(argument));
	else
		return false;
	show(word, argument);
	return true;
}

/* Up to the end of the words, or of the part that they are of; returns what is behind that. */
static char **run(char **words)
{
	while (*words) {
		const char *word = *words++;

		if (strcmp(word, "end") == 0 || strcmp(word, "again") == 0)
			return words;
		if (strcmp(word, "fork") == 0) {
			words = run_child(words);
		} else if (strcmp(word, "sync") == 0) {
			msync((void *)memory, page_count * PAGE, MS_SYNC);
			show(word, "");
		} else if (!*words) {
			stop("%s wants a word more", word);
		} else if (strcmp(word, "times") == 0) {
			unsigned times = number(*words);
			words = repeat(times ? times : 1, words + 1);
		} else if (!step(word, *words++)) {
			stop("it does not know %s (userprog/bin/pages.c lists its words)", word);
		}
	}
	return words;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: pages map 8 write 0-3 read 0-7\n"
		                "words: map file read write fork end times again limit policy sync "
		                "drop stack\n");
		return 2;
	}
	run(argv + 1);
	if (*policy_before)
		policy(policy_before);
	return 0;
}
