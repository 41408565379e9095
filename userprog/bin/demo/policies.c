/* SPDX-License-Identifier: MIT */
/*
 * Row 10: page replacement. The same load under every policy there is: some pages that are
 * used all the time, and many that are used once in a while. A good policy keeps the first.
 */
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define HOT 24u   /* pages used between any two others */
#define COLD 160u /* pages used in turn */
#define ROUNDS 3u
#define FRAMES 64u /* for both, and for what the program needs besides */

struct load {
	struct faults hot, cold;
	unsigned hot_resident, resident;
};

/* Every cold page is followed by a few of the hot ones: each comes round every 6 steps. */
static int run_load(void *shared)
{
	struct load *load = shared;
	char *hot = memory_map(HOT * PAGE), *cold = memory_map(COLD * PAGE);

	touch_write(hot, HOT);
	touch_write(cold, COLD);
	limit_resident(FRAMES);
	measuring(true);
	for (unsigned step = 0; step < ROUNDS * COLD; step++) {
		struct faults before = faults_now();
		cold[step % COLD * PAGE] ^= 1;
		struct faults between = faults_now();
		for (unsigned i = 0; i < 4; i++)
			hot[(step * 4 + i) % HOT * PAGE] ^= 1;
		struct faults after = faults_now();
		load->cold.minor += between.minor - before.minor;
		load->cold.major += between.major - before.major;
		load->hot.minor += after.minor - between.minor;
		load->hot.major += after.major - between.major;
	}
	measuring(false);
	load->resident = resident_pages();
	load->hot_resident = states_of(hot, HOT).present;
	return 0;
}

static long faults_of(const struct load *load)
{
	return load->hot.minor + load->hot.major + load->cold.minor + load->cold.major;
}

void demo_policies(void)
{
	struct policies policies = policies_read();
	struct load *loads = mmap(NULL, sizeof(struct load) * POLICIES_MAX, PROT_READ | PROT_WRITE,
	                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long fifo = -1, clock = -1, best = LONG_MAX;
	unsigned most = 0;

	if (loads == MAP_FAILED)
		give_up("no room");
	say("%u hot pages are used all the time, %u cold ones in turn, %u rounds. The process may\n"
	    "have %u pages in memory, so each step asks the policy: who goes?",
	    HOT, COLD, ROUNDS, FRAMES);
	step("faults of the same load, under each policy");
	say("  %-10s %9s %9s %9s   %s", "policy", "of hot", "of cold", "together", "hot in memory");
	for (unsigned i = 0; i < policies.count; i++) {
		struct load *load = &loads[i];
		policy_set(policies.names[i]);
		in_child(run_load, load);
		say("  %-10s %9ld %9ld %9ld   %u of %u", policies.names[i],
		    load->hot.minor + load->hot.major, load->cold.minor + load->cold.major,
		    faults_of(load), load->hot_resident, HOT);
		if (strcmp(policies.names[i], "fifo") == 0)
			fifo = faults_of(load);
		if (strcmp(policies.names[i], "clock") == 0)
			clock = faults_of(load);
		best = MIN(best, faults_of(load));
		most = MAX(most, load->resident);
	}
	claim(clock > 0 && fifo > clock + clock / 10,
	      "clock sees which pages are used; fifo does not look: %ld faults against %ld", clock,
	      fifo);
	claim(faults_of(&loads[0]) * 10 <= best * 11,
	      "%s, the default, is as good as the best of them, or nearly: %ld and %ld",
	      policies.names[0], faults_of(&loads[0]), best);
	claim(most <= FRAMES, "under each the process has given up a page for a page: %u in memory",
	      most);
	policy_set(policies.names[policies.current]);
	try_next("  cat /proc/sys/vm/policy; echo aging >/proc/sys/vm/policy\n"
	         "  make qemu CMDLINE=vm.policy=fifo        choose at boot\n"
	         "  demo clock                              how it sees which pages are used\n"
	         "  demo belady                             when more frames are worse\n"
	         "  vm/policy/clock.c                       40 lines; write your own beside it\n");
}
