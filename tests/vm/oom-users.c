/* SPDX-License-Identifier: MIT */
/*
 * A user's processes count together when memory runs out: of two users the one goes who has more
 * in many small processes, and not a bystander who has less in one larger. Also when what they have
 * are strings of programs that they are about to run.
 *
 * Pagoda only: on a person's Linux it would hurt others.
 *
 * guest: mem=20 swap=0 pagoda-only timeout=120
 */
#include "tests/oom.h"

#include <signal.h>

#define MANY 8
#define LITTLE (3 * MIB / 4)
#define LARGER (3 * MIB)
#define STRING (100 << 10)
#define STRINGS 14
#define BOMBS 8
#define ROUNDS 6 /* of each */

static const char *myself;

struct share {
	int uid;
	uint32_t bytes;
};

static void hold(const void *share)
{
	const struct share *own = share;

	oom_adjust("0");
	CHECK(setuid(own->uid) == 0, "user %d", own->uid);
	oom_take(own->bytes);
}

static pid_t holder(int uid, uint32_t bytes)
{
	return oom_holder(hold, &(struct share){uid, bytes});
}

static void small_processes(void)
{
	pid_t many[MANY], bystander = holder(1001, LARGER);
	int gone = 0;

	for (int i = 0; i < MANY; i++)
		many[i] = holder(1000, LITTLE);
	oom_ask();
	CHECK(waitpid(bystander, NULL, WNOHANG) == 0, "the bystander lives");
	for (int i = 0; i < MANY; i++)
		gone += waitpid(many[i], NULL, WNOHANG) == many[i];
	CHECK(gone > 0 && gone < MANY, "%d of %d small ones went", gone, MANY);
	kill(bystander, SIGKILL);
	for (int i = 0; i < MANY; i++)
		kill(many[i], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* Runs itself with large arguments, again and again. */
static void bomb(int rounds)
{
	static char string[STRING], count[16];
	char *arguments[STRINGS + 3] = {(char *)myself, count};

	if (!rounds)
		_exit(0);
	memset(string, 'a', sizeof string - 1);
	snprintf(count, sizeof count, "%d", rounds - 1);
	for (int i = 0; i < STRINGS; i++)
		arguments[2 + i] = string;
	execve(myself, arguments, NULL);
	_exit(1);
}

static void programs_that_begin(void)
{
	pid_t bystander = holder(1001, LARGER / 3);
	int status;

	for (int i = 0; i < BOMBS; i++)
		if (!fork_checked()) {
			oom_adjust("0");
			CHECK(setuid(1000) == 0, "user 1000");
			bomb(ROUNDS);
		}
	for (int i = 0; i < BOMBS; i++)
		CHECK(waitpid(-1, &status, 0) != bystander, "the bystander lives");
	kill(bystander, SIGKILL);
	CHECK(waitpid(bystander, &status, 0) == bystander, "until now");
}

int main(int count, char *arguments[])
{
	myself = arguments[0];
	if (count > 2)
		bomb(atoi(arguments[1]));
	oom_adjust("-1000");
	small_processes();
	programs_that_begin();
	say("a user's processes count together");
	return 0;
}
