/* SPDX-License-Identifier: MIT */
/*
 * guest: mem=12 swap=64
 *
 * A segment of shmget(2) is shared by processes that attach it anywhere, in parts, and while memory
 * is short: its pages go to swap and come back. Removed and given up by all, it is gone, with its
 * pages and slots. What is told of its pages, in memory and in swap, is all of them at any time.
 */
#include "tests/test.h"

#include <linux/ipc.h>
#include <asm/shmbuf.h>
#include <linux/shm.h>
#include <sys/syscall.h>

#define SIZE (4u * MIB)
#define PRESSURE (24u * MIB)
#define WORKERS 4
#define STEPS 60

static int get(uint32_t size)
{
	return (int)syscall(__NR_shmget, IPC_PRIVATE, size, 0600);
}

static char *attach(int id, int flags)
{
	return (char *)syscall(__NR_shmat, id, NULL, flags);
}

static int detach(const void *at)
{
	return (int)syscall(__NR_shmdt, at);
}

static int drop(int id)
{
	return (int)syscall(__NR_shmctl, id, IPC_RMID, NULL);
}

static void fill(char *at, uint32_t bytes, uint32_t seed)
{
	for (uint32_t i = 0; i < PAGES(bytes); i++)
		page_fill(at + i * PAGE, seed + i);
}

static bool has(const char *at, uint32_t bytes, uint32_t seed)
{
	for (uint32_t i = 0; i < PAGES(bytes); i++)
		if (!page_has(at + i * PAGE, seed + i))
			return false;
	return true;
}

static void press(void)
{
	char *memory = mmap(NULL, PRESSURE, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED, "memory to press with");
	fill(memory, PRESSURE, 77);
	CHECK(has(memory, PRESSURE, 77), "it holds what was written");
	munmap(memory, PRESSURE);
}

static void ends_well(pid_t child)
{
	int status = wait_status(child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ends well");
}

/* What is in memory and in swap of the segment, and of all if there is no other. */
static bool told(int id, unsigned long *pages, unsigned long *pages_of_all)
{
	struct shm_info all;
	char line[512];
	unsigned long rss = 0, swap = 0;
	int number = -1;
	FILE *file = fopen("/proc/sysvipc/shm", "r");

	CHECK(syscall(__NR_shmctl, 0, SHM_INFO, &all) >= 0, "told of all");
	CHECK(file && fgets(line, sizeof line, file), "what the columns are");
	while (number != id && fgets(line, sizeof line, file))
		CHECK(sscanf(line, "%*d %d %*o %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %lu %lu",
		             &number, &rss, &swap) == 3, "a segment: %s", line);
	fclose(file);
	*pages = (rss + swap) / PAGE;
	*pages_of_all = all.used_ids > 1 ? *pages : all.shm_rss + all.shm_swp;
	return number == id;
}

/* A page that is on its way may be counted twice for a moment. */
static void check_counts(int id, uint32_t wanted)
{
	unsigned long pages = 0, pages_of_all = 0;

	for (int tries = 0; tries < 200; tries++) {
		CHECK(told(id, &pages, &pages_of_all), "the segment is among those told of");
		if (pages == wanted && pages_of_all == wanted)
			return;
		usleep(10000);
	}
	CHECK(false, "%u pages in memory or in swap: %lu, and %lu of all", wanted, pages, pages_of_all);
}

/* A page that is read before it is written is in memory, and nowhere else: once chaos mode has
 * taken it away, it is a hole again. */
static void holes_count(void)
{
	int id = get(4 * PAGE);
	char *at = attach(id, 0);
	CHECK(id >= 0 && at != (char *)-1, "a segment");
	CHECK(at[0] == 0 && at[PAGE] == 0, "zeros");
	at[2 * PAGE] = 1;
	if (pages_stay())
		check_counts(id, 3);
	CHECK(drop(id) == 0 && detach(at) == 0, "gone");
}

static void goes_to_swap(void)
{
	int id = get(SIZE);
	char *at = attach(id, 0);
	CHECK(id >= 0 && at != (char *)-1, "a segment");
	fill(at, SIZE, 1);
	CHECK(detach(at) == 0, "nobody has it attached");
	press();
	check_counts(id, PAGES(SIZE));
	pid_t child = fork_checked();
	if (!child) {
		char *other = attach(id, 0);
		bool good = has(other, SIZE, 1);
		fill(other, SIZE, 2);
		_exit(!good);
	}
	ends_well(child);
	press();
	at = attach(id, SHM_RDONLY);
	CHECK(has(at, SIZE, 2), "what the child wrote is there");
	CHECK(drop(id) == 0 && has(at, SIZE, 2), "removed, it is there until it is detached");
	CHECK(detach(at) == 0, "detached");
	CHECK_ERRNO(drop(id), EINVAL);
}

/* Attaches, looks, writes its own page, takes parts away, forks, in any order. */
static void work(int id, uint32_t worker)
{
	for (uint32_t step = 0; step < STEPS; step++) {
		char *at = attach(id, 0), *own = at + worker * PAGE;
		CHECK(at != (char *)-1, "worker %u attaches", worker);
		CHECK(step == 0 || page_has(own, worker * 1000 + step - 1), "what it wrote");
		page_fill(own, worker * 1000 + step);
		if (step % 3 == 0)
			CHECK(munmap(at + WORKERS * PAGE, PAGE) == 0, "a part goes");
		if (step % 7 == 0) {
			pid_t child = fork_checked();
			if (!child)
				_exit(!page_has(own, worker * 1000 + step));
			ends_well(child);
		}
		if (step % 2)
			CHECK(detach(at) == 0, "detached");
		else
			CHECK(munmap(at, (WORKERS + 2) * PAGE) == 0, "unmapped");
	}
	_exit(0);
}

static void side_by_side(void)
{
	int id = get((WORKERS + 2) * PAGE);
	pid_t workers[WORKERS];
	for (uint32_t i = 0; i < WORKERS; i++) {
		workers[i] = fork_checked();
		if (!workers[i])
			work(id, i);
	}
	for (uint32_t i = 0; i < WORKERS; i++)
		ends_well(workers[i]);
	struct shmid64_ds told;
	CHECK(syscall(__NR_shmctl, id, IPC_STAT, &told) == 0 && told.shm_nattch == 0,
	      "all are detached");
	CHECK(drop(id) == 0, "removed");
}

/* Rights that differ make three areas of it; all of them go together. */
static void in_parts(void)
{
	int id = get(3 * PAGE);
	char *at = attach(id, 0);
	CHECK(mprotect(at + PAGE, PAGE, PROT_READ) == 0, "its middle cannot be written");
	CHECK(detach(at) == 0, "detached");
	for (uint32_t i = 0; i < 3; i++)
		CHECK_ERRNO(msync(at + i * PAGE, PAGE, MS_ASYNC), ENOMEM);
	CHECK(drop(id) == 0, "removed");
}

int main(void)
{
	holes_count();
	in_parts();
	goes_to_swap();
	side_by_side();
	say("shared, swapped and gone");
	return 0;
}
