/* SPDX-License-Identifier: MIT */
/*
 * SIGSTOP stops a process and SIGCONT lets it go on; its parent is told both if it asks, and a
 * stopped process can be killed.
 */
#include "tests/test.h"

int main(void)
{
	volatile uint32_t *counter = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child = fork_checked();
	uint32_t seen;
	int status;

	if (!child)
		for (;;)
			++*counter;
	while (*counter == 0)
		usleep(1000);
	CHECK(kill(child, SIGSTOP) == 0, "stop it");
	CHECK(waitpid(child, &status, WUNTRACED) == child, "the parent is told");
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "stopped by SIGSTOP: %#x", status);
	seen = *counter;
	usleep(50000);
	CHECK(*counter == seen, "it does not run");
	CHECK(waitpid(child, &status, WUNTRACED | WNOHANG) == 0, "it is told once");
	CHECK(kill(child, SIGCONT) == 0, "let it go on");
	CHECK(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status), "told again");
	while (*counter == seen)
		usleep(1000);
	kill(child, SIGSTOP);
	CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status), "stop it again");
	kill(child, SIGKILL);
	CHECK(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL, "and kill it");
	say("stopped, continued, stopped, killed");
	return 0;
}
