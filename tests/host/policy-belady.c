/* SPDX-License-Identifier: MIT */
/* host-test: vm/policies.c vm/policy/aging.c vm/policy/clock.c vm/policy/fifo.c */
/* host-test: vm/policy/exchange.c vm/policy/random.c vm/policy/s3fifo.c */
/*
 * The references 1 2 3 4 1 2 5 1 2 3 4 5 cost each policy just the faults that the textbooks
 * say, with three frames and with four; so do the yardsticks of the lab, whose engine replays
 * them here.
 */
#define main policylab_main
#include "scripts/policylab.c"
#undef main

#include "tests/host/tap.h"

static struct trace belady_trace(void)
{
	static const uint32_t references[] = {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};
	FILE *file = tmpfile();
	if (!file || fwrite(references, sizeof(references), 1, file) != 1)
		die("no temporary file");
	rewind(file);
	struct trace trace = read_trace(file);
	fclose(file);
	return trace;
}

/* With the reference bit set on arrival and clear, for 3 and for 4 frames. */
static const struct expected {
	const char *name;
	uint32_t set[2], clear[2];
} expected[] = {
	{"opt", {7, 6}, {7, 6}},
	{"lru", {10, 8}, {10, 8}},
	{"fifo", {9, 10}, {9, 10}},
	{"clock", {9, 10}, {10, 8}},
	{"aging", {10, 8}, {10, 8}},
	{"s3fifo", {10, 9}, {10, 9}},
	{"exchange", {9, 9}, {9, 9}},
	{"random", {10, 7}, {10, 7}}, /* by its seed */
};

static void check(struct trace *trace, const char *name, bool arrival, uint32_t frames,
                  uint32_t wanted)
{
	char text[100];
	uint32_t misses = replay(trace, name, frames, arrival, 1);
	snprintf(text, sizeof(text), "%s, %u frames, bit %s on arrival: %u faults (%u)", name,
	         frames, arrival ? "set" : "clear", wanted, misses);
	check_that(misses == wanted, text);
}

int main(void)
{
	struct trace trace = belady_trace();
	const unsigned rows = sizeof(expected) / sizeof(expected[0]);
	unsigned found = 0;

	for (unsigned i = 0; i < rows; i++)
		for (uint32_t frames = 3; frames <= 4; frames++) {
			const struct expected *row = &expected[i];
			check(&trace, row->name, true, frames, row->set[frames - 3]);
			check(&trace, row->name, false, frames, row->clear[frames - 3]);
			/* Again, after another memory size: nothing is left of the first run. */
			check(&trace, row->name, true, 7 - frames, row->set[4 - frames]);
		}
	for (unsigned i = 0; policies[i]; i++)
		for (unsigned row = 0; row < rows; row++)
			found += strcmp(policies[i]->name, expected[row].name) == 0;
	check_that(found == rows - 2, "every policy has its row here");
	for (unsigned i = 0; policies[i]; i++)
		check(&trace, policies[i]->name, true, 5, 5);
	trace_free(&trace);
	return tap_done();
}
