/* SPDX-License-Identifier: MIT */
/* poll(2) and fifo(7): what ends of pipes and fifos say as others come and go; open, which waits;
 * more than 512 descriptors; descriptors that are none. */
#include "case.h"
#include <sys/select.h>

static int events_of(int fd)
{
	struct pollfd look = {fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};

	return poll(&look, 1, 0) < 0 ? -1 : look.revents;
}

static void show(const char *what, int in, int out)
{
	say("%s: reader %x, writer %x", what, in < 0 ? 0 : events_of(in),
	    out < 0 ? 0 : events_of(out));
}

static void a_pipe(void)
{
	int ends[2];

	if (pipe(ends) != 0)
		exit(1);
	show("new", ends[0], ends[1]);
	write(ends[1], "x", 1);
	show("a byte", ends[0], ends[1]);
	int again = dup(ends[0]);
	close(ends[0]);
	show("one reader less", again, ends[1]);
	close(again);
	show("no reader", -1, ends[1]);
	if (pipe(ends) != 0)
		exit(1);
	write(ends[1], "x", 1);
	close(ends[1]);
	show("no writer, a byte", ends[0], -1);
	read(ends[0], &again, 1);
	show("no writer", ends[0], -1);
	GIVES(read(ends[0], &again, 1), "read");
	close(ends[0]);
}

static void a_fifo(void)
{
	char byte;

	mkfifo("fifo", 0600);
	GIVES(open("fifo", O_WRONLY | O_NONBLOCK), "open to write, nobody reads");
	int in = open("fifo", O_RDONLY | O_NONBLOCK);
	show("nobody has ever written", in, -1);
	GIVES(read(in, &byte, 1), "read");
	int out = open("fifo", O_WRONLY | O_NONBLOCK);
	show("a writer", in, out);
	GIVES(read(in, &byte, 1), "read");
	close(out);
	show("it went", in, -1);
	int second = open("fifo", O_RDONLY | O_NONBLOCK);
	show("the first reader", in, -1);
	show("a second reader, which saw no writer", second, -1);
	out = open("fifo", O_WRONLY);
	show("a writer again", in, out);
	show("a writer again", second, out);
	close(out);
	show("went", in, -1);
	show("went", second, -1);
	int both = open("fifo", O_RDWR);
	show("open for both", both, both);
	close(both);
	close(in);
	close(second);
	both = open("fifo", O_RDWR);
	show("alone, for both", both, both);
	GIVES(write(both, "ab", 2), "write");
	show("two bytes", both, both);
	close(both);
	in = open("fifo", O_RDONLY | O_NONBLOCK);
	show("opened anew: empty", in, -1);
	close(in);
	unlink("fifo");
}

/* Opening waits for the other end; a failed open for writing lets no reader in. */
static void opening(void)
{
	int status;

	mkfifo("fifo", 0600);
	pid_t reader = fork();
	if (reader == 0) {
		int in = open("fifo", O_RDONLY);
		char text[10] = "";
		int n = read(in, text, sizeof text);
		say("the reader got %d: %.1s", n, text);
		_exit(0);
	}
	usleep(50000);
	int out = open("fifo", O_WRONLY | O_NONBLOCK);
	say("open to write while a reader waits: %s", out < 0 ? error_name(errno) : "done");
	write(out, "1", 1);
	close(out);
	waitpid(reader, &status, 0);
	say("status %x", status);
	reader = fork();
	if (reader == 0) {
		alarm(1);
		open("fifo", O_RDONLY);
		_exit(0);
	}
	waitpid(reader, &status, 0);
	say("nobody came: %x", status);
	unlink("fifo");
}

static void many(void)
{
	enum { COUNT = 1024 };
	static struct pollfd looks[COUNT];
	struct rlimit limit = {1024, 1024};
	int ends[2];

	if (pipe(ends) != 0)
		exit(1);
	for (int i = 0; i < COUNT; i++)
		looks[i] = (struct pollfd){i % 3 ? -1 : i % 2 ? ends[0] : ends[1], POLLIN | POLLOUT,
		                           0x55};
	setrlimit(RLIMIT_NOFILE, &limit);
	GIVES(poll(looks, 512, 0), "512");
	GIVES(poll(looks, 513, 0), "513");
	GIVES(poll(looks, 1000, 0), "1000");
	say("%x %x %x %x", looks[0].revents, looks[1].revents, looks[3].revents,
	    looks[999].revents);
	GIVES(poll(looks, COUNT, 0), "1024");
	say("%x %x", looks[1020].revents, looks[1023].revents);
	limit.rlim_cur = 100;
	setrlimit(RLIMIT_NOFILE, &limit);
	GIVES(poll(looks, 100, 0), "as many as the limit");
	GIVES(poll(looks, 101, 0), "one more than the limit");
	GIVES(poll(looks, -1, 0), "4 billion");
	GIVES(poll((void *)16, 1, 0), "a bad address");
	GIVES(poll((void *)16, 0, 0), "none at a bad address");
	looks[0].fd = 99;
	GIVES(poll(looks, 1, -1), "no such descriptor");
	say("%x", looks[0].revents);
}

/* One of 500 pipes becomes ready while poll and select sleep. */
static void wake_one_of_many(void)
{
	enum { COUNT = 500 };
	static struct pollfd looks[COUNT];
	static int outs[COUNT];
	struct rlimit limit = {1024, 1024};
	fd_set set;

	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < COUNT; i++) {
		int ends[2];
		if (pipe(ends) != 0) {
			say("pipe %d: %s", i, error_name(errno));
			return;
		}
		looks[i] = (struct pollfd){ends[0], POLLIN, 0};
		outs[i] = ends[1];
	}
	for (int round = 0; round < 3; round++) {
		int chosen = round * 249;
		if (fork() == 0) {
			usleep(30000);
			write(outs[chosen], "x", 1);
			_exit(0);
		}
		GIVES(poll(looks, COUNT, 10000), "poll of 500");
		for (int i = 0; i < COUNT; i++)
			if (looks[i].revents)
				say("number %d: %x", i, looks[i].revents);
		char byte;
		read(looks[chosen].fd, &byte, 1);
		wait(NULL);
	}
	FD_ZERO(&set);
	for (int i = 0; i < COUNT; i++)
		FD_SET(looks[i].fd, &set);
	write(outs[499], "x", 1);
	GIVES(select(1024, &set, NULL, NULL, NULL), "select of 500");
	say("the one %d", FD_ISSET(looks[499].fd, &set));
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	a_pipe();
	a_fifo();
	opening();
	many();
	wake_one_of_many();
	return 0;
}
