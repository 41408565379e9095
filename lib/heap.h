/* SPDX-License-Identifier: MIT */
/*
 * A leftist heap whose nodes lie in its elements: the one with the least key first.
 *
 * Each node's key is at most its children's. `rank` is how far it is to the nearest missing child;
 * the left child's is at least the right child's, so the way down the right side is short: at most
 * log2(n + 1) nodes, and every operation walks only there or up from where a node was taken out.
 * Source: Crane, "Linear Lists and Priority Queues as Balanced Binary Trees", 1972.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct heap_node {
	struct heap_node *left, *right, *parent;
	uint64_t key;
	uint8_t rank; /* 0: it is in no heap */
};

struct heap {
	struct heap_node *root;
};

#define HEAP_ENTRY(pointer, type, field) \
	((type *)((char *)(pointer) - offsetof(type, field)))

/* A node that is in no heap. */
static inline void heap_node_init(struct heap_node *node)
{
	node->rank = 0;
}

static inline bool heap_has(const struct heap_node *node)
{
	return node->rank != 0;
}

/* The node with the least key, or NULL. */
static inline struct heap_node *heap_first(const struct heap *heap)
{
	return heap->root;
}

/* Inserts the node, which is in no heap, under node->key. */
void heap_insert(struct heap *, struct heap_node *);
/* Takes the node out, if it is in the heap. */
void heap_remove(struct heap *, struct heap_node *);
