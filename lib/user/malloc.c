/* SPDX-License-Identifier: MIT */
/*
 * The heap. A block has a header of eight bytes in front, which says how large it is and
 * in what state; what the program gets is aligned to 16.
 *
 *   small blocks (under 128 KiB) come in 48 sizes: 16, 32, ... 128 bytes, then four sizes
 *   to each doubling, so that at most a fifth is lost. Each size has a list of its free
 *   blocks; malloc takes the first, free puts it back, and a block keeps its size for
 *   good. A new block is cut from the end of the program break, which moves up by
 *   64 KiB at a time.
 *
 *   large blocks are anonymous mappings of their own: their pages are zero, come by page
 *   faults, and go back to the kernel at once by free; realloc moves them by page table.
 *
 *   a block that asked for a larger alignment lies inside another, at a distance.
 *
 * A block freed twice, or a header overwritten, ends the program with a message. There
 * are no locks: programs have one thread, and signal handlers may not use the heap.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ALIGNMENT   16u
#define PAGE        4096u
#define LARGE       (128u * 1024)
#define CHUNK       (64u * 1024)
#define SIZES       48

/* States of a block, chosen to be unlikely as anything else. */
#define STATE_USED    0x5ed0b10cu
#define STATE_FREE    0xf4eeb10cu
#define STATE_LARGE   0x1a46b10cu
#define STATE_ALIGNED 0xa116b10cu

struct header {
	uint32_t size;  /* of the block with its header, or the distance of an aligned one */
	uint32_t state;
};

/* A free block: the link lies where the program's bytes were. */
struct free_block {
	struct header header;
	struct free_block *next;
};

static struct free_block *free_blocks[SIZES];
static char *chunk_at, *chunk_end; /* memory that is no block yet; chunk_at % 16 is 8 */

_Noreturn static void die(const char *message)
{
	ssize_t written = write(STDERR_FILENO, message, strlen(message));

	(void)written; /* with no one to tell, the end is the same */
	abort();
}

static size_t round_up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* Which size serves a block of n bytes (with header, a multiple of 16, up to LARGE). */
static unsigned size_index(size_t n)
{
	unsigned doubling;

	if (n <= 128)
		return (unsigned)n / 16 - 1;
	doubling = 31 - (unsigned)__builtin_clz((unsigned)n - 1);
	return 8 + (doubling - 7) * 4 + (((unsigned)n - 1) >> (doubling - 2)) - 4;
}

/* The size of the blocks in list `index`: the inverse of size_index. */
static size_t index_size(unsigned index)
{
	if (index < 8)
		return (index + 1) * 16;
	return (size_t)((index - 8) % 4 + 5) << ((index - 8) / 4 + 5);
}

static void free_block_put(char *at, size_t size)
{
	struct free_block *block = (struct free_block *)at;
	unsigned index = size_index(size);

	block->header = (struct header){(uint32_t)size, STATE_FREE};
	block->next = free_blocks[index];
	free_blocks[index] = block;
}

/* Cuts what is left of the old chunk into free blocks, largest first. */
static void chunk_use_up(void)
{
	while ((size_t)(chunk_end - chunk_at) >= 16) {
		size_t left = (size_t)(chunk_end - chunk_at);
		unsigned index = left >= LARGE ? SIZES - 1 : size_index(left);

		if (index_size(index) > left)
			index--;
		free_block_put(chunk_at, index_size(index));
		chunk_at += index_size(index);
	}
}

/* Makes room for a block of `size`. If the break cannot move, because a mapping or a
 * limit is in the way, a mapping serves as well. */
static int chunk_grow(size_t size)
{
	size_t more = round_up(size + ALIGNMENT, CHUNK);
	char *at = sbrk((intptr_t)more);

	if (at == (char *)-1) {
		at = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		          0);
		if (at == MAP_FAILED)
			return -1;
	}
	if (chunk_at && at == chunk_end) {
		chunk_end += more;
		return 0;
	}
	chunk_use_up();
	chunk_at = (char *)round_up((uintptr_t)at, ALIGNMENT) + sizeof(struct header);
	chunk_end = at + more;
	return 0;
}

static void *small_alloc(size_t n)
{
	unsigned index = size_index(n);
	size_t size = index_size(index);
	struct free_block *block = free_blocks[index];

	if (block) {
		if (block->header.state != STATE_FREE)
			die("malloc: a free block was written to\n");
		free_blocks[index] = block->next;
	} else {
		if ((size_t)(chunk_end - chunk_at) < size && chunk_grow(size) < 0)
			return NULL;
		block = (struct free_block *)chunk_at;
		chunk_at += size;
	}
	block->header = (struct header){(uint32_t)size, STATE_USED};
	return &block->header + 1;
}

