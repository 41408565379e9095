/* SPDX-License-Identifier: MIT */
/*
 * A balanced binary tree (AVL) whose nodes live inside its elements, ordered by an
 * unsigned key that the node carries. Every operation is O(log n).
 *
 * An owner may keep a summary of each subtree in its elements (the largest gap, say):
 * `summarise` is called for a node, bottom up, whenever its subtree changed, and when
 * the owner says so by tree_update(); it tells whether the summary is another than before,
 * for if it is not, those above need not be looked at. Not locked: the owner's lock guards.
 * Source: Adelson-Velsky and Landis, 1962; Knuth, TAOCP vol. 3, 6.2.3.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tree_node {
	struct tree_node *left, *right, *parent;
	uintptr_t key;
	int height;
};

struct tree {
	struct tree_node *root;
	bool (*summarise)(struct tree_node *); /* or NULL */
};

#define TREE_ENTRY(pointer, type, field) \
	((type *)((char *)(pointer) - offsetof(type, field)))

/* Inserts the node under node->key. Returns false, changing nothing, if the key is there. */
bool tree_insert(struct tree *, struct tree_node *);
void tree_remove(struct tree *, struct tree_node *);

/* The same in two steps, for who wants to know the neighbours of the new node beforehand. */
struct tree_place {
	struct tree_node *parent, **link;
	struct tree_node *below, *above; /* the nearest keys, or NULL */
};

/* Where a node of this key goes; good until the tree changes. False if the key is there. */
bool tree_find_place(struct tree *, uintptr_t key, struct tree_place *);
void tree_insert_at(struct tree *, const struct tree_place *, struct tree_node *);

/* Fills an empty tree with `count` nodes that hang together by `right`, in order of their keys, no
 * two the same. O(count), and as low as such a tree can be. */
void tree_build(struct tree *, struct tree_node *first, uint32_t count);
/* Takes out the node with the smallest key; NULL if there is none. What stays is in order, but no
 * longer in balance: for who takes out all of them. */
struct tree_node *tree_take_first(struct tree *);

/* The node's own summary changed: recompute it and those above it. */
void tree_update(struct tree *, struct tree_node *);

/* The node with exactly this key; the one with the greatest key <= it; with the
 * smallest key >= it. NULL if there is none. */
struct tree_node *tree_find(const struct tree *, uintptr_t key);
struct tree_node *tree_floor(const struct tree *, uintptr_t key);
struct tree_node *tree_ceiling(const struct tree *, uintptr_t key);

struct tree_node *tree_first(const struct tree *);
struct tree_node *tree_last(const struct tree *);
struct tree_node *tree_next(const struct tree_node *);
struct tree_node *tree_previous(const struct tree_node *);
