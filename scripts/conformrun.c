/* SPDX-License-Identifier: MIT */
/*
 * Runs cases of `make conform`, the same way on Linux and in a guest, and tells how each went.
 *
 *   run LIMIT LIST FIRST      the cases whose paths the file LIST has, from line FIRST (0, ...):
 *                             in the guest, where everything else that runs is a case's
 *   run LIMIT PATH            one case, on Linux: in namespaces of its own where that is allowed,
 *                             so that it meets no other process and leaves nothing behind
 *   run LIMIT pty PATH        one case on Linux whose terminal is made for it; what is read and
 *                             written here comes and goes at that terminal's other end
 *   run LIMIT LIST FIRST pty  as the first, on a Linux whose terminal is not as Pagoda's
 *
 * A case starts in an empty directory of its own, leads a session, reads /dev/null, and writes to
 * a pipe. One for the terminal (in the list: "tty PATH") has the terminal for all of that, in a
 * known state, and leads its foreground group. What this program prints, each in one write so that
 * the kernel's log comes between lines:
 *
 *   @@ case PATH
 *   |a line of the case       stdout and stderr
 *   @@ exit 0                 or: signal 11, late after LIMIT s
 *   @@ end                    after the last case
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4000
#define OUTPUT_MAX_BYTES (1 << 20)

static int wake[2]; /* a pipe that SIGCHLD writes to: poll() sees a case end */
static bool alone;  /* all other processes are a case's */

static void child_ended(int number)
{
	int saved = errno;
	(void)number;
	if (write(wake[1], "", 1) < 0)
		errno = saved; /* full: it will wake all the same */
	errno = saved;
}

static void say(const char *text, size_t length)
{
	while (length) {
		ssize_t n = write(1, text, length);
		if (n < 0 && errno != EINTR)
			exit(1);
		if (n > 0) {
			text += n;
			length -= n;
		}
	}
}

static __attribute__((format(printf, 1, 2))) void tell(const char *format, ...)
{
	char text[LINE_MAX_BYTES + 16];
	va_list values;
	va_start(values, format);
	int n = vsnprintf(text, sizeof text, format, values);
	va_end(values);
	say(text, n < (int)sizeof text ? n : (int)sizeof text - 1);
}

/* ---- what a case prints ---------------------------------------------------------------- */

struct output {
	char line[LINE_MAX_BYTES + 2]; /* '|', what came of the line, and room for its end */
	size_t used;
	size_t told;
};

static void output_end_line(struct output *output)
{
	output->line[0] = '|';
	output->line[1 + output->used] = '\n';
	if (output->told < OUTPUT_MAX_BYTES)
		say(output->line, output->used + 2);
	output->told += output->used + 2;
	output->used = 0;
}

static void output_add(struct output *output, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] != '\n')
			output->line[1 + output->used++] = text[i];
		if (text[i] == '\n' || output->used == LINE_MAX_BYTES)
			output_end_line(output);
	}
}

