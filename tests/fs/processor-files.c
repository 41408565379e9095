/* SPDX-License-Identifier: MIT */
/*
 * /sys/devices/system/cpu (Linux's Documentation/ABI/testing/sysfs-devices-system-cpu) and
 * /proc/cpuinfo say the same of the processors: the lists possible, present and online lie each in
 * the one before; each processor that is online has its row in /proc/cpuinfo, and its topology has
 * it among the threads of its core and of its package. Nothing there can be written or made.
 */
#include "tests/test.h"

#include <sched.h>
#include <sys/vfs.h>

#define CPU "/sys/devices/system/cpu/"
#define SYSFS_MAGIC 0x62656572
#define MOST 1024u

/* The file's bytes as a string. */
static void file_text(const char *path, char *text, size_t size)
{
	size_t length = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY);

	CHECK(fd >= 0, "%s is there", path);
	while (length < size - 1 && (n = read(fd, text + length, size - 1 - length)) > 0)
		length += n;
	close(fd);
	text[length] = '\0';
	CHECK(length && text[length - 1] == '\n', "%s ends its line", path);
}

/* A list such as 0-2,5: which numbers are in it, and how many. */
static uint32_t list_read(const char *path, bool in[MOST])
{
	char text[4096], *at = text;
	uint32_t count = 0;

	file_text(path, text, sizeof(text));
	memset(in, 0, MOST * sizeof(in[0]));
	while (*at != '\n') {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;

		CHECK(end != at, "%s: a number at \"%s\"", path, at);
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		CHECK(first <= last && last < MOST, "%s: %lu to %lu", path, first, last);
		for (; first <= last; first++, count++)
			in[first] = true;
		at = end + (*end == ',');
	}
	return count;
}

static bool within(const bool inner[MOST], const bool outer[MOST])
{
	for (uint32_t i = 0; i < MOST; i++)
		if (inner[i] && !outer[i])
			return false;
	return true;
}

/* The row of a processor in /proc/cpuinfo. */
static bool has_row(uint32_t number)
{
	static char text[256 * 1024];
	char row[32];

	if (!*text)
		file_text("/proc/cpuinfo", text, sizeof(text));
	snprintf(row, sizeof(row), "processor\t: %u\n", number);
	return strstr(text, row) != NULL;
}

static void check_topology(uint32_t number)
{
	static const char *const lists[] = {"thread_siblings_list", "core_siblings_list"};
	static const char *const numbers[] = {"physical_package_id", "core_id"};
	static bool with[2][MOST];
	char path[128], text[64];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), CPU "cpu%u/topology/%s", number, lists[i]);
		CHECK(list_read(path, with[i]) && with[i][number], "%s has %u", path, number);
		snprintf(path, sizeof(path), CPU "cpu%u/topology/%s", number, numbers[i]);
		file_text(path, text, sizeof(text));
		CHECK(*text >= '0' && *text <= '9', "%s: %s", path, text);
	}
	CHECK(within(with[0], with[1]), "a core lies in one package");
}

/* Each cache that is told of is as large as its sets, ways and lines are. */
static uint32_t check_caches(uint32_t number)
{
	static const char *const names[] = {"size", "number_of_sets", "ways_of_associativity",
	                                    "coherency_line_size", "physical_line_partition"};
	uint32_t index = 0;

	for (;; index++) {
		unsigned long values[5];
		char path[128], text[64];

		snprintf(path, sizeof(path), CPU "cpu%u/cache/index%u", number, index);
		if (access(path, F_OK))
			return index;
		for (int i = 0; i < 5; i++) {
			snprintf(path, sizeof(path), CPU "cpu%u/cache/index%u/%s", number, index,
			         names[i]);
			file_text(path, text, sizeof(text));
			values[i] = strtoul(text, NULL, 10);
		}
		CHECK(values[0] == values[1] * values[2] * values[3] * values[4] / 1024,
		      "cache %u: %lu KiB", index, values[0]);
	}
}

int main(void)
{
	static bool possible[MOST], present[MOST], online[MOST];
	struct statfs facts;
	struct stat file;
	uint32_t count, caches = 0;
	char bytes[2];

	CHECK(!statfs("/sys", &facts) && facts.f_type == SYSFS_MAGIC, "/sys is a sysfs");
	list_read(CPU "possible", possible);
	list_read(CPU "present", present);
	count = list_read(CPU "online", online);
	CHECK(count && within(online, present) && within(present, possible),
	      "online lies in present, present in possible");
	for (uint32_t i = 0; i < MOST; i++) {
		CHECK(has_row(i) == online[i], "processor %u in /proc/cpuinfo", i);
		if (!online[i])
			continue;
		check_topology(i);
		caches = check_caches(i);
	}
	CHECK(!stat(CPU "online", &file) && file.st_size == PAGE && S_ISREG(file.st_mode) &&
	      !(file.st_mode & 0222), "a file of a page that nobody may write");
	CHECK(open(CPU "online", O_WRONLY) < 0, "nor opens for writing");
	CHECK(mkdir("/sys/devices/new", 0755) < 0 && errno != EEXIST, "nothing is made there");
	int fd = open(CPU "present", O_RDONLY);
	CHECK(fd >= 0 && read(fd, bytes, 1) == 1 && pread(fd, bytes + 1, 1, 0) == 1 &&
	      bytes[0] == bytes[1], "read by bytes, from any place");
	CHECK(pread(fd, bytes, 1, PAGE) == 0, "behind the text there is nothing");
	say("%u processors, %u caches", count, caches);
	return 0;
}
