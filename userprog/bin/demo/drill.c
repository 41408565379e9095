/* SPDX-License-Identifier: MIT */
/*
 * Rows 2, 17 and 20, as questions: about this very process, made from the state that it is in. The
 * answer is worked out from the rules before; then the thing is done, and what the machine says is
 * what counts. An empty line, or the end of input, asks for the answer; --check asks nobody.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define NUMBERS_MAX 3u
#define PAGES_LEAST 8u
#define WRITES 5u

static uint32_t chance;
static unsigned asked, right;

/* One of 0 to below - 1. */
static unsigned one_of(unsigned below)
{
	return next_random(&chance) % below;
}

/* Reads a line; whether there is anything in it. */
static bool answer_read(char *line, size_t size)
{
	line[0] = '\0';
	if (quiet)
		return false;
	fputs("  ? ", stdout);
	fflush(stdout);
	if (!fgets(line, (int)size, stdin))
		putchar('\n');
	line[strcspn(line, "\r\n")] = '\0';
	return line[strspn(line, " ")] != '\0';
}

static void judge(bool given, bool holds, const char *answer)
{
	asked++;
	right += given && holds;
	say("  %s %s", given && holds ? "Right:" : given ? "No:" : "It is", answer);
}

/* Asks for numbers, decimal or 0x hexadecimal, with anything between them. */
static void ask_numbers(const unsigned *expected, unsigned count, const char *answer)
{
	char line[128], *at = line;
	bool given = answer_read(line, sizeof(line)), holds = true;

	for (unsigned i = 0; i < count; i++) {
		char *end;
		at += strcspn(at, "0123456789");
		holds &= strtoul(at, &end, 0) == expected[i] && end != at;
		at = end;
	}
	judge(given, holds, answer);
}

static void ask_number(unsigned expected, const char *what)
{
	char answer[64];

	snprintf(answer, sizeof(answer), "%u %s.", expected, what);
	ask_numbers(&expected, 1, answer);
}

/* ---- an address, walked ------------------------------------------------------------ */

static void drill_address(void)
{
	unsigned pages = PAGES_LEAST + one_of(56), offset = one_of(PAGE);
	char *memory = memory_map(pages * PAGE), answer[96];
	char *byte = memory + one_of(pages) * PAGE + offset;
	uintptr_t address = (uintptr_t)byte;

	*byte = 1;
	step("the address %#lx of this process", (unsigned long)address);
	say("  Which entry of the directory, which entry of the table, which byte of the page?");
	struct walk walk = walk_of(0, byte);
	unsigned bits = walk.three_levels ? 9 : 10, low = (1u << bits) - 1; /* PAE: three levels */
	unsigned cut[NUMBERS_MAX] = {address >> (12 + bits) & low, address >> 12 & low, offset};
	snprintf(answer, sizeof(answer), "%u, %u, %u.", cut[0], cut[1], cut[2]);
	ask_numbers(cut, 3, answer);
	claim(walk.present && walk.directory_index == cut[0] && walk.table_index == cut[1],
	      "/proc/self/walk: directory[%u] table[%u]", walk.directory_index, walk.table_index);

	unsigned physical = walk.frame * PAGE + offset;
	say("  Its entry names frame %#x. What is the physical address?", walk.frame);
	snprintf(answer, sizeof(answer), "%#x: side by side.", physical);
	ask_numbers(&physical, 1, answer);
	claim(frame_of(0, byte) == physical / PAGE, "/proc/self/pagemap: frame %#x",
	      frame_of(0, byte));
	munmap(memory, pages * PAGE);
}

/* ---- frames ------------------------------------------------------------------------ */

/* In how many different frames the pages are. */
static unsigned frames_under(const char *memory, unsigned pages)
{
	unsigned different = 0;

	for (unsigned i = 0; i < pages; i++) {
		unsigned frame = frame_of(0, memory + i * PAGE), before = 0;
		while (before < i && frame_of(0, memory + before * PAGE) != frame)
			before++;
		different += frame && before == i;
	}
	return different;
}

static void drill_frames(void)
{
	unsigned written = 1 + one_of(10), read = 2 + one_of(9), untouched = 1 + one_of(10);
	unsigned pages = written + read + untouched;
	char *memory = memory_map(pages * PAGE);

	touch_write(memory, written);
	touch_read(memory + written * PAGE, read);
	step("%u pages are asked for; %u of them are written, and %u others read", pages, written,
	     read);
	say("  In how many frames are they now, all together?");
	ask_number(written + 1, "(those read are all in the one of zeros)");
	unsigned found = frames_under(memory, pages);
	claim(found == written + 1, "pagemap names %u different frames", found);
	munmap(memory, pages * PAGE);
}

/* ---- fork -------------------------------------------------------------------------- */

struct forked {
	char *memory;
	unsigned pages, by_child, by_parent;
	int to_parent[2], to_child[2];
};

static int writer(void *argument)
{
	struct forked *forked = argument;
	char go;

	touch_read(forked->memory, forked->pages);
	touch_write(forked->memory, forked->by_child);
	return write(forked->to_parent[1], "w", 1) != 1 || read(forked->to_child[0], &go, 1) != 1;
}

