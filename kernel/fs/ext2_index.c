/* SPDX-License-Identifier: MIT */
/* The index of a directory (ext2_index.h): a tree by hash; entries of one hash are a list. One
 * spinlock guards all indexes, so that one can be taken away from any thread. */
#include "kernel/fs/ext2_index.h"

#include <asm/errno.h>

#include "kernel/fs/ext2.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "lib/tree.h"

#define ENTRY_UNIT 4u                                     /* sizes of entries are multiples */
#define ENTRY_MOST (sizeof(struct ext2_entry) + NAME_SIZE)
#define SIZES (ENTRY_MOST / ENTRY_UNIT + 1)

struct indexed_entry {
	struct tree_node node;       /* key: hash; not in the tree behind another of the same */
	struct indexed_entry *same;  /* the next with this hash */
	uint32_t block, offset;
};

struct ext2_index {
	struct ext2_inode *directory;
	struct list_link link;       /* indexes */
	struct tree entries;
	uint32_t room[SIZES];        /* of each size: the first block that may have room for it */
};

static struct slab_cache entry_slab = SLAB_CACHE("ext2_indexed", sizeof(struct indexed_entry));
static struct spinlock index_lock = SPINLOCK_INIT("ext2 index");
static struct list indexes = LIST_INIT(indexes); /* index_lock */

/* FNV-1a. */
static uint32_t hash_of(const char *name, size_t length)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)name[i]) * 16777619u;
	return hash;
}

static struct indexed_entry *entry_of(struct tree_node *node)
{
	return node ? TREE_ENTRY(node, struct indexed_entry, node) : NULL;
}

/* --- making and unmaking ----------------------------------------------------------------- */

struct ext2_index *ext2_index_create(void)
{
	struct ext2_index *index = kmalloc_zeroed(sizeof(*index));

	if (index)
		list_link_init(&index->link);
	return index;
}

static struct indexed_entry *entry_create(const char *name, size_t length, uint32_t block,
                                          uint32_t offset)
{
	struct indexed_entry *entry = slab_alloc_zeroed(&entry_slab);

	if (!entry)
		return NULL;
	entry->node.key = hash_of(name, length);
	entry->block = block;
	entry->offset = offset;
	return entry;
}

static void entry_insert(struct ext2_index *index, struct indexed_entry *entry)
{
	if (tree_insert(&index->entries, &entry->node))
		return;
	struct indexed_entry *first = entry_of(tree_find(&index->entries, entry->node.key));
	entry->same = first->same;
	first->same = entry;
}

bool ext2_index_collect(struct ext2_index *index, const char *name, size_t length, uint32_t block,
                        uint32_t offset)
{
	struct indexed_entry *entry = entry_create(name, length, block, offset);

	if (entry)
		entry_insert(index, entry);
	return entry;
}

void ext2_index_publish(struct ext2_index *index, struct ext2_inode *directory)
{
	index->directory = directory;
	spin_lock(&index_lock);
	directory->index = index;
	list_append(&indexes, &index->link);
	spin_unlock(&index_lock);
}

static void entries_free(struct indexed_entry *entry)
{
	while (entry) {
		struct indexed_entry *next = entry->same;
		slab_free(&entry_slab, entry);
		entry = next;
	}
}

/* From the leaves upward, each cut off before it is freed. */
void ext2_index_discard(struct ext2_index *index)
{
	struct tree_node *node = index ? index->entries.root : NULL;

	while (node) {
		struct tree_node *below = node->left ? node->left : node->right;
		if (below) {
			node = below;
			continue;
		}
		struct tree_node *parent = node->parent;
		if (parent && parent->left == node)
			parent->left = NULL;
		else if (parent)
			parent->right = NULL;
		entries_free(entry_of(node));
		node = parent;
	}
	kfree(index);
}

/* Takes the index from its directory; index_lock held. */
static void withdraw(struct ext2_index *index)
{
	index->directory->index = NULL;
	list_remove(&index->link);
}

