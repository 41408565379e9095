/* SPDX-License-Identifier: MIT */
/*
 * Rows 6 and 7: program, data, bss, heap and stack arrive page by page, when they are touched;
 * and the states a page can be in: not promised, promised but nowhere, in memory, swapped out.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define BIG 256u /* pages: 1 MiB that exists only as a promise */

static char bss[BIG * PAGE] __attribute__((aligned(PAGE)));

static void show(const char *when, struct states s)
{
	say("  %-26s %6u %12u %9u", when, s.present, s.absent, s.swapped);
}

static int run_nothing(void *program)
{
	char *arguments[] = {program, "true", NULL};

	execv(program, arguments);
	return 1;
}

/* Starts a large program that ends at once; tells how much of it was read from the disk. */
static void start_program(const char *program)
{
	struct stat status;

	if (stat(program, &status) != 0)
		give_up("%s: %s", program, strerror(errno));
	unsigned pages = (unsigned)((status.st_size + PAGE - 1) / PAGE);
	cache_drop();
	long before = vmstat("cache_read");
	struct faults faults = faults_now();
	int result = in_child(run_nothing, (void *)program);
	faults = faults_since(faults);
	long read = vmstat("cache_read") - before;
	say("  %s has %u pages; `true` of it caused %ld faults, of which %ld had to wait for the\n"
	    "  disk; %ld pages were read, directories and all.",
	    program, pages, faults.minor + faults.major, faults.major, read);
	claim(result == 0 && read < (long)pages / 2, "less than half of the program was ever read");
}

void demo_demand(void)
{
	say("A program's %u KiB of zeros (bss) cost nothing in the file, and nothing in memory\n"
	    "until they are used.",
	    BIG * PAGE / KIB);
	step("pages of the array            in memory  nowhere yet   swapped");
	struct states states = states_of(bss, BIG);
	show("at the start", states);
	claim(states.present == 0, "none of it is in memory");
	touch_write(bss, 10);
	states = states_of(bss, BIG);
	show("10 pages written", states);
	claim(states.present == 10, "exactly those 10 are");
	for (unsigned i = 0; i < BIG; i += 8)
		bss[i * PAGE] = 1;
	states = states_of(bss, BIG);
	show("every 8th page written", states);
	claim(states.present == BIG / 8 + 8, "%u now", states.present);

	step("the faults that brought them");
	struct faults faults = faults_now();
	for (unsigned i = 1; i < BIG; i += 8)
		bss[i * PAGE] = 1;
	faults = faults_since(faults);
	say("  %u more pages, the ten's second among them: %ld faults, %ld of them major", BIG / 8,
	    faults.minor + faults.major, faults.major);
	claim(faults.minor >= (long)BIG / 8 - 2 && faults.minor <= (long)BIG / 8 + 8,
	      "one fault a page, and no more");

	step("a page that is not promised");
	char *gone = memory_map(PAGE);
	*gone = 1;
	munmap(gone, PAGE);
	struct trap trap = trap_of(read_byte, gone);
	say("  after munmap: signal %d, %s", trap.signal, trap.why);
	claim(trap.signal != 0, "unallocated is another state than allocated and not in memory");

	step("a large program that does nothing");
	start_program(access("/bin/busybox", X_OK) == 0 ? "/bin/busybox" : "/proc/self/exe");
	try_next("  demo faults                            minor and major\n"
	         "  demo swap                              the state `swapped`\n"
	         "  cat /proc/self/smaps                   Rss beside Size, area by area\n");
}
