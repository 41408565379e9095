/* SPDX-License-Identifier: MIT */
/*
 * What the kernel tells of memory agrees, whichever way it is asked: /proc/self/statm, status
 * and smaps of one process; sysinfo(2), /proc/meminfo and /proc/swaps of the machine.
 *
 * guest: mem=16 swap=32
 */
#include "tests/test.h"

#include <sys/sysinfo.h>

#define COUNT 256u

/* The index-th number of /proc/self/statm: pages in all, resident, of files, ... */
static long statm(int index)
{
	char text[128] = "", *at = text;
	int fd = open("/proc/self/statm", O_RDONLY);
	long number = 0;

	CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0, "/proc/self/statm can be read");
	close(fd);
	for (int i = 0; i <= index; i++)
		number = strtol(at, &at, 10);
	return number;
}

/* The sum of the sizes of all areas of /proc/swaps, KiB. */
static long swaps(void)
{
	FILE *file = fopen("/proc/swaps", "r");
	char line[256], *field;
	long sum = 0;

	CHECK(file && fgets(line, sizeof(line), file), "/proc/swaps has a head");
	while (fgets(line, sizeof(line), file)) {
		field = line + strcspn(line, " \t");
		field += strspn(field, " \t");
		field += strcspn(field, " \t");
		sum += strtol(field, NULL, 10);
	}
	fclose(file);
	return sum;
}

static bool near(long a, long b, long slack)
{
	return a - b <= slack && b - a <= slack;
}

int main(void)
{
	long size = statm(0), resident = statm(1);
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	struct sysinfo info;

	CHECK(statm(0) == size + (long)COUNT, "what is mapped counts in full: %ld",
	      statm(0) - size);
	for (uint32_t i = 0; i < COUNT; i++)
		memory[i * PAGE] = 1;
	if (pages_stay()) {
		CHECK(near(statm(1) - resident, COUNT, 48), "what is touched is resident: %ld more",
		      statm(1) - resident);
		CHECK(smaps_sum(memory, COUNT * PAGE, "Rss") >= (long)COUNT * 4, "smaps says so");
		CHECK(near(statm(1) * 4, proc_number("/proc/self/status", "VmRSS"), 256),
		      "statm and status agree");
	}
	CHECK(near(statm(0) * 4, proc_number("/proc/self/status", "VmSize"), 64),
	      "on the size, too");

	CHECK(sysinfo(&info) == 0, "sysinfo");
	uint64_t unit = info.mem_unit;
	CHECK((long)(info.totalram * unit / 1024) == meminfo("MemTotal"), "RAM");
	CHECK((long)(info.totalswap * unit / 1024) == meminfo("SwapTotal"), "swap");
	CHECK(near(swaps(), meminfo("SwapTotal"), 8), "/proc/swaps: %ld KiB", swaps());
	if (machine_is_ours()) {
		CHECK(near((long)(info.freeram * unit / 1024), meminfo("MemFree"), 1024),
		      "free RAM");
		CHECK(near((long)(info.freeswap * unit / 1024), meminfo("SwapFree"), 1024),
		      "free swap");
	}
	CHECK(info.procs >= 2, "somebody started us");
	CHECK_ERRNO(sysinfo((struct sysinfo *)8), EFAULT);
	say("%ld pages mapped, %ld resident; %ld KiB of RAM, %ld of swap", statm(0), statm(1),
	    meminfo("MemTotal"), meminfo("SwapTotal"));
	return 0;
}
