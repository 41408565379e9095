/* SPDX-License-Identifier: MIT */
/*
 * Threads that together need more than there is of RAM: anonymous pages, a file's, private and shared.
 * Each checks what it wrote; and pages that all write to, a word each, lose nothing.
 * guest: mem=12 swap=64
 */
#include "tests/test.h"
#include "tests/threads.h"

#define THREADS 4
#define OWN_PAGES 1024u
#define COMMON_PAGES 64u
#define FILE_NAME "/tmp/threads-swap"

static uint32_t *common;
static uint32_t *shared, *private_copy;

static void fill_and_check(void *argument)
{
	uint32_t own = (uint32_t)argument, word = PAGE / sizeof(uint32_t);
	uint32_t *memory = mmap(NULL, OWN_PAGES * PAGE, PROT_READ | PROT_WRITE,
	                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED, "memory");
	for (uint32_t round = 1; round <= 2; round++) {
		for (uint32_t page = 0; page < OWN_PAGES; page++) {
			memory[page * word + own] = page * round + own;
			common[page % COMMON_PAGES * word + own]++;
			if (page < COMMON_PAGES) {
				shared[page * word + own] = page + round;
				private_copy[page * word + own] = page * 3 + round;
			}
		}
		for (uint32_t page = 0; page < OWN_PAGES; page++)
			CHECK(memory[page * word + own] == page * round + own, "page %u", page);
		for (uint32_t page = 0; page < COMMON_PAGES; page++) {
			CHECK(shared[page * word + own] == page + round, "shared page %u", page);
			CHECK(private_copy[page * word + own] == page * 3 + round,
			      "private page %u of the file", page);
		}
	}
	for (uint32_t page = 0; page < COMMON_PAGES; page++)
		CHECK(common[page * word + own] == 2 * OWN_PAGES / COMMON_PAGES,
		      "nothing is lost of page %u", page);
}

int main(void)
{
	struct test_thread threads[THREADS];
	uint32_t size = COMMON_PAGES * PAGE;
	int file = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(file >= 0 && ftruncate(file, size) == 0, "a file");
	common = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	private_copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	for (uint32_t i = 0; i < THREADS; i++)
		thread_begin(&threads[i], fill_and_check, (void *)i);
	for (int i = 0; i < THREADS; i++)
		thread_await(&threads[i]);
	uint32_t word;
	for (uint32_t i = 0; i < THREADS; i++)
		CHECK(pread(file, &word, sizeof word, 5 * PAGE + i * sizeof word) == sizeof word &&
		      word == 7, "the file has what thread %u wrote, not %u", i, word);
	unlink(FILE_NAME);
	say("%d threads, %u KiB each, and what all of them wrote is there", THREADS,
	    OWN_PAGES * PAGE / 1024);
	return 0;
}
