/* SPDX-License-Identifier: MIT */
/*
 * Rows 11 and 12: Belady's anomaly in the real kernel, and the optimum to compare with. The
 * program locks all it has into memory, and limits itself to that and three frames more, or
 * four; so the replacement policy has exactly the pages of the experiment to choose from.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

static const unsigned references[] = {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};

#define REFERENCES (sizeof(references) / sizeof(references[0]))
#define LARGEST 5u
/* Pages with room between, so that no read from the swap device looks like one of many in
 * order, which the kernel would extend. */
#define DISTANCE (2 * PAGE)

/* Aging measures in its ticks how long ago a page was used: a tick every 100 ms looks at 256
 * pages, so it knows more only when it has been round all of them. */
#define TICK_US 100000u
#define PAGES_A_TICK 256u

static unsigned aging_round(void)
{
	long pages = vmstat("nr_anon_pages") + vmstat("nr_file_pages");

	return ((unsigned)pages / PAGES_A_TICK + 2) * TICK_US;
}

struct experiment {
	const char *policy;
	unsigned frames;
	unsigned faults; /* results, in shared memory */
	char faulted[REFERENCES];
};

static int run(void *argument)
{
	struct experiment *experiment = argument;
	unsigned pause = 0;

	policy_set(experiment->policy);
	if (strcmp(experiment->policy, "aging") == 0)
		pause = aging_round();
	resident_pages(); /* so that the heap has what asking takes, and it is locked, too */
	if (mlockall(MCL_CURRENT) != 0)
		give_up("mlockall: %s", strerror(errno));
	char *memory = memory_map(LARGEST * DISTANCE);
	limit_resident(resident_pages() + experiment->frames);
	for (unsigned i = 0; i < REFERENCES; i++) {
		struct faults before = faults_now();
		memory[(references[i] - 1) * DISTANCE]++;
		struct faults faults = faults_since(before);
		experiment->faulted[i] = faults.minor + faults.major > 0;
		experiment->faults += experiment->faulted[i];
		usleep(pause);
	}
	return 0;
}

/* When the page is used next, after reference i. */
static unsigned next_use(unsigned page, unsigned i)
{
	while (++i < REFERENCES && references[i] != page)
		;
	return i;
}

/* The optimum: whoever is used again last goes. Only one who knows the future can do it. */
static unsigned optimal(unsigned frames)
{
	unsigned held[4] = {0}, faults = 0;

	for (unsigned i = 0; i < REFERENCES; i++) {
		unsigned victim = 0;
		bool hit = false;
		for (unsigned f = 0; f < frames; f++) {
			hit |= held[f] == references[i];
			if (next_use(held[f], i) > next_use(held[victim], i))
				victim = f;
		}
		for (unsigned f = 0; f < frames && !hit; f++)
			if (!held[f] && held[victim])
				victim = f;
		if (hit)
			continue;
		held[victim] = references[i];
		faults++;
	}
	return faults;
}

static unsigned measure(struct experiment *experiment, const char *policy, unsigned frames)
{
	char row[3 * REFERENCES + 1] = "";

	*experiment = (struct experiment){.policy = policy, .frames = frames};
	in_child(run, experiment);
	for (unsigned i = 0; i < REFERENCES; i++)
		strcat(row, experiment->faulted[i] ? " F " : " . ");
	say("  %-8s %u frames %s %2u faults", policy, frames, row, experiment->faults);
	return experiment->faults;
}

void demo_belady(void)
{
	struct policies policies = policies_read();
	struct experiment *shared =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		give_up("no room");
	cache_drop(); /* fewer pages, shorter rounds */
	say("Five pages, written in the order 1 2 3 4 1 2 5 1 2 3 4 5, with three frames and with\n"
	    "four. F: a page fault. One would expect that more memory never hurts.\n"
	    "(Aging takes some seconds, since it needs time between two references.)");
	step("                   1  2  3  4  1  2  5  1  2  3  4  5");
	unsigned fifo3 = measure(shared, "fifo", 3), fifo4 = measure(shared, "fifo", 4);
	unsigned clock3 = measure(shared, "clock", 3), clock4 = measure(shared, "clock", 4);
	unsigned aging3 = measure(shared, "aging", 3), aging4 = measure(shared, "aging", 4);
	policy_set(policies.names[policies.current]);
	say("  optimal  3 frames  %37u faults   (computed: nobody can know the future)\n"
	    "  optimal  4 frames  %37u faults",
	    optimal(3), optimal(4));
	claim(fifo3 == 9 && fifo4 == 10, "first in, first out: %u faults with 3 frames, %u with 4",
	      fifo3, fifo4);
	claim(clock3 == 9 && clock4 == 10,
	      "clock, too (%u, %u): a page arrives with its A bit set, "
	      "since the access is retried",
	      clock3, clock4);
	claim(aging3 == 10 && aging4 == 8,
	      "aging, near to least recently used, has no anomaly: %u, %u", aging3, aging4);
	claim(optimal(3) == 7 && optimal(4) == 6, "the optimum: %u and %u", optimal(3), optimal(4));
	try_next(
		"  demo policies            a larger load\n"
		"  make policy-lab          the same policy files on the host, beside OPT\n");
}