/* False once nobody can write to it any more. */
static bool output_read(struct output *output, int fd)
{
	char text[4096];
	ssize_t n;

	while ((n = read(fd, text, sizeof text)) > 0)
		output_add(output, text, n);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* ---- a case ---------------------------------------------------------------------------- */

static void use_pipe(int out)
{
	int null = open("/dev/null", O_RDONLY);

	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
}

/* The terminal as every case finds it, and the foreground. */
static void use_terminal(void)
{
	struct termios settings;

	signal(SIGTTOU, SIG_IGN);
	setpgid(0, 0);
	tcsetpgrp(0, getpid());
	tcgetattr(0, &settings);
	settings.c_iflag = ICRNL | IXON;
	settings.c_oflag = OPOST | ONLCR;
	settings.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	tcsetattr(0, TCSAFLUSH, &settings);
	signal(SIGTTOU, SIG_DFL);
}

/* out < 0: on the terminal. */
static _Noreturn void become(const char *path, int out)
{
	char search[LINE_MAX_BYTES];
	const char *slash = strrchr(path, '/');

	if (out < 0)
		use_terminal();
	else
		use_pipe(out);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	signal(SIGCHLD, SIG_DFL);
	snprintf(search, sizeof search, "PATH=%.*s:/usr/sbin:/usr/bin:/sbin:/bin",
	         slash ? (int)(slash - path) : 1, slash ? path : ".");
	char *const arguments[] = {(char *)path, NULL};
	char *const environment[] = {search, "HOME=/root", "USER=root", "TERM=dumb",
	                             "KCONFIG_SKIP_CHECK=1", NULL};
	execve(path, arguments, environment);
	dprintf(2, "cannot be run: %s\n", strerror(errno));
	_exit(127);
}

static long milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

/* Reads what the case prints until it ends. Whether it ended within the limit. */
static bool follow(pid_t child, struct output *output, int in, int limit, int *status)
{
	long end = milliseconds() + limit * 1000L;

	for (;;) {
		struct pollfd waits[] = {{wake[0], POLLIN, 0}, {in, POLLIN, 0}};
		char drained[64];
		long left = end - milliseconds();
		if (left <= 0)
			return false;
		poll(waits, 2, left < 1000 ? left : 1000);
		while (read(wake[0], drained, sizeof drained) > 0)
			;
		if (in >= 0 && !output_read(output, in))
			in = -1;
		for (pid_t ended; (ended = waitpid(-1, status, WNOHANG)) > 0;)
			if (ended == child)
				return true;
	}
}

static void end_others(pid_t child)
{
	if (alone)
		kill(-1, SIGKILL);
	else
		kill(-child, SIGKILL);
	while (waitpid(-1, NULL, alone ? 0 : WNOHANG) > 0 || errno == EINTR)
		;
}

static void tell_end(bool ended, int status, int limit)
{
	if (!ended)
		tell("@@ late after %d s\n", limit);
	else if (WIFSIGNALED(status))
		tell("@@ signal %d\n", WTERMSIG(status));
	else
		tell("@@ exit %d\n", WEXITSTATUS(status));
}

static void run_case(const char *path, int limit)
{
	struct output output = {.used = 0};
	int pipe_ends[2], status = 0;

	if (pipe2(pipe_ends, O_CLOEXEC) != 0)
		exit(1);
	fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK);
	pid_t child = fork();
	if (child == 0)
		become(path, pipe_ends[1]);
	close(pipe_ends[1]);
	bool ended = child > 0 && follow(child, &output, pipe_ends[0], limit, &status);
	if (!ended)
		kill(child, SIGKILL);
	end_others(child);
	output_read(&output, pipe_ends[0]);
	if (output.used)
		output_end_line(&output);
	close(pipe_ends[0]);
	tell_end(ended, status, limit);
}

static void run_on_terminal(const char *path, int limit)
{
	struct termios settings;
	int status = 0;

	ioctl(0, TIOCSCTTY, 0);
	tcgetattr(0, &settings);
	pid_t child = fork();
	if (child == 0)
		become(path, -1);
	bool ended = child > 0 && follow(child, NULL, -1, limit, &status);
	if (!ended)
		kill(child, SIGKILL);
	end_others(child);
	signal(SIGTTOU, SIG_IGN);
	tcsetpgrp(0, getpgrp());
	tcsetattr(0, TCSAFLUSH, &settings);
	tell("\n");
	tell_end(ended, status, limit);
}

/* A terminal of the size that the guest's has; the case at it leads a session. */
static int open_terminal(void)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		exit(1);
	ioctl(master, TIOCSWINSZ, &size);
	return master;
}

