/* SPDX-License-Identifier: MIT */
/* host-test: lib/user/malloc.c lib/string.c lib/number.c */
/* host-cflags: -include tests/host/libuser-names.h */
/*
 * The programs' heap: blocks are aligned, do not overlap and keep their bytes through any
 * order of malloc, realloc and free; freed memory is used again; misuse is found out.
 */
#include "tests/host/tap.h"

#include <signal.h>
#include <sys/wait.h>

#define SLOTS 400
#define STEPS 200000

struct slot {
	unsigned char *block;
	size_t size;
	unsigned char pattern;
};

static struct slot slots[SLOTS];

/* Mostly small, sometimes large enough for a mapping. */
static size_t size_choose(void)
{
	switch (rand() % 40) {
	case 0:
		return (size_t)rand() % 400000;
	case 1:
	case 2:
		return (size_t)rand() % 20000;
	default:
		return (size_t)rand() % 300;
	}
}

static void slot_fill(struct slot *slot, unsigned char *block, size_t size)
{
	slot->block = block;
	slot->size = size;
	slot->pattern = (unsigned char)rand();
	if (block)
		memset(block, slot->pattern, size);
}

/* The first n bytes; the whole of a large block is looked at only now and then. */
static bool slot_intact(const struct slot *slot, size_t n)
{
	size_t stride = n > 4096 && rand() % 16 ? 97 : 1;

	for (size_t i = 0; i < n; i += stride)
		if (slot->block[i] != slot->pattern)
			return false;
	return n == 0 || slot->block[n - 1] == slot->pattern;
}

static bool all_zero(const unsigned char *block, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (block[i])
			return false;
	return true;
}

static bool slot_allocate(struct slot *slot)
{
	size_t size = size_choose(), alignment = 16;
	unsigned char *block;
	bool good = true;

	switch (rand() % 4) {
	case 0:
		block = calloc(1, size);
		good = all_zero(block, size);
		break;
	case 1:
		alignment = (size_t)16 << rand() % 10;
		block = aligned_alloc(alignment, size);
		break;
	default:
		block = malloc(size);
	}
	good = good && block && (uintptr_t)block % alignment == 0 &&
	       malloc_usable_size(block) >= size;
	slot_fill(slot, block, size);
	return good;
}

static bool slot_resize(struct slot *slot)
{
	size_t size = size_choose(), kept = size < slot->size ? size : slot->size;
	unsigned char *block = realloc(slot->block, size);
	bool good;

	slot->block = block;
	good = block && (uintptr_t)block % 16 == 0 && slot_intact(slot, kept);
	slot_fill(slot, block, size);
	return good;
}

static void check_random(void)
{
	bool good = true;

	srand(3);
	for (int step = 0; step < STEPS && good; step++) {
		struct slot *slot = &slots[rand() % SLOTS];

		if (!slot->block) {
			good = slot_allocate(slot);
		} else if (rand() % 3 == 0) {
			good = slot_intact(slot, slot->size) && slot_resize(slot);
		} else {
			good = slot_intact(slot, slot->size);
			free(slot->block);
			slot->block = NULL;
		}
	}
	for (int i = 0; i < SLOTS; i++) {
		good = good && (!slots[i].block || slot_intact(&slots[i], slots[i].size));
		free(slots[i].block);
	}
	check_that(good, "200000 random steps keep every block's bytes and alignment");
}

static void check_sizes(void)
{
	bool good = true;

	for (size_t size = 0; size < 140000 && good; size += size < 600 ? 1 : 331) {
		char *block = malloc(size);
		size_t usable = malloc_usable_size(block);

		good = block && usable >= size && usable <= size + size / 3 + 4096 &&
		       (size > 1000 || usable <= size + size / 4 + 24);
		memset(block, 1, usable);
		free(block);
	}
	check_that(good, "every size fits, and little is wasted");
}

static void check_reuse(void)
{
	char *first = malloc(1000), *before, *block;
	bool good = true;

	free(first);
	check_that((block = malloc(1000)) == first, "a freed block is given again");
	free(block);
	before = sbrk(0);
	for (int i = 0; i < 100000 && good; i++) {
		block = malloc(5000);
		good = block != NULL;
		free(block);
	}
	check_that(good && sbrk(0) == before, "malloc and free in turn do not grow the heap");
	for (int i = 0; i < 1000 && good; i++) {
		block = malloc(100 << 20);
		good = block != NULL;
		free(block);
	}
	check_that(good, "large blocks go back to the kernel");
}

static void check_large_realloc(void)
{
	size_t size = 200000;
	unsigned *numbers = malloc(size);
	bool good = true;

	for (size_t i = 0; i < size / sizeof(*numbers); i++)
		numbers[i] = (unsigned)i;
	numbers = realloc(numbers, 64 << 20);
	for (size_t i = 0; i < size / sizeof(*numbers); i++)
		good = good && numbers[i] == i;
	check_that(good, "a large block grows with its bytes");
	numbers = realloc(numbers, 100);
	for (size_t i = 0; i < 25; i++)
		good = good && numbers[i] == i;
	check_that(good, "and shrinks to a small one");
	free(numbers);
}

static void check_refusals(void)
{
	size_t too_much = PTRDIFF_MAX;
	void *block = NULL;

	errno = 0;
	CHECK(!malloc(too_much) && errno == ENOMEM);
	CHECK(!malloc(SIZE_MAX) && !calloc(SIZE_MAX / 2, 3) && !memalign(4096, SIZE_MAX - 100));
	block = malloc(10);
	CHECK(!realloc(block, too_much));
	free(block);
	CHECK(posix_memalign(&block, 24, 10) == EINVAL && posix_memalign(&block, 2, 1) == EINVAL);
	CHECK(posix_memalign(&block, 4096, 10) == 0 && (uintptr_t)block % 4096 == 0);
	free(block);
	free(NULL);
	CHECK((block = realloc(NULL, 10)) != NULL);
	free(block);
}

static void free_twice(void)
{
	void *block = malloc(100);

	free(block);
	free(block);
}

static void free_inside(void)
{
	char *block = calloc(1, 100);

	free(block + 16);
}

static void write_before(void)
{
	char *block = malloc(100);

	memset(block - 8, 0x55, 8);
	free(block);
}

static bool aborts(void (*misuse)(void))
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		close(STDERR_FILENO);
		misuse();
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGABRT;
}

int main(void)
{
	check_sizes();
	check_reuse();
	check_random();
	check_large_realloc();
	check_refusals();
	CHECK(aborts(free_twice));
	CHECK(aborts(free_inside));
	CHECK(aborts(write_before));
	return tap_done();
}
