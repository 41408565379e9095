/* SPDX-License-Identifier: MIT */
/*
 * Poll tables: a thread waits on the queues of several files at once.
 *
 * A wake that comes between entering the first queue and sleeping is remembered
 * (wait_prepare), as long as nothing else sleeps in between: poll operations do not. More
 * queues than the table holds are not lost either: the sleep is then cut short.
 */
#include <asm/errno.h>

#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "kernel/sync/wait_queue.h"
#include "kernel/time/clock.h"

#define SHORT_SLEEP (NS_PER_SECOND / TICKS_PER_SECOND)

struct poll_table {
	uint32_t count;
	bool overflow;
	struct waiter waiters[POLL_QUEUES_MAX];
};

struct poll_table *poll_table_create(void)
{
	return kmalloc_zeroed(sizeof(struct poll_table));
}

void poll_table_destroy(struct poll_table *table)
{
	poll_table_reset(table);
	kfree(table);
}

void poll_table_reset(struct poll_table *table)
{
	for (uint32_t i = 0; i < table->count; i++)
		wait_finish(&table->waiters[i]);
	table->count = 0;
	table->overflow = false;
}

void poll_wait(struct poll_table *table, struct wait_queue *queue)
{
	if (!table)
		return;
	if (table->count == POLL_QUEUES_MAX)
		table->overflow = true;
	else
		wait_prepare(queue, &table->waiters[table->count++]);
}

int poll_table_sleep(struct poll_table *table, uint64_t deadline)
{
	uint64_t soon = clock_now() + SHORT_SLEEP;
	bool cut_short = table->overflow && soon < deadline;
	int error = wait_sleep(true, cut_short ? soon : deadline);

	return error == -ETIMEDOUT && cut_short ? 0 : error;
}
