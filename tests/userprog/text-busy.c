/* SPDX-License-Identifier: MIT */
/*
 * A file that runs as a program is not written to, and one that is open for writing is not run:
 * ETXTBSY, open(2), truncate(2), execve(2). It may be read, removed and replaced by another. When
 * the last process that runs it has ended, it is a file like any other.
 */
#include "tests/test.h"

static unsigned char *image;
static uint32_t length;

/* Both ends of a pipe: what runs ends when the other end is closed. */
static int go_on[2], started[2];

/* What the copy of this program does: says that it runs; its child then outlives it. */
static int run(void)
{
	char byte = 1;

	if (write(4, &byte, 1) != 1)
		return 1;
	if (fork_checked())
		return 0;
	close(4);
	return read(3, &byte, 1);
}

/* The copy is started; returns the pid when it runs. */
static pid_t start(const char *name)
{
	char *arguments[] = {"copy", "run", NULL};
	char byte;

	CHECK(pipe(go_on) == 0 && pipe(started) == 0, "pipes");
	pid_t child = fork_checked();
	if (!child) {
		CHECK(dup2(go_on[0], 13) == 13 && dup2(started[1], 14) == 14, "dup2");
		for (int fd = 3; fd < 13; fd++)
			close(fd);
		CHECK(dup2(13, 3) == 3 && dup2(14, 4) == 4, "dup2");
		close(13);
		close(14);
		execve(name, arguments, NULL);
		_exit(100);
	}
	close(go_on[0]);
	close(started[1]);
	CHECK(read(started[0], &byte, 1) == 1, "it runs");
	return child;
}

static void refused(const char *name)
{
	static const int flags[] = {O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC, O_RDONLY | O_TRUNC,
	                            O_WRONLY | O_CREAT | O_APPEND};
	struct stat status;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		CHECK_ERRNO(open(name, flags[i], 0755), ETXTBSY);
	CHECK_ERRNO(truncate(name, 100), ETXTBSY);
	CHECK(stat(name, &status) == 0 && status.st_size == length, "its size is what it was");
}

static void running(void)
{
	char byte;
	int fd;
	pid_t child;

	program_make("copy", image, length);
	child = start("copy");
	refused("copy");
	wait_success(child);
	refused("copy"); /* its child runs it still */
	fd = open("copy", O_RDONLY);
	CHECK(fd >= 0 && read(fd, &byte, 1) == 1 && close(fd) == 0, "it may be read");
	CHECK(rename("copy", "other") == 0, "its name is free");
	refused("other");
	program_make("copy", image, length);
	fd = open("copy", O_RDWR);
	CHECK(fd >= 0 && close(fd) == 0, "another file of that name may be written to");
	close(go_on[1]);
	CHECK(read(started[0], &byte, 1) == 0, "nobody runs it");
	while ((fd = open("other", O_RDWR)) < 0 && errno == ETXTBSY)
		usleep(1000); /* its end is under way */
	CHECK(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0, "now it may be written to");
	close(started[0]);
}

static void execute_fails(const char *name, int error)
{
	char *arguments[] = {"copy", "end", NULL};
	pid_t child = fork_checked();

	if (!child) {
		execve(name, arguments, NULL);
		_exit(errno);
	}
	int status = wait_status(child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == error, "%s: %#x, not %d", name, status,
	      error);
}

static void written(void)
{
	int fd = open("copy", O_WRONLY), reader = open("copy", O_RDONLY);

	CHECK(fd >= 0 && reader >= 0, "open for both");
	execute_fails("copy", ETXTBSY);
	CHECK(close(fd) == 0, "close");
	execute_fails("copy", 0);

	fd = open("script", O_RDWR | O_CREAT | O_TRUNC, 0755);
	CHECK(write(fd, "#! ./copy\n", 10) == 10, "a script");
	execute_fails("script", ETXTBSY);
	CHECK(close(fd) == 0, "close");
	execute_fails("script", 0);
	fd = open("copy", O_WRONLY);
	execute_fails("script", ETXTBSY);
	CHECK(close(fd) == 0 && close(reader) == 0, "close");
	execute_fails("script", 0);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "run") == 0)
		return run();
	if (argc > 1)
		return 0;
	image = program_image(&length);
	running();
	written();
	CHECK_ERRNO(open("/proc/self/exe", O_WRONLY), ETXTBSY);
	say("a program that runs is not written to, and what is written to does not run");
	return 0;
}
