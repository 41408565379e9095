/* SPDX-License-Identifier: MIT */
/* kcmp(2): whether two threads have the same open file, memory, descriptors, ... */
#include <linux/kcmp.h>

#include "kernel/fs/vfs.h"
#include "userprog/descriptor.h"
#include "userprog/process.h"
#include "userprog/syscall.h"

/* As the manual page has it: equal, less, greater. */
static int32_t order(uintptr_t a, uintptr_t b)
{
	return a == b ? 0 : a < b ? 1 : 2;
}

/* What stands for the thing that a process has or shares. Of what only exists once it is used,
 * all have the same before: 0. */
static uintptr_t thing_locked(const struct process *process, int type)
{
	switch (type) {
	case KCMP_VM:
		return (uintptr_t)process->spt;
	case KCMP_FILES:
		return (uintptr_t)process->files;
	case KCMP_FS:
		return (uintptr_t)process->places;
	case KCMP_SIGHAND:
		return (uintptr_t)process->signals.actions;
	case KCMP_IO:
		return process->io_priority ? (uintptr_t)process : 0;
	default:
		return list_empty(&process->semaphore_undos) ? 0 : (uintptr_t)process;
	}
}

static int32_t compare_things(const struct process *a, const struct process *b, int type)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	uintptr_t of_a = thing_locked(a, type), of_b = thing_locked(b, type);
	spin_unlock_irq(&process_lock, flags);
	return order(of_a, of_b);
}

/* The open file under a process's number, only to be compared; NULL: there is none. */
static struct file *file_of(struct process *process, uint32_t number)
{
	struct descriptor_table *files = process_files(process);
	struct file *file = files ? descriptor_place(files, (int)number) : NULL;
	if (files)
		descriptors_put(files);
	return file;
}

static int32_t compare_files(struct process *a, uint32_t number_a, struct process *b,
                             uint32_t number_b)
{
	struct file *of_a = file_of(a, number_a), *of_b = file_of(b, number_b);
	int32_t result = of_a && of_b ? order((uintptr_t)of_a, (uintptr_t)of_b) : -EBADF;
	if (of_a)
		file_put(of_a);
	if (of_b)
		file_put(of_b);
	return result;
}

static int32_t compare(struct process *a, struct process *b, int type, uint32_t index_a,
                       uint32_t index_b)
{
	if (process_right(a, MAY_LOOK_INTO) || process_right(b, MAY_LOOK_INTO))
		return -EPERM;
	switch (type) {
	case KCMP_FILE:
		return compare_files(a, index_a, b, index_b);
	case KCMP_VM:
	case KCMP_FILES:
	case KCMP_FS:
	case KCMP_SIGHAND:
	case KCMP_IO:
	case KCMP_SYSVSEM:
		return compare_things(a, b, type);
	case KCMP_EPOLL_TFD:
		return -EOPNOTSUPP; /* as where Linux is built without epoll */
	default:
		return -EINVAL;
	}
}

static int32_t sys_kcmp(pid_t id_a, pid_t id_b, int type, uint32_t index_a, uint32_t index_b)
{
	struct task *a = task_find(id_a), *b = task_find(id_b);
	int32_t result = -ESRCH;
	if (a && b)
		result = compare(a->process, b->process, type, index_a, index_b);
	if (a)
		task_put(a);
	if (b)
		task_put(b);
	return result;
}

const struct system_call kcmp_calls[] = {
	CALL(kcmp, 5),
	CALLS_END,
};
