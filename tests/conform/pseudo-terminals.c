/* SPDX-License-Identifier: MIT */
/* pty(7): opening, names, both directions, sessions and signals, the window, what closing either
 * side does. */
#include "case.h"
#include <termios.h>

static int master_open(char *name, size_t size)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), unlocked = 0;
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) || ptsname_r(master, name, size))
		say("no pseudo-terminal: %s", error_name(errno));
	return master;
}

static void get(int fd, const char *what)
{
	char bytes[200] = "";
	errno = 0;
	int n = (int)read(fd, bytes, sizeof bytes - 1), error = errno;
	if (n < 0) {
		say("%s: %s", what, error_name(error));
		return;
	}
	say("%s: %d", what, n);
	for (int i = 0; i < n; i++)
		say("  %02x", (unsigned char)bytes[i]);
}

static int ready(int fd)
{
	struct pollfd asked = {fd, POLLIN | POLLOUT, 0};
	return poll(&asked, 1, 0) < 0 ? -1 : asked.revents;
}

static void put(int fd, const char *text)
{
	GIVES(write(fd, text, strlen(text)), "write");
}

static void opening(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), locked = -1, unlocked = 0, number = -1;
	char name[64], expected[64];
	struct stat told;
	SUCCEEDS(master, "master");
	GIVES(ioctl(master, TIOCGPTN, &number), "number");
	GIVES(ptsname_r(master, name, sizeof name), "name");
	snprintf(expected, sizeof expected, "/dev/pts/%d", number);
	say("as expected %d", !strcmp(name, expected));
	GIVES(ioctl(master, TIOCGPTLCK, &locked), "locked");
	say("  %d", locked);
	SUCCEEDS(open(name, O_RDWR | O_NOCTTY), "locked");
	GIVES(grantpt(master), "grant");
	GIVES(ioctl(master, TIOCSPTLCK, &unlocked), "unlock");
	GIVES(stat(name, &told), "stat");
	say("  mode %o, own %d device %x:%d", told.st_mode & ~0077, told.st_uid == getuid(),
	    (unsigned)(told.st_rdev >> 8 & 0xfff), (int)(told.st_rdev & 0xff) == (number & 0xff));
	int slave = open(name, O_RDWR | O_NOCTTY);
	SUCCEEDS(slave, "slave");
	say("terminals %d %d", isatty(master), isatty(slave));
	GIVES(ioctl(slave, TIOCGPTN, &number), "number of the slave");
	GIVES(chmod(name, 0600), "chmod");
	GIVES(unlink(name), "unlink");
	stat(name, &told);
	say("  mode %o", told.st_mode);
	char other_name[64];
	int other = master_open(other_name, sizeof other_name);
	say("another %d", strcmp(name, other_name) != 0);
	close(other);
	GIVES(access(other_name, F_OK), "the other name");
	GIVES(access(name, F_OK), "this name");
	close(master);
	GIVES(access(name, F_OK), "closed");
	SUCCEEDS(open(name, O_RDWR | O_NOCTTY), "open");
	close(slave);
}

