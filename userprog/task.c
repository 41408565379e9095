/* SPDX-License-Identifier: MIT */
/* The threads of processes, their numbers and their references (task.h). */
#include "userprog/task.h"

#include "kernel/mem/slab.h"
#include "userprog/process.h"
#include "userprog/signal_queue.h"
#include "userprog/user.h"

static struct slab_cache task_cache = SLAB_CACHE("task", sizeof(struct task));
static struct tree tasks; /* (p) by id: all that are not the first of their process */

void task_init(struct task *task, struct process *process)
{
	task->process = process;
	task->references = 1;
	list_link_init(&task->link);
	list_link_init(&task->tracing.link);
	signal_queue_init(&task->signals.queue);
	task->call = task->restart_call = -1;
}

struct task *task_create(struct process *process)
{
	struct task *task = slab_alloc_zeroed(&task_cache);
	if (task)
		task_init(task, process_get(process));
	return task;
}

struct task *task_get(struct task *task)
{
	if (task_is_first(task))
		process_get(task->process);
	else
		__atomic_fetch_add(&task->references, 1, __ATOMIC_RELAXED);
	return task;
}

void task_put(struct task *task)
{
	struct process *process = task->process;
	if (!task_is_first(task)) {
		if (__atomic_sub_fetch(&task->references, 1, __ATOMIC_ACQ_REL) > 0)
			return;
		slab_free(&task_cache, task);
	}
	process_put(process);
}

static struct task *of_node(struct tree_node *node)
{
	return node ? TREE_ENTRY(node, struct task, node) : NULL;
}

void task_enter_locked(struct task *task)
{
	struct process *process = task->process;
	list_append(&process->tasks, &task->link);
	process->living++;
	if (task_is_first(task))
		return;
	user_thread_begins_locked(process);
	task->node.key = (uintptr_t)task->id;
	tree_insert(&tasks, &task->node);
}

void task_leave_locked(struct task *task)
{
	tree_remove(&tasks, &task->node);
}

struct task *task_find_locked(pid_t id)
{
	struct process *process = process_find_locked(id);
	if (process)
		return &process->first;
	return id > 0 ? of_node(tree_find(&tasks, (uintptr_t)id)) : NULL;
}

struct task *task_find(pid_t id)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct task *task = task_find_locked(id);
	if (task)
		task_get(task);
	spin_unlock_irq(&process_lock, flags);
	return task;
}

pid_t task_next_id_locked(pid_t from)
{
	struct task *task = of_node(tree_ceiling(&tasks, (uintptr_t)from));
	return task ? task->id : INT32_MAX;
}
