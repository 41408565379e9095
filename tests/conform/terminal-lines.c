/* SPDX-License-Identifier: MIT */
/* termios(3), canonical mode: lines, erasing, end of file, signals, echo; short and long reads;
 * what FIONREAD and poll(2) say meanwhile.
 *
 * conform: terminal */
#include "case.h"
#include <termios.h>

static struct termios old;
static volatile int got;

static void note(int signal)
{
	got = signal;
}

static void show(const char *what, const char *bytes, int n, int error)
{
	printf("\n%s: %d %s [", what, n, n < 0 ? error_name(error) : "");
	for (int i = 0; i < n && i < 40; i++)
		printf(bytes[i] < 32 || bytes[i] == 127 ? "\\%o" : "%c", bytes[i] & 255);
	say("]");
}

/* Has a signal's character typed when the read has begun to wait. */
static void read_interrupted(const char *what, const char *typed)
{
	char bytes[100];

	say("@type ab"); /* apart: Linux forgets what it has not echoed yet */
	usleep(200000);
	say("\n@pause @type %s", typed);
	errno = 0;
	int n = read(0, bytes, sizeof bytes), error = errno;
	show(what, bytes, n, error);
}

/* Has this typed, and reads. */
static void read_typed(const char *what, const char *typed, size_t size)
{
	static char bytes[20000];

	say("@type %s", typed);
	errno = 0;
	int n = read(0, bytes, size), error = errno;
	show(what, bytes, n, error);
}

static void read_more(const char *what, size_t size)
{
	static char bytes[20000];

	errno = 0;
	int n = read(0, bytes, size), error = errno;
	show(what, bytes, n, error);
}

/* Has more than one line typed, and reads the first when all are echoed: else what this program says
 * may stand between their echoes. */
static void read_first(const char *what, const char *typed)
{
	say("@type %s", typed);
	usleep(200000);
	read_more(what, 100);
}

static void editing(void)
{
	read_typed("a line", "abc\\n", 100);
	read_first("two lines", "one\\ntwo\\n");
	read_more("the second", 100);
	read_typed("in small pieces", "abcdef\\n", 2);
	read_more("more", 3);
	read_more("the rest", 100);
	read_typed("erased", "abc\\177\\177x\\n", 100);
	read_typed("more erased than there is", "a\\177\\177\\177b\\n", 100);
	read_typed("a line killed", "abc\\025x\\n", 100);
	read_typed("a word erased", "ab cd\\027x\\n", 100);
	read_typed("words with other characters", "ab-cd, ef\\027x\\n", 100);
	read_typed("literal next", "a\\026\\003b\\026\\177\\n", 100);
	read_typed("reprinted", "ab\\022c\\n", 100);
	read_typed("end of file in the line", "ab\\004", 100);
	read_typed("more of it", "cd\\n", 100);
	read_typed("end of file alone", "\\004", 100);
	read_typed("a carriage return", "ab\\r", 100);
	read_typed("control characters", "a\\001\\033b\\n", 100);
	read_typed("a tabulator", "a\\tb\\177\\177c\\n", 100);
	read_typed("tabulators", "\\tab\\t\\tcd\\t\\177\\177\\177\\177\\177x\\001\\ty\\025z\\n", 100);
	read_typed("bytes above 127", "a\\344\\366b\\n", 100);
	read_typed("of exactly the size", "abcd\\n", 5);
	read_typed("one more than the size, and its end", "abcd\\004", 4);
	read_typed("then", "x\\n", 100);
}

static void waiting_lines(void)
{
	struct pollfd look = {0, POLLIN, 0};

	say("@type half");
	usleep(400000);
	GIVES(poll(&look, 1, 0), "\nhalf a line: poll");
	say("FIONREAD %d", waiting(0));
	fcntl(0, F_SETFL, O_RDWR | O_NONBLOCK);
	read_more("a read that does not wait", 100);
	fcntl(0, F_SETFL, O_RDWR);
	say("@type  a line\\nand\\n");
	usleep(400000);
	GIVES(poll(&look, 1, 0), "\npoll");
	say("FIONREAD %d", waiting(0));
	read_more("the line", 100);
	say("FIONREAD %d", waiting(0));
	read_more("the next", 100);
	char a[4], b[50];
	struct iovec vector[] = {{a, 4}, {b, 50}};
	say("@type a vector\\n");
	GIVES(readv(0, vector, 2), "\nreadv");
	say("[%.4s] [%.4s]", a, b);
}

