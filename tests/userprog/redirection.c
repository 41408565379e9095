/* SPDX-License-Identifier: MIT */
/*
 * What a shell does for `program < in > out`: fork, put files at descriptors 0 and 1, execute; and
 * for a pipeline of two programs.
 */
#include "tests/test.h"

/* Copies standard input to standard output in capital letters. */
static int capitals(void)
{
	char bytes[100];
	ssize_t n;

	while ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (bytes[i] >= 'a' && bytes[i] <= 'z')
				bytes[i] += 'A' - 'a';
		if (write(STDOUT_FILENO, bytes, n) != n)
			return 1;
	}
	return n != 0;
}

static pid_t run(int in, int out, int other)
{
	pid_t child = fork_checked();

	if (child)
		return child;
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	close(in);
	close(out);
	if (other >= 0)
		close(other);
	execl("/proc/self/exe", "capitals", "capitals", NULL);
	_exit(127);
}

int main(int argc, char **argv)
{
	char bytes[300] = "";
	int in, out, ends[2];
	pid_t first, second;

	(void)argv;
	if (argc > 1)
		return capitals();
	in = open("in", O_RDWR | O_CREAT | O_TRUNC, 0644);
	out = open("out", O_RDWR | O_CREAT | O_TRUNC, 0644);
	for (int i = 0; i < 10; i++)
		CHECK(write(in, "some small words\n", 17) == 17, "the input");
	CHECK(lseek(in, 0, SEEK_SET) == 0 && pipe(ends) == 0, "a pipe");
	first = run(in, ends[1], ends[0]);
	second = run(ends[0], out, ends[1]);
	close(ends[0]);
	close(ends[1]);
	wait_success(first);
	wait_success(second);
	CHECK(lseek(out, 0, SEEK_CUR) == 170, "170 bytes of output, by the shared position");
	CHECK(pread(out, bytes, sizeof(bytes), 0) == 170, "read them");
	for (int i = 0; i < 10; i++)
		CHECK(memcmp(bytes + i * 17, "SOME SMALL WORDS\n", 17) == 0, "line %d", i);
	say("in | capitals | capitals > out");
	return 0;
}
