/* SPDX-License-Identifier: MIT */
/*
 * sched(7), SCHED_DEADLINE: no more than 95% of the processor is given away, by all processes together, and
 * who ends gives back.
 *
 * pagoda-only: Linux gives 95% of each of its processors.
 * guest: pagoda-only
 */
#include "tests/test.h"

#include <sys/syscall.h>

#define DEADLINE 6
#define MS 1000000ull

struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int reserve(unsigned percent)
{
	struct attributes asked = {.size = 48, .policy = DEADLINE, .flags = 1 /* reset on fork */,
	                           .runtime = percent * MS, .deadline = 100 * MS};
	return syscall(__NR_sched_setattr, 0, &asked, 0);
}

/* A process that has so much, or could not get it. */
static pid_t holder(unsigned percent, bool expected)
{
	int ends[2];
	char got = 0;
	CHECK(pipe(ends) == 0, "a pipe");
	pid_t child = fork();
	if (child == 0) {
		got = reserve(percent) == 0 ? 'y' : errno == EBUSY ? 'b' : '?';
		write(ends[1], &got, 1);
		pause();
		_exit(0);
	}
	CHECK(read(ends[0], &got, 1) == 1, "an answer");
	CHECK(got == (expected ? 'y' : 'b'), "%u%% are %s: %c", percent, expected ? "given" : "refused",
	      got);
	close(ends[0]);
	close(ends[1]);
	return child;
}

static void end(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

int main(void)
{
	end(holder(96, false));
	end(holder(94, true));
	pid_t half = holder(50, true);
	pid_t more = holder(44, true);
	end(holder(10, false));
	CHECK(reserve(2) != 0 && errno == EBUSY, "nor to this one");
	end(half);
	CHECK(reserve(40) == 0, "what was given back");
	CHECK(reserve(50) == 0, "in place of the 40");
	CHECK(reserve(60) != 0 && errno == EBUSY, "44 and 60");
	end(more);
	CHECK(reserve(60) == 0, "60");
	int priority = 0;
	CHECK(syscall(__NR_sched_setscheduler, 0, 0, &priority) == 0, "an ordinary one");
	end(holder(90, true));
	say("reservations add up");
	return 0;
}
