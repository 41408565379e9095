/* SPDX-License-Identifier: MIT */
/* host-test: */
/* The list keeps its order through every operation, and tells what is linked. */
#include "lib/list.h"
#include "tests/host/tap.h"

struct item {
	int number;
	struct list_link link;
};

/* Whether the list holds just these numbers, read forward and backward. */
static bool list_is(struct list *list, int count, const int *numbers)
{
	struct list_link *link;
	int i = 0;

	LIST_FOR(list, struct item, item, link) {
		if (i == count || item->number != numbers[i])
			return false;
		i++;
	}
	if (i != count)
		return false;
	for (link = list->head.previous; link != &list->head; link = link->previous)
		if (LIST_ENTRY(link, struct item, link)->number != numbers[--i])
			return false;
	return i == 0;
}

#define IS(list, ...)                                                              \
	list_is(list, sizeof((int[]){__VA_ARGS__}) / sizeof(int), (int[]){__VA_ARGS__})

int main(void)
{
	struct item items[5] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3},
	                        {.number = 4}};
	struct list list = LIST_INIT(list), other;
	int seen = 0;

	CHECK(list_empty(&list) && !list_first(&list) && !list_last(&list) && !list_pop(&list));
	list_init(&other);
	CHECK(list_empty(&other));

	list_append(&list, &items[1].link);
	check_that(IS(&list, 1), "append to an empty list");
	list_append(&list, &items[2].link);
	CHECK(list_last(&list) == &items[2].link);
	list_prepend(&list, &items[0].link);
	check_that(IS(&list, 0, 1, 2), "prepend and append");
	list_insert_before(&items[2].link, &items[3].link);
	check_that(IS(&list, 0, 1, 3, 2), "insert before an element");
	CHECK(list_first(&list) == &items[0].link && !list_empty(&list));

	list_link_init(&items[4].link);
	CHECK(!list_linked(&items[4].link) && list_linked(&items[3].link));
	list_remove(&items[3].link);
	check_that(IS(&list, 0, 1, 2), "remove from the middle");
	CHECK(!list_linked(&items[3].link));
	list_remove(&items[3].link);
	check_that(IS(&list, 0, 1, 2), "removing an unlinked link changes nothing");

	CHECK(list_pop(&list) == &items[0].link);
	check_that(IS(&list, 1, 2), "pop takes the first");
	list_append(&list, &items[0].link);
	LIST_FOR_SAFE(&list, struct item, item, link) {
		list_remove(&item->link);
		list_append(&other, &item->link);
		seen++;
	}
	check_that(seen == 3 && list_empty(&list), "a safe walk may remove what it visits");
	check_that(IS(&other, 1, 2, 0), "and it came by in order");
	return tap_done();
}
