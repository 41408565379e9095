/* SPDX-License-Identifier: MIT */
/*
 * waitpid(2) waits for one child or any; with WNOHANG it returns 0 while the child lives; without
 * children it is ECHILD. A child can be waited for once.
 */
#include "tests/test.h"

int main(void)
{
	int ends[2], status;
	pid_t slow, quick;
	char byte;

	CHECK_ERRNO(waitpid(-1, &status, 0), ECHILD);
	CHECK(pipe(ends) == 0, "a pipe");
	slow = fork_checked();
	if (!slow) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 0 ? 1 : 99);
	}
	CHECK(waitpid(slow, &status, WNOHANG) == 0, "it lives still");
	CHECK(waitpid(-1, &status, WNOHANG) == 0, "nobody has ended");
	quick = fork_checked();
	if (!quick)
		_exit(2);
	CHECK(waitpid(-1, &status, 0) == quick && WEXITSTATUS(status) == 2, "any: the quick one");
	CHECK_ERRNO(waitpid(quick, &status, 0), ECHILD);
	CHECK_ERRNO(waitpid(getpid(), &status, 0), ECHILD);
	CHECK_ERRNO(waitpid(-1, &status, 0x40000000 | 0x1000), EINVAL);
	close(ends[1]);
	CHECK(waitpid(slow, &status, 0) == slow && WEXITSTATUS(status) == 1, "then the slow one");
	CHECK_ERRNO(waitpid(-1, &status, WNOHANG), ECHILD);
	say("one, any, none");
	return 0;
}
