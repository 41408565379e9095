/* SPDX-License-Identifier: MIT */
/*
 * Takes memory and keeps it, for others to feel:
 *
 *   hog MIB [SECONDS]          touch so many MiB, hold them so long (default: until killed)
 *
 * Every second it touches all of its pages again, so that they are in use.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, bytes = mib << 20;
	unsigned long seconds = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	volatile char *memory;

	if (!mib) {
		fprintf(stderr, "usage: hog MIB [SECONDS]\n");
		return 2;
	}
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("hog");
		return 1;
	}
	for (unsigned long second = 0; seconds == 0 || second <= seconds; second++) {
		for (size_t i = 0; i < bytes; i += 4096)
			memory[i]++;
		if (second == 0) {
			printf("hog: process %d holds %zu MiB\n", getpid(), mib);
			fflush(stdout);
		}
		if (seconds == 0 || second < seconds)
			sleep(1);
	}
	return 0;
}