static void directions(void)
{
	char name[64];
	int master = master_open(name, sizeof name), slave = open(name, O_RDWR | O_NOCTTY);
	struct termios settings;
	say("ready %x %x", ready(master), ready(slave));
	put(master, "ab\177c\n");
	say("ready %x %x", ready(master), ready(slave));
	get(slave, "line");
	get(master, "echo");
	put(slave, "x\n");
	get(master, "output");
	GIVES(tcgetattr(master, &settings), "settings of the master");
	cfmakeraw(&settings);
	GIVES(tcsetattr(slave, TCSADRAIN, &settings), "raw");
	put(master, "a\003\n");
	get(slave, "raw");
	put(slave, "x\n");
	get(master, "raw");
	fcntl(master, F_SETFL, O_NONBLOCK);
	fcntl(slave, F_SETFL, O_NONBLOCK);
	get(master, "nothing");
	get(slave, "nothing");
	char many[1000];
	int count = 0, n;
	memset(many, 'm', sizeof many);
	while ((n = (int)write(slave, many, sizeof many)) > 0)
		count += n;
	say("full: %s %d, ready %x", error_name(errno), count > 1000, ready(slave) & POLLOUT);
	int back = 0;
	struct pollfd asked = {master, POLLIN, 0};
	while (back < count && poll(&asked, 1, 1000) == 1)
		if ((n = (int)read(master, many, sizeof many)) > 0)
			back += n;
	say("all comes back %d, ready %x", back == count, ready(slave) & POLLOUT);
	count = 0;
	while (count < 100000 && (n = (int)write(master, many, sizeof many)) > 0)
		count += n;
	say("input is full %d", count < 100000);
	GIVES(tcflush(slave, TCIFLUSH), "flush");
	say("ready %x", ready(slave) & POLLIN);
	close(slave);
	say("ready %x", ready(master) & (POLLHUP | POLLIN));
	get(master, "the slave is closed");
	slave = open(name, O_RDWR | O_NOCTTY);
	get(master, "open again");
	put(slave, "left");
	close(slave);
	get(master, "written before");
	get(master, "closed");
	close(master);
}

static void on_signal(int signal)
{
	say("signal %d", signal);
}

/* A session at the terminal. */
static void at_terminal(const char *name)
{
	struct winsize window;
	SUCCEEDS(open("/dev/tty", O_RDWR), "no terminal yet");
	int slave = open(name, O_RDWR), own;
	SUCCEEDS(own = open("/dev/tty", O_RDWR), "/dev/tty");
	say("foreground %d session %d", tcgetpgrp(own) == getpid(), tcgetsid(slave) == getpid());
	signal(SIGWINCH, on_signal);
	signal(SIGHUP, on_signal);
	signal(SIGCONT, on_signal);
	write(own, "r", 1);
	while (ioctl(slave, TIOCGWINSZ, &window) || window.ws_row != 33)
		pause();
	say("window %d %d", window.ws_row, window.ws_col);
	pid_t child = fork();
	if (!child) {
		signal(SIGHUP, SIG_DFL);
		setpgid(0, 0);
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(slave, getpid());
		write(slave, "f", 1);
		for (;;)
			pause();
	}
	int status;
	waitpid(child, &status, 0);
	say("the child: signal %d", WTERMSIG(status));
	tcsetpgrp(slave, getpid());
	write(slave, "e", 1);
	struct timespec long_enough = {5, 0};
	nanosleep(&long_enough, NULL);
	get(slave, "hung up");
	get(own, "hung up");
	GIVES(write(slave, "x", 1), "write");
	GIVES(ioctl(slave, TIOCGWINSZ, &window), "window");
	say("ready %x", ready(slave));
	SUCCEEDS(open("/dev/tty", O_RDWR), "/dev/tty");
	_exit(0);
}

static void await(int master, char byte)
{
	char seen = 0;
	while (read(master, &seen, 1) == 1 && seen != byte)
		continue;
}

static void sessions(void)
{
	char name[64];
	int master = master_open(name, sizeof name), status;
	struct winsize window = {33, 99, 0, 0};
	pid_t child = fork();
	if (!child) {
		close(master);
		setsid();
		signal(SIGTTOU, SIG_IGN);
		at_terminal(name);
	}
	await(master, 'r');
	say("the master is told: foreground %d session %d", tcgetpgrp(master) == child,
	    tcgetsid(master) == child);
	GIVES(ioctl(master, TIOCSWINSZ, &window), "window");
	await(master, 'f');
	put(master, "\003");
	await(master, 'e');
	close(master);
	waitpid(child, &status, 0);
	say("status %d", status);
}

int main(void)
{
	setsid();
	opening();
	directions();
	sessions();
	return 0;
}
