/* SPDX-License-Identifier: MIT */
/*
 * AVL tree: the heights of a node's two subtrees differ by at most one.
 *
 * Inserting or removing changes heights only on the way from the changed place to the
 * root. path_rebalance() walks that way once: it recomputes each node's height and
 * summary, and rotates where the difference became two. Where both turn out as they were,
 * nothing above can change, and the walk ends: most are a few nodes long.
 */
#include "lib/tree.h"

static int height(const struct tree_node *node)
{
	return node ? node->height : 0;
}

/* What the node says about its subtree, from what its children say about theirs. Returns
 * whether it is something else than before. */
static bool node_refresh(struct tree *tree, struct tree_node *node)
{
	int left = height(node->left), right = height(node->right), before = node->height;

	node->height = 1 + (left > right ? left : right);
	return (tree->summarise && tree->summarise(node)) || node->height != before;
}

static void set_left(struct tree_node *node, struct tree_node *child)
{
	node->left = child;
	if (child)
		child->parent = node;
}

static void set_right(struct tree_node *node, struct tree_node *child)
{
	node->right = child;
	if (child)
		child->parent = node;
}

/* Lets `replacement` (or nothing) hang where `node` hangs. */
static void node_replace(struct tree *tree, const struct tree_node *node,
                         struct tree_node *replacement)
{
	struct tree_node *parent = node->parent;

	if (!parent)
		tree->root = replacement;
	else if (parent->left == node)
		parent->left = replacement;
	else
		parent->right = replacement;
	if (replacement)
		replacement->parent = parent;
}

/*
 *     node               pivot
 *    /    \              /   \
 *   a    pivot   ->   node    c       and rotate_right is the mirror image.
 *        /  \         /  \
 *       b    c       a    b
 *
 * Returns the pivot, now the root of the subtree.
 */
static struct tree_node *rotate_left(struct tree *tree, struct tree_node *node)
{
	struct tree_node *pivot = node->right;

	node_replace(tree, node, pivot);
	set_right(node, pivot->left);
	set_left(pivot, node);
	node_refresh(tree, node);
	node_refresh(tree, pivot);
	return pivot;
}

static struct tree_node *rotate_right(struct tree *tree, struct tree_node *node)
{
	struct tree_node *pivot = node->left;

	node_replace(tree, node, pivot);
	set_left(node, pivot->right);
	set_right(pivot, node);
	node_refresh(tree, node);
	node_refresh(tree, pivot);
	return pivot;
}

/* A child that leans inward is first rotated outward, or the tall part would only
 * move from one side to the other. */
static struct tree_node *node_rotate(struct tree *tree, struct tree_node *node, int lean)
{
	if (lean > 0) {
		if (height(node->left->left) < height(node->left->right))
			rotate_left(tree, node->left);
		return rotate_right(tree, node);
	}
	if (height(node->right->right) < height(node->right->left))
		rotate_right(tree, node->right);
	return rotate_left(tree, node);
}

/* From `node` upward. `stranger` is one that has come from elsewhere, or NULL: what it said
 * there is nothing to compare with. */
static void path_rebalance(struct tree *tree, struct tree_node *node,
                           const struct tree_node *stranger)
{
	for (; node; node = node->parent) {
		int lean = height(node->left) - height(node->right);

		if (lean > 1 || lean < -1) {
			if (node == stranger)
				stranger = NULL;
			node = node_rotate(tree, node, lean);
		} else if (node == stranger) {
			stranger = NULL;
			node_refresh(tree, node);
		} else if (!node_refresh(tree, node) && !stranger) {
			return;
		}
	}
}

bool tree_find_place(struct tree *tree, uintptr_t key, struct tree_place *place)
{
	*place = (struct tree_place){.link = &tree->root};
	for (struct tree_node *node; (node = *place->link);) {
		if (key == node->key)
			return false;
		place->parent = node;
		if (key < node->key) {
			place->above = node;
			place->link = &node->left;
		} else {
			place->below = node;
			place->link = &node->right;
		}
	}
	return true;
}