static _Noreturn void use_made_terminal(int master, const char *path, int limit)
{
	setsid();
	int slave = open(ptsname(master), O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(slave, fd);
	close(slave);
	close(master);
	alone = false;
	run_on_terminal(path, limit);
	_exit(0); /* exit() would take the list's file back to here */
}

/* Carries bytes both ways until nobody has the terminal any more. */
static void relay(int master)
{
	struct pollfd ends[] = {{.fd = master, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
	char text[4096];
	ssize_t n;

	for (;;) {
		if (poll(ends, 2, -1) < 0)
			continue; /* a child ended */
		if (ends[0].revents) {
			n = read(master, text, sizeof text);
			if (n <= 0)
				return;
			say(text, n);
		} else if (ends[1].revents) {
			n = read(0, text, sizeof text);
			if (n <= 0)
				ends[1].fd = -1;
			else if (write(master, text, n) < 0)
				return;
		}
	}
}

static void run_on_made_terminal(const char *path, int limit)
{
	struct termios saved, raw;
	bool terminal = tcgetattr(0, &saved) == 0;
	int master = open_terminal();

	if (terminal) {
		raw = saved;
		cfmakeraw(&raw);
		tcsetattr(0, TCSANOW, &raw);
	}
	pid_t child = fork();
	if (child == 0)
		use_made_terminal(master, path, limit);
	relay(master);
	close(master);
	end_others(child);
	if (terminal)
		tcsetattr(0, TCSANOW, &saved);
}

/* ---- where it runs --------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	if (ftw->level > 0)
		remove(path);
	return 0;
}

/* Takes away all that is in the directory, not what is mounted there. */
static void empty(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void run_listed(const char *line, int limit, bool make_terminal)
{
	if (strncmp(line, "tty ", 4) == 0)
		(make_terminal ? run_on_made_terminal : run_on_terminal)(line + 4, limit);
	else
		run_case(line, limit);
}

static void run_list(int limit, const char *list, int first, bool make_terminal)
{
	char line[LINE_MAX_BYTES], here[32];
	FILE *file = fopen(list, "re");

	if (!file || chdir("/") != 0) /* where also nobody may look for the case's directory */
		exit(1);
	alone = true;
	for (int i = 0; fgets(line, sizeof line, file); i++) {
		line[strcspn(line, "\n")] = '\0';
		if (i < first)
			continue;
		tell("@@ case %s\n", line);
		snprintf(here, sizeof here, "here-%d", i);
		if (mkdir(here, 0755) != 0 || chdir(here) != 0)
			exit(1);
		run_listed(line, limit, make_terminal);
		if (chdir("..") != 0)
			exit(1);
		empty(here);
		rmdir(here);
		empty("/tmp");
		empty("/dev/shm");
	}
	tell("@@ end\n");
}

/* A tmpfs over the directory, in this mount namespace; as large as that of a guest of 64 MiB. */
static void cover(const char *path)
{
	if (mount("tmpfs", path, "tmpfs", 0, "mode=1777,size=32m") != 0)
		fprintf(stderr, "no tmpfs on %s: %s\n", path, strerror(errno));
}

static void wake_on_child(void)
{
	struct sigaction action = {.sa_handler = child_ended, .sa_flags = SA_RESTART};
	if (pipe2(wake, O_NONBLOCK | O_CLOEXEC) != 0)
		exit(1);
	sigaction(SIGCHLD, &action, NULL);
}

static int run_one(int limit, const char *path)
{
	int spaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS, status = 1;

	if (unshare(spaces) != 0) {
		wake_on_child();
		run_case(path, limit);
		return 0;
	}
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alone = true;
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
		mount("proc", "/proc", "proc", 0, NULL);
		cover("/tmp");
		cover("/dev/shm");
		wake_on_child();
		run_case(path, limit);
		exit(0);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	umask(022);
	if (argc == 3)
		return run_one(atoi(argv[1]), argv[2]);
	if (argc != 4 && argc != 5)
		return 2;
	wake_on_child();
	if (strcmp(argv[2], "pty") == 0)
		run_on_made_terminal(argv[3], atoi(argv[1]));
	else
		run_list(atoi(argv[1]), argv[2], atoi(argv[3]), argc == 5);
	return 0;
}
