/* SPDX-License-Identifier: MIT */
/*
 * Row 19: shared memory. One frame in two page tables: across a fork, and between two programs
 * that only know a name, maybe at two addresses.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define NAME "/demo-shared"

/* What lies in the shared page. */
struct mailbox {
	volatile int number;
	volatile uintptr_t address; /* where the other has it */
	volatile unsigned frame;    /* and in which frame it says it is */
};

static struct mailbox *map_mailbox(int fd)
{
	struct mailbox *box = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	                           fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

	if (box == MAP_FAILED)
		give_up("no shared memory");
	return box;
}

static int child(void *argument)
{
	struct mailbox *box = argument;

	box->number *= 2;
	box->frame = frame_of(0, box);
	return 0;
}

/* The other program. It has another mapping in the way, so that it gets another address. */
void part_shared(const char *name)
{
	memory_map(64 * KIB);
	int fd = shm_open(name, O_RDWR, 0);
	struct mailbox *box = map_mailbox(fd);

	say("  %5d: at %p, it reads %d, and writes %d", getpid(), (void *)box, box->number,
	    box->number + 1);
	box->number++;
	box->address = (uintptr_t)box;
	box->frame = frame_of(0, box);
}

void demo_shared(void)
{
	say("Memory that two processes share is one frame, entered in two page tables.");
	step("across a fork");
	struct mailbox *box = map_mailbox(-1);
	box->number = 21;
	in_child(child, box);
	say("  %d: wrote 21, finds %d; frame %#x here, %#x in the child", getpid(), box->number,
	    frame_of(0, box), box->frame);
	claim(box->number == 42, "the child's write is seen here");
	claim(box->frame == frame_of(0, box), "one frame");

	step("between two programs that know a name: /dev/shm%s", NAME);
	int fd = shm_open(NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || ftruncate(fd, PAGE) != 0)
		give_up("/dev/shm cannot be used");
	struct mailbox *other = map_mailbox(fd);
	other->number = 7;
	say("  %5d: at %p, it writes 7", getpid(), (void *)other);
	child_wait(part_start("shared", NAME));
	say("  %5d: at %p, it reads %d", getpid(), (void *)other, other->number);
	claim(other->number == 8, "the other program's write is seen here");
	claim(other->frame == frame_of(0, other), "one frame, %#x", other->frame);
	claim(other->address != (uintptr_t)other, "at two addresses, %#lx and %#lx",
	      (unsigned long)other->address, (unsigned long)(uintptr_t)other);

	step("and twice in one process");
	struct mailbox *again = map_mailbox(fd);
	again->number = 9;
	claim(other->number == 9 && frame_of(0, again) == frame_of(0, other),
	      "written at %p, read at %p: %d", (void *)again, (void *)other, other->number);
	shm_unlink(NAME);
	close(fd);
	try_next("  demo text           what programs share without asking\n"
	         "  demo mmap           the same with a file on the disk\n"
	         "  ls -l /dev/shm      names of shared memory\n");
}
