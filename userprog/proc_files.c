/* SPDX-License-Identifier: MIT */
/*
 * /proc/<pid>/stat, status and the other small files (proc_files.h). Each takes a reference
 * to the process first; what of it is gone by then shows as nothing.
 */
#include "userprog/proc_files.h"

#include <linux/major.h>
#include <linux/signal.h>

#include "kernel/dev/tty.h"
#include "kernel/fs/procfs.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "lib/number.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "vm/area.h"
#include "vm/page.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/usercopy.h"

#define NS_PER_TICK ((uint32_t)(NS_PER_SECOND / TICKS_PER_SECOND))

/* ---- what stat, statm and status tell, gathered at once ---- */

struct facts {
	char name[16], state;
	pid_t id, parent, group, session;
	int exit_signal, status, nice;
	struct usage usage, reaped;
	struct credentials credentials;
	signal_set pending, blocked, ignored, caught;
	uint64_t started;
	uint32_t umask;

	bool has_space;
	uint32_t resident;     /* in pages, as below */
	struct memory_use use; /* counted page by page, if asked for */
	uint32_t pages, data, stack, text, tables; /* of areas, and page tables; in pages */
	uint32_t locked;       /* of areas that mlock holds */
	uintptr_t brk, stack_top, args_start, args_end, env_start, env_end;
	uintptr_t code_start, code_end;
	uint32_t descriptors; /* room for */
};

static char state_of_locked(const struct process *process)
{
	const struct thread *thread = process->thread;
	if (process->zombie || !thread)
		return 'Z';
	if (process->stopped)
		return 'T';
	if (thread->state != THREAD_SLEEPING)
		return 'R';
	return thread->interruptible ? 'S' : 'D';
}

static void gather_actions(const struct process *process, struct facts *facts)
{
	for (int signal = 1; signal <= SIGNALS; signal++) {
		uintptr_t handler = process->signals.actions[signal - 1].handler;
		if (handler == (uintptr_t)SIG_IGN)
			facts->ignored |= signal_bit(signal);
		else if (handler != (uintptr_t)SIG_DFL)
			facts->caught |= signal_bit(signal);
	}
}

static void gather_process(struct process *process, struct facts *facts)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	memcpy(facts->name, process->name, sizeof facts->name);
	facts->state = state_of_locked(process);
	facts->id = process->id;
	facts->parent = process->parent ? process->parent->id : 0;
	facts->group = process->group;
	facts->session = process->session;
	facts->exit_signal = process->exit_signal;
	facts->status = process->zombie ? process->status : 0;
	facts->nice = process->nice;
	facts->usage = process_usage_locked(process);
	facts->reaped = process->reaped;
	facts->credentials = process->credentials;
	facts->pending = process->signals.pending;
	facts->blocked = process->signals.blocked;
	gather_actions(process, facts);
	facts->started = process->started;
	facts->umask = process->umask;
	facts->descriptors = process->files ? process->files->capacity : 0;
	spin_unlock_irq(&process_lock, flags);
}

static void gather_space(struct spt *spt, struct facts *facts, bool count)
{
	SCOPED_MUTEX(&spt->lock);
	facts->has_space = true;
	facts->resident = pagedir_resident(&spt->pagedir);
	if (count)
		facts->use = memory_use_count(spt, 0, USER_END);
	facts->pages = spt->area_pages;
	facts->tables = spt->pagedir.tables;
	facts->brk = spt->brk_start;
	facts->stack_top = spt->stack_top;
	facts->args_start = spt->args_start;
	facts->args_end = spt->args_end;
	facts->env_start = spt->env_start;
	facts->env_end = spt->env_end;
	for (struct area *area = spt_area_from(spt, 0); area; area = spt_area_next(area)) {
		uint32_t pages = (area->end - area_start(area)) >> PAGE_SHIFT;
		facts->locked += area->flags & AREA_LOCKED ? pages : 0;
		if (area->flags & AREA_GROWS_DOWN) {
			facts->stack += pages;
		} else if (area->flags & AREA_EXECUTE && area->source) {
			facts->text += pages;
			if (!facts->code_start) {
				facts->code_start = area_start(area);
				facts->code_end = area->end;
			}
		} else if (area->flags & AREA_WRITE && !(area->flags & AREA_SHARED)) {
			facts->data += pages;
		}
	}
}

