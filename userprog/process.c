/* SPDX-License-Identifier: MIT */
/* The tree of processes, their numbers and their references (process.h). */
#include "userprog/process.h"

#include <linux/personality.h>
#include <linux/signal.h>

#include "kernel/cpu/paging.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "kernel/trace.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/places.h"
#include "userprog/signal_queue.h"
#include "userprog/timers.h"
#include "userprog/user.h"
#include "vm/spt.h"

struct spinlock process_lock = SPINLOCK_INIT("process");

static struct spinlock executable_lock = SPINLOCK_INIT("executable"); /* of all processes */
static struct tree processes; /* (p) by id */
static struct process *init;  /* (p) process 1 */

/* What one instruction may want in memory at once: its own two pages, and two each of the stack,
 * of what it reads and what it writes. With fewer it would never get done. */
#define RESIDENT_LEAST 8u

/* Three of them in a frame: a process is mostly made and ended without one taken or given back. */
static struct slab_cache process_cache = SLAB_CACHE("process", sizeof(struct process));
_Static_assert(sizeof(struct process) <= PAGE_SIZE / 3 - 16, "three processes fit into one frame");

struct process *process_create(void)
{
	struct process *process = slab_alloc_zeroed(&process_cache);
	if (!process)
		return NULL;
	process->references = 1;
	list_init(&process->children);
	list_link_init(&process->sibling);
	list_init(&process->tracees);
	list_init(&process->tasks);
	list_init(&process->semaphore_undos);
	task_init(&process->first, process);
	signal_queue_init(&process->signals.queue);
	list_link_init(&process->signals.spare.link);
	wait_queue_init(&process->changed);
	wait_queue_init(&process->resumed);
	wait_queue_init(&process->signalled);
	timers_init(process);
	process->started = clock_now();
	return process;
}

struct process *process_get(struct process *process)
{
	__atomic_fetch_add(&process->references, 1, __ATOMIC_RELAXED);
	return process;
}

void process_put(struct process *process)
{
	if (__atomic_sub_fetch(&process->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	if (process->files)
		descriptors_leave(process->files);
	if (process->spt)
		spt_put(process->spt);
	if (process->places)
		places_put(process->places);
	program_put(process->executable);
	user_leave(process);
	wait_queue_end(&process->signalled); /* a signalfd may be watched that outlives it */
	signals_destroy(process);
	slab_free(&process_cache, process);
}

static struct process *of_node(struct tree_node *node)
{
	return node ? TREE_ENTRY(node, struct process, node) : NULL;
}

struct process *process_find_locked(pid_t id)
{
	return id > 0 ? of_node(tree_find(&processes, (uintptr_t)id)) : NULL;
}

struct process *process_find(pid_t id)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct process *process = process_find_locked(id);
	if (process)
		process_get(process);
	spin_unlock_irq(&process_lock, flags);
	return process;
}

struct process *process_first_locked(void)
{
	return of_node(tree_first(&processes));
}

struct process *process_next_locked(struct process *process)
{
	return of_node(tree_next(&process->node));
}

pid_t process_next_id(pid_t after)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct process *process = of_node(tree_ceiling(&processes, (uintptr_t)after + 1));
	pid_t id = process ? process->id : 0;
	spin_unlock_irq(&process_lock, flags);
	return id;
}

static void set_parent(struct process *process, struct process *parent)
{
	process->parent = parent;
	__atomic_store_n(&process->parent_id, parent ? parent->id : 0, __ATOMIC_RELAXED);
}

/* Behind those that the parent has: wait(2) looks at them in this order. */
static void join_children(struct process *process, struct process *parent)
{
	struct list_link *last = list_last(&parent->children);
	process->news_node.key =
		last ? LIST_ENTRY(last, struct process, sibling)->news_node.key + 1 : 0;
	set_parent(process, parent);
	list_append(&parent->children, &process->sibling);
}

void process_enter_locked(struct process *process, struct process *parent)
{
	process->node.key = (uintptr_t)process->id;
	tree_insert(&processes, &process->node);
	if (parent) {
		join_children(process, parent);
	} else {
		set_parent(process, NULL);
		init = process;
	}
}

