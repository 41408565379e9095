/* SPDX-License-Identifier: MIT */
/*
 * Row 1: every process has an address space of its own. Two processes hold different values at
 * the same address, and neither reaches the other's memory or the kernel's.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define KERNEL ((void *)0xc0100000)

static volatile int value = 1;
static int to_parent[2], to_child[2];

/* What the two tell each other. */
struct report {
	int value;
	unsigned frame;
	char *own_page; /* memory that only the child has */
};

static int child(void *unused)
{
	char wait;

	(void)unused;
	value = 2;
	struct report report = {.own_page = memory_map(PAGE)};
	*report.own_page = 's';
	report.value = value;
	report.frame = frame_of(0, (void *)&value);
	say("  child  %d: value at %p is %d, in frame %#x", getpid(), (void *)&value, value,
	    report.frame);
	if (write(to_parent[1], &report, sizeof(report)) != sizeof(report))
		return 1;
	return read(to_child[0], &wait, 1) == 1 ? 0 : 1; /* lives until the parent has looked */
}

void demo_isolation(void)
{
	struct report report;
	struct trap trap;

	say("A variable has the value 1. The program forks; the child sets the variable to 2.\n"
	    "Both look at the same address: the processor takes each through its own tables.");
	step("two processes, one address");
	if (pipe(to_parent) || pipe(to_child))
		give_up("no pipe");
	pid_t pid = child_start(child, NULL);
	if (read(to_parent[0], &report, sizeof(report)) != sizeof(report))
		give_up("the child says nothing");
	say("  parent %d: value at %p is %d, in frame %#x", getpid(), (void *)&value, value,
	    frame_of(0, (void *)&value));
	claim(value == 1 && report.value == 2, "one address, two values: %d and %d", value,
	      report.value);
	claim(frame_of(0, (void *)&value) != report.frame, "in two frames");

	step("the parent reads %p, where only the child has memory", (void *)report.own_page);
	trap = trap_of(read_byte, report.own_page);
	say("  signal %d, %s", trap.signal, trap.why);
	claim(trap.signal != 0, "the child's memory cannot even be named here");

	step("both halves of the address space: the program reads the kernel's at %p", KERNEL);
	trap = trap_of(read_byte, KERNEL);
	say("  signal %d at %#lx", trap.signal, (unsigned long)trap.address);
	claim(trap.signal != 0, "the kernel is mapped there, but its entries lack U: no entry");
	if (write(to_child[1], "x", 1) != 1)
		give_up("the child is gone");
	child_wait(pid);
	try_next("  demo walk              how one address becomes two places\n"
	         "  demo cow               why the frames were one before the child wrote\n"
	         "  cat /proc/self/maps    all that a process can name\n");
}