/* All of that, in kernel memory (kfree), since it is too much for the stack; NULL if there
 * is no such process, or no memory. */
static struct facts *gather(pid_t id, bool count)
{
	struct process *process = process_find(id);
	if (!process)
		return NULL;
	struct facts *facts = kmalloc_zeroed(sizeof *facts);
	if (facts) {
		gather_process(process, facts);
		struct spt *spt = process_space(process);
		if (spt) {
			gather_space(spt, facts, count);
			spt_put(spt);
		}
	}
	process_put(process);
	return facts;
}

static uint32_t ticks(uint64_t ns)
{
	return (uint32_t)(ns / NS_PER_TICK);
}

#define CONSOLE_DEVICE (TTYAUX_MAJOR << 8 | 1)

static void show_stat(pid_t id, struct text *text)
{
	struct facts *f = gather(id, false);
	if (!f)
		return;
	bool on_terminal = tty_session(&console_tty) == f->session;
	text_print(text, "%d (%s) %c %d %d %d %d %d 0 %u %u %u %u ", f->id, f->name, f->state,
	           f->parent, f->group, f->session, on_terminal ? CONSOLE_DEVICE : 0,
	           on_terminal ? tty_foreground(&console_tty) : -1, f->usage.minor_faults,
	           f->reaped.minor_faults, f->usage.major_faults, f->reaped.major_faults);
	text_print(text, "%u %u %u %u %d %d 1 0 %u %u %u 4294967295 %u %u %u 0 0 ",
	           ticks(f->usage.user_ns), ticks(f->usage.system_ns), ticks(f->reaped.user_ns),
	           ticks(f->reaped.system_ns), 20 + f->nice, f->nice, ticks(f->started),
	           f->pages << PAGE_SHIFT, f->resident, f->code_start, f->code_end,
	           f->stack_top);
	text_print(text, "%u %u %u %u 0 0 0 %d 0 0 0 0 0 0 %u %u %u %u %u %u %u %d\n",
	           (uint32_t)f->pending, (uint32_t)f->blocked, (uint32_t)f->ignored,
	           (uint32_t)f->caught, f->exit_signal, 0u, 0u, f->brk, f->args_start,
	           f->args_end, f->env_start, f->env_end, f->status);
	kfree(f);
}

static void show_statm(pid_t id, struct text *text)
{
	struct facts *f = gather(id, true);
	if (!f)
		return;
	text_print(text, "%u %u %u %u 0 %u 0\n", f->pages, f->resident,
	           f->resident - f->use.anonymous, f->text, f->data + f->stack);
	kfree(f);
}

static const char *state_words(char state)
{
	switch (state) {
	case 'R': return "R (running)";
	case 'S': return "S (sleeping)";
	case 'D': return "D (disk sleep)";
	case 'T': return "T (stopped)";
	default: return "Z (zombie)";
	}
}

static void kib(struct text *text, const char *name, uint32_t pages)
{
	text_print(text, "%s:\t%8u kB\n", name, pages * (PAGE_SIZE / 1024));
}

static void show_status_identity(struct text *text, const struct facts *f)
{
	const struct credentials *c = &f->credentials;
	text_print(text, "Name:\t%s\nUmask:\t%04o\nState:\t%s\n", f->name, f->umask,
	           state_words(f->state));
	text_print(text, "Tgid:\t%d\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", f->id, f->id,
	           f->parent);
	text_print(text, "Uid:\t%u\t%u\t%u\t%u\n", c->uid, c->euid, c->suid, c->euid);
	text_print(text, "Gid:\t%u\t%u\t%u\t%u\n", c->gid, c->egid, c->sgid, c->egid);
	text_print(text, "FDSize:\t%u\nGroups:\t", f->descriptors);
	for (uint32_t i = 0; i < c->group_count; i++)
		text_print(text, "%u ", c->groups[i]);
	text_print(text, "\n");
}

