/* SPDX-License-Identifier: MIT */
/* guest: mem=12 swap=16 */
/*
 * One page of each kind, and what /proc says of them. tests/host/gdb.py runs this program
 * with a debugger attached, which must say the same.
 */
#include "tests/test.h"

#define PAGES_OWN 4u

volatile int watched;          /* changes once, after look_here() */
char *own, *shared, *private_, *zeros;
static int fds[2];

/* Where the debugger stops: all is set up, and parent and child sleep or run here. */
__attribute__((noinline)) void look_here(void)
{
	__asm__ volatile("" : : : "memory");
}

__attribute__((noinline)) static void child_waits(int depth)
{
	char byte;

	if (depth > 0)
		child_waits(depth - 1);
	else
		CHECK(read(fds[0], &byte, 1) == 1, "the child is told to go on");
	watched = depth;
}

static void print_file(const char *path)
{
	static char line[256];
	FILE *file = fopen(path, "r");

	CHECK(file, "%s can be read", path);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		say("maps: %s", line);
	}
	fclose(file);
}

static void print_page(const char *name, const void *address)
{
	uint64_t entry = pagemap_entry(address);

	say("page: %s %lx %s %llx", name, (unsigned long)(uintptr_t)address,
	    entry & PAGEMAP_PRESENT ? "present" : entry & PAGEMAP_SWAPPED ? "swapped" : "none",
	    (unsigned long long)(entry & PAGEMAP_FRAME));
}

/* Makes others leave memory, until the page is on the swap device. */
static void swap_out(const char *page)
{
	size_t size = 24 * MIB;
	char *crowd = memory_map(size, PROT_READ | PROT_WRITE);

	for (size_t i = 0; i < size && !(pagemap_entry(page) & PAGEMAP_SWAPPED); i += PAGE)
		crowd[i] = 1;
	munmap(crowd, size);
}

int main(void)
{
	char *swapped = memory_map(PAGE, PROT_READ | PROT_WRITE);
	int file = file_make("looked-at.tmp", 3, 1);
	pid_t child;

	swapped[0] = 1;
	if (machine_is_ours())
		swap_out(swapped);

	own = memory_map(PAGES_OWN * PAGE, PROT_READ | PROT_WRITE);
	zeros = memory_map(PAGE, PROT_READ | PROT_WRITE);
	shared = file_map(file, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	private_ = file_map(file, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	for (uint32_t i = 0; i < PAGES_OWN; i++)
		page_fill(own + i * PAGE, i);
	shared[0]++;
	read_byte(private_ + PAGE);
	read_byte(zeros);
	CHECK(pipe(fds) == 0, "a pipe");

	child = fork_checked();
	if (!child) {
		child_waits(3);
		_exit(0);
	}
	own[PAGE] = 1; /* no longer shared with the child */
	usleep(20000); /* the child goes to sleep in read(2) */

	say("process: %d child %d", getpid(), child);
	print_file("/proc/self/maps");
	print_page("shared-with-child", own);
	print_page("copied", own + PAGE);
	print_page("zeros", zeros);
	print_page("file-shared", shared);
	print_page("file-private", private_ + PAGE);
	print_page("swapped", swapped);
	look_here();
	watched = 42;
	own[2 * PAGE] = 1;
	CHECK(write(fds[1], "x", 1) == 1, "the child can be told");
	wait_success(child);
	unlink("looked-at.tmp");
	return 0;
}
