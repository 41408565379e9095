/* SPDX-License-Identifier: MIT */
/* The tree of processes, their numbers and their references (process.h). */
#include "userprog/process.h"

#include "kernel/cpu/paging.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "vm/spt.h"

struct spinlock process_lock = SPINLOCK_INIT("process");

static struct tree processes; /* (p) by id */
static struct process *init;  /* (p) process 1 */

/* What one instruction may want in memory at once: its own two pages, and two each of the stack,
 * of what it reads and what it writes. With fewer it would never get done. */
#define RESIDENT_LEAST 8u

#define ALARM_INTERVAL_LEAST (NS_PER_SECOND / TICKS_PER_SECOND)

/* When the alarm that is due now goes off again; 0: not. Missed ones are left out, and no
 * program can have more than one a tick. */
static uint64_t next_alarm(const struct process *process)
{
	uint64_t now = clock_now(), next = process->alarm_deadline + process->alarm_interval;
	if (!process->alarm_interval)
		return 0;
	return next > now ? next : now + ALARM_INTERVAL_LEAST;
}

static void alarm_expired(struct timer *timer)
{
	struct process *process = LIST_ENTRY(timer, struct process, alarm);
	uint32_t flags = spin_lock_irq(&process_lock);
	if (process->alarm_deadline) {
		process->alarm_deadline = next_alarm(process);
		if (process->alarm_deadline)
			timer_set(timer, process->alarm_deadline);
		signal_send_locked(process, SIGALRM, NULL);
	}
	spin_unlock_irq(&process_lock, flags);
}

_Static_assert(sizeof(struct process) <= PAGE_SIZE, "a process fits into one page");

struct process *process_create(void)
{
	struct process *process = kmalloc_zeroed(sizeof *process);
	if (!process)
		return NULL;
	process->references = 1;
	list_init(&process->children);
	list_link_init(&process->sibling);
	wait_queue_init(&process->changed);
	wait_queue_init(&process->resumed);
	mutex_init(&process->places_lock, "process places");
	timer_init(&process->alarm, alarm_expired);
	process->call = process->restart_call = -1;
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
		descriptors_put(process->files);
	if (process->spt)
		spt_put(process->spt);
	if (process->cwd)
		dentry_put(process->cwd);
	program_put(process->executable);
	kfree(process);
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

void process_enter_locked(struct process *process, struct process *parent)
{
	process->node.key = (uintptr_t)process->id;
	tree_insert(&processes, &process->node);
	set_parent(process, parent);
	if (parent)
		list_append(&parent->children, &process->sibling);
	else
		init = process;
}

void process_leave_locked(struct process *process)
{
	tree_remove(&processes, &process->node);
	list_remove(&process->sibling);
	set_parent(process, NULL);
}

void process_orphan_children_locked(struct process *process)
{
	struct list_link *link;
	bool ended = false;
	while ((link = list_pop(&process->children))) {
		struct process *child = LIST_ENTRY(link, struct process, sibling);
		ended |= child->zombie;
		set_parent(child, init);
		child->exit_signal = SIGCHLD;
		list_append(&init->children, &child->sibling);
	}
	if (ended)
		signal_send_locked(init, SIGCHLD, NULL);
	wait_wake_all(&init->changed);
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

static struct dentry *place_of(struct process *process, struct dentry **place)
{
	SCOPED_MUTEX(&process->places_lock);
	return *place ? dentry_get(*place) : NULL;
}

struct dentry *process_cwd(struct process *process)
{
	return place_of(process, &process->cwd);
}

struct dentry *process_executable(struct process *process)
{
	return place_of(process, &process->executable);
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

/* Returns what was there. */
static struct dentry *set_place(struct process *process, struct dentry **place,
                                struct dentry *dentry)
{
	SCOPED_MUTEX(&process->places_lock);
	struct dentry *old = *place;
	*place = dentry;
	return old;
}

void process_set_cwd(struct process *process, struct dentry *dentry)
{
	struct dentry *old = set_place(process, &process->cwd, dentry);

	if (old)
		dentry_put(old);
}

void process_set_executable(struct process *process, struct dentry *file)
{
	program_put(set_place(process, &process->executable, file));
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

struct usage process_usage_locked(const struct process *process)
{
	struct usage usage = process->usage;
	const struct thread *thread = process->thread;
	if (thread) {
		usage.user_ns = thread->user_ns;
		usage.system_ns = thread->run_ns > thread->user_ns
		                          ? thread->run_ns - thread->user_ns : 0;
		usage.minor_faults = thread->minor_faults;
		usage.major_faults = thread->major_faults;
	}
	return usage;
}

void usage_add(struct usage *sum, const struct usage *usage)
{
	sum->user_ns += usage->user_ns;
	sum->system_ns += usage->system_ns;
	sum->minor_faults += usage->minor_faults;
	sum->major_faults += usage->major_faults;
}
