/* SPDX-License-Identifier: MIT */
/*
 * demo drill takes an answer for right if it is, for wrong if it is not, and tells it who asks for
 * it; whatever was answered, the machine's own answer follows, and the demo holds (where pages stay:
 * chaos mode takes away what it has just counted).
 *
 * guest: pagoda-only
 */
#include "tests/test.h"

static FILE *from_demo;
static int to_demo;
static char told[4096]; /* since the last answer */

/* Reads up to the next question, or to the end. */
static void read_on(void)
{
	size_t length = 0;
	int letter;

	while (length + 1 < sizeof(told) && (letter = fgetc(from_demo)) != EOF) {
		told[length++] = (char)letter;
		told[length] = '\0';
		if (length >= 5 && strcmp(told + length - 5, "\n  ? ") == 0)
			return;
	}
	told[length] = '\0';
}

static void answer(const char *words)
{
	CHECK(write(to_demo, words, strlen(words)) == (ssize_t)strlen(words), "an answer is sent");
	read_on();
}

/* Whether the machine's own answer follows, and is the same; in chaos mode it may be another. */
static bool agrees(const char *source)
{
	char words[64];

	snprintf(words, sizeof(words), "%s%s", pages_stay() ? "-> " : "", source);
	return strstr(told, words);
}

static pid_t start(void)
{
	int in[2], out[2];
	pid_t child;

	CHECK(pipe(in) == 0 && pipe(out) == 0, "pipes");
	child = fork_checked();
	if (!child) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		execl("/bin/demo", "demo", "drill", NULL);
		_exit(1);
	}
	close(in[0]);
	close(out[1]);
	to_demo = in[1];
	from_demo = fdopen(out[0], "r");
	CHECK(from_demo, "a stream");
	return child;
}

/* Of an address, for its place in a page table: 10, or 9 where there are three levels. */
static unsigned table_bits(void)
{
	char line[256] = "";
	FILE *walk = fopen("/proc/self/walk", "r");

	CHECK(walk, "/proc/self/walk");
	while (!strstr(line, "directory[") && fgets(line, sizeof(line), walk))
		;
	fclose(walk);
	return strstr(line, "pointers[") ? 9 : 10;
}

int main(void)
{
	char words[96];
	unsigned long address = 0;
	pid_t demo = start();
	const char *at;

	read_on();
	at = strstr(told, "the address 0x");
	CHECK(at, "the first question is about an address");
	address = strtoul(at + strlen("the address "), NULL, 16);
	unsigned bits = table_bits();
	unsigned long low = (1ul << bits) - 1;
	snprintf(words, sizeof(words), "%#lx, %lu %lu\n", address >> (12 + bits) & low,
	         address >> 12 & low, address & 4095);
	answer(words);
	CHECK(strstr(told, "Right:"), "it is right: %s", told);
	CHECK(agrees("/proc/self/walk"), "and the machine says so, too: %s", told);
	answer("1\n");
	CHECK(strstr(told, "No:") && agrees("/proc/self/pagemap"), "1 is not: %s", told);
	answer("\n");
	CHECK(strstr(told, "It is "), "an empty line asks for it: %s", told);
	close(to_demo); /* nobody answers the others */
	while (!feof(from_demo))
		read_on();
	CHECK(strstr(told, "1 of "), "one was right: %s", told);
	int status = wait_status(demo);
	CHECK(status == 0 || (!pages_stay() && WIFEXITED(status)), "the demo holds: %s", told);
	say("one answer was right, one wrong, the others were asked for");
	return 0;
}
