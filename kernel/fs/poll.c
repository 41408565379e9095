/* SPDX-License-Identifier: MIT */
/*
 * Poll tables: a thread waits on the queues of several files at once.
 *
 * It watches them (wait_watch) from when it asks each file until it has slept; a wake meanwhile
 * is remembered in `woken`. The watches are made beforehand, in pages, two for a file: an end of
 * a pipe that is open for both has two queues, and nothing has more.
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

#define WATCHES_A_PAGE (PAGE_SIZE / sizeof(struct watch))

struct poll_sleeper {
	struct poll_table table;
	struct thread *thread;
	volatile bool woken;   /* since the last reset */
	uint32_t count, room;
	struct watch *pages[];
};

static struct watch *watch_at(struct poll_sleeper *sleeper, uint32_t i)
{
	return &sleeper->pages[i / WATCHES_A_PAGE][i % WATCHES_A_PAGE];
}

static bool add_page(struct poll_sleeper *sleeper, uint32_t queues)
{
	uint32_t left = queues - sleeper->room;
	uint32_t watches = left < WATCHES_A_PAGE ? left : WATCHES_A_PAGE;
	struct watch *page = kmalloc(watches * sizeof *page);

	if (!page)
		return false;
	sleeper->pages[sleeper->room / WATCHES_A_PAGE] = page;
	sleeper->room += watches;
	return true;
}

static void woken(struct waiter *waiter)
{
	struct poll_sleeper *sleeper = LIST_ENTRY(waiter, struct watch, waiter)->sleeper;

	sleeper->woken = true;
	thread_wake(sleeper->thread, WOKEN_BY_WAKER);
}

static void join(struct poll_table *table, struct wait_queue *queue)
{
	struct poll_sleeper *sleeper = LIST_ENTRY(table, struct poll_sleeper, table);

	ASSERT_SAYING(sleeper->count < sleeper->room, "a file is polled by too many queues");
	struct watch *watch = watch_at(sleeper, sleeper->count++);
	watch->sleeper = sleeper;
	wait_watch(queue, &watch->waiter, woken);
}

struct poll_sleeper *poll_sleeper_create(uint32_t files)
{
	uint32_t queues = files * POLL_QUEUES_MOST;
	uint32_t pages = (queues + WATCHES_A_PAGE - 1) / WATCHES_A_PAGE;
	struct poll_sleeper *sleeper =
		kmalloc(sizeof *sleeper + pages * sizeof sleeper->pages[0]);

	if (!sleeper)
		return NULL;
	sleeper->table.join = join;
	sleeper->thread = thread_current();
	sleeper->count = sleeper->room = 0;
	while (sleeper->room < queues)
		if (!add_page(sleeper, queues)) {
			poll_sleeper_destroy(sleeper);
			return NULL;
		}
	return sleeper;
}

void poll_sleeper_destroy(struct poll_sleeper *sleeper)
{
	poll_sleeper_reset(sleeper);
	for (uint32_t i = 0; i < sleeper->room; i += WATCHES_A_PAGE)
		kfree(sleeper->pages[i / WATCHES_A_PAGE]);
	kfree(sleeper);
}

struct poll_table *poll_sleeper_reset(struct poll_sleeper *sleeper)
{
	for (uint32_t i = 0; i < sleeper->count; i++)
		wait_unwatch(&watch_at(sleeper, i)->waiter);
	sleeper->count = 0;
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
