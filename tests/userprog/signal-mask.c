/* SPDX-License-Identifier: MIT */
/*
 * A blocked signal waits: it is pending, arrives when it is let through, once however often it was
 * sent, and sigsuspend(2) lets it through while it waits.
 */
#include "tests/test.h"

static volatile sig_atomic_t count;

static void handler(int number)
{
	(void)number;
	count++;
}

int main(void)
{
	sigset_t mask, old, pending;

	signal(SIGUSR1, handler);
	signal(SIGUSR2, handler);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &mask, &old) == 0 && !sigismember(&old, SIGUSR1), "block it");
	for (int i = 0; i < 3; i++)
		raise(SIGUSR1);
	CHECK(count == 0, "it does not arrive");
	CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) == 1 &&
	      sigismember(&pending, SIGUSR2) == 0, "it is pending");
	raise(SIGUSR2);
	CHECK(count == 1, "others arrive");
	CHECK(sigprocmask(SIG_UNBLOCK, &mask, &old) == 0 && sigismember(&old, SIGUSR1),
	      "let it through");
	CHECK(count == 2, "it arrived once: %d", (int)count);
	CHECK(sigpending(&pending) == 0 && !sigismember(&pending, SIGUSR1), "none is pending");

	sigprocmask(SIG_BLOCK, &mask, &old);
	raise(SIGUSR1);
	CHECK_ERRNO(sigsuspend(&old), EINTR);
	CHECK(count == 3, "sigsuspend let it through");
	CHECK(sigprocmask(SIG_BLOCK, NULL, &old) == 0 && sigismember(&old, SIGUSR1),
	      "blocked again");
	sigfillset(&mask);
	CHECK(sigprocmask(SIG_SETMASK, &mask, NULL) == 0, "block everything");
	CHECK(sigprocmask(SIG_BLOCK, NULL, &old) == 0 && !sigismember(&old, SIGKILL) &&
	      !sigismember(&old, SIGSTOP), "SIGKILL and SIGSTOP cannot be blocked");
	say("blocked, pending, let through");
	return 0;
}
