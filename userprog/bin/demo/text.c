/* SPDX-License-Identifier: MIT */
/*
 * Row 22: a program that runs twice has its code in memory once. Nobody arranged it: both have
 * mapped the same file, and a file has one frame for each page.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

extern char __executable_start[], etext[];

#define PAGES_MAX 1000u

/* Which frame each page is in; of two programs, in shared memory. */
struct frames {
	unsigned code[PAGES_MAX];
	unsigned data; /* of a variable that both wrote */
};

static volatile int variable = 1;

static unsigned code_pages(void)
{
	unsigned pages = (unsigned)(etext - __executable_start + PAGE - 1) / PAGE;

	return pages < PAGES_MAX ? pages : PAGES_MAX;
}

static void note_frames(struct frames *frames)
{
	variable = getpid();
	for (unsigned i = 0; i < code_pages(); i++)
		frames->code[i] = frame_of(0, __executable_start + i * PAGE);
	frames->data = frame_of(0, (void *)&variable);
}

static struct frames *frames_map(int fd)
{
	struct frames *frames =
		mmap(NULL, sizeof(*frames), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (frames == MAP_FAILED)
		give_up("no shared memory");
	return frames;
}

/* The second run of the program. */
void part_text(const char *fd)
{
	int number = 0;

	sscanf(fd, "%d", &number);
	note_frames(frames_map(number));
}

void demo_text(void)
{
	static struct frames own;
	int fd = memfd_create("frames", 0);
	char fd_text[12];
	unsigned here = 0, there = 0, both = 0, differ = 0;

	if (fd < 0 || ftruncate(fd, sizeof(struct frames)) != 0)
		give_up("no shared memory");
	struct frames *other = frames_map(fd);
	say("This program is started a second time. Both list the frames of their code, %u pages.",
	    code_pages());
	snprintf(fd_text, sizeof(fd_text), "%d", fd);
	child_wait(part_start("text", fd_text));
	note_frames(&own);
	step("frames of the code");
	for (unsigned i = 0; i < code_pages(); i++) {
		here += own.code[i] != 0;
		there += other->code[i] != 0;
		both += own.code[i] && own.code[i] == other->code[i];
		differ += own.code[i] && other->code[i] && own.code[i] != other->code[i];
	}
	say("  in memory here: %u pages; in the second run: %u; the same frame in both: %u", here,
	    there, both);
	claim(both > 0 && differ == 0, "no page of code is in memory twice");
	say("  Two runs with %u and %u pages took %u frames, not %u.", here, there,
	    here + there - both, here + there);

	step("frames of a variable that both wrote");
	claim(own.data && other->data && own.data != other->data,
	      "data is private: frame %#x here, %#x there", own.data, other->data);
	close(fd);
	try_next("  grep -A 5 demo /proc/self/smaps    Shared_Clean is what others map, too\n"
	         "  demo cow                           sharing that ends at the first write\n"
	         "  demo tables                        from a frame to those who map it\n");
}
