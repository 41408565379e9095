/* SPDX-License-Identifier: MIT */
/*
 * execve(2) keeps the process's number, its directory, its descriptors (but for those with
 * close-on-exec), its signal mask and what it ignores; handlers are forgotten.
 */
#include "tests/test.h"

static void handler(int number)
{
	(void)number;
}

static void second_life(char **argv)
{
	struct sigaction action;
	sigset_t mask;
	char byte = 0, directory[300];

	CHECK(atoi(argv[1]) == getpid(), "the process number");
	CHECK(read(atoi(argv[2]), &byte, 1) == 1 && byte == 'k', "the kept descriptor");
	CHECK_ERRNO(read(atoi(argv[3]), &byte, 1), EBADF);
	CHECK_ERRNO(fcntl(atoi(argv[4]), F_GETFD), EBADF);
	CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0 && sigismember(&mask, SIGUSR1) == 1 &&
	      sigismember(&mask, SIGUSR2) == 0, "the mask");
	CHECK(sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN, "ignored");
	CHECK(sigaction(SIGTERM, NULL, &action) == 0 && action.sa_handler == SIG_DFL, "handled");
	CHECK(sigpending(&mask) == 0 && sigismember(&mask, SIGUSR1) == 1, "the pending signal");
	CHECK(getcwd(directory, sizeof(directory)) && strstr(directory, "/here"), "the directory");
	say("the second life found all that it should");
}

int main(int argc, char **argv)
{
	char text[4][16];
	int ends[2], closed, cloexec;
	sigset_t mask;

	if (argc > 1) {
		second_life(argv);
		return 0;
	}
	CHECK(mkdir("here", 0755) == 0 && chdir("here") == 0, "a directory");
	CHECK(pipe(ends) == 0 && write(ends[1], "k", 1) == 1, "a pipe with a byte");
	closed = dup(ends[0]);
	CHECK(fcntl(closed, F_SETFD, FD_CLOEXEC) == 0, "closed on exec, set later");
	cloexec = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	CHECK(sigprocmask(SIG_SETMASK, &mask, NULL) == 0, "block SIGUSR1");
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, handler);
	kill(getpid(), SIGUSR1);
	snprintf(text[0], 16, "%d", getpid());
	snprintf(text[1], 16, "%d", ends[0]);
	snprintf(text[2], 16, "%d", closed);
	snprintf(text[3], 16, "%d", cloexec);
	execl("/proc/self/exe", "again", text[0], text[1], text[2], text[3], NULL);
	CHECK(false, "execve works");
}