static void drill_fork(void)
{
	struct forked forked = {.pages = 20 + one_of(40)};
	char word;

	forked.by_child = 2 + one_of(8);
	forked.by_parent = forked.by_child + 1 + one_of(8); /* the same pages first, then others */
	forked.memory = memory_map(forked.pages * PAGE);
	touch_write(forked.memory, forked.pages);
	if (pipe(forked.to_parent) || pipe(forked.to_child))
		give_up("no pipe");
	step("%u pages are written; fork; the child reads all and writes the first %u;\n"
	     "   then, while the child lives, the parent writes the first %u",
	     forked.pages, forked.by_child, forked.by_parent);
	say("  How many of these pages are copied, by either?");
	ask_number(forked.by_parent, "(of a page that was copied once, each has its own)");
	pid_t child = child_start(writer, &forked);
	if (read(forked.to_parent[0], &word, 1) != 1)
		give_up("the child is gone");
	touch_write(forked.memory, forked.by_parent);
	unsigned differ = frames_that_differ(0, child, forked.memory, forked.pages);
	claim(differ == forked.by_parent, "%u pages are in two frames now, %u still in one", differ,
	      forked.pages - differ);
	if (write(forked.to_child[1], "g", 1) != 1)
		give_up("the child is gone");
	child_wait(child);
	for (unsigned end = 0; end < 2; end++) {
		close(forked.to_parent[end]);
		close(forked.to_child[end]);
	}
	munmap(forked.memory, forked.pages * PAGE);
}

/* ---- a write ----------------------------------------------------------------------- */

static const char *const outcomes[] = {
	"n  nothing: the entry allows it",
	"z  a page fault, and a new frame, which was full of zeros",
	"c  a page fault, and a new frame with a copy of the page",
	"s  a page fault, and SIGSEGV",
};

/* What has been done to the page before. `outcome`: what a write does, a letter of the above. */
enum state { FRESH, READ, WRITTEN, SHARED, READ_ONLY, UNMAPPED };
static const struct {
	const char *words;
	char outcome;
} states[] = {
	[FRESH] = {"mapped, and never touched", 'z'},
	[READ] = {"mapped, and read once", 'z'},
	[WRITTEN] = {"mapped, and written once", 'n'},
	[SHARED] = {"written once, and then there was a fork; the child lives", 'c'},
	[READ_ONLY] = {"written once, and then mprotect said PROT_READ", 's'},
	[UNMAPPED] = {"written once, and then munmap took it", 's'},
};

static int sleeper(void *unused)
{
	(void)unused;
	pause();
	return 0;
}

/* Brings the page into the state; the child, if that needs one. */
static pid_t prepare(char *page, enum state state)
{
	if (state == READ)
		touch_read(page, 1);
	if (state >= WRITTEN)
		touch_write(page, 1);
	if (state == READ_ONLY)
		mprotect(page, PAGE, PROT_READ);
	if (state == UNMAPPED)
		munmap(page, PAGE);
	return state == SHARED ? child_start(sleeper, NULL) : 0;
}

/* Writes, and says what happened: a letter of the outcomes. */
static char outcome_of(char *page, enum state state)
{
	unsigned before = state == UNMAPPED ? 0 : frame_of(0, page);
	bool had_bytes = state == WRITTEN || state == SHARED;
	struct trap trap = trap_of(write_byte, page);

	if (trap.signal)
		return trap.signal == SIGSEGV ? 's' : '?';
	if (frame_of(0, page) == before)
		return 'n';
	return had_bytes ? 'c' : 'z';
}

static void drill_write(enum state state)
{
	char *page = memory_map(PAGE), line[32];
	pid_t child = prepare(page, state);
	const char *answer = outcomes[0];

	for (unsigned i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (outcomes[i][0] == states[state].outcome)
			answer = outcomes[i];
	say("\n  A page of one's own was %s.\n  What happens if it writes there?", states[state].words);
	bool given = answer_read(line, sizeof(line));
	judge(given, line[strspn(line, " ")] == states[state].outcome, answer);
	char found = outcome_of(page, state);
	claim(found == states[state].outcome, "it was done: %c", found);
	if (child && (kill(child, SIGKILL) || waitpid(child, NULL, 0) != child))
		give_up("the child is gone");
	if (state != UNMAPPED)
		munmap(page, PAGE);
}

static void drill_writes(void)
{
	bool done[sizeof(states) / sizeof(states[0])] = {false};
	unsigned count = sizeof(states) / sizeof(states[0]);

	step("what happens if it writes here? A letter:");
	for (unsigned i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		say("  %s", outcomes[i]);
	for (unsigned i = 0; i < (quiet ? count : WRITES); i++) {
		unsigned state = one_of(count);
		while (done[state])
			state = (state + 1) % count;
		done[state] = true;
		drill_write(state);
	}
}

void demo_drill(void)
{
	chance = (uint32_t)nanoseconds() | 1;
	say("Questions about this process. Type the answer, numbers as 17 or 0x11; an empty line\n"
	    "tells it. After each the thing is done, and the machine says what is so.");
	drill_address();
	drill_frames();
	drill_fork();
	drill_writes();
	say("\n%u of %u right.", right, asked);
	try_next("  demo drill                    other numbers\n"
	         "  demo walk; demo cow           the same in peace\n"
	         "  scripts/exercise i386         on paper, on your own computer\n");
}
