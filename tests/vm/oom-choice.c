/* SPDX-License-Identifier: MIT */
/*
 * Who is killed when memory is full: of two processes the larger one, unless the smaller has a
 * higher oom_score_adj, or the larger -1000. Who asked for the memory is not killed for asking.
 *
 * Pagoda only: on a person's Linux it would hurt others.
 *
 * guest: mem=16 swap=0 pagoda-only timeout=120
 */
#include "tests/test.h"

static void adjust(const char *value)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	CHECK(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value), "adjusted");
	close(fd);
}

static void take(uint32_t bytes)
{
	char *memory = memory_map(bytes, PROT_READ | PROT_WRITE);

	for (uint32_t at = 0; at < bytes; at += PAGE)
		memory[at] = 1;
}

/* A process that holds so much memory and waits. */
static pid_t holder(uint32_t bytes, const char *value)
{
	int ready[2];
	char byte;
	pid_t child;

	CHECK(pipe(ready) == 0, "a pipe");
	child = fork_checked();
	if (!child) {
		adjust(value);
		take(bytes);
		CHECK(write(ready[1], "r", 1) == 1, "ready");
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK(read(ready[0], &byte, 1) == 1, "the child has its memory");
	close(ready[0]);
	return child;
}

static bool lives(pid_t child)
{
	int status;

	return waitpid(child, &status, WNOHANG) == 0;
}

/* A third process wants what is left and a little more. Which of the two had to go? */
static void run_out(const char *of_large, const char *of_small, bool large_goes)
{
	pid_t large = holder(5 * MIB, of_large), small = holder(3 * MIB, of_small);
	pid_t asker = fork_checked();

	if (!asker) {
		uint32_t bytes = (uint32_t)meminfo("MemAvailable") * 1024 + MIB;

		adjust("-1000");
		take(bytes);
		_exit(0);
	}
	wait_success(asker);
	CHECK(lives(large) == !large_goes, "%s / %s: the larger one %s", of_large, of_small,
	      large_goes ? "goes" : "stays");
	CHECK(lives(small) == large_goes, "%s / %s: the smaller one %s", of_large, of_small,
	      large_goes ? "stays" : "goes");
	kill(large, SIGKILL);
	kill(small, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

int main(void)
{
	int fd;

	adjust("-1000");
	run_out("0", "0", true);
	run_out("0", "900", false);
	run_out("-1000", "0", false);
	run_out("-900", "0", false);
	fd = open("/proc/self/oom_score_adj", O_WRONLY);
	CHECK(write(fd, "1001", 4) == -1 && errno == EINVAL, "1001 is too much");
	close(fd);
	say("the choice follows size and oom_score_adj");
	return 0;
}
