/* SPDX-License-Identifier: MIT */
/* pipe(7), fcntl(2) F_SETPIPE_SZ, pipe2(2) O_DIRECT: how much goes in, and in what portions it
 * comes out. */
#include "case.h"

static char bytes[300000];

static void drain(int in)
{
	while (read(in, bytes, sizeof bytes) > 0)
		;
}

/* Writes of so many bytes until no more go in. */
static void fill_with(unsigned size)
{
	int ends[2], count = 0;
	ssize_t n, last = 0;

	if (pipe2(ends, O_NONBLOCK) != 0)
		exit(1);
	while ((n = write(ends[1], bytes, size)) > 0) {
		count++;
		last = n;
	}
	struct pollfd look = {ends[1], POLLOUT, 0};
	poll(&look, 1, 0);
	say("by %u: %d writes, the last %zd, then %s; %d wait; poll %x", size, count, last,
	    error_name(errno), waiting(ends[0]), look.revents);
	GIVES(read(ends[0], bytes, 10), "10 are read");
	poll(&look, 1, 0);
	GIVES(write(ends[1], bytes, size), "again, poll %x", look.revents);
	GIVES(read(ends[0], bytes, PAGE), "a page is read");
	look.revents = 0;
	poll(&look, 1, 0);
	GIVES(write(ends[1], bytes, size), "again, poll %x", look.revents);
	close(ends[0]);
	close(ends[1]);
}

static void sizes(void)
{
	static const unsigned wanted[] = {0, 1, 4095, 4096, 4097, 12288, 65537, 1000000, 1048576,
	                                  0x80000000u, 0x80000001u, 0xffffffffu};
	int ends[2];

	if (pipe2(ends, O_NONBLOCK) != 0)
		exit(1);
	GIVES(fcntl(ends[0], F_GETPIPE_SZ), "a new pipe");
	for (unsigned i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		if (wanted[i] == 0x80000000u) /* as much as Linux gives to root, if it has it */
			continue;
		GIVES(fcntl(ends[i % 2], F_SETPIPE_SZ, wanted[i]), "made %u", wanted[i]);
		GIVES(fcntl(ends[0], F_GETPIPE_SZ), "it is");
		GIVES(write(ends[1], bytes, sizeof bytes), "a write");
		GIVES(fcntl(ends[1], F_SETPIPE_SZ, 4096), "made smaller than what is in it");
		drain(ends[0]);
	}
	GIVES(fcntl(ends[1], F_SETPIPE_SZ, 16384), "made 16384");
	GIVES(write(ends[1], bytes, 5000), "two pages");
	GIVES(fcntl(ends[1], F_SETPIPE_SZ, 8192), "made 8192");
	GIVES(read(ends[0], bytes, sizeof bytes), "what was in it");
	int fd = new_file("f", 1);
	GIVES(fcntl(fd, F_GETPIPE_SZ), "of a file");
	GIVES(fcntl(fd, F_SETPIPE_SZ, 4096), "of a file");
	GIVES(fcntl(99, F_GETPIPE_SZ), "of nothing");
	unlink("f");
	mkfifo("fifo", 0600);
	int fifo = open("fifo", O_RDWR);
	GIVES(fcntl(fifo, F_SETPIPE_SZ, 8192), "a fifo");
	int again = open("fifo", O_RDWR);
	GIVES(fcntl(again, F_GETPIPE_SZ), "opened again");
	close(fifo);
	close(again);
	GIVES(fcntl(open("fifo", O_RDWR), F_GETPIPE_SZ), "opened anew");
	unlink("fifo");
}

/* A pipe of one page, and somebody who waits for room in it. */
static void wait_for_room(void)
{
	int ends[2], status;

	if (pipe(ends) != 0)
		exit(1);
	fcntl(ends[1], F_SETPIPE_SZ, 4096);
	if (write(ends[1], bytes, 4096) != 4096)
		exit(1);
	pid_t child = fork();
	if (child == 0)
		_exit(write(ends[1], bytes, 5000) == 5000 ? 0 : 1);
	usleep(50000);
	GIVES(fcntl(ends[1], F_SETPIPE_SZ, 65536), "made larger while somebody waits");
	waitpid(child, &status, 0);
	say("status %x, %d wait", status, waiting(ends[0]));
}

static void packets(void)
{
	static const unsigned lengths[] = {1, 10, 4096, 5000, 3};
	int ends[2];

	if (pipe2(ends, O_DIRECT | O_NONBLOCK) != 0)
		exit(1);
	GIVES(fcntl(ends[1], F_GETFL) & O_DIRECT, "the flag");
	for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		GIVES(write(ends[1], bytes, lengths[i]), "a packet of %u", lengths[i]);
	say("%d wait", waiting(ends[0]));
	GIVES(read(ends[0], bytes, 4096), "read");
	GIVES(read(ends[0], bytes, 4), "read in part");
	say("%d wait", waiting(ends[0]));
	while (waiting(ends[0]))
		GIVES(read(ends[0], bytes, sizeof bytes), "read");
	GIVES(write(ends[1], bytes, 0), "an empty one");
	say("%d wait", waiting(ends[0]));
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	GIVES(write(ends[1], bytes, 3), "no longer packets");
	GIVES(write(ends[1], bytes, 3), "no longer packets");
	fcntl(ends[1], F_SETFL, O_NONBLOCK | O_DIRECT);
	GIVES(write(ends[1], bytes, 3), "a packet again");
	GIVES(write(ends[1], bytes, 3), "a packet again");
	GIVES(read(ends[0], bytes, sizeof bytes), "read");
	GIVES(read(ends[0], bytes, sizeof bytes), "read");
	int count = 0;
	while (write(ends[1], bytes, 1) > 0)
		count++;
	say("%d packets of a byte", count);
	GIVES(pipe2(ends, O_NONBLOCK | O_APPEND), "another flag");
}

static volatile int broken;

static void note(int signal)
{
	(void)signal;
	broken++;
}

static void no_reader(void)
{
	struct iovec vector[] = {{bytes, 5}, {bytes, 5}};
	int ends[2];

	signal(SIGPIPE, note);
	if (pipe(ends) != 0)
		exit(1);
	close(ends[0]);
	GIVES(write(ends[1], bytes, 1), "nobody reads");
	GIVES(write(ends[1], bytes, 0), "nothing is written");
	GIVES(writev(ends[1], vector, 2), "a vector");
	GIVES(write(ends[1], (void *)16, 1), "a bad address");
	say("%d signals", broken);
	/* The reader goes while the writer waits. */
	if (pipe(ends) != 0)
		exit(1);
	if (fork() == 0) {
		close(ends[1]);
		usleep(50000);
		_exit(0);
	}
	close(ends[0]);
	broken = 0;
	GIVES(write(ends[1], bytes, 100000), "the reader goes, having read nothing");
	say("%d signals", broken);
	wait(NULL);
}

int main(void)
{
	static const unsigned writes[] = {1, 100, 511, 1000, 2048, 4090, 4095, 4096, 4097, 5000,
	                                  8192, 10000, 70000};

	for (unsigned i = 0; i < sizeof writes / sizeof writes[0]; i++)
		fill_with(writes[i]);
	sizes();
	wait_for_room();
	packets();
	no_reader();
	return 0;
}