static void signals(void)
{
	static const int numbers[] = {SIGINT, SIGQUIT, SIGTSTP};
	static const char *const typed[] = {"\\003", "\\034", "\\032"};
	struct sigaction action = {.sa_handler = note};

	for (int i = 0; i < 3; i++) {
		sigaction(numbers[i], &action, NULL);
		got = 0;
		read_interrupted("a signal", typed[i]);
		say("signal %d", got);
		read_typed("what was typed before it is gone", "cd\\n", 100);
	}
	struct termios kept = old;
	kept.c_lflag |= NOFLSH;
	tcsetattr(0, TCSANOW, &kept);
	read_interrupted("a signal, NOFLSH", "\\003");
	read_typed("what was typed before it is there", "cd\\n", 100);
	kept.c_lflag &= ~ISIG;
	tcsetattr(0, TCSANOW, &kept);
	read_typed("without ISIG", "ab\\003\\n", 100);
	tcsetattr(0, TCSANOW, &old);
}

static void modes(void)
{
	static const struct {
		const char *what;
		tcflag_t in, local, out;
		const char *typed;
	} tries[] = {
		{"no ICRNL", 0, ICANON | ECHO | ISIG, OPOST | ONLCR, "ab\\rcd\\n"},
		{"INLCR", INLCR, ICANON | ECHO | ISIG, OPOST | ONLCR, "ab\\ncd\\004"},
		{"IGNCR", IGNCR, ICANON | ECHO | ISIG, OPOST | ONLCR, "ab\\rcd\\n"},
		{"ISTRIP", ISTRIP, ICANON | ECHO | ISIG, OPOST | ONLCR, "a\\341\\342\\n"},
		{"no ECHO", ICRNL, ICANON | ISIG, OPOST | ONLCR, "ab\\n"},
		{"ECHONL", ICRNL, ICANON | ISIG | ECHONL, OPOST | ONLCR, "ab\\n"},
		{"no ECHOE", ICRNL, ICANON | ECHO, OPOST | ONLCR, "ab\\177c\\n"},
		{"no ECHOCTL", ICRNL, ICANON | ECHO, OPOST | ONLCR, "a\\001c\\n"},
		{"no IEXTEN", ICRNL, ICANON | ECHO, OPOST | ONLCR, "ab cd\\027e\\n"},
	};

	for (unsigned i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		struct termios settings = old;
		settings.c_iflag = tries[i].in;
		settings.c_lflag = tries[i].local;
		settings.c_oflag = tries[i].out;
		tcsetattr(0, TCSANOW, &settings);
		read_typed(tries[i].what, tries[i].typed, 100);
		tcsetattr(0, TCSAFLUSH, &old);
	}
	struct termios settings = old;
	settings.c_cc[VEOL] = ';';
	tcsetattr(0, TCSANOW, &settings);
	read_first("another end of a line", "ab;cd\\n");
	read_more("the rest", 100);
	tcsetattr(0, TCSANOW, &old);
	say("@type typed ahead\\n");
	usleep(400000);
	tcsetattr(0, TCSAFLUSH, &old);
	read_typed("what was typed ahead is flushed", "new\\n", 100);
	say("@type typed ahead\\n");
	usleep(400000);
	tcflush(0, TCIFLUSH);
	read_typed("flushed", "new\\n", 100);
}

/* Lines as long as the terminal has room for, and longer. */
static void long_lines(void)
{
	static char text[6000];
	struct termios quiet = old;

	quiet.c_lflag &= ~ECHO;
	tcsetattr(0, TCSANOW, &quiet);
	static const int lengths[] = {511, 512, 513, 1000, 4000, 4094, 4095, 4096, 5000};
	for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		memset(text, 'a' + i, lengths[i]);
		text[lengths[i]] = '\0';
		strcat(text, "\\n");
		printf("%d\n", lengths[i]);
		read_typed("a long line", text, 20000);
	}
	read_typed("then", "short\\n", 100);
	memset(text, 'x', 1000);
	strcpy(text + 1000, "\\n");
	read_typed("in pieces", text, 600);
	read_more("the rest", 600);
	tcsetattr(0, TCSANOW, &old);
}

int main(void)
{
	tcgetattr(0, &old);
	say("input %x, output %x, local %x", old.c_iflag, old.c_oflag, old.c_lflag);
	editing();
	waiting_lines();
	signals();
	modes();
	long_lines();
	return 0;
}
