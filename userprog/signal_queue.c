/* SPDX-License-Identifier: MIT */
/* What is pending (signal_queue.h). */
#include "userprog/signal_queue.h"

#include <asm/errno.h>
#include <linux/signal.h>

#include "kernel/mem/slab.h"
#include "userprog/process.h"
#include "userprog/timers.h"
#include "userprog/user.h"

static struct slab_cache queued_slab = SLAB_CACHE("queued_signal", sizeof(struct queued_signal));

void signal_queue_init(struct signal_queue *queue)
{
	queue->set = 0;
	list_init(&queue->entries);
}

bool signal_queue_has_room_locked(const struct process *process)
{
	return process->user->signals < process->limits[RLIMIT_SIGPENDING].rlim_cur;
}

void signal_queue_count_locked(struct process *process, int change)
{
	process->user->signals += (uint32_t)change;
	process->signals.counted += (uint32_t)change;
}

/* The process's spare one, or another; NULL: it must do without. */
static struct queued_signal *make_entry(struct process *process, int signal,
                                        const struct signal_info *info)
{
	struct queued_signal *spare = &process->signals.spare, *entry = spare;
	bool by_kernel = signal < SIGRTMIN && info->code >= 0;
	if (!by_kernel && !signal_queue_has_room_locked(process))
		return NULL;
	if (list_linked(&spare->link))
		entry = slab_alloc(&queued_slab);
	if (!entry)
		return NULL;
	entry->signal = signal;
	entry->info = *info;
	entry->taken = NULL;
	signal_queue_count_locked(process, 1);
	return entry;
}

static void leave(struct queued_signal *entry)
{
	list_remove(&entry->link);
	if (entry->taken)
		entry->taken(entry);
}

/* One that has left its queue. */
static void free_entry(struct process *process, struct queued_signal *entry)
{
	if (entry->taken)
		return;
	signal_queue_count_locked(process, -1);
	if (entry != &process->signals.spare)
		slab_free(&queued_slab, entry);
}

int signal_queue_add_locked(struct process *process, struct signal_queue *queue, int signal,
                            const struct signal_info *info)
{
	if (signal < SIGRTMIN && signal_in(queue->set, signal))
		return 0;
	struct queued_signal *entry = make_entry(process, signal, info);
	if (entry)
		list_append(&queue->entries, &entry->link);
	else if (signal >= SIGRTMIN && info->code != SI_USER)
		return -EAGAIN;
	queue->set |= signal_bit(signal);
	return 0;
}

void signal_queue_add_own_locked(struct signal_queue *queue, struct queued_signal *own)
{
	if (list_linked(&own->link))
		return;
	list_append(&queue->entries, &own->link);
	queue->set |= signal_bit(own->signal);
}

static struct queued_signal *first_entry(struct signal_queue *queue, int signal)
{
	LIST_FOR(&queue->entries, struct queued_signal, entry, link)
		if (entry->signal == signal)
			return entry;
	return NULL;
}

/* The signal is pending no more, if no entry tells of it. */
static void forget_bit(struct signal_queue *queue, int signal)
{
	if (!first_entry(queue, signal))
		queue->set &= ~signal_bit(signal);
}

void signal_queue_remove_own_locked(struct process *process, struct queued_signal *own)
{
	if (!list_linked(&own->link))
		return;
	list_remove(&own->link);
	forget_bit(&process->signals.queue, own->signal);
	LIST_FOR (&process->tasks, struct task, task, link)
		forget_bit(&task->signals.queue, own->signal);
}

static int take_from(struct process *process, struct signal_queue *queue, signal_set set,
                     struct signal_info *info)
{
	signal_set ready = queue->set & set;
	if (!ready)
		return 0;
	if (ready & SIGNALS_URGENT)
		ready &= SIGNALS_URGENT;
	int signal = signal_first(ready);
	struct queued_signal *entry = first_entry(queue, signal);
	if (entry) {
		leave(entry);
		*info = entry->info;
		free_entry(process, entry);
	} else {
		*info = (struct signal_info){.code = SI_USER};
	}
	if (list_empty(&queue->entries) || !first_entry(queue, signal))
		queue->set &= ~signal_bit(signal);
	if (signal == SIGALRM)
		timers_alarm_taken_locked(process);
	return signal;
}

int signal_queue_take_locked(struct task *task, signal_set set, struct signal_info *info)
{
	struct process *process = task->process;
	int signal = take_from(process, &task->signals.queue, set, info);
	return signal ? signal : take_from(process, &process->signals.queue, set, info);
}

void signal_queue_clear_locked(struct process *process, struct signal_queue *queue, signal_set set)
{
	if (!(queue->set & set))
		return;
	LIST_FOR_SAFE (&queue->entries, struct queued_signal, entry, link)
		if (signal_bit(entry->signal) & set) {
			leave(entry);
			free_entry(process, entry);
		}
	queue->set &= ~set;
}

void signal_queue_drop_locked(struct process *process, signal_set set)
{
	signal_queue_clear_locked(process, &process->signals.queue, set);
	LIST_FOR (&process->tasks, struct task, task, link)
		signal_queue_clear_locked(process, &task->signals.queue, set);
}
