/* SPDX-License-Identifier: MIT */
/*
 * Who is killed when memory is full: of two processes the larger one, unless the smaller has a
 * higher oom_score_adj, or the larger -1000. Who asked for the memory is not killed for asking.
 *
 * Pagoda only: on a person's Linux it would hurt others.
 *
 * guest: mem=16 swap=0 pagoda-only timeout=120
 */
#include "tests/oom.h"

struct share {
	uint32_t bytes;
	const char *adjust;
};

static void hold(const void *share)
{
	const struct share *own = share;

	oom_adjust(own->adjust);
	oom_take(own->bytes);
}

static bool lives(pid_t child)
{
	int status;

	return waitpid(child, &status, WNOHANG) == 0;
}

/* A third process wants what is left and a little more. Which of the two had to go? */
static void run_out(const char *of_large, const char *of_small, bool large_goes)
{
	pid_t large = oom_holder(hold, &(struct share){5 * MIB, of_large});
	pid_t small = oom_holder(hold, &(struct share){3 * MIB, of_small});

	oom_ask();
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

	oom_adjust("-1000");
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
