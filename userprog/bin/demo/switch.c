/* SPDX-License-Identifier: MIT */
/*
 * Row 27: changing to another process loads its page directory into CR3, and the processor
 * forgets every translation but the global ones: those of the kernel, which are the same for
 * everyone. A system call changes nothing: the kernel is mapped in every process.
 */
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define ROUNDS 500u

static int to_child[2], to_parent[2];

static int echo(void *unused)
{
	char byte;

	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++)
		if (read(to_child[0], &byte, 1) != 1 || write(to_parent[1], &byte, 1) != 1)
			return 1;
	return 0;
}

static void show(const char *what, long loads, uint64_t ns)
{
	say("  %-34s %6ld loads of CR3, %5u ns each time", what, loads, (unsigned)(ns / ROUNDS));
}

void demo_switch(void)
{
	char byte = 'x';

	say("The same number of times, %u: a system call; and a byte to another process and back.",
	    ROUNDS);
	step("loads of CR3, counted by the kernel (directory_loads in /proc/vmstat)");
	long loads = vmstat("directory_loads");
	uint64_t start = nanoseconds();
	for (unsigned i = 0; i < ROUNDS; i++)
		getppid();
	uint64_t call_ns = nanoseconds() - start;
	long calls = vmstat("directory_loads") - loads;
	show("getppid", calls, call_ns);

	if (pipe(to_child) || pipe(to_parent))
		give_up("no pipe");
	pid_t child = child_start(echo, NULL);
	loads = vmstat("directory_loads");
	start = nanoseconds();
	bool alive = true;
	for (unsigned i = 0; i < ROUNDS && alive; i++)
		alive = write(to_child[1], &byte, 1) == 1 && read(to_parent[0], &byte, 1) == 1;
	uint64_t switch_ns = nanoseconds() - start;
	long switches = vmstat("directory_loads") - loads;
	show("to another process and back", switches, switch_ns);
	claim(child_wait(child) == 0 && alive, "the byte came back %u times", ROUNDS);
	claim(switches >= 2 * (long)ROUNDS - 20, "each round took two switches, each a load: %ld",
	      switches);
	claim(calls < (long)ROUNDS / 10,
	      "system calls took none (%ld is the timer's and others' doing)", calls);

	step("what survives");
	say("  The kernel's half is mapped by global entries (G, with CR4.PGE set): a load of CR3\n"
	    "  leaves them in the TLB. `pagoda walk 0xc0100000` in gdb shows the flag; an invlpg,\n"
	    "  and nothing else that Pagoda does, forgets such an entry.");
	try_next("  grep -E 'directory_loads|tlb_' /proc/vmstat\n"
	         "  kernel/cpu/cpu.c, kernel/mem/kmap.c     the load, and the global entries\n"
	         "  demo tlb                                what forgetting costs\n");
}
