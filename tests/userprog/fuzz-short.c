/* SPDX-License-Identifier: MIT */
/*
 * Tens of thousands of nonsensical system calls by /bin/fuzz, in a small machine: with a fixed
 * seed, and with one that nobody knows before. `make fuzz` is the long run. Arguments for this
 * program: SEED CALLS.
 *
 * pagoda-only: it is for machines that may be hurt.
 * guest: mem=12 swap=16 timeout=120 pagoda-only
 */
#include <sys/random.h>

#include "tests/test.h"

static void fuzz(const char *seed, const char *calls)
{
	pid_t child = fork_checked();

	if (!child) {
		char *arguments[] = {"fuzz", (char *)seed, (char *)calls, NULL};
		char *environment[] = {NULL};

		execve("/bin/fuzz", arguments, environment);
		_exit(99);
	}
	wait_success(child);
}

int main(int argc, char **argv)
{
	uint32_t number;
	char seed[16];

	if (argc > 2) {
		fuzz(argv[1], argv[2]);
		return 0;
	}
	CHECK(getrandom(&number, sizeof(number), 0) == sizeof(number), "a random number");
	snprintf(seed, sizeof(seed), "%u", number);
	fuzz("1", "30000");
	fuzz(seed, "30000");
	return 0;
}
