/* SPDX-License-Identifier: MIT */
/* readv(2), writev(2): the vector is looked at as a whole before a byte moves: its length, each
 * length in it and their sum. Nothing has moved where it is refused. */
#include "case.h"

static void count_of_vectors(int in, int out, const struct iovec *vector)
{
	static const int counts[] = {-1, 0, 1, 1024, 1025, 0x7fffffff};
	static struct iovec many[1024];

	for (int i = 0; i < 1024; i++)
		many[i] = vector[0];
	for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		GIVES(writev(out, many, counts[i]), "writev of %d", counts[i]);
		say("%d wait", waiting(in));
		if (waiting(in) > 0)
			GIVES(readv(in, many, counts[i]), "readv of %d", counts[i]);
	}
	GIVES(writev(out, (void *)16, 1), "a vector at a bad address");
	GIVES(writev(out, (void *)16, 0), "no vector at a bad address");
	GIVES(writev(out, (void *)-8, 1), "a vector of the kernel's");
}

static void drain(int in)
{
	char byte;
	while (read(in, &byte, 1) == 1)
		;
}

static void lengths(int in, int out, char *buffer)
{
	static const size_t second[] = {0, 10, 0x80000000u, (size_t)-1};

	for (unsigned i = 0; i < sizeof second / sizeof second[0]; i++) {
		struct iovec vector[] = {{buffer, 10}, {buffer, second[i]}};
		GIVES(writev(out, vector, 2), "10 and %zx", second[i]);
		say("%d wait", waiting(in));
		drain(in);
	}
}

static void bad_buffers(int in, int out, char *buffer)
{
	char *edge = before_nothing(5);
	struct iovec first_bad[] = {{(void *)16, 10}, {buffer, 10}};
	struct iovec second_bad[] = {{buffer, 10}, {(void *)16, 10}};
	struct iovec of_kernel[] = {{buffer, 10}, {(void *)0xfffff000u, 8192}};
	struct iovec empty_bad[] = {{buffer, 10}, {(void *)16, 0}};
	struct iovec half[] = {{buffer, 10}, {edge, 10}};
	struct { const char *what; struct iovec *vector; } tries[] = {
		{"the first is bad", first_bad}, {"the second is bad", second_bad},
		{"the second is the kernel's", of_kernel}, {"the second is bad and empty", empty_bad},
		{"the second is bad from its middle on", half},
	};

	for (unsigned i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		GIVES(writev(out, tries[i].vector, 2), "writev: %s", tries[i].what);
		say("%d wait", waiting(in));
		drain(in);
	}
}

int main(void)
{
	static char buffer[4096];
	struct iovec vector[] = {{buffer, 2}, {buffer + 100, 3}};
	int ends[2];

	if (pipe2(ends, O_NONBLOCK) != 0)
		return 1;
	count_of_vectors(ends[0], ends[1], vector);
	lengths(ends[0], ends[1], buffer);
	bad_buffers(ends[0], ends[1], buffer);
	return 0;
}
