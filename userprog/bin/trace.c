/* SPDX-License-Identifier: MIT */
/*
 * trace PROGRAM ARGUMENTS: runs the program and traces what it and its children do; their
 * memory, wherever in the kernel it is decided upon. -k fault,evict,... only these groups.
 * Ends as the program ends. The trace goes to the host: docs/tracing.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SWITCH "/proc/sys/kernel/trace"
#define CANNOT_RUN 127

static bool control(const char *words)
{
	int fd = open(SWITCH, O_WRONLY);
	ssize_t n = fd < 0 ? -1 : write(fd, words, strlen(words));
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return n >= 0;
}

/* In the child: from here on it is traced, also what it does to become the program. */
static _Noreturn void run(const char *groups, char **arguments)
{
	char words[256];

	snprintf(words, sizeof words, "%s,pid:%d", groups, getpid());
	if (!control(words)) {
		fprintf(stderr, "trace: %s: %s%s\n", SWITCH, strerror(errno),
		        errno == ENODEV ? " (the machine needs a virtio console: make trace)" : "");
		_exit(CANNOT_RUN);
	}
	execvp(arguments[0], arguments);
	fprintf(stderr, "trace: %s: %s\n", arguments[0], strerror(errno));
	_exit(CANNOT_RUN);
}

int main(int argc, char **argv)
{
	const char *groups = "all";
	int first = 1, status;

	if (argc > 2 && strcmp(argv[1], "-k") == 0) {
		groups = argv[2];
		first = 3;
	}
	if (first >= argc) {
		fprintf(stderr, "usage: trace [-k fault,evict,...] PROGRAM ARGUMENTS...\n");
		return 2;
	}
	pid_t child = fork();
	if (child == 0)
		run(groups, argv + first);
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		fprintf(stderr, "trace: %s\n", strerror(errno));
		return CANNOT_RUN;
	}
	control("off");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
