/* SPDX-License-Identifier: MIT */
/*
 * ext2: blocks that are promised to a file by fallocate(2), so that writing to these pages cannot fail
 * for want of room. Blocks behind the end of a file are nothing that e2fsck accepts, so they are not
 * taken, but counted, and kept from others (ext2_block_alloc). For each block of pointers that the
 * pages need a node says which of its pages have a promise; it promises the block itself and those
 * above it, too. A page that is given its block takes it from its promise.
 *
 * All of it: the file's map_lock. Giving up promises takes no other lock: it is done when the inode
 * is let go of, too.
 */
#include <asm/errno.h>

#include "kernel/fs/ext2.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"

#define WORD_BITS 32u

struct promise {
	struct tree_node by_place; /* key: 0 for the pages whose pointers are in the inode; from 1 on
	                              for those of each block of pointers */
	uint32_t pages, pointers;  /* how many of either are promised */
	bool counted;              /* the latter, while a promise is made */
	uint32_t page[EXT2_POINTERS / WORD_BITS]; /* a bit each */
};

static struct slab_cache promise_slab = SLAB_CACHE("ext2_promise", sizeof(struct promise));

static struct promise *entry(struct tree_node *node)
{
	return node ? TREE_ENTRY(node, struct promise, by_place) : NULL;
}

static uint32_t key_of(uint32_t index)
{
	return index < EXT2_DIRECT ? 0 : 1 + (index - EXT2_DIRECT) / EXT2_POINTERS;
}

/* The first page of the node. */
static uint32_t start_of(uint32_t key)
{
	return key ? EXT2_DIRECT + (key - 1) * EXT2_POINTERS : 0;
}

/* How many blocks of pointers are on the way to its pages. */
static uint32_t levels_of(uint32_t key)
{
	return key == 0 ? 0 : key == 1 ? 1 : key - 2 < EXT2_POINTERS ? 2 : 3;
}

/* The end of what lies in one node, from this page on. */
static uint32_t piece_end(uint32_t first, uint32_t end)
{
	uint32_t next = start_of(key_of(first) + 1);

	return next < end ? next : end;
}

static bool has_page(const struct promise *promise, uint32_t i)
{
	return promise->page[i / WORD_BITS] >> i % WORD_BITS & 1;
}

/* The promise is over, if it is of no page. */
static void drop_if_empty(struct ext2_inode *file, struct promise *promise)
{
	if (promise->pages)
		return;
	ext2_blocks_promise(file->ext2, promise->pointers, 0);
	file->promised -= promise->pointers;
	tree_remove(&file->promises, &promise->by_place);
	slab_free(&promise_slab, promise);
}

/* --- making ----------------------------------------------------------------------------- */

static struct promise *node_ensure(struct ext2_inode *file, uint32_t key)
{
	struct promise *promise = entry(tree_find(&file->promises, key));

	if (promise)
		return promise;
	promise = slab_alloc_zeroed(&promise_slab);
	if (!promise)
		return NULL;
	promise->by_place.key = key;
	tree_insert(&file->promises, &promise->by_place);
	return promise;
}

/* One of the two steps of a promise to pages that are all of one node and have no block: sees that
 * there is a node, and counts the blocks that are wanted; or sets the bits, and counts down. */
static int note(struct ext2_inode *file, uint32_t first, uint32_t end, bool set, uint32_t *wanted)
{
	uint32_t key = key_of(first);
	struct promise *promise = node_ensure(file, key);

	if (!promise)
		return -ENOMEM;
	uint32_t start = start_of(key), blocks = promise->pages || promise->counted ? 0 : levels_of(key);
	promise->counted = !set;
	if (set && !promise->pages)
		promise->pointers = blocks = levels_of(key);
	for (uint32_t i = first - start; i < end - start; i++) {
		if (has_page(promise, i))
			continue;
		blocks++;
		promise->pages += set;
		promise->page[i / WORD_BITS] |= (uint32_t)set << i % WORD_BITS;
	}
	*wanted += set ? -blocks : blocks;
	return 0;
}

/* One of the two steps for the pages [first, end) that have no block. */
static int note_all(struct ext2_inode *file, uint32_t first, uint32_t end, bool set, uint32_t *wanted)
{
	bool has;
	uint32_t pages;

	for (; first < end; first += pages) {
		uint32_t stop = piece_end(first, end);
		int error = thread_current()->killed && !set
		                    ? -EINTR
		                    : ext2_run_locked(file, first, &has, &pages);

		if (!error && pages > stop - first)
			pages = stop - first;
		if (!error && !has)
			error = note(file, first, first + pages, set, wanted);
		if (error)
			return error;
	}
	return 0;
}

static void drop_empty(struct ext2_inode *file)
{
	struct tree_node *next;

	for (struct tree_node *node = tree_first(&file->promises); node; node = next) {
		next = tree_next(node);
		drop_if_empty(file, entry(node));
	}
}

int ext2_promise(struct ext2_inode *file, uint32_t first, uint32_t end)
{
	uint32_t wanted = 0;

	/* No need to look where there cannot be so many. */
	if (end - first > file->ext2->blocks)
		return -ENOSPC;
	int error = note_all(file, first, end, false, &wanted);
	if (!error)
		error = ext2_blocks_promise(file->ext2, file->promised, file->promised + wanted);
	if (!error) {
		file->promised += wanted;
		error = note_all(file, first, end, true, &wanted);
		ext2_blocks_promise(file->ext2, wanted, 0); /* after an error: the rest */
		file->promised -= wanted;
	}
	drop_empty(file);
	return error;
}

/* --- keeping and giving up -------------------------------------------------------------- */

bool ext2_promise_has(struct ext2_inode *file, uint32_t index, bool pointers)
{
	const struct promise *promise = entry(tree_find(&file->promises, key_of(index)));

	if (!promise)
		return false;
	return pointers ? promise->pointers > 0 : has_page(promise, index - start_of(key_of(index)));
}

/* The bits of a page of the node are cleared. */
static void forget(struct ext2_inode *file, struct promise *promise, uint32_t i)
{
	promise->page[i / WORD_BITS] &= ~(1u << i % WORD_BITS);
	promise->pages--;
	file->promised--;
}

void ext2_promise_kept(struct ext2_inode *file, uint32_t index, bool pointers)
{
	struct promise *promise = entry(tree_find(&file->promises, key_of(index)));

	if (!pointers) {
		forget(file, promise, index - start_of(key_of(index)));
		drop_if_empty(file, promise);
		return;
	}
	promise->pointers--;
	file->promised--;
}

void ext2_promise_drop(struct ext2_inode *file, uint32_t first, uint32_t end)
{
	struct tree_node *node = tree_ceiling(&file->promises, key_of(first)), *next;

	for (; node && start_of(node->key) < end; node = next) {
		uint32_t start = start_of(node->key), stop = piece_end(start, end);
		uint32_t before = file->promised;

		next = tree_next(node);
		for (uint32_t i = first > start ? first - start : 0; i < stop - start; i++)
			if (has_page(entry(node), i))
				forget(file, entry(node), i);
		ext2_blocks_promise(file->ext2, before, file->promised);
		drop_if_empty(file, entry(node));
	}
}
