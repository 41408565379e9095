/* SPDX-License-Identifier: MIT */
/* host-test: lib/tree.c */
/*
 * The tree against a plain table of present keys: after every change it is ordered,
 * balanced, linked both ways, and each node's summary (here: how many elements its
 * subtree has, and the sum of their weights) is right.
 */
#include "lib/tree.h"
#include "tests/host/tap.h"

#include <stdlib.h>

#define KEYS 512

struct element {
	struct tree_node node;
	unsigned long weight;
	unsigned count;            /* summary: elements in this subtree */
	unsigned long weight_sum;  /* summary: of their weights */
	bool present;
};

static struct element elements[KEYS];

static struct element *element_of(struct tree_node *node)
{
	return TREE_ENTRY(node, struct element, node);
}

static bool summarise(struct tree_node *node)
{
	struct element *element = element_of(node);
	unsigned count = 1;
	unsigned long sum = element->weight;

	if (node->left) {
		count += element_of(node->left)->count;
		sum += element_of(node->left)->weight_sum;
	}
	if (node->right) {
		count += element_of(node->right)->count;
		sum += element_of(node->right)->weight_sum;
	}
	bool changed = element->count != count || element->weight_sum != sum;
	element->count = count;
	element->weight_sum = sum;
	return changed;
}

struct report {
	int height;
	unsigned count;
	unsigned long weight_sum;
	bool good;
};

static struct report subtree_verify(struct tree_node *node, uintptr_t low, uintptr_t high)
{
	struct report left, right, all = {0, 0, 0, true};

	if (!node)
		return all;
	left = subtree_verify(node->left, low, node->key);
	right = subtree_verify(node->right, node->key + 1, high);
	all.height = 1 + (left.height > right.height ? left.height : right.height);
	all.count = 1 + left.count + right.count;
	all.weight_sum = element_of(node)->weight + left.weight_sum + right.weight_sum;
	all.good = left.good && right.good && node->key >= low && node->key < high &&
	           abs(left.height - right.height) <= 1 && node->height == all.height &&
	           (!node->left || node->left->parent == node) &&
	           (!node->right || node->right->parent == node) &&
	           element_of(node)->count == all.count &&
	           element_of(node)->weight_sum == all.weight_sum;
	return all;
}

static bool tree_verify(const struct tree *tree, unsigned present)
{
	struct report report = subtree_verify(tree->root, 0, UINTPTR_MAX);

	return report.good && report.count == present &&
	       (!tree->root || !tree->root->parent);
}

/* The keys are the multiples of 10, so that there is room to ask between them. */
static struct element *nearest_present(long index, int step)
{
	for (; index >= 0 && index < KEYS; index += step)
		if (elements[index].present)
			return &elements[index];
	return NULL;
}

static bool same(const struct tree_node *node, const struct element *element)
{
	return element ? node == &element->node : node == NULL;
}

static bool lookups_verify(const struct tree *tree)
{
	bool good = same(tree_first(tree), nearest_present(0, 1)) &&
	            same(tree_last(tree), nearest_present(KEYS - 1, -1));

	for (long i = 0; i < KEYS && good; i++) {
		struct element *here = elements[i].present ? &elements[i] : NULL;
		uintptr_t key = (uintptr_t)i * 10;

		good = same(tree_find(tree, key), here) && !tree_find(tree, key + 5) &&
		       same(tree_floor(tree, key), nearest_present(i, -1)) &&
		       same(tree_floor(tree, key + 5), nearest_present(i, -1)) &&
		       same(tree_ceiling(tree, key), nearest_present(i, 1)) &&
		       same(tree_ceiling(tree, key + 5), nearest_present(i + 1, 1));
		if (here && good)
			good = same(tree_next(&here->node), nearest_present(i + 1, 1)) &&
			       same(tree_previous(&here->node), nearest_present(i - 1, -1));
	}
	return good;
}

static void elements_clear(void)
{
	for (int i = 0; i < KEYS; i++)
		elements[i] = (struct element){.node.key = (uintptr_t)i * 10,
		                               .weight = (unsigned long)i * 7 + 1};
}

