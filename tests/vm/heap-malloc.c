/* SPDX-License-Identifier: MIT */
/*
 * malloc under load: 20,000 steps of malloc, realloc and free of random sizes, each block with
 * its own content that must be there at the end of its life.
 *
 * guest: mem=16 swap=32
 */
#include "tests/test.h"

#define BLOCKS 400

static struct block {
	unsigned char *bytes;
	uint32_t size;
	unsigned char value;
} blocks[BLOCKS];

static void block_check(const struct block *block)
{
	CHECK(all_bytes_are(block->bytes, block->size, block->value),
	      "a block of %u bytes is intact",
	      block->size);
}

int main(void)
{
	uint32_t random = 2463534242u;

	for (uint32_t step = 0; step < 20000; step++) {
		struct block *block = &blocks[next_random(&random) % BLOCKS];
		uint32_t size = next_random(&random) % (step % 50 ? 600 : 150000) + 1;

		if (block->bytes && next_random(&random) % 2) {
			block_check(block);
			free(block->bytes);
			block->bytes = NULL;
			continue;
		}
		if (block->bytes) {
			block->bytes = realloc(block->bytes, size);
			CHECK(block->bytes, "realloc of %u bytes", size);
			CHECK(all_bytes_are(block->bytes, size < block->size ? size : block->size,
			                    block->value), "realloc keeps the content");
		} else {
			block->bytes = malloc(size);
			CHECK(block->bytes, "malloc of %u bytes", size);
			CHECK((uintptr_t)block->bytes % 8 == 0, "aligned to 8 bytes");
		}
		block->size = size;
		block->value = step;
		memset(block->bytes, block->value, size);
	}
	for (uint32_t i = 0; i < BLOCKS; i++)
		if (blocks[i].bytes) {
			block_check(&blocks[i]);
			free(blocks[i].bytes);
		}
	say("20,000 steps of malloc, realloc and free");
	return 0;
}
