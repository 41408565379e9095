/* SPDX-License-Identifier: MIT */
/*
 * The program in which a submission to lab translate runs: does what scripts/labs/hosted.py tells
 * it to, and says what came of it. It judges nothing, so there is nothing in it to be forged.
 *
 * Pages are numbered as they are allocated. A line of standard input:
 *
 *   page                  allocates one, of zeros
 *   entry P I Q FLAGS     word I of page P becomes the address of page Q with these flags
 *   root P                the table of the first level is page P; -1: none
 *   write P I VALUE       word I of page P
 *   limit N               after N more allocations there is no memory; -1: there is
 *   translate ADDRESS     says "page 3 0x16", "nowhere", or "wild"
 *   allocate ADDRESS      says "result 0 calls 2"
 *   dump                  says "root 0", each word that is not 0, and how many pages live
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "translate.h"

#define PAGES_MAX 4096

static struct {
	uintptr_t address; /* 0: it was freed */
	size_t bytes;
} pages[PAGES_MAX];
static unsigned page_count, calls;
static long limit = -1;

int __real_posix_memalign(void **, size_t, size_t);
void __real_free(void *);

/* The submission's memory: counted, full of junk, and at times there is none. */
int __wrap_posix_memalign(void **to, size_t alignment, size_t bytes)
{
	calls++;
	if (limit == 0 || page_count == PAGES_MAX)
		return ENOMEM;
	limit -= limit > 0;
	int error = __real_posix_memalign(to, alignment, bytes);
	if (error)
		return error;
	memset(*to, 0xA5, bytes);
	pages[page_count].address = (uintptr_t)*to;
	pages[page_count++].bytes = bytes;
	return 0;
}

void __wrap_free(void *memory)
{
	for (unsigned i = 0; i < page_count; i++)
		if (memory && pages[i].address == (uintptr_t)memory)
			pages[i].address = 0;
	__real_free(memory);
}

/* The page around an address; -1: none. */
static int page_of(uintptr_t address)
{
	for (unsigned i = 0; i < page_count; i++)
		if (pages[i].address && address - pages[i].address < pages[i].bytes)
			return (int)i;
	return -1;
}

static uint64_t *words_of(long page)
{
	if (page < 0 || page >= (long)page_count || !pages[page].address) {
		printf("there is no page %ld\n", page);
		exit(1);
	}
	return (uint64_t *)pages[page].address;
}

static void say_address(uintptr_t address)
{
	int page = page_of(address);

	if (address == NOWHERE)
		puts("nowhere");
	else if (page < 0)
		puts("wild");
	else
		printf("page %d %#" PRIxPTR "\n", page, address - pages[page].address);
}

static void say_word(unsigned page, size_t index, uint64_t word)
{
	int target = word > PAGE_BYTES ? page_of(word & ~(uint64_t)(PAGE_BYTES - 1)) : -1;

	if (target >= 0)
		printf("word %u %zu page %d %#" PRIx64 "\n", page, index, target,
		       word & (PAGE_BYTES - 1));
	else
		printf("word %u %zu %#" PRIx64 "\n", page, index, word);
}

static void dump(void)
{
	unsigned living = 0;

	printf("root %d\n", root ? page_of(root) : -1);
	for (unsigned page = 0; page < page_count; page++) {
		if (!pages[page].address)
			continue;
		living++;
		if (pages[page].bytes != PAGE_BYTES || pages[page].address % PAGE_BYTES) {
			printf("page %u is not a page\n", page);
			continue;
		}
		for (size_t index = 0; index < PAGE_BYTES / sizeof(uint64_t); index++)
			if (words_of(page)[index])
				say_word(page, index, words_of(page)[index]);
	}
	printf("living %u\n", living);
}

static void do_page(void)
{
	void *memory;

	if (__wrap_posix_memalign(&memory, PAGE_BYTES, PAGE_BYTES) == 0)
		memset(memory, 0, PAGE_BYTES);
}

static void obey(const char *line)
{
	long page, target;
	size_t index;
	uint64_t value;

	if (strcmp(line, "page\n") == 0) {
		do_page();
	} else if (sscanf(line, "entry %ld %zu %ld %" SCNx64, &page, &index, &target, &value) == 4) {
		words_of(page)[index] = (uintptr_t)words_of(target) | value;
	} else if (sscanf(line, "root %ld", &page) == 1) {
		root = page < 0 ? 0 : (uintptr_t)words_of(page);
	} else if (sscanf(line, "write %ld %zu %" SCNx64, &page, &index, &value) == 3) {
		words_of(page)[index] = value;
	} else if (sscanf(line, "translate %" SCNx64, &value) == 1) {
		say_address(translate(value));
	} else if (sscanf(line, "allocate %" SCNx64, &value) == 1) {
		calls = 0;
		int result = page_allocate(value);
		printf("result %d calls %u\n", result, calls);
	} else if (sscanf(line, "limit %ld", &limit) != 1) {
		dump();
	}
}

int main(void)
{
	char line[128];

	while (fgets(line, sizeof(line), stdin)) {
		obey(line);
		fflush(stdout);
	}
	return 0;
}
