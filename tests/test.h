/* SPDX-License-Identifier: MIT */
/*
 * What the in-guest tests share: CHECK, patterns that tell one page from another, children
 * that are expected to die, and numbers read from /proc.
 *
 * A test is an ordinary Linux program for i386: exit status 0 is a pass, and what it prints
 * is its story. Include this header first.
 */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define _FILE_OFFSET_BITS 64

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define MIB (1u << 20)
#define PAGES(bytes) ((bytes) / PAGE)

/* ---- telling ----------------------------------------------------------------------- */

/* Prints a line at once, so that a fork never prints it again. */
static inline __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	strcat(line, "\n");
	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		_exit(1);
}

/* Ends the process with status 1, unless the condition holds; the words say, as printf
 * does, what was expected. One that holds clears errno, so that a later one which fails does not
 * tell of a call that was expected to. */
#define CHECK(condition, ...)                                                              \
	do {                                                                               \
		if (!(condition))                                                          \
			test_fail(__FILE__, __LINE__, #condition, __VA_ARGS__);            \
		errno = 0;                                                                 \
	} while (0)

static inline __attribute__((noreturn, format(printf, 4, 5))) void
test_fail(const char *file, int line, const char *condition, const char *format, ...)
{
	int error = errno;
	char words[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	say("%s:%d: expected: %s", file, line, words);
	if (error)
		say("  false: %s   (errno %d: %s)", condition, error, strerror(error));
	else
		say("  false: %s", condition);
	_exit(1);
}

/* The call fails, with this errno. */
#define CHECK_ERRNO(call, number)                                                          \
	do {                                                                               \
		errno = 0;                                                                 \
		long result_ = (long)(call);                                               \
		CHECK(result_ == -1 && errno == (number), "%s fails with %s, not %ld",     \
		      #call, #number, result_);                                            \
	} while (0)

/* ---- patterns ---------------------------------------------------------------------- */

/* One word of a page that no other seed and no other place has. */
static inline uint32_t pattern(uint32_t seed, uint32_t word)
{
	uint32_t x = seed * 2654435761u + word * 40503u + 12345u;

	x ^= x >> 15;
	x *= 2246822519u;
	return x ^ x >> 13;
}

static inline void page_fill(void *page, uint32_t seed)
{
	for (uint32_t i = 0; i < PAGE / 4; i++)
		((volatile uint32_t *)page)[i] = pattern(seed, i);
}

static inline bool page_has(const void *page, uint32_t seed)
{
	for (uint32_t i = 0; i < PAGE / 4; i++)
		if (((const volatile uint32_t *)page)[i] != pattern(seed, i))
			return false;
	return true;
}

static inline bool all_bytes_are(const void *from, size_t n, unsigned char byte)
{
	for (size_t i = 0; i < n; i++)
		if (((const volatile unsigned char *)from)[i] != byte)
			return false;
	return true;
}

/* The next number of a pseudo-random sequence (xorshift32); *state is not 0. */
static inline uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* ---- memory and files -------------------------------------------------------------- */

/* Anonymous private memory, in pages of 4 KiB whatever Linux would prefer. */
static inline char *memory_map(size_t bytes, int prot)
{
	char *memory;

	syscall(__NR_prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
	memory = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED, "mmap gives %zu KiB", bytes / 1024);
	return memory;
}

/* Writes so many pages in each round, and sees before what the round before wrote. */
static inline void pages_through_rounds(char *memory, uint32_t count, uint32_t rounds)
{
	for (uint32_t round = 0; round < rounds; round++)
		for (uint32_t i = 0; i < count; i++) {
			if (round > 0)
				CHECK(page_has(memory + i * PAGE, i + round - 1),
				      "page %u is intact in round %u", i, round);
			page_fill(memory + i * PAGE, i + round);
		}
}

/* A new file of that many pages, page i filled with seed + i; open for both. */
static inline int file_make(const char *name, uint32_t pages, uint32_t seed)
{
	static uint32_t page[PAGE / 4];
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0, "%s can be created", name);
	for (uint32_t i = 0; i < pages; i++) {
		page_fill(page, seed + i);
		CHECK(write(fd, page, PAGE) == (ssize_t)PAGE, "page %u of %s is written", i, name);
	}
	return fd;
}

/* The running program's own file, in memory from malloc, and its length in bytes. */
static inline unsigned char *program_image(uint32_t *length)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	unsigned char *image;

	*length = lseek(fd, 0, SEEK_END);
	image = malloc(*length);
	CHECK(image && pread(fd, image, *length, 0) == (ssize_t)*length,
	      "this program's %u bytes can be read", *length);
	close(fd);
	return image;
}

/* A new program of that name, which may be executed. */
static inline void program_make(const char *name, const unsigned char *image, uint32_t length)
{
	unlink(name);
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0755);

	CHECK(fd >= 0 && write(fd, image, length) == (ssize_t)length && close(fd) == 0,
	      "the program %s can be written", name);
}

