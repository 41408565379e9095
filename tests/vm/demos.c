/* SPDX-License-Identifier: MIT */
/*
 * Every demo proves what it claims: each is run with --check, and must end with status 0. In
 * chaos mode, when pages come and go for no reason, their numbers prove nothing; then none may
 * be killed. Its arguments are names of demos: only these (scripts/demo-claims).
 *
 * guest: mem=24 swap=32 timeout=120 pagoda-only
 */
#include "tests/test.h"

#define DEMO "/bin/demo"
#define NAMES_MAX 64

/* What `demo --names` prints, as an array of names. */
static unsigned names_read(char names[NAMES_MAX][32])
{
	FILE *output;
	unsigned count = 0;
	int ends[2];
	pid_t child;

	CHECK(pipe(ends) == 0, "a pipe");
	child = fork_checked();
	if (!child) {
		dup2(ends[1], STDOUT_FILENO);
		execl(DEMO, "demo", "--names", NULL);
		_exit(1);
	}
	close(ends[1]);
	output = fdopen(ends[0], "r");
	CHECK(output, "a stream");
	while (count < NAMES_MAX && fgets(names[count], sizeof(names[0]), output)) {
		names[count][strcspn(names[count], "\n")] = '\0';
		count++;
	}
	fclose(output);
	wait_success(child);
	return count;
}

static bool demo_holds(const char *name)
{
	pid_t child = fork_checked();
	int status;

	say("demo %s", name);
	if (!child) {
		execl(DEMO, "demo", "--check", name, NULL);
		_exit(1);
	}
	status = wait_status(child);
	if (status != 0)
		say("demo %s ended with wait status %#x", name, status);
	return status == 0 || (!pages_stay() && WIFEXITED(status));
}

int main(int argc, char **argv)
{
	static char names[NAMES_MAX][32];
	unsigned count, failed = 0;

	if (argc > 1) {
		for (count = 0; argv[count + 1]; count++)
			strcpy(names[count], argv[count + 1]);
	} else {
		count = names_read(names);
		CHECK(count >= 20, "demo lists its demos: %u", count);
	}
	for (unsigned i = 0; i < count; i++)
		failed += !demo_holds(names[i]);
	CHECK(failed == 0, "%u of %u demos prove what they claim", count - failed, count);
	say("%u demos hold", count);
	return 0;
}