void process_leave_locked(struct process *process)
{
	tree_remove(&processes, &process->node);
	list_remove(&process->sibling);
	process_has_no_news_locked(process);
	set_parent(process, NULL);
}

void process_has_news_locked(struct process *process)
{
	if (!process->parent || process->has_news)
		return;
	/* A place is taken only if the numbers have begun again since an old child was born. */
	while (!tree_insert(&process->parent->news, &process->news_node))
		process->news_node.key++;
	process->has_news = true;
}

void process_has_no_news_locked(struct process *process)
{
	if (process->has_news)
		tree_remove(&process->parent->news, &process->news_node);
	process->has_news = false;
}

/* Who takes the process's children: its nearest ancestor that adopts, or process 1. */
static struct process *adopter_locked(const struct process *process)
{
	for (struct process *p = process->parent; p; p = p->parent)
		if (p->adopts && !p->zombie)
			return p;
	return init;
}

static void tell_death_locked(const struct process *parent, struct process *child)
{
	struct signal_info info = {
		.code = SI_USER, .value = {(uint32_t)parent->id, parent->credentials.uid}};
	if (child->parent_death_signal)
		signal_send_locked(child, child->parent_death_signal, &info);
}

void process_orphan_children_locked(struct process *process)
{
	struct process *adopter = adopter_locked(process);
	struct list_link *link;
	bool ended = false;
	while ((link = list_pop(&process->children))) {
		struct process *child = LIST_ENTRY(link, struct process, sibling);
		bool has_news = child->has_news;
		ended |= child->zombie;
		process_has_no_news_locked(child);
		join_children(child, adopter);
		child->exit_signal = SIGCHLD;
		if (has_news)
			process_has_news_locked(child);
		tell_death_locked(process, child);
	}
	if (ended)
		signal_send_locked(adopter, SIGCHLD, NULL);
	wait_wake_all(&adopter->changed);
}

struct spt *process_space(struct process *process)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct spt *spt = process->spt;
	if (spt)
		spt_get(spt);
	spin_unlock_irq(&process_lock, flags);
	return spt;
}

struct descriptor_table *process_files(struct process *process)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct descriptor_table *files = process->files;
	if (files)
		descriptors_get(files);
	spin_unlock_irq(&process_lock, flags);
	return files;
}

struct spt *process_space_limited(void)
{
	const struct process *self = process_current();
	unsigned long limit = self->limits[RLIMIT_MEMLOCK].rlim_cur;
	self->spt->lock_limit = self->credentials.euid == 0 ? RLIM_INFINITY : limit;
	self->spt->read_implies_execute = self->personality & READ_IMPLIES_EXEC;
	return self->spt;
}

void process_limit_space(const struct process *process, struct spt *spt)
{
	const struct rlimit *limits = process->limits;
	unsigned long resident = limits[RLIMIT_RSS].rlim_cur;
	spt->stack_limit = limits[RLIMIT_STACK].rlim_cur;
	spt->data_limit = limits[RLIMIT_DATA].rlim_cur;
	spt->space_limit = limits[RLIMIT_AS].rlim_cur;
	spt->resident_limit = resident == RLIM_INFINITY ? UINT32_MAX : resident >> PAGE_SHIFT;
	if (spt->resident_limit < RESIDENT_LEAST)
		spt->resident_limit = RESIDENT_LEAST;
}

struct places *process_places(struct process *process)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct places *places = process->places ? places_get(process->places) : NULL;
	spin_unlock_irq(&process_lock, flags);
	return places;
}

struct dentry *process_executable(struct process *process)
{
	spin_lock(&executable_lock);
	struct dentry *file = process->executable ? dentry_get(process->executable) : NULL;
	spin_unlock(&executable_lock);
	return file;
}

int program_get(struct dentry *file)
{
	int error = inode_run_begin(dentry_inode(file));

	if (!error)
		dentry_get(file);
	return error;
}

void program_put(struct dentry *file)
{
	if (!file)
		return;
	inode_run_end(dentry_inode(file));
	dentry_put(file);
}

void process_set_executable(struct process *process, struct dentry *file)
{
	spin_lock(&executable_lock);
	struct dentry *old = process->executable;
	process->executable = file;
	spin_unlock(&executable_lock);
	program_put(old);
}

