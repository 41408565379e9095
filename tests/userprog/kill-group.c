/* SPDX-License-Identifier: MIT */
/*
 * kill(2) of a group reaches every process in it and no other.
 */
#include "tests/test.h"

int main(void)
{
	pid_t members[3], other;
	int status, ready[2];
	char byte;

	CHECK(pipe(ready) == 0, "a pipe");
	for (int i = 0; i < 3; i++) {
		members[i] = fork_checked();
		if (!members[i]) {
			setpgid(0, i ? members[0] : 0);
			if (write(ready[1], "r", 1) == 1)
				for (;;)
					pause();
		}
		CHECK(read(ready[0], &byte, 1) == 1, "member %d is ready", i);
		CHECK(getpgid(members[i]) == members[0], "in the group of the first");
	}
	other = fork_checked();
	if (!other)
		for (;;)
			pause();
	CHECK(killpg(members[0], SIGTERM) == 0, "kill the group");
	for (int i = 0; i < 3; i++) {
		status = wait_status(members[i]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "member %d: %#x", i,
		      status);
	}
	CHECK(waitpid(other, &status, WNOHANG) == 0, "the other one lives");
	CHECK_ERRNO(killpg(members[0], SIGTERM), ESRCH);
	CHECK(waitpid(-getpgrp(), &status, WNOHANG) == 0, "it is in our own group");
	kill(other, SIGKILL);
	CHECK(waitpid(-getpgrp(), &status, 0) == other, "which can be waited for");
	say("a group of three was killed, the fourth was not");
	return 0;
}
