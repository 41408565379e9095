/* SPDX-License-Identifier: MIT */
/*
 * Memory counts for whoever keeps it from others, whatever it is: when a third process wants the
 * rest, one goes whose own pages are few but that has filled pipes, sockets, files in memory,
 * shared memory or tables of the kernel, and not a bystander with more pages of its own.
 *
 * Pagoda only: on a person's Linux it would hurt others.
 *
 * guest: mem=24 swap=0 pagoda-only timeout=120
 */
#include "tests/oom.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define LARGE (5 * MIB)
#define SMALL (3 * MIB)

static char block[16 * PAGE];

static uint32_t own_score(void)
{
	char text[16] = "";
	int fd = open("/proc/self/oom_score", O_RDONLY);

	CHECK(fd >= 0 && read(fd, text, sizeof text - 1) > 0, "oom_score");
	close(fd);
	return strtoul(text, NULL, 10);
}

static void write_to(int fd)
{
	for (uint32_t done = 0; done < LARGE; done += sizeof block)
		CHECK(write(fd, block, sizeof block) == sizeof block, "written");
}

/* --- ways to hold LARGE ------------------------------------------------------------------- */

static void hold_pages(void)
{
	oom_take(LARGE);
}

static void hold_in_pipes(void)
{
	for (uint32_t done = 0; done < LARGE; done += sizeof block) {
		int ends[2];

		CHECK(pipe(ends) == 0, "a pipe");
		CHECK(write(ends[1], block, sizeof block) == sizeof block, "a full pipe");
	}
}

static void hold_in_fifo(void)
{
	char name[16];

	for (uint32_t done = 0; done < LARGE; done += MIB) {
		snprintf(name, sizeof name, "fifo%u", done / MIB);
		CHECK(mkfifo(name, 0600) == 0, "a fifo");
		int fd = open(name, O_RDWR);
		CHECK(fd >= 0 && fcntl(fd, F_SETPIPE_SZ, MIB) == MIB, "a large one");
		unlink(name);
		for (uint32_t i = 0; i < MIB; i += sizeof block)
			CHECK(write(fd, block, sizeof block) == sizeof block, "filled");
	}
}

static void hold_nameless_file(void)
{
	write_to(memfd_create("held", 0));
}

static void hold_removed_file(void)
{
	int fd = open("/tmp/removed", O_WRONLY | O_CREAT, 0600);
	int reader = open("/tmp/removed", O_RDONLY);

	write_to(fd);
	close(fd);
	CHECK(reader >= 0 && unlink("/tmp/removed") == 0, "it has no name any more");
}

static void hold_shared_memory(void)
{
	oom_touch(mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), LARGE);
}

/* Of which it never touches a page through the mapping. */
static void hold_mapped_file(void)
{
	int fd = memfd_create("mapped", 0);

	write_to(fd);
	CHECK(mmap(NULL, LARGE, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED, "mapped");
	close(fd);
}

/* Of which it maps a page. */
static void hold_partly_mapped_file(void)
{
	int fd = memfd_create("partly", 0);

	write_to(fd);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED, "mapped");
}

static void hold_in_areas(void)
{
	char *memory = mmap(NULL, 50000 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (uint32_t i = 0; i < 25000; i++)
		CHECK(mprotect(memory + 2 * i * PAGE, PAGE, PROT_READ) == 0, "an area");
}

/* Messages have their own limit, a part of memory for all of a user's: that is too little to be
 * the largest here, so only the score is looked at. */
static void score_of_sockets(void)
{
	uint32_t before = own_score();
	int ends[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0, "sockets");
	for (uint32_t i = 0; i < 100; i++)
		if (write(ends[0], block, sizeof block) < 0) {
			close(ends[0]);
			CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0,
			      "more sockets");
			if (write(ends[0], block, sizeof block) < 0)
				break;
		}
	CHECK(own_score() > before + 20, "%u before, %u with full sockets", before, own_score());
}

/* Who ends gives nothing of a named file back, but writes no more of it: who may write has its
 * pages in the score, a reader has not. */
static void score_of_named(void)
{
	uint32_t before = own_score(), open_score;
	int fd = open("/tmp/named", O_WRONLY | O_CREAT, 0600);

	write_to(fd);
	open_score = own_score();
	CHECK(open_score > before + 100, "%u before, %u as it is written", before, open_score);
	close(fd);
	fd = open("/tmp/named", O_RDONLY);
	CHECK(fd >= 0 && own_score() <= before + 1, "%u before, %u as it is read", before,
	      own_score());
	unlink("/tmp/named");
	CHECK(own_score() > before + 100, "nobody else can reach it now");
}

/* The same open file under many numbers, and both ends of a pipe, are one each. */
static void score_of_copies(void)
{
	int fd = memfd_create("copied", 0);
	uint32_t before;

	for (uint32_t i = 0; i < 8; i++)
		CHECK(write(fd, block, sizeof block) == sizeof block, "half a MiB");
	before = own_score();
	for (uint32_t i = 0; i < 20; i++)
		CHECK(dup(fd) >= 0, "a copy");
	CHECK(own_score() <= before + 1, "%u once, %u with copies", before, own_score());
}

/* --- who goes --------------------------------------------------------------------------- */

static void hold_small(void)
{
	oom_take(SMALL);
}

/* As one that may be killed. */
static void hold(const void *how)
{
	void (*const *take)(void) = how;

	oom_adjust("0");
	(*take)();
}

static void run_out(const char *how, void (*take)(void))
{
	void (*const small)(void) = hold_small;
	pid_t hog = oom_holder(hold, &take), bystander = oom_holder(hold, &small);
	int status;

	oom_ask();
	CHECK(waitpid(-1, &status, 0) == hog, "%s: who holds them goes", how);
	CHECK(waitpid(bystander, &status, WNOHANG) == 0, "%s: the bystander lives", how);
	kill(bystander, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void look(void *how)
{
	oom_adjust("0");
	((void (*)(void))how)();
}

int main(void)
{
	oom_adjust("-1000");
	run_out("pages", hold_pages);
	run_out("pipes", hold_in_pipes);
	run_out("fifos", hold_in_fifo);
	run_out("a nameless file", hold_nameless_file);
	run_out("a removed file", hold_removed_file);
	run_out("shared memory", hold_shared_memory);
	run_out("a mapped file", hold_mapped_file);
	run_out("a file of which a page is mapped", hold_partly_mapped_file);
	run_out("areas", hold_in_areas);
	in_child(look, score_of_sockets);
	in_child(look, score_of_named);
	in_child(look, score_of_copies);
	say("memory counts for whoever holds it");
	return 0;
}
