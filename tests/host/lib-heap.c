/* SPDX-License-Identifier: MIT */
/* host-test: lib/heap.c */
/* host-cflags: -include tests/host/lib-names.h */
/* A heap against an array: random insertions and removals; the shape that makes it quick. */
#include "lib/heap.h"
#include "tests/host/tap.h"

#include <stdlib.h>

#define NODES 500
#define STEPS 200000

static struct heap heap;
static struct heap_node nodes[NODES];

/* How many nodes are below it, or -1: something is not as it has to be. */
static int count(const struct heap_node *node, const struct heap_node *parent)
{
	if (!node)
		return 0;
	int left = count(node->left, node), right = count(node->right, node);
	int left_rank = node->left ? node->left->rank : 0;
	int right_rank = node->right ? node->right->rank : 0;
	bool good = left >= 0 && right >= 0 && node->parent == parent &&
	            left_rank >= right_rank && node->rank == right_rank + 1 &&
	            (!parent || parent->key <= node->key);
	return good ? left + right + 1 : -1;
}

static bool is_least(const struct heap_node *node)
{
	for (int i = 0; i < NODES; i++)
		if (heap_has(&nodes[i]) && (!node || nodes[i].key < node->key))
			return false;
	return true;
}

static void check_random(void)
{
	int inside = 0;
	bool good = true;

	for (int step = 0; step < STEPS && good; step++) {
		struct heap_node *node = &nodes[rand() % NODES];
		if (heap_has(node)) {
			heap_remove(&heap, node);
			inside--;
		} else {
			node->key = (uint64_t)(rand() % 300) << 32 | (rand() % 3);
			heap_insert(&heap, node);
			inside++;
		}
		good = is_least(heap_first(&heap));
		if (step % 100 == 0)
			good = good && count(heap.root, NULL) == inside;
	}
	check_that(good, "insertions and removals in any order");
}

static void check_in_order(void)
{
	uint64_t last = 0;
	bool good = true;

	for (int i = 0; i < NODES; i++)
		heap_remove(&heap, &nodes[i]);
	check_that(!heap_first(&heap), "all are out");
	for (int i = 0; i < NODES; i++) {
		nodes[i].key = rand();
		heap_insert(&heap, &nodes[i]);
	}
	while (heap_first(&heap)) {
		struct heap_node *first = heap_first(&heap);
		good = good && first->key >= last;
		last = first->key;
		heap_remove(&heap, first);
		heap_remove(&heap, first);
	}
	check_that(good, "the least comes first; taken out twice is once");
}

int main(void)
{
	srand(7);
	check_random();
	check_in_order();
	return tap_done();
}