static void show_status(pid_t id, struct text *text)
{
	struct facts *f = gather(id, true);
	if (!f)
		return;
	show_status_identity(text, f);
	if (f->has_space) {
		kib(text, "VmSize", f->pages);
		kib(text, "VmLck", f->locked);
		kib(text, "VmRSS", f->resident);
		kib(text, "RssAnon", f->use.anonymous);
		kib(text, "RssFile", f->resident - f->use.anonymous);
		kib(text, "VmData", f->data);
		kib(text, "VmStk", f->stack);
		kib(text, "VmExe", f->text);
		kib(text, "VmPTE", f->tables);
		kib(text, "VmSwap", f->use.swapped);
	}
	text_print(text, "Threads:\t%d\n", f->state != 'Z');
	text_print(text, "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\n", f->pending, 0ull,
	           f->blocked);
	text_print(text, "SigIgn:\t%016llx\nSigCgt:\t%016llx\n", f->ignored, f->caught);
	kfree(f);
}

/* ---- memory of the process that a file shows as it is ---- */

/* Copies bytes of another space: this thread runs in it meanwhile, so that its faults are
 * that space's. Appends to the text; false if they cannot be read. */
static bool show_bytes(struct spt *spt, uintptr_t start, uintptr_t end, struct text *text)
{
	struct thread *self = thread_current();
	struct spt *own = self->spt;
	char bytes[256];
	while (start < end) {
		size_t n = end - start < sizeof bytes ? end - start : sizeof bytes;
		thread_set_space(spt, pagedir_phys(&spt->pagedir));
		int error = copy_from_user(bytes, (const void *)start, n);
		thread_set_space(own, own ? pagedir_phys(&own->pagedir) : 0);
		if (error)
			return false;
		text_write(text, bytes, n);
		start += n;
	}
	return true;
}

static struct spt *space_of(pid_t id)
{
	struct process *process = process_find(id);
	struct spt *spt = process ? process_space(process) : NULL;
	if (process)
		process_put(process);
	return spt;
}

static void show_cmdline(pid_t id, struct text *text)
{
	struct spt *spt = space_of(id);
	if (!spt)
		return;
	show_bytes(spt, spt->args_start, spt->args_end, text);
	spt_put(spt);
}

static void show_environ(pid_t id, struct text *text)
{
	struct spt *spt = space_of(id);
	if (!spt)
		return;
	show_bytes(spt, spt->env_start, spt->env_end, text);
	spt_put(spt);
}

/* ---- small ones ---- */

static void show_comm(pid_t id, struct text *text)
{
	struct process *process = process_find(id);
	if (!process)
		return;
	text_print(text, "%s\n", process->name);
	process_put(process);
}

static void show_limit(struct text *text, const char *name, const char *unit,
                       const struct rlimit *limit)
{
	char soft[16] = "unlimited", hard[16] = "unlimited";
	if (limit->rlim_cur != RLIM_INFINITY)
		snprintf(soft, sizeof soft, "%lu", limit->rlim_cur);
	if (limit->rlim_max != RLIM_INFINITY)
		snprintf(hard, sizeof hard, "%lu", limit->rlim_max);
	text_print(text, "%-25s %-20s %-20s %-10s\n", name, soft, hard, unit);
}

