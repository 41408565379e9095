/* SPDX-License-Identifier: MIT */
/*
 * Poll tables: a thread waits on the queues of several files at once.
 *
 * It watches them (wait_watch) from when it asks each file until it has slept; a wake meanwhile
 * is remembered in `woken`. The watches are made beforehand, in a chain of pages, two for a file: an
 * end of a pipe that is open for both has two queues, and nothing has more.
 */
#include <asm/errno.h>

#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/wait_queue.h"
#include "vm/page.h"

struct watch {
	struct waiter waiter;
	struct poll_sleeper *sleeper;
};

struct page_of_watches {
	struct page_of_watches *next;
	uint32_t count, room;
	struct watch watches[];
};

#define WATCHES_A_PAGE ((PAGE_SIZE - sizeof(struct page_of_watches)) / sizeof(struct watch))

_Static_assert(POLL_QUEUES_MOST * sizeof(struct watch) <= POLL_SLEEPER_BYTES, "what one file costs");

struct poll_sleeper {
	struct poll_table table;
	struct thread *thread;
	volatile bool woken;   /* since the last reset */
	struct page_of_watches *first, *current; /* `current` has room, or is the last; NULL: none */
};

static struct page_of_watches *page_create(uint32_t watches)
{
	uint32_t room = watches < WATCHES_A_PAGE ? watches : WATCHES_A_PAGE;
	struct page_of_watches *page = kmalloc(sizeof *page + room * sizeof(struct watch));

	if (page)
		*page = (struct page_of_watches){.room = room};
	return page;
}

static bool woken(struct waiter *waiter, bool taken)
{
	struct poll_sleeper *sleeper = LIST_ENTRY(waiter, struct watch, waiter)->sleeper;

	(void)taken;
	sleeper->woken = true;
	thread_wake(sleeper->thread, WOKEN_BY_WAKER);
	return false;
}

static void join(struct poll_table *table, struct wait_queue *queue)
{
	struct poll_sleeper *sleeper = LIST_ENTRY(table, struct poll_sleeper, table);

	if (sleeper->current && sleeper->current->count == sleeper->current->room)
		sleeper->current = sleeper->current->next;
	ASSERT_SAYING(sleeper->current, "a file is polled by too many queues");
	struct watch *watch = &sleeper->current->watches[sleeper->current->count++];
	watch->sleeper = sleeper;
	wait_watch(queue, &watch->waiter, woken);
}

struct poll_sleeper *poll_sleeper_create(uint32_t files)
{
	struct poll_sleeper *sleeper = kmalloc(sizeof *sleeper);
	struct page_of_watches **end;

	if (!sleeper)
		return NULL;
	*sleeper = (struct poll_sleeper){.table = {join}, .thread = thread_current()};
	end = &sleeper->first;
	for (uint32_t left = files * POLL_QUEUES_MOST; left; end = &(*end)->next) {
		*end = page_create(left);
		if (!*end) {
			poll_sleeper_destroy(sleeper);
			return NULL;
		}
		left -= (*end)->room;
	}
	sleeper->current = sleeper->first;
	return sleeper;
}

void poll_sleeper_destroy(struct poll_sleeper *sleeper)
{
	struct page_of_watches *next;

	poll_sleeper_reset(sleeper);
	for (struct page_of_watches *page = sleeper->first; page; page = next) {
		next = page->next;
		kfree(page);
	}
	kfree(sleeper);
}

struct poll_table *poll_sleeper_reset(struct poll_sleeper *sleeper)
{
	for (struct page_of_watches *page = sleeper->first; page; page = page->next) {
		for (uint32_t i = 0; i < page->count; i++)
			wait_unwatch(&page->watches[i].waiter);
		page->count = 0;
	}
	sleeper->current = sleeper->first;
	sleeper->woken = false;
	return &sleeper->table;
}

void poll_wait(struct poll_table *table, struct wait_queue *queue)
{
	if (table)
		table->join(table, queue);
}

int poll_sleep(struct poll_sleeper *sleeper, uint64_t deadline)
{
	/* In this order: a wake that comes in between leaves both marks. */
	thread_forget_wake();
	return sleeper->woken ? 0 : wait_sleep(true, deadline);
}
