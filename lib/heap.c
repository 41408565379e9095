/* SPDX-License-Identifier: MIT */
/* A leftist heap (heap.h). */
#include "lib/heap.h"

#include <stddef.h>

static uint8_t rank_of(const struct heap_node *node)
{
	return node ? node->rank : 0;
}

/* The node's children in order, and its rank. Whether the rank is another one now. */
static bool settle(struct heap_node *node)
{
	uint8_t rank;
	if (rank_of(node->left) < rank_of(node->right)) {
		struct heap_node *left = node->left;
		node->left = node->right;
		node->right = left;
	}
	rank = rank_of(node->right) + 1;
	if (rank == node->rank)
		return false;
	node->rank = rank;
	return true;
}

/* Joins two heaps: down their right sides the lesser node goes on top, then up again. */
static struct heap_node *merge(struct heap_node *a, struct heap_node *b)
{
	struct heap_node *root = NULL, **link = &root, *parent = NULL;

	while (a && b) {
		if (b->key < a->key) {
			struct heap_node *swapped = a;
			a = b;
			b = swapped;
		}
		*link = a;
		a->parent = parent;
		parent = a;
		link = &a->right;
		a = a->right;
	}
	*link = a ? a : b;
	if (*link)
		(*link)->parent = parent;
	for (; parent; parent = parent->parent)
		settle(parent);
	return root;
}

void heap_insert(struct heap *heap, struct heap_node *node)
{
	node->left = node->right = node->parent = NULL;
	node->rank = 1;
	heap->root = merge(heap->root, node);
	heap->root->parent = NULL;
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
	if (!heap_has(node))
		return;
	struct heap_node *parent = node->parent, *below = merge(node->left, node->right);

	if (below)
		below->parent = parent;
	if (!parent)
		heap->root = below;
	else if (parent->left == node)
		parent->left = below;
	else
		parent->right = below;
	node->rank = 0;
	while (parent && settle(parent))
		parent = parent->parent;
}
