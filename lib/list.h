/* SPDX-License-Identifier: MIT */
/*
 * A doubly linked list whose links live inside its elements.
 *
 *   struct list queue = LIST_INIT(queue);
 *   list_append(&queue, &page->link);
 *   struct page *first = LIST_ENTRY(list_first(&queue), struct page, link);
 *   LIST_FOR(&queue, struct page, page, link) ...     (do not remove `page` inside)
 *
 * The list is a ring through its head, so no operation has a special case for the
 * ends. A link that is in no list points at itself once `list_link_init` or
 * `list_remove` has seen it: `list_linked` tells. Not locked: the owner's lock guards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list_link {
	struct list_link *next, *previous;
};

struct list {
	struct list_link head;
};

#define LIST_INIT(name) {{&(name).head, &(name).head}}

/* The element of type `type` whose field `field` is *link. */
#define LIST_ENTRY(pointer, type, field) \
	((type *)((char *)(pointer) - offsetof(type, field)))

/* Visits each element in order; the body must not remove the current one. */
#define LIST_FOR(list_, type, name, field)                                      \
	for (type *name = LIST_ENTRY((list_)->head.next, type, field);          \
	     &name->field != &(list_)->head;                                    \
	     name = LIST_ENTRY(name->field.next, type, field))

/* As LIST_FOR, but the body may remove (and free) the current element. */
#define LIST_FOR_SAFE(list_, type, name, field)                                 \
	for (type *name = LIST_ENTRY((list_)->head.next, type, field),          \
		  *name##_next = LIST_ENTRY(name->field.next, type, field);     \
	     &name->field != &(list_)->head;                                    \
	     name = name##_next,                                                \
		  name##_next = LIST_ENTRY(name->field.next, type, field))

static inline void list_init(struct list *list)
{
	list->head.next = list->head.previous = &list->head;
}

static inline void list_link_init(struct list_link *link)
{
	link->next = link->previous = link;
}

static inline bool list_empty(const struct list *list)
{
	return list->head.next == &list->head;
}

/* Whether the (initialised) link is in a list. */
static inline bool list_linked(const struct list_link *link)
{
	return link->next != link;
}

static inline void list_insert_before(struct list_link *place, struct list_link *link)
{
	link->next = place;
	link->previous = place->previous;
	place->previous->next = link;
	place->previous = link;
}

static inline void list_prepend(struct list *list, struct list_link *link)
{
	list_insert_before(list->head.next, link);
}

static inline void list_append(struct list *list, struct list_link *link)
{
	list_insert_before(&list->head, link);
}

/* Takes the link out of its list and leaves it initialised. */
static inline void list_remove(struct list_link *link)
{
	struct list_link *next = link->next, *previous = link->previous;
	next->previous = previous;
	previous->next = next;
	list_link_init(link);
}

/* The first link, or NULL if the list is empty. */
static inline struct list_link *list_first(const struct list *list)
{
	return list_empty(list) ? NULL : list->head.next;
}

/* The last one, or NULL. */
static inline struct list_link *list_last(const struct list *list)
{
	return list_empty(list) ? NULL : list->head.previous;
}

/* The one before it in its list, or NULL. */
static inline struct list_link *list_before(const struct list *list, const struct list_link *link)
{
	return link->previous == &list->head ? NULL : link->previous;
}

/* Takes out the first link and returns it, or NULL if the list is empty. */
static inline struct list_link *list_pop(struct list *list)
{
	struct list_link *link = list_first(list);
	if (link)
		list_remove(link);
	return link;
}
