/* SPDX-License-Identifier: MIT */
/* termios(3), noncanonical mode: MIN and TIME; window size; sessions and the foreground group as
 * ioctl_tty(2) has them; background reads and writes.
 *
 * conform: terminal */
#include "case.h"
#include <termios.h>

static struct termios old;

static long milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

static void set(int least, int time)
{
	struct termios settings = old;

	settings.c_lflag &= ~(ICANON | ECHO);
	settings.c_cc[VMIN] = least;
	settings.c_cc[VTIME] = time;
	tcsetattr(0, TCSANOW, &settings);
}

static void read_typed(const char *what, const char *typed, size_t size)
{
	static char bytes[20000];

	if (typed)
		say("%s", typed);
	long start = milliseconds();
	errno = 0;
	int n = read(0, bytes, size), error = errno;
	long took = milliseconds() - start;
	printf("%s: %d %s [", what, n, n < 0 ? error_name(error) : "");
	for (int i = 0; i < n && i < 20; i++)
		printf(bytes[i] < 32 ? "\\%o" : "%c", bytes[i] & 255);
	say("] %s", took < 100 ? "at once or soon" : took < 2000 ? "soon" : "late");
}

static void minimum_and_time(void)
{
	set(0, 0);
	read_typed("0 and 0, nothing there", NULL, 10);
	say("@type ab");
	usleep(300000);
	read_typed("0 and 0, two there", NULL, 10);
	set(0, 5);
	read_typed("0 and 5, nothing comes", NULL, 10);
	set(3, 0);
	say("@type abcde");
	usleep(300000);
	read_typed("3 and 0, five there", NULL, 10);
	say("@type abcd");
	usleep(300000);
	read_typed("3 and 0, two wanted of four", NULL, 2);
	say("@type e");
	usleep(300000);
	read_typed("3 and 0, with one more", NULL, 10);
	set(4, 3);
	say("@type ab");
	usleep(300000);
	read_typed("4 and 3, two there", NULL, 10);
	set(1, 0);
	fcntl(0, F_SETFL, O_RDWR | O_NONBLOCK);
	read_typed("1 and 0, O_NONBLOCK", NULL, 10);
	fcntl(0, F_SETFL, O_RDWR);
	say("@type \\003\\004\\n\\r");
	usleep(300000);
	struct termios settings = old;
	settings.c_lflag &= ~(ICANON | ECHO | ISIG);
	settings.c_cc[VMIN] = 1;
	tcsetattr(0, TCSANOW, &settings);
	say("@type \\003\\004\\n\\r\\177");
	usleep(300000);
	read_typed("control characters", NULL, 100);
	struct pollfd look = {0, POLLIN | POLLOUT, 0};
	GIVES(poll(&look, 1, 0), "poll of an empty one");
	say("@type xyz");
	usleep(300000);
	GIVES(poll(&look, 1, 0), "poll of one with three");
	say("events %x, %d wait", look.revents, waiting(0));
	/* What was typed before becomes a line when there are lines again. */
	tcsetattr(0, TCSANOW, &old);
	read_typed("lines again", "@type \\n", 100);
}

static volatile int got;

static void note(int signal)
{
	got = signal;
}

static void window(void)
{
	struct winsize size = {0};

	signal(SIGWINCH, note);
	GIVES(ioctl(0, TIOCGWINSZ, &size), "TIOCGWINSZ");
	say("%d %d", size.ws_row, size.ws_col);
	size = (struct winsize){40, 100, 1, 2};
	GIVES(ioctl(0, TIOCSWINSZ, &size), "TIOCSWINSZ");
	say("signal %d", got == SIGWINCH);
	got = 0;
	GIVES(ioctl(0, TIOCSWINSZ, &size), "the same again");
	say("signal %d", got == SIGWINCH);
	memset(&size, 0, sizeof size);
	ioctl(0, TIOCGWINSZ, &size);
	say("%d %d %d %d", size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel);
	size = (struct winsize){24, 80, 0, 0};
	ioctl(0, TIOCSWINSZ, &size);
	GIVES(ioctl(0, TIOCGWINSZ, (void *)16), "a bad address");
	GIVES(ioctl(0, TCGETS, (void *)16), "TCGETS, a bad address");
	GIVES(ioctl(0, 0x1234, &size), "an unknown request");
	GIVES(tcflush(0, 9), "tcflush 9");
	GIVES(tcdrain(1), "tcdrain");
	GIVES(tcflow(1, TCOON), "tcflow");
	GIVES(isatty(0), "isatty");
	GIVES(lseek(0, 0, SEEK_CUR), "lseek");
	GIVES(pread(0, &size, 1, 0), "pread");
	GIVES(fsync(0), "fsync");
	GIVES(ftruncate(0, 0), "ftruncate");
}

static void in_background(void *act)
{
	char byte;

	setpgid(0, 0);
	switch ((long)act) {
	case 0:
		read(0, &byte, 1);
		break;
	case 1:
		tcsetpgrp(0, getpid());
		break;
	case 2:
		signal(SIGTTIN, SIG_IGN);
		say("read, ignoring SIGTTIN: %zd %s", read(0, &byte, 1), error_name(errno));
		break;
	case 3:
		say("a write");
		break;
	case 4:
		tcsetattr(0, TCSANOW, &old);
		break;
	case 5:
		signal(SIGTTOU, SIG_IGN);
		GIVES(tcsetattr(0, TCSANOW, &old), "tcsetattr, ignoring SIGTTOU");
		break;
	}
}

static void background(void)
{
	static const char *const what[] = {"read", "tcsetpgrp", "read, SIGTTIN ignored", "write",
	                                   "tcsetattr", "tcsetattr, SIGTTOU ignored"};

	for (long i = 0; i < 6; i++) {
		int status;
		pid_t child = fork();
		if (child == 0) {
			in_background((void *)i);
			_exit(0);
		}
		waitpid(child, &status, WUNTRACED);
		say("in the background, %s: %x", what[i], status);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	struct termios settings = old;
	settings.c_lflag |= TOSTOP;
	tcsetattr(0, TCSANOW, &settings);
	int status;
	pid_t child = fork();
	if (child == 0) {
		in_background((void *)3);
		_exit(0);
	}
	waitpid(child, &status, WUNTRACED);
	say("a write with TOSTOP: %x", status);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	tcsetattr(0, TCSANOW, &old);
	GIVES(tcgetpgrp(0) == getpgrp(), "the foreground group is ours");
	GIVES(tcsetpgrp(0, 99999), "tcsetpgrp of nobody");
	GIVES(tcsetpgrp(0, -1), "tcsetpgrp -1");
	GIVES(tcgetsid(0) == getsid(0), "the session is ours");
}

int main(void)
{
	tcgetattr(0, &old);
	minimum_and_time();
	window();
	background();
	return 0;
}