bool process_group_orphaned_locked(pid_t group)
{
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p)) {
		if (p->group != group || p->zombie || !p->parent || p->parent->zombie)
			continue;
		if (p->parent->group != group && p->parent->session == p->session)
			return false;
	}
	return true;
}

const char *task_name_locked(const struct task *task)
{
	return task->thread ? task->thread->name : task->process->name;
}

void task_set_name_locked(struct task *task, const char name[16])
{
	struct process *process = task->process;
	if (task_is_first(task))
		memcpy(process->name, name, sizeof process->name);
	if (task->thread)
		memcpy(task->thread->name, name, sizeof task->thread->name);
}

void process_set_name(const char name[16])
{
	uint32_t flags = spin_lock_irq(&process_lock);
	task_set_name_locked(task_current(), name);
	spin_unlock_irq(&process_lock, flags);
	trace_name(thread_current()->name);
}

/* ---- whose it is ---- */

static bool is_other_or_more(const struct credentials *old, const struct credentials *new)
{
	return old->euid != new->euid || old->egid != new->egid || old->fsuid != new->fsuid ||
	       old->fsgid != new->fsgid || new->permitted & ~old->permitted;
}

void process_set_credentials(const struct credentials *credentials)
{
	struct process *self = process_current();
	uint32_t flags = spin_lock_irq(&process_lock);
	if (is_other_or_more(&self->credentials, credentials)) {
		self->dumpable = false;
		self->parent_death_signal = 0;
	}
	self->credentials = *credentials;
	spin_unlock_irq(&process_lock, flags);
}

struct object process_object_locked(const struct process *process)
{
	return (struct object){.process = &process->credentials,
	                       .itself = process == process_current(),
	                       .dumpable = process->dumpable};
}

int process_right(struct process *process, enum right right)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct object object = process_object_locked(process);
	int error = right_check(right, &object);
	spin_unlock_irq(&process_lock, flags);
	return error;
}

void process_note_resident(struct process *process)
{
	struct spt *spt = process->spt;
	if (!spt)
		return;
	rwlock_write(&spt->lock);
	spt_note_resident(spt, 0, USER_END);
	rwlock_write_end(&spt->lock);
	if (spt->resident_most > process->usage.resident_most)
		process->usage.resident_most = spt->resident_most;
}

struct usage task_usage_locked(const struct task *task)
{
	const struct thread *thread = task->thread;
	if (!thread)
		return (struct usage){0};
	if (thread == thread_current())
		thread_account();
	/* Both together are what it ran: a whole tick counts as the user's as soon as one ends there. */
	uint64_t user_ns = thread->user_ns < thread->run_ns ? thread->user_ns : thread->run_ns;
	return (struct usage){
		.user_ns = user_ns,
		.system_ns = thread->run_ns - user_ns,
		.minor_faults = thread->minor_faults,
		.major_faults = thread->major_faults,
		.switches_own = thread->switches_own,
		.switches_forced = thread->switches_forced,
		.sectors_read = thread->sectors_read,
		.sectors_written = thread->sectors_written,
	};
}

struct usage process_usage_locked(const struct process *process)
{
	struct usage usage = process->usage;
	LIST_FOR (&process->tasks, struct task, task, link) {
		struct usage own = task_usage_locked(task);
		usage_add(&usage, &own);
	}
	if (process->spt && process->spt->resident_most > usage.resident_most)
		usage.resident_most = process->spt->resident_most;
	return usage;
}

void usage_add(struct usage *sum, const struct usage *usage)
{
	sum->user_ns += usage->user_ns;
	sum->system_ns += usage->system_ns;
	sum->minor_faults += usage->minor_faults;
	sum->major_faults += usage->major_faults;
	sum->switches_own += usage->switches_own;
	sum->switches_forced += usage->switches_forced;
	sum->sectors_read += usage->sectors_read;
	sum->sectors_written += usage->sectors_written;
	if (usage->resident_most > sum->resident_most)
		sum->resident_most = usage->resident_most;
}

uint32_t usage_ticks(uint64_t ns)
{
	return (uint32_t)(ns / (NS_PER_SECOND / TICKS_PER_SECOND));
}
