/* SPDX-License-Identifier: MIT */
/*
 * swapoff brings in what many objects of shared memory have on the device, with pages far apart,
 * while other programs make such objects and give them up all the time. Nothing is lost.
 *
 * Pagoda only: it takes away the machine's swap.
 *
 * guest: mem=24 swap=48 timeout=120 pagoda-only
 */
#include "tests/disk.h"

#include <signal.h>
#include <sys/syscall.h>

#define OBJECTS 40u
#define LENGTH (4u * MIB)       /* bytes of one, most of them a hole */
#define PAGES_OF 40u            /* of each object are written */
#define ROUNDS 2
#define CHURNERS 1

static char *object_make(void)
{
	char *memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED, "shared memory");
	return memory;
}

/* The k-th page that is written. */
static char *page_of(char *object, uint32_t k)
{
	return object + k * (PAGES(LENGTH) / PAGES_OF) * PAGE;
}

static void fill(char *object, uint32_t seed)
{
	for (uint32_t k = 0; k < PAGES_OF; k++)
		page_fill(page_of(object, k), seed + k);
}

static bool has(char *object, uint32_t seed)
{
	for (uint32_t k = 0; k < PAGES_OF; k++)
		if (!page_has(page_of(object, k), seed + k))
			return false;
	return true;
}

static void churn(uint32_t seed)
{
	for (;; seed++) {
		char *object = object_make();
		fill(object, seed);
		CHECK(has(object, seed), "what was written");
		munmap(object, LENGTH);
	}
}

static void push(void)
{
	char *pusher = memory_map(20 * MIB, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < PAGES(20 * MIB); i++)
		pusher[i * PAGE] = 1;
	munmap(pusher, 20 * MIB);
}

int main(void)
{
	char *objects[OBJECTS];
	pid_t churners[CHURNERS];

	for (uint32_t i = 0; i < OBJECTS; i++)
		fill(objects[i] = object_make(), i * 1000);
	for (uint32_t i = 0; i < CHURNERS; i++) {
		churners[i] = fork_checked();
		if (churners[i] == 0)
			churn(100000 * (i + 1));
	}
	for (int round = 0; round < ROUNDS; round++) {
		push();
		CHECK(meminfo("SwapTotal") - meminfo("SwapFree") > 500, "much is on the device");
		CHECK(syscall(SYS_swapoff, disk_path(DISK_SWAP)) == 0, "taken away, error %d", errno);
		CHECK(meminfo("SwapTotal") == 0, "there is none");
		for (uint32_t i = 0; i < OBJECTS; i++)
			CHECK(has(objects[i], i * 1000), "object %u", i);
		CHECK(syscall(SYS_swapon, disk_path(DISK_SWAP), 0) == 0, "given back");
	}
	for (uint32_t i = 0; i < CHURNERS; i++) {
		kill(churners[i], SIGKILL);
		wait_status(churners[i]);
	}
	say("all was brought in");
	return 0;
}