void ext2_index_drop(struct ext2_inode *directory)
{
	spin_lock(&index_lock);
	struct ext2_index *index = directory->index;
	if (index)
		withdraw(index);
	spin_unlock(&index_lock);
	ext2_index_discard(index);
}

bool ext2_indexes_give_back(void)
{
	spin_lock(&index_lock);
	struct list_link *first = list_first(&indexes);
	struct ext2_index *index = first ? LIST_ENTRY(first, struct ext2_index, link) : NULL;
	if (index)
		withdraw(index);
	spin_unlock(&index_lock);
	ext2_index_discard(index);
	return index;
}

/* --- names ------------------------------------------------------------------------------- */

bool ext2_index_exists(struct ext2_inode *directory)
{
	return __atomic_load_n(&directory->index, __ATOMIC_RELAXED);
}

int ext2_index_find(struct ext2_inode *directory, const char *name, uint32_t nth, uint32_t *block,
                    uint32_t *offset)
{
	uint32_t hash = hash_of(name, strlen(name));
	int error = -EAGAIN;

	spin_lock(&index_lock);
	if (directory->index) {
		struct indexed_entry *entry = entry_of(tree_find(&directory->index->entries, hash));
		for (; entry && nth; nth--)
			entry = entry->same;
		error = entry ? 0 : -ENOENT;
		if (entry) {
			*block = entry->block;
			*offset = entry->offset;
		}
	}
	spin_unlock(&index_lock);
	return error;
}

void ext2_index_add(struct ext2_inode *directory, const char *name, size_t length, uint32_t block,
                    uint32_t offset)
{
	if (!ext2_index_exists(directory))
		return;
	struct indexed_entry *entry = entry_create(name, length, block, offset);
	if (!entry) {
		ext2_index_drop(directory);
		return;
	}
	spin_lock(&index_lock);
	if (directory->index) {
		entry_insert(directory->index, entry);
		entry = NULL;
	}
	spin_unlock(&index_lock);
	entries_free(entry);
}

/* Takes the entry of this place out of the index; NULL: it is not there. index_lock held. */
static struct indexed_entry *entry_take(struct ext2_index *index, uint32_t hash, uint32_t block,
                                        uint32_t offset)
{
	struct indexed_entry *first = entry_of(tree_find(&index->entries, hash)), *entry, **place;

	if (first && first->block == block && first->offset == offset) {
		tree_remove(&index->entries, &first->node);
		if (first->same)
			tree_insert(&index->entries, &first->same->node);
		first->same = NULL;
		return first;
	}
	for (place = first ? &first->same : NULL; place && *place; place = &(*place)->same) {
		entry = *place;
		if (entry->block != block || entry->offset != offset)
			continue;
		*place = entry->same;
		entry->same = NULL;
		return entry;
	}
	return NULL;
}

void ext2_index_remove(struct ext2_inode *directory, const char *name, size_t length,
                       uint32_t block, uint32_t offset)
{
	struct indexed_entry *entry = NULL;

	spin_lock(&index_lock);
	struct ext2_index *index = directory->index;
	if (index)
		entry = entry_take(index, hash_of(name, length), block, offset);
	for (uint32_t i = 0; index && i < SIZES; i++)
		if (index->room[i] > block)
			index->room[i] = block;
	spin_unlock(&index_lock);
	entries_free(entry);
}

/* --- room -------------------------------------------------------------------------------- */

uint32_t ext2_index_room(struct ext2_inode *directory, uint32_t size)
{
	spin_lock(&index_lock);
	uint32_t block = directory->index ? directory->index->room[size / ENTRY_UNIT] : 0;
	spin_unlock(&index_lock);
	return block;
}

void ext2_index_no_room(struct ext2_inode *directory, uint32_t size, uint32_t before)
{
	spin_lock(&index_lock);
	struct ext2_index *index = directory->index;
	for (uint32_t i = size / ENTRY_UNIT; index && i < SIZES; i++)
		if (index->room[i] < before)
			index->room[i] = before;
	spin_unlock(&index_lock);
}
