/* SPDX-License-Identifier: MIT */
/*
 * Rows 17 and 18: fork copies no page. Parent and child share every frame, read-only, until
 * one of them writes; the last one left just gets the right to write back. So a fork that is
 * followed by exec copies next to nothing.
 */
#include <fcntl.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define PAGES 256u
#define WRITTEN 16u

static char *memory;
static int to_parent[2], to_child[2];

static int child(void *unused)
{
	char go;

	(void)unused;
	touch_read(memory, PAGES); /* sees the parent's content */
	if (write(to_parent[1], "r", 1) != 1 || read(to_child[0], &go, 1) != 1)
		return 1;
	touch_write(memory, WRITTEN);
	touch_read(memory, PAGES); /* by a page table of its own, now */
	if (write(to_parent[1], "w", 1) != 1 || read(to_child[0], &go, 1) != 1)
		return 1;
	return 0;
}

static void await_child(void)
{
	char word;

	if (read(to_parent[0], &word, 1) != 1)
		give_up("the child is gone");
}

static void release_child(void)
{
	if (write(to_child[1], "g", 1) != 1)
		give_up("the child is gone");
}

static int run_program(void *unused)
{
	(void)unused;
	dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
	execl("/proc/self/exe", "demo", "--names", NULL);
	return 1;
}

void demo_cow(void)
{
	memory = memory_map(PAGES * PAGE);
	touch_write(memory, PAGES);
	if (pipe(to_parent) || pipe(to_child))
		give_up("no pipe");
	say("A process has written %u pages, and forks.", PAGES);

	step("after the fork, when the child has read all of them");
	long copied = vmstat("fault_cow_copied");
	unsigned frame = frame_of(0, memory);
	pid_t pid = child_start(child, NULL);
	await_child();
	touch_read(memory, PAGES);
	unsigned differ = frames_that_differ(0, pid, memory, PAGES);
	say("  page 0 is in frame %#x of the parent, %#x of the child", frame_of(0, memory),
	    frame_of(pid, memory));
	claim(differ == 0, "all %u pages are in the same frames", PAGES);

	step("the child writes to %u of them", WRITTEN);
	release_child();
	await_child();
	differ = frames_that_differ(0, pid, memory, PAGES);
	claim(differ == WRITTEN, "%u pages have two frames now, the other %u still one", differ,
	      PAGES - differ);
	claim(frame_of(0, memory) == frame, "the writer got the copy; the parent kept frame %#x",
	      frame);
	say("  pages copied since the fork, by either: %ld (the stack's and data's among them)",
	    vmstat("fault_cow_copied") - copied);

	step("the child ends; the parent writes to all %u", PAGES);
	release_child();
	child_wait(pid);
	copied = vmstat("fault_cow_copied");
	long reused = vmstat("fault_cow_reused");
	touch_write(memory, PAGES);
	reused = vmstat("fault_cow_reused") - reused;
	copied = vmstat("fault_cow_copied") - copied;
	say("  %ld pages copied, %ld times the last owner was given the right to write", copied,
	    reused);
	claim(copied < 8 && reused >= (long)(PAGES - WRITTEN) && frame_of(0, memory) == frame,
	      "the last owner copies nothing");

	step("fork, then exec another program");
	long allocated = vmstat("pgalloc");
	copied = vmstat("fault_cow_copied");
	int result = in_child(run_program, NULL);
	copied = vmstat("fault_cow_copied") - copied;
	allocated = vmstat("pgalloc") - allocated;
	say("  %ld pages copied of %u; %ld frames taken for tables and the new program", copied,
	    resident_pages(), allocated);
	claim(result == 0 && copied < 32,
	      "next to nothing is copied for a child that leaves at once");
	try_next("  grep -E 'cow|fork' /proc/vmstat    before and after any command\n"
	         "  demo walk                          what fork does to one entry\n"
	         "  vm/fault.c, anon_copy              the copy itself\n");
}
