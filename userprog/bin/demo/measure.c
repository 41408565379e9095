/* SPDX-License-Identifier: MIT */
/* Numbers from the kernel: counters, pagemap, walks, faults, limits, policies. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define POLICY_FILE "/proc/sys/vm/policy"

char *memory_map(size_t bytes)
{
	char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		give_up("no room for %zu KiB", bytes / KIB);
	return memory;
}

void touch_read(const char *memory, unsigned pages)
{
	for (unsigned i = 0; i < pages; i++)
		(void)*(const volatile char *)&memory[i * PAGE];
}

void touch_write(char *memory, unsigned pages)
{
	for (unsigned i = 0; i < pages; i++)
		*(volatile char *)&memory[i * PAGE] = (char)i + 1;
}

int file_on_disk(const char *path, unsigned pages, unsigned seed)
{
	static char page[PAGE];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0)
		give_up("%s: %s", path, strerror(errno));
	for (unsigned i = 0; i < pages; i++) {
		memset(page, (int)(seed + i), PAGE);
		if (write(fd, page, PAGE) != (ssize_t)PAGE)
			give_up("%s: %s", path, strerror(errno));
	}
	fsync(fd);
	cache_drop();
	return fd;
}

static bool file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

void cache_drop(void)
{
	if (!file_write("/proc/sys/vm/drop_caches", "1\n"))
		give_up("the page cache cannot be emptied: %s", strerror(errno));
}

/* ---- counters ---------------------------------------------------------------------- */

long number_in(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	size_t length = strlen(name);
	char line[256];
	long number = -1;

	if (!file)
		give_up("%s: %s", path, strerror(errno));
	while (number < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, name, length) == 0 && strchr(": \t", line[length]))
			number = strtol(line + length + 1, NULL, 10);
	fclose(file);
	return number;
}

long vmstat(const char *counter)
{
	return number_in("/proc/vmstat", counter);
}

long meminfo(const char *name)
{
	return number_in("/proc/meminfo", name);
}

struct faults faults_now(void)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return (struct faults){self.ru_minflt + children.ru_minflt,
	                       self.ru_majflt + children.ru_majflt};
}

struct faults faults_since(struct faults before)
{
	struct faults now = faults_now();

	return (struct faults){now.minor - before.minor, now.major - before.major};
}

uint64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* ---- where a page is --------------------------------------------------------------- */

static int proc_open(pid_t pid, const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid ? pid : getpid(), name);
	fd = open(path, flags);
	if (fd < 0)
		give_up("%s: %s", path, strerror(errno));
	return fd;
}

uint64_t pagemap(pid_t pid, const void *address)
{
	int fd = proc_open(pid, "pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (pread(fd, &entry, 8, (off_t)((uintptr_t)address / PAGE) * 8) != 8)
		give_up("pagemap tells nothing about %p", address);
	close(fd);
	return entry;
}

unsigned frame_of(pid_t pid, const void *address)
{
	uint64_t entry = pagemap(pid, address);

	return entry & PAGEMAP_PRESENT ? (unsigned)entry : 0;
}

unsigned frames_that_differ(pid_t one, pid_t other, const void *start, unsigned pages)
{
	unsigned differ = 0;

	for (unsigned i = 0; i < pages; i++) {
		const char *page = (const char *)start + i * PAGE;
		differ += frame_of(one, page) != frame_of(other, page);
	}
	return differ;
}

struct states states_of(const void *start, unsigned pages)
{
	struct states states = {0};

	for (unsigned i = 0; i < pages; i++) {
		uint64_t entry = pagemap(0, (const char *)start + i * PAGE);
		if (entry & PAGEMAP_PRESENT)
			states.present++;
		else if (entry & PAGEMAP_SWAPPED)
			states.swapped++;
		else
			states.absent++;
	}
	return states;
}

/* A line: `08054000  directory[32] table[84] -> frame 1f3a rw accessed dirty | ...` */
static void walk_line(struct walk *walk, const char *line)
{
	const char *pointers = strstr(line, "pointers["), *levels = strstr(line, "directory[");
	char write;

	walk->three_levels = pointers != NULL;
	if (pointers)
		sscanf(pointers, "pointers[%u]", &walk->pointer_index);
	if (levels)
		sscanf(levels, "directory[%u] table[%u] -> frame %x r%c", &walk->directory_index,
		       &walk->table_index, &walk->frame, &write);
	walk->no_code = strstr(line, " nx") != NULL;
	walk->present = strstr(line, "-> frame") != NULL;
	walk->writable = walk->present && write == 'w';
	walk->accessed = strstr(line, " accessed") != NULL;
	walk->dirty = strstr(line, " dirty") != NULL;
}

struct walk walk_of(pid_t pid, const void *address)
{
	FILE *file = fdopen(proc_open(pid, "walk", O_RDONLY), "r");
	uintptr_t at = (uintptr_t)address;
	struct walk walk = {.present = false};
	unsigned long start, end;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx", &start, &end) == 2) {
			if (at >= start && at < end)
				strlcpy(walk.text, line, sizeof(walk.text));
		} else if (strtoul(line, NULL, 16) == (at & ~(PAGE - 1))) {
			strlcat(walk.text, line, sizeof(walk.text));
			walk_line(&walk, line);
		}
	}
	if (file)
		fclose(file);
	return walk;
}

bool can_forbid_execution(void)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[256];
	bool can = false;

	while (file && fgets(line, sizeof(line), file))
		can |= strncmp(line, "flags", 5) == 0 && strstr(line, " nx") != NULL;
	if (file)
		fclose(file);
	return can;
}

/* ---- limits and policies ----------------------------------------------------------- */

void limit_resident(unsigned pages)
{
	struct rlimit limit;

	if (pages && meminfo("SwapTotal") == 0)
		give_up("there is no swap device (make qemu SWAP=64)");
	getrlimit(RLIMIT_RSS, &limit);
	limit.rlim_cur = pages ? pages * PAGE : limit.rlim_max;
	if (setrlimit(RLIMIT_RSS, &limit) != 0)
		give_up("RLIMIT_RSS: %s", strerror(errno));
}

unsigned resident_pages(void)
{
	return (unsigned)number_in("/proc/self/status", "VmRSS") * KIB / PAGE;
}

/* The file names every policy on one line, the one in use in brackets. */
struct policies policies_read(void)
{
	struct policies policies = {0};
	char text[256], *rest = text, *word;
	int fd = open(POLICY_FILE, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (length < 0)
		give_up(POLICY_FILE ": %s", strerror(errno));
	close(fd);
	text[length] = '\0';
	while ((word = strsep(&rest, " \n")) && policies.count < POLICIES_MAX) {
		if (!*word)
			continue;
		if (*word == '[') {
			policies.current = policies.count;
			word[strcspn(word, "]")] = '\0';
			word++;
		}
		strlcpy(policies.names[policies.count++], word, sizeof(policies.names[0]));
	}
	return policies;
}

void policy_set(const char *name)
{
	if (!file_write(POLICY_FILE, name))
		give_up("the policy cannot be set to %s: %s", name, strerror(errno));
}

unsigned times_mapped(unsigned frame)
{
	uint64_t count = 0;
	int fd = open("/proc/kpagecount", O_RDONLY);

	if (fd < 0 || pread(fd, &count, sizeof(count), (off_t)frame * 8) != sizeof(count))
		give_up("/proc/kpagecount tells nothing about frame %#x", frame);
	close(fd);
	return (unsigned)count;
}
