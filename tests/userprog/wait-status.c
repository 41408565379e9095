/* SPDX-License-Identifier: MIT */
/*
 * The status that a parent waits for tells how the child ended: each exit status, and each of the
 * signals that kill.
 */
#include "tests/test.h"

int main(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGTERM, SIGALRM, SIGPIPE,
	                              SIGSEGV, SIGFPE, SIGILL, SIGABRT, SIGBUS, SIGTRAP, SIGQUIT};

	for (int code = 0; code < 256; code += 15) {
		pid_t child = fork_checked();
		int status;

		if (!child)
			_exit(code);
		status = wait_status(child);
		CHECK(WIFEXITED(status) && !WIFSIGNALED(status) && WEXITSTATUS(status) == code,
		      "exit status %d, not %#x", code, status);
	}
	for (uint32_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct rlimit none = {0, 0};
		pid_t child = fork_checked();
		int status;

		if (!child) {
			setrlimit(RLIMIT_CORE, &none);
			signal(signals[i], SIG_DFL);
			kill(getpid(), signals[i]);
			_exit(1);
		}
		status = wait_status(child);
		CHECK(WIFSIGNALED(status) && !WIFEXITED(status) && WTERMSIG(status) == signals[i],
		      "killed by %d, not %#x", signals[i], status);
	}
	say("exit statuses and signals were told right");
	return 0;
}
