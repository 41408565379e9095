/* SPDX-License-Identifier: MIT */
/* preadv(2), pwritev(2), preadv2(2), pwritev2(2): positions, and the flags of the last two. */
#include "case.h"

static char buffer[64];
static struct iovec vector[] = {{buffer, 3}, {buffer + 10, 0}, {buffer + 20, 4}};

static long preadv2_raw(int fd, long long position, int flags)
{
	return syscall(SYS_preadv2, fd, vector, 3, (long)position, (long)(position >> 32), flags);
}

static long pwritev2_raw(int fd, long long position, int flags)
{
	return syscall(SYS_pwritev2, fd, vector, 3, (long)position, (long)(position >> 32), flags);
}

static void positions(const char *where)
{
	int fd = new_file(where, 2), ends[2];
	static const long long places[] = {0, 4090, 8185, 8190, 8192, 9000, 1ll << 32, -1, -2,
	                                   1ll << 62, 0x7fffffffffffffffll};

	for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
		GIVES(preadv(fd, vector, 3, places[i]), "preadv at %lld", places[i]);
		GIVES(preadv2_raw(fd, places[i], 0), "preadv2 at %lld", places[i]);
		GIVES(lseek(fd, 0, SEEK_CUR), "the file's position");
	}
	memcpy(buffer, "abc", 3);
	memcpy(buffer + 20, "defg", 4);
	static const long long targets[] = {0, 4093, 8190, 9000, -1, -2};
	for (unsigned i = 0; i < sizeof targets / sizeof targets[0]; i++) {
		struct stat st;
		char back[8] = "";
		GIVES(pwritev(fd, vector, 3, targets[i]), "pwritev at %lld", targets[i]);
		GIVES(pwritev2_raw(fd, targets[i], 0), "pwritev2 at %lld", targets[i]);
		fstat(fd, &st);
		pread(fd, back, 7, targets[i] < 0 ? 0 : targets[i]);
		say("size %lld, there %s, position %lld", (long long)st.st_size, back,
		    (long long)lseek(fd, 0, SEEK_CUR));
	}
	if (pipe(ends) != 0)
		exit(1);
	GIVES(preadv(ends[0], vector, 3, 0), "preadv of a pipe");
	GIVES(pwritev(ends[1], vector, 3, 0), "pwritev of a pipe");
	GIVES(pwritev2_raw(ends[1], -1, 0), "pwritev2 of a pipe at -1");
	GIVES(preadv2_raw(ends[0], -1, 0), "preadv2 of a pipe at -1");
	GIVES(pwritev(ends[0], vector, 3, 0), "pwritev of its reading end");
	GIVES(preadv(ends[1], vector, 3, 0), "preadv of its writing end");
	GIVES(pread(ends[1], &ends, 1, 0), "pread of it");
	GIVES(preadv(99, vector, 3, -5), "no file, and a bad position");
	GIVES(preadv(99, vector, 3, 0), "no file");
	GIVES(preadv(ends[0], (void *)16, 3, 0), "a pipe and a bad vector");
	unlink(where);
}

static void flags(const char *where)
{
	static const struct { const char *name; int flag; } tries[] = {
		{"none", 0}, {"HIPRI", 1}, {"DSYNC", 2}, {"SYNC", 4}, {"APPEND", 16},
		{"DSYNC, SYNC and APPEND", 22}, {"the last bit", 1 << 31}, {"bit 20", 1 << 20},
	};
	int fd = new_file(where, 1);

	for (unsigned i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		struct stat st;
		GIVES(preadv2_raw(fd, 4090, tries[i].flag), "preadv2 with %s", tries[i].name);
		GIVES(pwritev2_raw(fd, 10, tries[i].flag), "pwritev2 with %s", tries[i].name);
		fstat(fd, &st);
		say("size %lld", (long long)st.st_size);
		GIVES(pwritev2_raw(fd, -1, tries[i].flag), "at its position, with %s", tries[i].name);
		say("position %lld", (long long)lseek(fd, 0, SEEK_CUR));
	}
	vector[0].iov_len = vector[2].iov_len = 0;
	GIVES(preadv2_raw(fd, 0, 1 << 20), "nothing, with bit 20");
	GIVES(preadv2_raw(open(where, O_WRONLY), 0, 0), "nothing, of a file for writing");
	vector[0].iov_len = 3;
	vector[2].iov_len = 4;
	GIVES(preadv2_raw(open(where, O_WRONLY), 0, 1 << 20), "of a file for writing, bit 20");
	unlink(where);
}

static void nowait(void)
{
	int ends[2];

	if (pipe(ends) != 0)
		exit(1);
	GIVES(preadv2_raw(ends[0], -1, 8), "an empty pipe with NOWAIT");
	GIVES(pwritev2_raw(ends[1], -1, 8), "pwritev2 into a pipe with NOWAIT");
	GIVES(preadv2_raw(ends[0], -1, 8), "a pipe with 7, with NOWAIT");
	int fd = new_file("f", 1);
	GIVES(preadv2_raw(fd, 0, 8), "a file with NOWAIT");
	unlink("f");
	GIVES(preadv2_raw(new_file("/tmp/f", 1), 0, 8), "a file of tmpfs with NOWAIT");
	GIVES(preadv2_raw(open("/dev/zero", O_RDONLY), 0, 8), "zero with NOWAIT");
	GIVES(pwritev2_raw(open("/dev/null", O_WRONLY), 0, 8), "null with NOWAIT");
	unlink("/tmp/f");
}

int main(void)
{
	positions("f");
	positions("/tmp/f");
	flags("f");
	flags("/tmp/f");
	nowait();
	return 0;
}
