/* SPDX-License-Identifier: MIT */
/* splice(2), tee(2), vmsplice(2), sendfile(2), copy_file_range(2): between every two kinds of file,
 * with every error of the manual pages. */
#include "case.h"
#include <sys/sendfile.h>

static char text[200000];

static void pipe_with(int ends[2], unsigned n, int flags)
{
	if (pipe2(ends, flags | O_NONBLOCK) != 0)
		exit(1);
	memset(text, 'p', n);
	if (n && write(ends[1], text, n) != (ssize_t)n)
		exit(1);
}

static void close_both(int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

static void show_file(const char *name)
{
	struct stat st;
	int fd = open(name, O_RDONLY);
	unsigned sum = 0;

	fstat(fd, &st);
	for (int n; (n = read(fd, text, sizeof text)) > 0;)
		for (int i = 0; i < n; i++)
			sum = sum * 31 + (unsigned char)text[i];
	say("%s: size %lld, sum %x", name, (long long)st.st_size, sum);
	close(fd);
}

static void errors(void)
{
	int a[2], b[2], fd = new_file("f", 2), append = open("f", O_RDWR | O_APPEND);
	int directory = open(".", O_RDONLY), out = open("f", O_WRONLY);
	loff_t at = 0, negative = -1;

	pipe_with(a, 100, 0);
	pipe_with(b, 0, 0);
	GIVES(splice(fd, NULL, fd, NULL, 10, 0), "two files");
	GIVES(splice(a[0], NULL, a[1], NULL, 10, 0), "one pipe");
	GIVES(splice(a[0], &at, fd, NULL, 10, 0), "a position for the pipe that is read");
	GIVES(splice(fd, NULL, b[1], &at, 10, 0), "a position for the pipe that is written");
	GIVES(splice(a[0], &at, b[1], NULL, 10, 0), "two pipes and a position");
	GIVES(splice(a[1], NULL, fd, NULL, 10, 0), "the wrong end");
	GIVES(splice(fd, NULL, b[0], NULL, 10, 0), "the other wrong end");
	GIVES(splice(out, NULL, b[1], NULL, 10, 0), "a file for writing");
	GIVES(splice(a[0], NULL, append, NULL, 10, 0), "O_APPEND");
	GIVES(splice(directory, NULL, b[1], NULL, 10, 0), "a directory");
	GIVES(splice(99, NULL, b[1], NULL, 10, 0), "no file");
	GIVES(splice(99, NULL, 98, NULL, 0, 1000), "nothing, of no file");
	GIVES(splice(fd, NULL, b[1], NULL, 10, 16), "an unknown flag");
	GIVES(splice(fd, &negative, b[1], NULL, 10, 0), "a negative position");
	GIVES(splice(fd, (loff_t *)16, b[1], NULL, 10, 0), "a position at a bad address");
	GIVES(splice(b[0], NULL, fd, NULL, 10, SPLICE_F_NONBLOCK), "an empty pipe");
	GIVES(tee(fd, b[1], 10, 0), "tee of a file");
	GIVES(tee(a[0], fd, 10, 0), "tee into a file");
	GIVES(tee(a[0], a[1], 10, 0), "tee of one pipe");
	GIVES(tee(a[1], b[1], 10, 0), "tee of the wrong end");
	GIVES(tee(a[0], b[1], 0, 16), "tee of nothing with an unknown flag");
	GIVES(tee(a[0], b[1], 10, 16), "tee with an unknown flag");
	GIVES(tee(b[0], a[1], 10, SPLICE_F_NONBLOCK), "tee of an empty pipe");
	struct iovec vector = {text, 10}, bad = {(void *)16, 10}, nothing = {NULL, 0};
	GIVES(vmsplice(fd, &vector, 1, 0), "vmsplice to a file");
	GIVES(vmsplice(99, &vector, 1, 0), "vmsplice to nothing");
	GIVES(vmsplice(b[1], &bad, 1, 0), "vmsplice of bad memory");
	GIVES(vmsplice(b[1], (void *)16, 1, 0), "vmsplice of a bad vector");
	GIVES(vmsplice(b[1], &vector, 1025, 0), "vmsplice of 1025");
	GIVES(vmsplice(b[1], &nothing, 1, 0), "vmsplice of nothing");
	GIVES(vmsplice(b[1], &vector, 1, 16), "vmsplice with an unknown flag");
	say("%d %d wait", waiting(a[0]), waiting(b[0]));
	close(b[1]);
	GIVES(splice(b[0], NULL, fd, NULL, 10, 0), "an empty pipe without a writer");
	GIVES(tee(b[0], a[1], 10, 0), "tee of it");
	close(b[0]);
	pipe_with(b, 0, 0);
	close(b[0]);
	GIVES(splice(fd, NULL, b[1], NULL, 10, 0), "no reader");
	GIVES(splice(a[0], NULL, b[1], NULL, 10, 0), "no reader, from a pipe");
	GIVES(vmsplice(b[1], &vector, 1, 0), "no reader, vmsplice");
	close(b[1]);
	close_both(a);
	close(fd);
	unlink("f");
}

static void file_to_pipe(const char *name)
{
	static const struct { loff_t at; size_t n; } tries[] = {
		{0, 10}, {0, 4096}, {100, 4096}, {0, 100000}, {100, 100000}, {40000, 100000},
		{90000, 10}, {81919, 10}, {81920, 10},
	};
	int fd = new_file(name, 20);

	for (unsigned i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		loff_t at = tries[i].at;
		int ends[2];
		pipe_with(ends, 0, 0);
		GIVES(splice(fd, &at, ends[1], NULL, tries[i].n, 0), "%zu at %lld to a pipe",
		      tries[i].n, (long long)tries[i].at);
		say("then at %lld, the file at %lld, %d wait", (long long)at,
		    (long long)lseek(fd, 0, SEEK_CUR), waiting(ends[0]));
		GIVES(read(ends[0], text, sizeof text), "read");
		close_both(ends);
	}
	int ends[2];
	pipe_with(ends, 60000, 0);
	GIVES(splice(fd, NULL, ends[1], NULL, 10000, 0), "into a pipe with little room");
	GIVES(lseek(fd, 0, SEEK_CUR), "the file's position");
	GIVES(splice(fd, NULL, ends[1], NULL, 10000, 0), "into a full one");
	close_both(ends);
	close(fd);
	unlink(name);
}

static void pipe_to_file(const char *name)
{
	int ends[2], fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	loff_t at = 10000;

	pipe_with(ends, 30000, 0);
	GIVES(splice(ends[0], NULL, fd, NULL, 5000, 0), "5000 to a file");
	GIVES(splice(ends[0], NULL, fd, &at, 3000, 0), "3000 at 10000");
	GIVES(lseek(fd, 0, SEEK_CUR), "its position; the other %lld", (long long)at);
	GIVES(splice(ends[0], NULL, fd, NULL, 1 << 20, 0), "a MiB");
	GIVES(splice(ends[0], NULL, fd, NULL, 1 << 20, 0), "more");
	show_file(name);
	write(ends[1], "abc", 3);
	GIVES(splice(ends[0], NULL, open("/dev/null", O_WRONLY), NULL, 10, 0), "to /dev/null");
	close_both(ends);
	close(fd);
	unlink(name);
}

static void pipe_to_pipe(void)
{
	int a[2], b[2];

	pipe_with(a, 10000, 0);
	pipe_with(b, 0, 0);
	GIVES(tee(a[0], b[1], 5000, 0), "tee of 5000");
	say("%d %d wait", waiting(a[0]), waiting(b[0]));
	GIVES(tee(a[0], b[1], 1 << 20, 0), "tee of all");
	GIVES(splice(a[0], NULL, b[1], NULL, 100, 0), "splice of 100");
	GIVES(splice(a[0], NULL, b[1], NULL, 1 << 20, 0), "of the rest");
	say("%d %d wait", waiting(a[0]), waiting(b[0]));
	GIVES(splice(a[0], NULL, b[1], NULL, 1 << 20, 0), "of nothing");
	GIVES(write(b[1], text, 10), "a write");
	GIVES(read(b[0], text, sizeof text), "a read");
	GIVES(write(a[1], text, 100000), "the first is filled");
	GIVES(splice(a[0], NULL, b[1], NULL, 100000, 0), "all of it moves");
	GIVES(write(a[1], text, 100), "a write");
	GIVES(splice(a[0], NULL, b[1], NULL, 100, 0), "the second is full");
	GIVES(tee(a[0], b[1], 100, 0), "also for tee");
	close_both(a);
	close_both(b);
	pipe_with(a, 0, O_DIRECT);
	pipe_with(b, 0, 0);
	write(a[1], text, 10);
	write(a[1], text, 20);
	GIVES(splice(a[0], NULL, b[1], NULL, 100, 0), "packets");
	GIVES(read(b[0], text, 100), "read");
	GIVES(read(b[0], text, 100), "read");
	close_both(a);
	close_both(b);
}

static void memory_to_pipe(void)
{
	struct iovec vector[] = {{text, 10}, {text + 5000, 100}, {text, 0}, {text, 100000}};
	char *edge = before_nothing(10);
	struct iovec half[] = {{text, 5}, {edge, 20}};
	int ends[2];

	memset(text, 'v', sizeof text);
	pipe_with(ends, 0, 0);
	GIVES(vmsplice(ends[1], vector, 2, 0), "two pieces");
	GIVES(read(ends[0], text, 1000), "read");
	GIVES(vmsplice(ends[1], half, 2, 0), "half of the second is bad");
	GIVES(read(ends[0], text, 1000), "read");
	struct iovec to[] = {{text, 10}, {edge, 5}};
	write(ends[1], "0123456789abcdefg", 17);
	GIVES(vmsplice(ends[0], to, 2, 0), "from the pipe");
	GIVES(vmsplice(ends[0], to, 2, SPLICE_F_NONBLOCK), "the rest");
	GIVES(vmsplice(ends[0], to, 2, SPLICE_F_NONBLOCK), "of an empty pipe");
	close_both(ends);
}

static void send_files(void)
{
	int from = new_file("from", 3), to = open("to", O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];
	off_t at = 4000, negative = -1;
	int zero = open("/dev/zero", O_RDONLY), append = open("to", O_WRONLY | O_APPEND);

	GIVES(sendfile(to, from, NULL, 5000), "5000");
	GIVES(sendfile(to, from, &at, 5000), "5000 from 4000");
	say("at %lld, from %lld, to %lld", (long long)at, (long long)lseek(from, 0, SEEK_CUR),
	    (long long)lseek(to, 0, SEEK_CUR));
	GIVES(sendfile(to, from, NULL, 1 << 30), "all the rest");
	GIVES(sendfile(to, from, NULL, 10), "at the end");
	GIVES(sendfile(to, from, &negative, 10), "a negative position");
	GIVES(sendfile(to, zero, NULL, 10000), "from /dev/zero");
	GIVES(sendfile(append, from, &at, 10), "O_APPEND");
	GIVES(sendfile(from, append, NULL, 10), "a file for writing");
	GIVES(sendfile(open("to", O_RDONLY), from, &at, 10), "a file for reading");
	GIVES(sendfile(to, open(".", O_RDONLY), NULL, 10), "a directory");
	GIVES(sendfile(99, from, NULL, 10), "no file");
	GIVES(sendfile(to, from, NULL, 0), "nothing");
	pipe_with(ends, 10, 0);
	GIVES(sendfile(to, ends[0], NULL, 10), "from a pipe");
	GIVES(sendfile(to, ends[0], &at, 10), "from a pipe, at");
	lseek(from, 0, SEEK_SET);
	GIVES(sendfile(ends[1], from, NULL, 10000), "to a pipe");
	show_file("to");
	close_both(ends);
	unlink("from");
	unlink("to");
}

static void copy_ranges(const char *directory)
{
	if (chdir(directory) != 0)
		exit(1);
	int from = new_file("from", 3), to = open("to", O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];
	loff_t in = 4000, out = 10, negative = -1, far = 1ll << 62;

	GIVES(copy_file_range(from, NULL, to, NULL, 5000, 0), "5000");
	GIVES(copy_file_range(from, &in, to, &out, 100, 0), "100 from 4000 to 10");
	say("%lld %lld, %lld %lld", (long long)in, (long long)out,
	    (long long)lseek(from, 0, SEEK_CUR), (long long)lseek(to, 0, SEEK_CUR));
	GIVES(copy_file_range(from, NULL, to, NULL, 1 << 30, 0), "the rest");
	GIVES(copy_file_range(from, NULL, to, NULL, 10, 0), "at the end");
	in = 0, out = 4096;
	GIVES(copy_file_range(from, &in, from, &out, 4096, 0), "within a file");
	in = 0, out = 100;
	GIVES(copy_file_range(from, &in, from, &out, 200, 0), "overlapping");
	in = 0, out = 200;
	GIVES(copy_file_range(from, &in, from, &out, 200, 0), "just not");
	GIVES(copy_file_range(from, NULL, to, NULL, 10, 1), "a flag");
	GIVES(copy_file_range(from, &negative, to, NULL, 10, 0), "a negative position");
	in = 0;
	if (*directory == '.') /* a tmpfs of 64 bits has no end */
		GIVES(copy_file_range(from, &in, to, &far, 10, 0), "far");
	GIVES(copy_file_range(from, &far, to, NULL, 10, 0), "from far");
	GIVES(copy_file_range(from, (loff_t *)16, to, NULL, 10, 0), "a bad address");
	GIVES(copy_file_range(from, NULL, to, NULL, 0, 0), "nothing");
	GIVES(copy_file_range(from, NULL, open("to", O_RDONLY), NULL, 10, 0), "to one for reading");
	GIVES(copy_file_range(open("to", O_WRONLY), NULL, to, NULL, 10, 0), "from one for writing");
	GIVES(copy_file_range(from, NULL, open("to", O_WRONLY | O_APPEND), NULL, 10, 0),
	      "to the end");
	GIVES(copy_file_range(open(".", O_RDONLY), NULL, to, NULL, 10, 0), "a directory");
	pipe_with(ends, 10, 0);
	GIVES(copy_file_range(ends[0], NULL, to, NULL, 10, 0), "a pipe");
	GIVES(copy_file_range(from, NULL, ends[1], NULL, 10, 0), "to a pipe");
	GIVES(copy_file_range(open("/dev/zero", O_RDONLY), NULL, to, NULL, 10, 0), "/dev/zero");
	GIVES(copy_file_range(99, NULL, to, NULL, 10, 0), "no file");
	show_file("from");
	show_file("to");
	close_both(ends);
	unlink("from");
	unlink("to");
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	errors();
	file_to_pipe("f");
	file_to_pipe("/tmp/f");
	pipe_to_file("f");
	pipe_to_file("/tmp/f");
	pipe_to_pipe();
	memory_to_pipe();
	send_files();
	copy_ranges(".");
	copy_ranges("/tmp");
	return 0;
}
