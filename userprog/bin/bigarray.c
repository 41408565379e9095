/* SPDX-License-Identifier: MIT */
/*
 * Computes with an array larger than the memory, and checks the answer:
 *
 *   bigarray [MIB]          default: four times the RAM
 *
 * The array gets the numbers 1, 2, 3, ..., each is replaced by the sum of all up to it, and
 * then read backwards: number n must be n (n + 1) / 2, modulo 2^32. Three passes, so each
 * page goes out to swap and comes in again about twice. Without enough swap the kernel
 * ends it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define MIB (1u << 20)

/* A number from /proc/meminfo, in KiB. */
static unsigned long meminfo(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "r");
	size_t length = strlen(name);
	unsigned long kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			kib = strtoul(line + length + 1, NULL, 10);
	if (file)
		fclose(file);
	return kib;
}

/* n (n + 1) / 2 modulo 2^32 */
static uint32_t triangular(uint32_t n)
{
	return (uint64_t)n * (n + 1ull) / 2;
}

int main(int argc, char **argv)
{
	unsigned long ram = meminfo("MemTotal"), swap = meminfo("SwapTotal");
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : ram * 4 / 1024;
	size_t count = mib * (MIB / sizeof(uint32_t));
	struct rusage usage;
	uint32_t *array;

	array = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mib == 0 || array == MAP_FAILED) {
		fprintf(stderr, "bigarray: no room for %zu MiB\n", mib);
		return 1;
	}
	printf("An array of %zu MiB, with %lu MiB of RAM and %lu MiB of swap\n", mib, ram / 1024,
	       swap / 1024);
	fflush(stdout);
	for (size_t i = 0; i < count; i++)
		array[i] = i + 1;
	for (size_t i = 1; i < count; i++)
		array[i] += array[i - 1];
	for (size_t i = count; i-- > 0;)
		if (array[i] != triangular(i + 1)) {
			printf("WRONG: number %zu is %u, not %u\n", i + 1, array[i],
			       triangular(i + 1));
			return 1;
		}
	getrusage(RUSAGE_SELF, &usage);
	printf("Right: all %zu numbers. %ld minor and %ld major faults\n", count, usage.ru_minflt,
	       usage.ru_majflt);
	return 0;
}