/* A file of that many pages with the header that mkswap(8) writes; the rest may be a hole. */
static inline void swap_file_make(const char *name, uint32_t pages, bool hole)
{
	static char page[PAGE];
	int fd = open(name, O_CREAT | O_RDWR | O_TRUNC, 0600);
	uint32_t *words = (uint32_t *)(page + 1024);

	CHECK(fd >= 0, "%s can be created", name);
	memset(page, 0, sizeof(page));
	for (uint32_t i = 0; i < pages && !hole; i++)
		CHECK(write(fd, page, PAGE) == (ssize_t)PAGE, "page %u of %s is written", i, name);
	CHECK(ftruncate(fd, pages * PAGE) == 0, "its size is %u pages", pages);
	words[0] = 1;
	words[1] = pages - 1;
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
	CHECK(pwrite(fd, page, PAGE, 0) == (ssize_t)PAGE, "its header is written");
	close(fd);
}

static inline char *file_map(int fd, size_t bytes, int prot, int flags)
{
	char *memory = mmap(NULL, bytes, prot, flags, fd, 0);

	CHECK(memory != MAP_FAILED, "the file can be mapped");
	return memory;
}

/* ---- children ---------------------------------------------------------------------- */

static inline pid_t fork_checked(void)
{
	pid_t child = fork();

	CHECK(child >= 0, "fork gives a child");
	return child;
}

static inline int wait_status(pid_t child)
{
	int status = -1;

	CHECK(waitpid(child, &status, 0) == child, "the child %d can be waited for", child);
	return status;
}

/* The child must end with exit status 0. */
static inline void wait_success(pid_t child)
{
	int status = wait_status(child);

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	      "the child ends well, not with wait status %#x", status);
}

/* Runs a function in a child that must end with exit status 0. */
static inline void in_child(void (*run)(void *), void *argument)
{
	pid_t child = fork_checked();

	if (!child) {
		run(argument);
		_exit(0);
	}
	wait_success(child);
}

/* How a child ended: by which signal (0: it returned), and what its handler was told. */
struct death {
	int signal;
	int code;
	uintptr_t address;
};

static int death_pipe;

/* Tells the parent, then lets the instruction fail again with nobody to catch it. */
static inline void death_handler(int signal_number, siginfo_t *info, void *context)
{
	struct death death = {signal_number, info->si_code, (uintptr_t)info->si_addr};

	(void)context;
	if (write(death_pipe, &death, sizeof(death)) != sizeof(death))
		_exit(99);
	signal(signal_number, SIG_DFL);
}

/* Runs a function in a child, which may be killed by SIGSEGV, SIGBUS, SIGILL or SIGFPE. */
static inline struct death death_of(void (*run)(void *), void *argument)
{
	static char signal_stack[4 * PAGE];
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
	struct death death = {0};
	int ends[2], status;
	pid_t child;

	CHECK(pipe(ends) == 0, "a pipe");
	child = fork_checked();
	if (!child) {
		stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof(signal_stack)};
		struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};

		death_pipe = ends[1];
		sigaltstack(&stack, NULL);
		action.sa_sigaction = death_handler;
		for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
			sigaction(fatal[i], &action, NULL);
		run(argument);
		_exit(0);
	}
	close(ends[1]);
	CHECK(read(ends[0], &death, sizeof(death)) >= 0, "the child's pipe can be read");
	close(ends[0]);
	status = wait_status(child);
	if (WIFEXITED(status))
		CHECK(WEXITSTATUS(status) == 0 && !death.signal,
		      "the child is killed or ends well");
	else
		CHECK(WTERMSIG(status) == death.signal, "the signal that was handled kills: %d, %d",
		      WTERMSIG(status), death.signal);
	return death;
}

