/* SPDX-License-Identifier: MIT */
/*
 * 512 MiB of memory are enough for 10,000 processes at a time: each is there, wakes, and is waited for.
 * With PAE each has two page directories more, and a page more of pointers to leaves: 117 MiB in all.
 *
 * guest: mem=512 pae:mem=640 timeout=120 pagoda-only
 */
#include "tests/test.h"

#define COUNT 10000

int main(void)
{
	int gate[2], status, made = 0;
	char byte;

	CHECK(pipe(gate) == 0, "a pipe");
	for (; made < COUNT; made++) {
		pid_t child = fork();

		CHECK(child >= 0, "process %d: errno %d", made, errno);
		if (!child) {
			close(gate[1]);
			_exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
		}
	}
	say("%d processes, %ld KiB of memory left", made, meminfo("MemAvailable"));
	close(gate[1]);
	while (made > 0 && wait(&status) > 0 && status == 0)
		made--;
	CHECK(made == 0, "each has ended well, but for %d", made);
	return 0;
}