/* The mapping begins 8 bytes before the header, for the alignment. */
static size_t large_total(size_t size)
{
	return round_up(size + ALIGNMENT, PAGE);
}

static void *large_finish(char *mapping, size_t total)
{
	struct header *header = (struct header *)(mapping + ALIGNMENT) - 1;

	*header = (struct header){(uint32_t)total, STATE_LARGE};
	return header + 1;
}

static void *large_alloc(size_t size)
{
	size_t total = large_total(size);
	char *mapping = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                     -1, 0);

	return mapping == MAP_FAILED ? NULL : large_finish(mapping, total);
}

void *malloc(size_t size)
{
	void *block = NULL;

	if (size <= LARGE - sizeof(struct header))
		block = small_alloc(round_up(size + sizeof(struct header), ALIGNMENT));
	else if (size <= PTRDIFF_MAX - PAGE)
		block = large_alloc(size);
	if (!block)
		errno = ENOMEM;
	return block;
}

static struct header *header_of(void *block)
{
	struct header *header = (struct header *)block - 1;

	switch (header->state) {
	case STATE_USED:
	case STATE_LARGE:
	case STATE_ALIGNED:
		return header;
	case STATE_FREE:
		die("free: this block is free already\n");
	default:
		die("free: not a block, or something wrote before its beginning\n");
	}
}

/* The header of the block that memory belongs to, which is another's if it was aligned. */
static struct header *owner_of(void *block)
{
	struct header *header = header_of(block);

	return header->state == STATE_ALIGNED ? header_of((char *)block - header->size)
	                                      : header;
}

size_t malloc_usable_size(void *block)
{
	struct header *owner;
	char *end;

	if (!block)
		return 0;
	owner = owner_of(block);
	end = owner->state == STATE_LARGE
	              ? (char *)(owner + 1) - ALIGNMENT + owner->size
	              : (char *)owner + owner->size;
	return (size_t)(end - (char *)block);
}

void free(void *block)
{
	struct header *header, *owner;

	if (!block)
		return;
	header = header_of(block);
	owner = owner_of(block);
	if (header != owner)
		header->state = STATE_FREE; /* so that freeing it again is found out */
	if (owner->state == STATE_LARGE)
		munmap((char *)(owner + 1) - ALIGNMENT, owner->size);
	else
		free_block_put((char *)owner, owner->size);
}

void *calloc(size_t count, size_t size)
{
	size_t total;
	void *block;

	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	block = malloc(total);
	/* A fresh mapping is zero; touching it would only take its pages. */
	if (block && header_of(block)->state != STATE_LARGE)
		memset(block, 0, total);
	return block;
}

static void *large_resize(struct header *header, size_t size)
{
	size_t total = large_total(size);
	char *mapping = (char *)(header + 1) - ALIGNMENT;

	if (total != header->size)
		mapping = mremap(mapping, header->size, total, MREMAP_MAYMOVE);
	return mapping == MAP_FAILED ? NULL : large_finish(mapping, total);
}

/* A block stays where it is if the new size fits and uses at least half of it. */
void *realloc(void *block, size_t size)
{
	size_t usable = malloc_usable_size(block);
	void *moved;

	if (!block)
		return malloc(size);
	if (size <= usable && size >= usable / 2)
		return block;
	if (header_of(block)->state == STATE_LARGE && size >= LARGE &&
	    size <= PTRDIFF_MAX - PAGE) {
		moved = large_resize(header_of(block), size);
		if (moved)
			return moved;
	}
	moved = malloc(size);
	if (!moved)
		return NULL;
	memcpy(moved, block, size < usable ? size : usable);
	free(block);
	return moved;
}

void *memalign(size_t alignment, size_t size)
{
	char *block, *aligned;

	if (alignment & (alignment - 1)) {
		errno = EINVAL;
		return NULL;
	}
	if (alignment <= ALIGNMENT)
		return malloc(size);
	if (alignment > PTRDIFF_MAX || size > PTRDIFF_MAX - alignment) {
		errno = ENOMEM;
		return NULL;
	}
	block = malloc(size + alignment);
	if (!block)
		return NULL;
	aligned = (char *)round_up((uintptr_t)block, alignment);
	if (aligned != block)
		((struct header *)aligned)[-1] =
			(struct header){(uint32_t)(aligned - block), STATE_ALIGNED};
	return aligned;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

/* Returns the error and leaves errno alone. */
int posix_memalign(void **block, size_t alignment, size_t size)
{
	int before = errno;
	void *got;

	if (alignment < sizeof(void *) || alignment & (alignment - 1))
		return EINVAL;
	got = memalign(alignment, size);
	errno = before;
	if (!got)
		return ENOMEM;
	*block = got;
	return 0;
}