/* The function's access is answered by the signal, with si_code and si_addr as given. */
#define CHECK_DIES(run, argument, number, si_code_, si_addr_)                              \
	do {                                                                               \
		struct death death_ = death_of(run, argument);                             \
		CHECK(death_.signal == (number), "%s, not signal %d", #number, death_.signal); \
		CHECK(death_.code == (si_code_), "%s, not si_code %d", #si_code_, death_.code); \
		CHECK(death_.address == (uintptr_t)(si_addr_), "si_addr %#lx, not %#lx",   \
		      (unsigned long)(uintptr_t)(si_addr_), (unsigned long)death_.address); \
	} while (0)

/* Single accesses for death_of. */
static inline void read_byte(void *address)
{
	(void)*(volatile char *)address;
}

static inline void write_byte(void *address)
{
	*(volatile char *)address = 1;
}

/* ---- numbers ----------------------------------------------------------------------- */

/* The number after a name at the start of a line ("MemFree: 123 kB", "pswpin 7"), or -1. */
static inline long proc_number(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	size_t length = strlen(name);
	char line[256];
	long number = -1;

	CHECK(file, "%s can be read", path);
	while (number < 0 && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, length) == 0 && strchr(": \t", line[length]))
			number = strtol(line + length + 1, NULL, 10);
	}
	fclose(file);
	return number;
}

/* The number that is all that a file says, as those of /proc/sys. */
static inline uint32_t file_number(const char *path)
{
	char text[20] = "";
	int fd = open(path, O_RDONLY);

	CHECK(fd >= 0 && read(fd, text, sizeof text - 1) > 0, "%s can be read", path);
	close(fd);
	return strtoul(text, NULL, 10);
}

static inline long meminfo(const char *name) /* KiB */
{
	return proc_number("/proc/meminfo", name);
}

/* Whether the numbers of the whole machine are this test's doing: a small guest with nothing
 * else running, not somebody's computer. */
static inline bool machine_is_ours(void)
{
	return meminfo("MemTotal") < 1024 * 1024;
}

/* Whether a page stays in memory while there is room. Not so where Pagoda's kernel was told
 * to throw pages out at random (vm.chaos=...): there a test has nothing to count. */
static inline bool pages_stay(void)
{
	char words[512] = "";
	int fd = open("/proc/cmdline", O_RDONLY);

	if (fd >= 0 && read(fd, words, sizeof(words) - 1) < 0)
		words[0] = '\0';
	close(fd);
	return !strstr(words, "vm.chaos=");
}

/* Adds up a line of /proc/self/smaps ("Rss") over the areas that overlap the range; KiB. */
static inline long smaps_sum(const void *start, size_t bytes, const char *name)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	size_t length = strlen(name);
	uintptr_t low = (uintptr_t)start, high = low + bytes;
	bool inside = false;
	char line[512];
	long sum = 0;

	CHECK(file, "/proc/self/smaps can be read");
	while (fgets(line, sizeof(line), file)) {
		char *rest;
		uintptr_t first = strtoul(line, &rest, 16);

		if (rest > line && *rest == '-')
			inside = first < high && strtoul(rest + 1, NULL, 16) > low;
		else if (inside && strncmp(line, name, length) == 0 && line[length] == ':')
			sum += strtol(line + length + 1, NULL, 10);
	}
	fclose(file);
	return sum;
}

/* Pages of the range that are in memory, by mincore(2). */
static inline uint32_t pages_resident(void *start, size_t bytes)
{
	uint32_t pages = PAGES(bytes), resident = 0;
	unsigned char *present = malloc(pages);

	CHECK(present, "memory for %u bytes", pages);
	CHECK(mincore(start, bytes, present) == 0, "mincore tells which pages are in memory");
	for (uint32_t i = 0; i < pages; i++)
		resident += present[i] & 1;
	free(present);
	return resident;
}

static inline long faults_minor(void)
{
	struct rusage usage;

	CHECK(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
	return usage.ru_minflt;
}

static inline long faults_major(void)
{
	struct rusage usage;

	CHECK(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
	return usage.ru_majflt;
}

/* The 64-bit entry of /proc/self/pagemap for an address. */
static inline uint64_t pagemap_entry(const void *address)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	CHECK(fd >= 0, "/proc/self/pagemap can be opened");
	CHECK(pread(fd, &entry, 8, (off_t)((uintptr_t)address / PAGE) * 8) == 8,
	      "pagemap has an entry for %p", address);
	close(fd);
	return entry;
}

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_FRAME ((1ull << 55) - 1)
