/* SPDX-License-Identifier: MIT */
/* readv(2), writev(2): a vector is one transfer. A read returns what is there and does not wait for
 * more; a write is not torn, in a pipe up to PIPE_BUF and at the end of an O_APPEND file. */
#include "case.h"

static void waits(int signal)
{
	(void)signal;
	say("it waits for more");
	_exit(1);
}

static void no_waiting(void)
{
	static char buffer[200];
	struct iovec vector[] = {{buffer, 5}, {buffer + 50, 50}, {buffer + 150, 0}};
	int ends[2], zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_RDWR);
	int full = open("/dev/full", O_RDWR), random = open("/dev/urandom", O_RDWR);

	if (pipe(ends) != 0 || mkfifo("fifo", 0600) != 0)
		exit(1);
	int fifo = open("fifo", O_RDWR);
	if (write(ends[1], "hello", 5) != 5 || write(fifo, "abcdefg", 7) != 7)
		exit(1);
	GIVES(readv(ends[0], vector, 3), "a pipe with 5");
	GIVES(readv(fifo, vector, 3), "a fifo with 7");
	say("%.5s %.2s", buffer, buffer + 50);
	GIVES(readv(zero, vector, 3), "zero");
	GIVES(readv(null, vector, 3), "null");
	GIVES(writev(null, vector, 3), "to null");
	GIVES(readv(full, vector, 3), "full");
	GIVES(writev(full, vector, 3), "to full");
	GIVES(readv(random, vector, 3), "random");
	GIVES(readv(open("/proc/self/comm", O_RDONLY), vector, 3) > 0, "a file of /proc");
	GIVES(readv(open(".", O_RDONLY), vector, 3), "a directory");
	GIVES(readv(open(".", O_RDONLY), vector, 0), "a directory, nothing");
	GIVES(readv(ends[1], vector, 3), "an end for writing");
	GIVES(readv(ends[1], vector, 0), "an end for writing, nothing");
	GIVES(writev(ends[0], vector, 3), "an end for reading");
	GIVES(readv(99, vector, 3), "no file");
	GIVES(readv(99, (void *)16, 3), "no file, no vector");
	unlink("fifo");
}

static void read_only_and_write_only(void)
{
	static char buffer[20];
	struct iovec vector[] = {{buffer, 5}, {buffer + 5, 5}}, nothing[] = {{buffer, 0}, {NULL, 0}};
	close(new_file("f", 1));
	int in = open("f", O_RDONLY), out = open("f", O_WRONLY), neither = open("f", 3);

	GIVES(readv(out, vector, 2), "read of a file for writing");
	GIVES(readv(out, nothing, 2), "read of nothing of a file for writing");
	GIVES(writev(in, vector, 2), "write to a file for reading");
	GIVES(writev(in, nothing, 2), "write of nothing to a file for reading");
	GIVES(readv(out, (void *)16, 2), "read of a file for writing, no vector");
	GIVES(read(out, (void *)16, 0), "read, nothing");
	GIVES(read(neither, buffer, 1), "read, mode 3");
	GIVES(write(neither, buffer, 1), "write, mode 3");
	GIVES(readv(in, nothing, 2), "read of nothing");
	GIVES(writev(out, nothing, 2), "write of nothing");
	unlink("f");
}

/* A pipe that has room for so many bytes, in its last page and in no other. */
static void fill(int out, int room)
{
	static char page[PAGE];

	for (int i = 0; i < 16; i++)
		if (write(out, page, PAGE - (i == 15 ? room : 0)) < 0)
			exit(1);
}

static void room_for_some(void)
{
	static char buffer[8192];
	static const struct { int room; size_t first, second; } tries[] = {
		{0, 1, 1}, {95, 90, 10}, {99, 90, 10}, {100, 90, 10}, {101, 90, 10},
		{100, 0, 100}, {100, 100, 0}, {100, 0, 0}, {10, 4090, 10}, {10, 4090, 6},
		{10, 8192, 10},
	};

	for (unsigned i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		struct iovec vector[] = {{buffer, tries[i].first}, {buffer, tries[i].second}};
		int ends[2];
		if (pipe2(ends, O_NONBLOCK) != 0)
			exit(1);
		fill(ends[1], tries[i].room);
		GIVES(writev(ends[1], vector, 2), "%zu and %zu into room for %d", tries[i].first,
		      tries[i].second, tries[i].room);
		say("%d wait", waiting(ends[0]) - 16 * (int)PAGE + tries[i].room);
		close(ends[0]);
		close(ends[1]);
	}
}

/* Two processes write records of their own letter, in three pieces each. */
static void write_records(int out, char letter)
{
	char record[60];
	struct iovec vector[] = {{record, 7}, {record + 7, 30}, {record + 37, 23}};

	memset(record, letter, sizeof record);
	for (int i = 0; i < 2000; i++)
		if (writev(out, vector, 3) != sizeof record) {
			say("a record was written in part");
			_exit(1);
		}
}

/* How many records of 60 bytes are not of one letter. */
static void count_torn(const char *what, int in)
{
	char record[60];
	int torn = 0, whole = 0;

	for (int got; (got = 0, 1);) {
		for (int n; got < 60 && (n = read(in, record + got, 60 - got)) > 0;)
			got += n;
		if (got < 60)
			break;
		for (int i = 0; i < 60; i++)
			if (record[i] != record[0]) {
				torn++;
				break;
			}
		whole++;
	}
	say("%s: %d records, %d torn", what, whole, torn);
}

static void side_by_side(void)
{
	int ends[2];

	if (pipe(ends) != 0)
		exit(1);
	for (int i = 0; i < 2; i++)
		if (fork() == 0) {
			write_records(ends[1], 'a' + i);
			_exit(0);
		}
	close(ends[1]);
	count_torn("a pipe", ends[0]);
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < 2; i++)
		if (fork() == 0) {
			write_records(open("log", O_WRONLY | O_CREAT | O_APPEND, 0600), 'a' + i);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	count_torn("a file", open("log", O_RDONLY));
	unlink("log");
}

int main(void)
{
	signal(SIGALRM, waits);
	alarm(10);
	no_waiting();
	read_only_and_write_only();
	room_for_some();
	side_by_side();
	return 0;
}
