/* SPDX-License-Identifier: MIT */
/*
 * Row 30: memory that two machines share, by page faults (dsm_pages.h). Each runs this demo; the
 * line between them is /dev/ttyS2 (`make dsm` makes two such machines). On a machine without that
 * line two processes without common memory take their places, with a socket as the line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"
#include "userprog/bin/demo/dsm_pages.h"

#define LINE "/dev/ttyS2"
#define ROUNDS 20u
#define WORK_NS 6000000u /* longer than a machine that computes keeps the other waiting */
#define LOCK_PAGE 0u
#define COUNTER_PAGE 1u
#define SORT_PAGE 2u
#define SORT_PAGES 16u
#define NUMBERS (SORT_PAGES * PAGE / sizeof(uint32_t))
#define TOLD_PAGE 30u /* and the one behind it: what each machine counted */

static char *memory;
static unsigned self; /* 0: the first machine, which has all pages at the start; or 1 */

static void *shared_at(unsigned page)
{
	return memory + page * PAGE;
}

/* What the other machine counted for the same pages. */
static struct shared_counts counts_of_other(struct shared_counts mine)
{
	*(struct shared_counts *)shared_at(TOLD_PAGE + self) = mine;
	shared_meet();
	struct shared_counts theirs = *(struct shared_counts *)shared_at(TOLD_PAGE + !self);
	shared_meet();
	return theirs;
}

static void tell_counts(struct shared_counts counts)
{
	unsigned faults = counts.read_faults + counts.write_faults;

	say("  machine %u: %u reads and %u writes of pages that were not here; %u pages came,\n"
	    "             %u went, %u times only leave to write was asked for; %u us a fault",
	    self + 1, counts.read_faults, counts.write_faults, counts.received, counts.sent,
	    counts.left, faults ? (unsigned)(counts.waited / faults / 1000) : 0);
}

/* Tells and claims what must be so for any load. */
static struct shared_counts account(unsigned first_page, unsigned pages)
{
	shared_meet();
	struct shared_counts mine = shared_counts(first_page, pages);
	struct shared_counts theirs = counts_of_other(mine);

	tell_counts(mine);
	claim(mine.sent == theirs.received && mine.received == theirs.sent,
	      "machine %u: each page that left one machine came to the other", self + 1);
	return mine;
}

/* ---- a counter --------------------------------------------------------------------- */

/* Peterson's algorithm: it is right where both see all writes in one order. */
struct lock {
	volatile unsigned wants[2], turn;
};

static void lock_take(struct lock *lock)
{
	unsigned answered;

	lock->wants[self] = 1;
	lock->turn = !self;
	for (;;) {
		answered = shared_answered();
		if (!lock->wants[!self] || lock->turn == self)
			return;
		shared_wait(answered);
	}
}

/* What a program does between two of its turns. The other machine is answered meanwhile. */
static void work(void)
{
	uint64_t begun = nanoseconds();

	while (nanoseconds() - begun < WORK_NS)
		;
}

static void count(void)
{
	struct lock *lock = shared_at(LOCK_PAGE);
	volatile unsigned *counter = shared_at(COUNTER_PAGE);

	for (unsigned i = 0; i < ROUNDS; i++) {
		lock_take(lock);
		(*counter)++;
		lock->wants[self] = 0;
		work();
	}
	struct shared_counts counts = account(LOCK_PAGE, 2);
	claim(counts.received > 1, "machine %u: the two pages went back and forth", self + 1);
	claim(*counter == 2 * ROUNDS, "machine %u: the counter is %u, none of 2 * %u is lost",
	      self + 1, *counter, ROUNDS);
}

/* ---- a sort ------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return (one > other) - (one < other);
}

static uint32_t fill(uint32_t *numbers)
{
	uint32_t state = 1, sum = 0;

	for (unsigned i = 0; i < NUMBERS; i++)
		sum += numbers[i] = next_random(&state);
	return sum;
}

/* Both halves in one order, without writing to them: whether they were sorted. */
static bool merge(const uint32_t *numbers, uint32_t *sum)
{
	unsigned low = 0, high = NUMBERS / 2;
	uint32_t before = 0;

	for (unsigned i = 0; i < NUMBERS; i++) {
		bool take_low = high == NUMBERS ||
		                (low < NUMBERS / 2 && numbers[low] <= numbers[high]);
		uint32_t next = numbers[take_low ? low++ : high++];

		if (next < before)
			return false;
		*sum += before = next;
	}
	return true;
}

static void sort(void)
{
	uint32_t *numbers = shared_at(SORT_PAGE), sum = 0, merged = 0;
	bool sorted = true;

	if (self == 0)
		sum = fill(numbers);
	shared_meet();
	qsort(numbers + self * (NUMBERS / 2), NUMBERS / 2, sizeof(*numbers), compare);
	shared_meet();
	if (self == 0)
		sorted = merge(numbers, &merged);
	struct shared_counts counts = account(SORT_PAGE, SORT_PAGES);
	claim(sorted && merged == sum, "machine %u: %u numbers in order, the same ones", self + 1,
	      (unsigned)NUMBERS);
	claim(counts.received == SORT_PAGES / 2 && counts.sent == SORT_PAGES / 2,
	      "machine %u: the second half's %u pages went to who sorted them, and came back\n"
	      "     as copies to who read them", self + 1, SORT_PAGES / 2);
}

/* ---- the machines ------------------------------------------------------------------ */

static int on_line(void *line)
{
	bool first;

	memory = shared_start(*(int *)line, &first);
	self = !first;
	say("  machine %u has met the other", self + 1);
	step("a counter: each machine adds %u times 1, under a lock in the same memory", ROUNDS);
	count();
	step("a sort: machine 1 makes %u KiB of numbers, each sorts a half, machine 1 merges",
	     SORT_PAGES * PAGE / KIB);
	sort();
	shared_end();
	return 0;
}

/* Without a line: another process is the other machine. */
static void in_two_processes(void)
{
	int ends[2];

	say("There is no " LINE ": two processes take the machines' places.");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		give_up("no sockets: %s", strerror(errno));
	pid_t other = child_start(on_line, &ends[1]);
	close(ends[1]);
	on_line(&ends[0]);
	child_wait(other);
}

void demo_dsm(void)
{
	int line = open(LINE, O_RDWR | O_NOCTTY);

	say("A page is written in one machine or read in both; a touch of what is not here is a\n"
	    "fault, and the handler gets the page from the other machine.");
	if (line >= 0)
		on_line(&line);
	else
		in_two_processes();
	try_next("  userprog/bin/demo/dsm_pages.c  the protocol, in user mode\n"
	         "  demo pager                     a program that does its own demand paging\n");
}