static void show_limits(pid_t id, struct text *text)
{
	static const struct {
		const char *name, *unit;
	} names[RLIM_NLIMITS] = {
		[RLIMIT_CPU] = {"Max cpu time", "seconds"},
		[RLIMIT_FSIZE] = {"Max file size", "bytes"},
		[RLIMIT_DATA] = {"Max data size", "bytes"},
		[RLIMIT_STACK] = {"Max stack size", "bytes"},
		[RLIMIT_CORE] = {"Max core file size", "bytes"},
		[RLIMIT_RSS] = {"Max resident set", "bytes"},
		[RLIMIT_NPROC] = {"Max processes", "processes"},
		[RLIMIT_NOFILE] = {"Max open files", "files"},
		[RLIMIT_MEMLOCK] = {"Max locked memory", "bytes"},
		[RLIMIT_AS] = {"Max address space", "bytes"},
		[RLIMIT_LOCKS] = {"Max file locks", "locks"},
		[RLIMIT_SIGPENDING] = {"Max pending signals", "signals"},
		[RLIMIT_MSGQUEUE] = {"Max msgqueue size", "bytes"},
		[RLIMIT_NICE] = {"Max nice priority", ""},
		[RLIMIT_RTPRIO] = {"Max realtime priority", ""},
		[RLIMIT_RTTIME] = {"Max realtime timeout", "us"},
	};
	struct process *process = process_find(id);
	if (!process)
		return;
	text_print(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (int i = 0; i < RLIM_NLIMITS; i++)
		show_limit(text, names[i].name, names[i].unit, &process->limits[i]);
	process_put(process);
}

static void show_oom_score_adj(pid_t id, struct text *text)
{
	struct process *process = process_find(id);
	if (!process)
		return;
	text_print(text, "%d\n", process->oom_adjust);
	process_put(process);
}

static int store_oom_score_adj(pid_t id, const char *words, size_t length)
{
	char *end;
	long value = strtol(words, &end, 10);
	if (!length || end == words || value < -1000 || value > 1000)
		return -EINVAL;
	struct process *process = process_find(id);
	if (!process)
		return -ESRCH;
	process->oom_adjust = (int)value;
	process_put(process);
	return 0;
}

static pid_t self(void)
{
	const struct process *process = process_current();
	return process ? process->id : 0;
}

#ifdef PAGODA_DEBUG
/* /proc/self/fail-nth: kernel/mem/failpoint.h. */
static void show_fail_nth(pid_t id, struct text *text)
{
	(void)id;
	text_print(text, "%u\n", thread_current()->fail_after);
}

static int store_fail_nth(pid_t id, const char *words, size_t length)
{
	char *end;
	long value = strtol(words, &end, 10);
	if (!length || end == words || value < 0)
		return -EINVAL;
	if (id != self())
		return -EPERM;
	thread_current()->fail_after = value;
	return 0;
}
#endif

/* ---- links ---- */

static int link_to(struct dentry *dentry, char *to, size_t size)
{
	if (!dentry)
		return -ENOENT;
	int length = dentry_path_shown(dentry, to, size);
	dentry_put(dentry);
	return length;
}

static int link_exe(pid_t id, char *to, size_t size)
{
	struct process *process = process_find(id);
	if (!process)
		return -ENOENT;
	int length = link_to(process_executable(process), to, size);
	process_put(process);
	return length;
}

static int link_cwd(pid_t id, char *to, size_t size)
{
	struct process *process = process_find(id);
	if (!process)
		return -ENOENT;
	int length = link_to(process_cwd(process), to, size);
	process_put(process);
	return length;
}

static int link_root(pid_t id, char *to, size_t size)
{
	(void)id; /* everyone's is the same */
	return (int)strlcpy(to, "/", size);
}

/* ---- descriptors ---- */

static struct descriptor_table *files_of(pid_t id)
{
	struct process *process = process_find(id);
	struct descriptor_table *files = process ? process_files(process) : NULL;
	if (process)
		process_put(process);
	return files;
}

static int next_fd(pid_t id, int after)
{
	struct descriptor_table *files = files_of(id);
	if (!files)
		return -1;
	int number = descriptor_next(files, after);
	descriptors_put(files);
	return number;
}

static int fd_path(pid_t id, int number, char *to, size_t size)
{
	struct descriptor_table *files = files_of(id);
	struct file *file = files ? descriptor_file(files, number) : NULL;
	int length = -ENOENT;
	if (file && file->dentry)
		length = dentry_path_shown(file->dentry, to, size);
	else if (file)
		length = snprintf(to, size, "pipe:[%u]", file->inode ? file->inode->number : 0);
	if (file)
		file_put(file);
	if (files)
		descriptors_put(files);
	return length;
}

static const struct process_file files[] = {
	{.name = "stat", .show = show_stat},
	{.name = "statm", .show = show_statm},
	{.name = "status", .show = show_status},
	{.name = "maps", .show = proc_maps},
	{.name = "smaps", .show = proc_smaps},
	{.name = "pagemap", .read = proc_pagemap},
	{.name = "walk", .show = proc_walk},
	{.name = "cmdline", .show = show_cmdline},
	{.name = "environ", .show = show_environ},
	{.name = "comm", .show = show_comm},
	{.name = "limits", .show = show_limits},
	{.name = "oom_score_adj", .show = show_oom_score_adj, .store = store_oom_score_adj},
#ifdef PAGODA_DEBUG
	{.name = "fail-nth", .show = show_fail_nth, .store = store_fail_nth},
#endif
	{.name = "exe", .link = link_exe},
	{.name = "cwd", .link = link_cwd},
	{.name = "root", .link = link_root},
	{.name = NULL},
};

static const struct process_directory directory = {
	.next = process_next_id,
	.self = self,
	.files = files,
	.next_fd = next_fd,
	.fd_path = fd_path,
};

void proc_files_init(void)
{
	procfs_set_processes(&directory);
}
