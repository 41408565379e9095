/* SPDX-License-Identifier: MIT */
/*
 * A program file that was cut off: wherever the cut is, it does not run to a good end, and the
 * caller gets an error or sees a child that was killed, and lives.
 */
#include "tests/test.h"

static unsigned char *image;
static uint32_t length;

/* Runs the first n bytes of this program; returns the wait status. */
static int run_cut(uint32_t n)
{
	char *arguments[] = {"cut", "run", NULL};
	pid_t child;

	program_make("cut", image, n);
	child = fork_checked();
	if (!child) {
		execve("cut", arguments, NULL);
		_exit(100);
	}
	return wait_status(child);
}

int main(int argc, char **argv)
{
	static const uint32_t cuts[] = {1, 4, 16, 51, 52, 60, 84, 150, 200, 1000, 4095, 4096};
	uint32_t refused = 0, killed = 0;
	int status;

	(void)argv;
	if (argc > 1)
		return 42;
	image = program_image(&length);
	status = run_cut(length);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42, "the whole of it runs: %#x", status);
	for (uint32_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		status = run_cut(cuts[i]);
		CHECK(!WIFEXITED(status) || WEXITSTATUS(status) != 42, "%u bytes do not run",
		      cuts[i]);
		CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 100, "%u bytes: %#x", cuts[i],
		      status);
		refused += WIFEXITED(status);
		killed += WIFSIGNALED(status);
	}
	say("12 cuts: %u were refused, %u were killed", refused, killed);
	return 0;
}
