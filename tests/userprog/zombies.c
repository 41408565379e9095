/* SPDX-License-Identifier: MIT */
/*
 * An ended child stays as a zombie until it is waited for: it can still be signalled, /proc shows
 * it as Z, and afterwards it is gone. With SIGCHLD ignored there are no zombies.
 */
#include "tests/test.h"

static char state_of(pid_t pid)
{
	char path[32], line[300] = "", *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return '-';
	fgets(line, sizeof(line), file);
	fclose(file);
	state = strstr(line, ") ");
	return state ? state[2] : '?';
}

int main(void)
{
	int ends[2], status;
	pid_t child;
	char byte;

	CHECK(pipe(ends) == 0, "a pipe");
	child = fork_checked();
	if (!child)
		_exit(9);
	close(ends[1]);
	CHECK(read(ends[0], &byte, 1) == 0, "the child has closed its end");
	while (state_of(child) != 'Z')
		usleep(1000); /* it is on its way */
	CHECK(kill(child, 0) == 0 && kill(child, SIGKILL) == 0, "signals do nothing to it");
	status = wait_status(child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9, "its status was kept");
	CHECK(state_of(child) == '-', "/proc does not know it any more");
	CHECK_ERRNO(kill(child, 0), ESRCH);

	signal(SIGCHLD, SIG_IGN);
	child = fork_checked();
	if (!child)
		_exit(1);
	CHECK_ERRNO(waitpid(child, &status, 0), ECHILD);
	CHECK(state_of(child) == '-', "no zombie");
	say("a zombie, and none");
	return 0;
}
