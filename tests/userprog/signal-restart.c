/* SPDX-License-Identifier: MIT */
/*
 * A signal that interrupts read(2): with SA_RESTART the call goes on, without it fails with EINTR.
 */
#include "tests/test.h"

static volatile sig_atomic_t count;
static int ends[2];

static void handler(int number)
{
	(void)number;
	count++;
}

/* Waits until the parent sleeps in its system call, signals it, then writes a byte. */
static void disturb(pid_t parent)
{
	char path[40], line[300], *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", parent);
	do {
		FILE *file = fopen(path, "r");

		CHECK(file && fgets(line, sizeof(line), file), "the parent's state");
		fclose(file);
		state = strstr(line, ") ");
	} while (state[2] != 'S');
	usleep(20000);
	kill(parent, SIGUSR1);
	usleep(50000);
	_exit(write(ends[1], "x", 1) != 1);
}

int main(void)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	pid_t parent = getpid(), child;
	char byte = 0;

	CHECK(pipe(ends) == 0 && sigaction(SIGUSR1, &action, NULL) == 0, "set up");
	child = fork_checked();
	if (!child)
		disturb(parent);
	CHECK(read(ends[0], &byte, 1) == 1 && byte == 'x', "the call was restarted");
	CHECK(count == 1, "after the handler");
	wait_success(child);

	action.sa_flags = 0;
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0, "without SA_RESTART");
	child = fork_checked();
	if (!child)
		disturb(parent);
	CHECK_ERRNO(read(ends[0], &byte, 1), EINTR);
	CHECK(count == 2, "the handler ran");
	CHECK(read(ends[0], &byte, 1) == 1, "the byte comes later");
	wait_success(child);
	say("one read was restarted, one interrupted");
	return 0;
}
