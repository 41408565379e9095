/* SPDX-License-Identifier: MIT */
/*
 * sendfile(2) of nearly 2 GiB, all of it a hole, takes a while; a signal ends it after what was
 * sent so far. So a program that does this can be stopped, and killed.
 */
#include "tests/test.h"

#include <sys/sendfile.h>
#include <sys/time.h>

#define SIZE 0x7fff0000u

static void ring(int number)
{
	(void)number;
}

int main(void)
{
	struct itimerval often = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = ring, .sa_flags = SA_RESTART};
	int from = memfd_create("hole", 0), to = open("/dev/null", O_WRONLY);

	CHECK(from >= 0 && ftruncate(from, SIZE) == 0 && to >= 0,
	      "a large hole and where to put it");
	CHECK(sigaction(SIGALRM, &action, NULL) == 0, "sigaction");
	CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0, "setitimer");
	ssize_t sent = sendfile(to, from, NULL, SIZE);
	CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0, "no more of it");
	CHECK(sent > 0 && sent < (ssize_t)SIZE, "a part is sent, not %zd bytes", sent);
	CHECK(lseek(from, 0, SEEK_CUR) == sent, "the position is behind what was sent");
	say("interrupted");
	return 0;
}