void tree_insert_at(struct tree *tree, const struct tree_place *place, struct tree_node *node)
{
	node->left = node->right = NULL;
	node->parent = place->parent;
	*place->link = node;
	node_refresh(tree, node);
	path_rebalance(tree, place->parent, NULL);
}

bool tree_insert(struct tree *tree, struct tree_node *node)
{
	struct tree_place place;

	if (!tree_find_place(tree, node->key, &place))
		return false;
	tree_insert_at(tree, &place, node);
	return true;
}

/* The next `count` nodes of the chain, which moves on, as a subtree. The halves differ by at most
 * one node, so their heights by at most one. */
static struct tree_node *build(struct tree *tree, struct tree_node **chain, uint32_t count)
{
	if (!count)
		return NULL;
	struct tree_node *left = build(tree, chain, count / 2);
	struct tree_node *node = *chain;
	*chain = node->right;
	set_left(node, left);
	set_right(node, build(tree, chain, count - count / 2 - 1));
	node_refresh(tree, node);
	return node;
}

void tree_build(struct tree *tree, struct tree_node *first, uint32_t count)
{
	tree->root = build(tree, &first, count);
	if (tree->root)
		tree->root->parent = NULL;
}

static struct tree_node *leftmost(struct tree_node *node)
{
	while (node && node->left)
		node = node->left;
	return node;
}

static struct tree_node *rightmost(struct tree_node *node)
{
	while (node && node->right)
		node = node->right;
	return node;
}

/* A node with two children gives its place to its successor, which has no left child
 * and so can be taken out easily. */
void tree_remove(struct tree *tree, struct tree_node *node)
{
	struct tree_node *lowest_changed, *successor = NULL;

	if (!node->left || !node->right) {
		lowest_changed = node->parent;
		node_replace(tree, node, node->left ? node->left : node->right);
	} else {
		successor = leftmost(node->right);
		lowest_changed = successor->parent == node ? successor : successor->parent;
		node_replace(tree, successor, successor->right);
		set_left(successor, node->left);
		set_right(successor, node->right);
		node_replace(tree, node, successor);
	}
	path_rebalance(tree, lowest_changed, successor);
}

struct tree_node *tree_take_first(struct tree *tree)
{
	struct tree_node *node = leftmost(tree->root);

	if (node)
		node_replace(tree, node, node->right);
	return node;
}

void tree_update(struct tree *tree, struct tree_node *node)
{
	while (node && node_refresh(tree, node))
		node = node->parent;
}

struct tree_node *tree_find(const struct tree *tree, uintptr_t key)
{
	struct tree_node *node = tree->root;

	while (node && node->key != key)
		node = key < node->key ? node->left : node->right;
	return node;
}

struct tree_node *tree_floor(const struct tree *tree, uintptr_t key)
{
	struct tree_node *node = tree->root, *best = NULL;

	while (node) {
		if (node->key > key) {
			node = node->left;
		} else {
			best = node;
			node = node->right;
		}
	}
	return best;
}

struct tree_node *tree_ceiling(const struct tree *tree, uintptr_t key)
{
	struct tree_node *node = tree->root, *best = NULL;

	while (node) {
		if (node->key < key) {
			node = node->right;
		} else {
			best = node;
			node = node->left;
		}
	}
	return best;
}

struct tree_node *tree_first(const struct tree *tree)
{
	return leftmost(tree->root);
}

struct tree_node *tree_last(const struct tree *tree)
{
	return rightmost(tree->root);
}

struct tree_node *tree_next(const struct tree_node *node)
{
	if (node->right)
		return leftmost(node->right);
	while (node->parent && node->parent->right == node)
		node = node->parent;
	return node->parent;
}

struct tree_node *tree_previous(const struct tree_node *node)
{
	if (node->left)
		return rightmost(node->left);
	while (node->parent && node->parent->left == node)
		node = node->parent;
	return node->parent;
}
