/* SPDX-License-Identifier: MIT */
/*
 * Row 10: second chance, step by step. The program locks all it has into memory, and limits
 * itself to that and eight frames more. So the kernel's hand goes round eight pages, and what it
 * did to each is seen from outside: a reference bit that is gone, a page that is gone.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "userprog/bin/demo/demo.h"

#define PLACES 8u /* of the ring */
#define LETTERS 16u
/* Pages with room between, so that a read from the swap device brings one page alone. */
#define DISTANCE (2 * PAGE)
#define NOBODY 255u

/* A capital: a page touched for the first time, for which a frame is wanted. Small ones: pages
 * used again, each a fault if it has gone. */
static const char *const steps[] = {"I", "bd", "J", "bd", "K", "bd", "L", "bd", "M", "bd"};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

static bool used_again(const char *pages)
{
	return *pages >= 'a';
}

/* The ring as the textbook has it. A new page takes the victim's place, right behind the hand. */
struct ring {
	unsigned page[PLACES];
	bool used[PLACES]; /* the reference bits, as they must be */
	unsigned hand;
	bool looks; /* false: fifo, which does not look at the bits */
};

static char *memory;

static char *address_of(unsigned page)
{
	return memory + page * DISTANCE;
}

/* Who must go, by the book; the hand ends behind the newcomer. */
static unsigned ring_replace(struct ring *ring, unsigned page)
{
	for (; ring->looks && ring->used[ring->hand]; ring->hand = (ring->hand + 1) % PLACES)
		ring->used[ring->hand] = false;
	unsigned place = ring->hand, victim = ring->page[place];
	ring->page[place] = page;
	ring->used[place] = true;
	ring->hand = (place + 1) % PLACES;
	return victim;
}

/* Touches the page. Returns who must go for it, or NOBODY. */
static unsigned ring_use(struct ring *ring, unsigned page)
{
	memory[page * DISTANCE]++;
	for (unsigned place = 0; place < PLACES; place++)
		if (ring->page[place] == page) {
			ring->used[place] = true;
			return NOBODY;
		}
	return ring_replace(ring, page);
}

/* The bits as they are, in the ring's order. True if every page and bit is as the book says. */
static bool show(const struct ring *ring, const char *what, const char *gone)
{
	char text[PLACES * 5 + 1] = "";
	bool same = true;

	for (unsigned place = 0; place < PLACES; place++) {
		struct walk walk = walk_of(0, address_of(ring->page[place]));
		bool bit = walk.present && walk.accessed;
		char *word = text + strlen(text);
		word[0] = ' ';
		word[1] = place == ring->hand ? '>' : ' ';
		word[2] = (char)('A' + ring->page[place]);
		word[3] = !walk.present ? '-' : bit ? '1' : '0';
		word[4] = '\0';
		same &= walk.present && bit == ring->used[place];
	}
	say("  %-16s %s%s", what, text, gone);
	return same;
}

/* Touches the pages of one step in turn, and names in `gone` who had to go. True if they did. */
static bool take_step(struct ring *ring, const char *pages, char *gone)
{
	bool all_gone = true;

	for (; *pages; pages++) {
		char first = used_again(pages) ? 'a' : 'A';
		unsigned victim = ring_use(ring, (unsigned)(*pages - first));
		if (victim == NOBODY)
			continue;
		all_gone &= !walk_of(0, address_of(victim)).present;
		sprintf(gone + strlen(gone), "%s%c", *gone ? ", " : "   gone: ", 'A' + (int)victim);
	}
	return all_gone;
}

struct round {
	const char *policy;
	bool looks;
	long faults; /* the result, in shared memory: of b and d, which are used all the time */
};

/* Eight pages, then the steps. */
static int go_round(void *argument)
{
	struct round *round = argument;
	struct ring ring = {.page = {0, 1, 2, 3, 4, 5, 6, 7}, .looks = round->looks};
	bool same;

	policy_set(round->policy);
	say("  %-15s   the ring: page, reference bit; > the hand", round->policy);
	memory = memory_map(LETTERS * DISTANCE);
	show(&ring, "promised", ""); /* what showing takes is in memory now, and then locked */
	munmap(memory, LETTERS * DISTANCE);
	resident_pages();
	if (mlockall(MCL_CURRENT) != 0)
		give_up("mlockall: %s", strerror(errno));
	memory = memory_map(LETTERS * DISTANCE);
	limit_resident(resident_pages() + PLACES);
	for (unsigned page = 0; page < PLACES; page++) {
		ring.used[page] = true;
		memory[page * DISTANCE]++;
	}
	same = show(&ring, "A to H written", "");
	measuring(true);
	for (unsigned i = 0; i < STEPS; i++) {
		char gone[32] = "", what[32];
		struct faults before = faults_now();
		same &= take_step(&ring, steps[i], gone);
		struct faults faults = faults_since(before);
		if (used_again(steps[i]))
			round->faults += faults.minor + faults.major;
		snprintf(what, sizeof(what), used_again(steps[i]) ? "b, d again" : "%s is new",
		         steps[i]);
		same &= show(&ring, what, gone);
	}
	measuring(false);
	claim(same, "pages and bits are those of the textbook's %s", round->policy);
	return 0;
}

void demo_clock(void)
{
	struct policies policies = policies_read();
	struct round *rounds =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (rounds == MAP_FAILED)
		give_up("no room");
	rounds[0] = (struct round){.policy = "clock", .looks = true};
	rounds[1] = (struct round){.policy = "fifo"};
	say("Eight frames, and pages A to M. The processor sets a page's reference bit (A in\n"
	    "its entry) when it is used; nobody but the hand clears it. When a frame is wanted\n"
	    "the hand goes on: a page with 1 gets 0 and a second chance, the first with 0 goes.");
	step("clock: b and d are used between any two new pages");
	in_child(go_round, &rounds[0]);
	step("fifo: the same, but the hand does not look");
	in_child(go_round, &rounds[1]);
	policy_set(policies.names[policies.current]);
	claim(rounds[0].faults == 0 && rounds[1].faults > 0,
	      "who is used all the time stays: %ld faults on b and d under clock, %ld under fifo",
	      rounds[0].faults, rounds[1].faults);
	try_next("  make trace CMD='demo clock'   then open the page: the hand moves\n"
	         "  demo policies                 a larger load, under every policy\n"
	         "  demo belady                   clock has the anomaly of fifo, too\n"
	         "  vm/policy/clock.c             40 lines; write your own beside it\n");
}