static void check_empty(void)
{
	struct tree tree = {NULL, NULL};

	CHECK(!tree_first(&tree) && !tree_last(&tree));
	CHECK(!tree_find(&tree, 0) && !tree_floor(&tree, 5) && !tree_ceiling(&tree, 5));
}

static void check_ascending(void)
{
	struct tree tree = {NULL, summarise};
	bool good = true;

	elements_clear();
	for (unsigned i = 0; i < KEYS; i++) {
		good = good && tree_insert(&tree, &elements[i].node);
		elements[i].present = true;
		good = good && tree_verify(&tree, i + 1);
	}
	check_that(good, "ascending keys keep order, balance and summaries");
	check_that(lookups_verify(&tree), "look-ups in a full tree");
	check_that(tree.root->height <= 13, "512 keys are at most 1.44 log2(513) high");
	for (unsigned i = 0; i < KEYS; i++) {
		tree_remove(&tree, &elements[i].node);
		good = good && tree_verify(&tree, KEYS - 1 - i);
	}
	check_that(good && !tree.root, "removing them in order empties the tree");
}

static void check_random(void)
{
	struct tree tree = {NULL, summarise};
	unsigned present = 0;
	bool good = true, looked_up = true;

	elements_clear();
	srand(1);
	for (int step = 0; step < 20000 && good; step++) {
		struct element *element = &elements[rand() % KEYS];

		if (!element->present) {
			good = tree_insert(&tree, &element->node);
			present++;
		} else {
			tree_remove(&tree, &element->node);
			present--;
		}
		element->present = !element->present;
		good = good && tree_verify(&tree, present);
		if (step % 500 == 0)
			looked_up = looked_up && lookups_verify(&tree);
	}
	check_that(good, "20000 random inserts and removals");
	check_that(looked_up, "look-ups on the way");
}

static void check_duplicate(void)
{
	struct tree tree = {NULL, summarise};
	struct element twin = {.node.key = 20};

	elements_clear();
	for (int i = 0; i < 5; i++)
		tree_insert(&tree, &elements[i].node);
	CHECK(!tree_insert(&tree, &twin.node));
	CHECK(tree_verify(&tree, 5) && tree_find(&tree, 20) == &elements[2].node);
}

static void check_update(void)
{
	struct tree tree = {NULL, summarise};

	elements_clear();
	for (int i = 0; i < KEYS; i++)
		tree_insert(&tree, &elements[i].node);
	elements[0].weight += 1000;
	elements[KEYS / 2].weight += 1000;
	tree_update(&tree, &elements[0].node);
	tree_update(&tree, &elements[KEYS / 2].node);
	check_that(tree_verify(&tree, KEYS), "tree_update carries a change to the root");
}

/* Every size: built from a chain, and taken out again in order; also what was inserted and so has
 * another shape. */
static void check_build(void)
{
	bool good = true, in_order = true;

	for (unsigned size = 0; size <= 100 && good; size++) {
		struct tree tree = {NULL, summarise};
		elements_clear();
		for (unsigned i = 0; i + 1 < size; i++)
			elements[i].node.right = &elements[i + 1].node;
		tree_build(&tree, size ? &elements[0].node : NULL, size);
		good = tree_verify(&tree, size);
		if (size % 3 == 1) {
			tree_remove(&tree, &elements[size / 2].node);
			good = good && tree_verify(&tree, size - 1);
			tree_insert(&tree, &elements[size / 2].node);
		}
		for (unsigned i = 0; i < size; i++) {
			in_order = in_order && tree_take_first(&tree) == &elements[i].node;
			elements[i].node = (struct tree_node){0}; /* is not looked at again */
		}
		in_order = in_order && !tree_take_first(&tree) && !tree.root;
	}
	check_that(good, "trees of 0 to 100 nodes built at once have order, balance, summaries");
	check_that(in_order, "what is taken out first by first comes in order");
}

int main(void)
{
	check_empty();
	check_ascending();
	check_random();
	check_duplicate();
	check_update();
	check_build();
	return tap_done();
}
