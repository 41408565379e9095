/* SPDX-License-Identifier: MIT */
/*
 * /proc/<pid>/stat, status and the other small files (proc_files.h). Each takes a reference
 * to the process first; what of it is gone by then shows as nothing.
 */
#include "userprog/proc_files.h"

#include <linux/fcntl.h>
#include <linux/major.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "kernel/dev/block.h"
#include "kernel/dev/tty.h"
#include "kernel/fs/procfs.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "lib/number.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "userprog/core.h"
#include "userprog/descriptor.h"
#include "userprog/oom.h"
#include "userprog/places.h"
#include "userprog/process.h"
#include "userprog/user.h"
#include "userprog/syscall.h"
#include "vm/area.h"
#include "vm/page.h"
#include "vm/peek.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/usercopy.h"

#define NS_PER_TICK ((uint32_t)(NS_PER_SECOND / TICKS_PER_SECOND))

/* ---- of whom ---- */

/* Of a process the first thread; of another thread's number, or one below 0, the thread that has it:
 * /proc has a directory for it that is not listed, beside the one in its process's list. */
static struct task *task_locked(pid_t id)
{
	return task_find_locked(id < 0 ? -id : id);
}

static struct process *process_locked(pid_t id)
{
	struct task *task = task_locked(id);
	return task ? task->process : NULL;
}

struct process *proc_process(pid_t id)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct process *process = process_locked(id);
	if (process)
		process_get(process);
	spin_unlock_irq(&process_lock, flags);
	return process;
}

static bool exists(pid_t id)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	bool found = task_locked(id);
	spin_unlock_irq(&process_lock, flags);
	return found;
}

/* ---- what stat, statm and status tell, gathered at once ---- */

struct facts {
	char name[16], state;
	pid_t id, process, parent, tracer, group, session;
	uint32_t threads;
	int exit_signal, status, nice;
	struct usage usage, reaped;
	struct credentials credentials;
	signal_set pending, shared_pending, blocked, ignored, caught;
	uint64_t started;
	uint32_t umask;
	uint32_t signals, signals_most; /* queued, of all of its user's; RLIMIT_SIGPENDING */
	uint32_t pages_most;   /* resident; pages */

	bool has_space;
	uint32_t resident;     /* in pages, as below */
	uint32_t size_most;    /* of `pages`, so far */
	struct memory_use use; /* counted page by page, if asked for */
	uint32_t pages, data, stack, text, tables; /* of areas, and page tables; in pages */
	uint32_t locked;       /* of areas that mlock holds */
	uintptr_t brk, stack_top, args_start, args_end, env_start, env_end;
	uintptr_t code_start, code_end;
	uint32_t descriptors; /* room for */
};

static char state_of_locked(const struct task *task)
{
	const struct thread *thread = task->thread;
	if (!thread)
		return 'Z';
	if (task->tracing.tracer && task->tracing.stop)
		return 't';
	if (task->stopped)
		return 'T';
	if (thread->state != THREAD_SLEEPING)
		return 'R';
	return thread->interruptible ? 'S' : 'D';
}

static void gather_actions(const struct process *process, struct facts *facts)
{
	for (int signal = 1; signal <= SIGNALS; signal++) {
		uintptr_t handler = process->signals.actions->of[signal - 1].handler;
		if (handler == (uintptr_t)SIG_IGN)
			facts->ignored |= signal_bit(signal);
		else if (handler != (uintptr_t)SIG_DFL)
			facts->caught |= signal_bit(signal);
	}
}

/* What a thread has of its own; `alone`: also its use of the processor, not all of its process's. */
static void gather_task(const struct task *task, struct facts *facts, bool alone)
{
	const struct process *process = task->process, *tracer = task->tracing.tracer;
	strlcpy(facts->name, task_name_locked(task), sizeof facts->name);
	facts->state = state_of_locked(task);
	facts->id = task->id;
	facts->tracer = tracer ? tracer->id : 0;
	facts->pending = task->signals.queue.set;
	facts->blocked = task->signals.blocked;
	facts->usage = alone ? task_usage_locked(task) : process_usage_locked(process);
}

static void gather_process(struct process *process, struct facts *facts)
{
	facts->process = process->id;
	facts->threads = process->living + (process->living && !process->first.thread);
	facts->parent = process->parent ? process->parent->id : 0;
	facts->group = process->group;
	facts->session = process->session;
	facts->exit_signal = process->exit_signal;
	facts->status = process->zombie ? process->status : 0;
	facts->nice = process->nice;
	facts->reaped = process->reaped;
	facts->credentials = process->credentials;
	facts->shared_pending = process->signals.queue.set;
	gather_actions(process, facts);
	facts->started = process->started;
	facts->umask = process->places ? process->places->umask : 0;
	facts->signals = process->user ? process->user->signals : 0;
	facts->signals_most = process->limits[RLIMIT_SIGPENDING].rlim_cur;
	facts->descriptors = process->files ? process->files->capacity : 0;
}

/* The process, with a reference, or NULL. */
static struct process *gather_kept(pid_t id, struct facts *facts)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct task *task = task_locked(id);
	struct process *process = task ? process_get(task->process) : NULL;
	if (process) {
		gather_process(process, facts);
		gather_task(task, facts, id < 0);
	}
	spin_unlock_irq(&process_lock, flags);
	return process;
}

static void gather_space(struct spt *spt, struct facts *facts, bool count)
{
	SCOPED_WRITE(&spt->lock);
	facts->has_space = true;
	spt_note_resident(spt, 0, USER_END);
	facts->pages_most = spt->resident_most;
	facts->resident = pagedir_resident(&spt->pagedir);
	if (count)
		facts->use = memory_use_count(spt, 0, USER_END);
	facts->pages = spt->areas.pages;
	facts->size_most = spt->areas.pages_most;
	facts->tables = spt->pagedir.tables;
	facts->brk = spt->brk_start;
	facts->stack_top = spt->stack_top;
	facts->args_start = spt->args_start;
	facts->args_end = spt->args_end;
	facts->env_start = spt->env_start;
	facts->env_end = spt->env_end;
	for (struct area *area = spt_area_from(spt, 0); area; area = area_next(area)) {
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
	struct facts *facts = kmalloc_zeroed(sizeof *facts);
	struct process *process = facts ? gather_kept(id, facts) : NULL;
	if (!process) {
		kfree(facts);
		return NULL;
	}
	struct spt *spt = process_space(process);
	if (spt) {
		gather_space(spt, facts, count);
		spt_put(spt);
	}
	process_put(process);
	return facts;
}

static uint32_t ticks(uint64_t ns)
{
	return (uint32_t)(ns / NS_PER_TICK);
}

static void show_stat(pid_t id, struct text *text)
{
	struct facts *f = gather(id, false);
	if (!f)
		return;
	uint32_t terminal;
	pid_t foreground;
	tty_tell_session(f->session, &terminal, &foreground);
	text_print(text, "%d (%s) %c %d %d %d %d %d 0 %u %u %u %u ", f->id, f->name, f->state,
	           f->parent, f->group, f->session, terminal, foreground, f->usage.minor_faults,
	           f->reaped.minor_faults, f->usage.major_faults, f->reaped.major_faults);
	text_print(text, "%u %u %u %u %d %d %u 0 %u %u %u 4294967295 %u %u %u 0 0 ",
	           ticks(f->usage.user_ns), ticks(f->usage.system_ns), ticks(f->reaped.user_ns),
	           ticks(f->reaped.system_ns), 20 + f->nice, f->nice, f->threads, ticks(f->started),
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
	case 't': return "t (tracing stop)";
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
	text_print(text, "Tgid:\t%d\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n", f->process, f->id,
	           f->parent, f->tracer);
	text_print(text, "Uid:\t%u\t%u\t%u\t%u\n", c->uid, c->euid, c->suid, c->fsuid);
	text_print(text, "Gid:\t%u\t%u\t%u\t%u\n", c->gid, c->egid, c->sgid, c->fsgid);
	text_print(text, "FDSize:\t%u\nGroups:\t", f->descriptors);
	for (uint32_t i = 0; i < c->group_count; i++)
		text_print(text, "%u ", c->groups[i]);
	text_print(text, "\n");
}

/* Nothing is pinned for longer than a transfer, which VmPin is about. */
static void show_status_memory(struct text *text, const struct facts *f)
{
	uint32_t code = (page_round_up(f->code_end) - f->code_start) / PAGE_SIZE;
	const struct memory_use *use = &f->use;
	kib(text, "VmPeak", f->size_most);
	kib(text, "VmSize", f->pages);
	kib(text, "VmLck", f->locked);
	kib(text, "VmPin", 0);
	kib(text, "VmHWM", f->pages_most);
	kib(text, "VmRSS", use->resident);
	kib(text, "RssAnon", use->anonymous);
	kib(text, "RssFile", use->resident - use->anonymous - use->in_files_of_memory);
	kib(text, "RssShmem", use->in_files_of_memory);
	kib(text, "VmData", f->data);
	kib(text, "VmStk", f->stack);
	kib(text, "VmExe", code);
	kib(text, "VmLib", f->text - code);
	kib(text, "VmPTE", f->tables);
	kib(text, "VmSwap", use->swapped);
}

static void show_status_signals(struct text *text, const struct facts *f)
{
	text_print(text, "SigQ:\t%u/%u\n", f->signals, f->signals_most);
	text_print(text, "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\n", f->pending,
	           f->shared_pending, f->blocked);
	text_print(text, "SigIgn:\t%016llx\nSigCgt:\t%016llx\n", f->ignored, f->caught);
}

/* Capabilities are never ambient, calls never filtered, and there is one processor. */
static void show_status_rights(struct text *text, const struct facts *f)
{
	const struct credentials *c = &f->credentials;
	text_print(text, "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\n", c->inheritable,
	           c->permitted, c->effective);
	text_print(text, "CapBnd:\t%016llx\nCapAmb:\t%016llx\n", c->bounding, 0ull);
	text_print(text, "NoNewPrivs:\t%d\nSeccomp:\t0\n", c->no_new_privileges);
	text_print(text, "Cpus_allowed:\t1\nCpus_allowed_list:\t0\n");
}

static void show_status(pid_t id, struct text *text)
{
	struct facts *f = gather(id, true);
	if (!f)
		return;
	show_status_identity(text, f);
	if (f->has_space)
		show_status_memory(text, f);
	text_print(text, "Threads:\t%u\n", f->threads);
	show_status_signals(text, f);
	show_status_rights(text, f);
	text_print(text, "voluntary_ctxt_switches:\t%u\nnonvoluntary_ctxt_switches:\t%u\n",
	           f->usage.switches_own, f->usage.switches_forced);
	kfree(f);
}

/* ---- memory of the process that a file shows as it is ---- */

/* Appends bytes of a space to the text, up to one that cannot be read, or until it is full. The
 * address to go on from; 0: that was all. */
static uintptr_t show_bytes(struct spt *spt, uintptr_t start, uintptr_t end, struct text *text)
{
	char bytes[256];
	while (start < end && !text_is_full(text)) {
		size_t wanted = end - start < sizeof bytes ? end - start : sizeof bytes;
		size_t n = peek(spt, start, bytes, wanted, false);
		text_write(text, bytes, n);
		if (n < wanted)
			return 0;
		start += n;
	}
	return start < end ? start : 0;
}

static uintptr_t show_cmdline(pid_t id, uintptr_t from, struct text *text)
{
	struct spt *spt = proc_space(id);
	if (!spt)
		return 0;
	uintptr_t next = show_bytes(spt, from ? from : spt->args_start, spt->args_end, text);
	spt_put(spt);
	return next;
}

static uintptr_t show_environ(pid_t id, uintptr_t from, struct text *text)
{
	struct spt *spt = proc_space(id);
	if (!spt)
		return 0;
	uintptr_t next = show_bytes(spt, from ? from : spt->env_start, spt->env_end, text);
	spt_put(spt);
	return next;
}

/* As execve left it on the stack, up to AT_NULL: getauxval(3). */
static void show_auxv(pid_t id, struct text *text)
{
	struct spt *spt = proc_space(id);
	if (!spt)
		return;
	show_bytes(spt, spt->auxiliary_start, spt->auxiliary_end, text);
	spt_put(spt);
}

/* ---- small ones ---- */

/* A thread of the same process may set it. */
static int store_comm(pid_t id, const char *words, size_t length)
{
	char name[THREAD_NAME_MAX] = {0};
	if (length && words[length - 1] == '\n')
		length--;
	strlcpy(name, words, length < sizeof name ? length + 1 : sizeof name);
	uint32_t flags = spin_lock_irq(&process_lock);
	struct task *task = task_locked(id);
	bool own = task && task->process == process_current();
	if (own)
		task_set_name_locked(task, name);
	spin_unlock_irq(&process_lock, flags);
	return own ? 0 : -EINVAL;
}

/* The function in which it sleeps; 0: it does not, or it is none of the caller's business. */
static void show_wchan(pid_t id, struct text *text)
{
	const char *where = NULL;
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct task *task = task_locked(id);
	const struct thread *thread = task ? task->thread : NULL;
	if (thread && thread->state == THREAD_SLEEPING) {
		struct object object = process_object_locked(task->process);
		if (right_has(MAY_LOOK_INTO, &object))
			where = panic_sleep_place(thread);
	}
	spin_unlock_irq(&process_lock, flags);
	text_print(text, "%s", where ? where : "0");
}

/* rchar and wchar: of calls of the read and write family; read_bytes and write_bytes: of disks, on its
 * request. What others write back later, the page-out thread above all, is nobody's. */
static void show_io(pid_t id, struct text *text)
{
	struct process *process = proc_process(id);
	if (!process)
		return;
	uint32_t flags = spin_lock_irq(&process_lock);
	struct usage usage = process_usage_locked(process);
	struct transfer_counts t = process->transfers;
	spin_unlock_irq(&process_lock, flags);
	text_print(text, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\n", t.bytes_read,
	           t.bytes_written, t.calls_read, t.calls_written);
	text_print(text, "read_bytes: %llu\nwrite_bytes: %llu\ncancelled_write_bytes: 0\n",
	           usage.sectors_read * SECTOR_SIZE, usage.sectors_written * SECTOR_SIZE);
	process_put(process);
}

/* What it waits for in the kernel: the call, its six arguments, stack pointer and place. */
static void show_syscall(pid_t id, struct text *text)
{
	struct trap_frame frame;
	bool known = false;
	int call = -1;
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct task *task = task_locked(id);
	const struct thread *thread = task ? task->thread : NULL;
	if (thread && (thread->state == THREAD_SLEEPING || thread == thread_current())) {
		frame = *thread_user_frame(thread);
		call = frame.vector == TRAP_SYSCALL ? task->call : -1;
		known = true;
	}
	spin_unlock_irq(&process_lock, flags);
	if (!known)
		text_print(text, "running\n");
	else if (call < 0)
		text_print(text, "-1 0x%x 0x%x\n", frame.esp, frame.eip);
	else
		text_print(text, "%d 0x%x 0x%x 0x%x 0x%x 0x%x 0x%x 0x%x 0x%x\n", call, frame.ebx,
		           frame.ecx, frame.edx, frame.esi, frame.edi, frame.ebp, frame.esp,
		           frame.eip);
}

static void show_personality(pid_t id, struct text *text)
{
	struct process *process = proc_process(id);
	if (!process)
		return;
	text_print(text, "%08x\n", process->personality);
	process_put(process);
}

static void show_timerslack(pid_t id, struct text *text)
{
	struct process *process = proc_process(id);
	if (!process)
		return;
	text_print(text, "%u\n", process->timer_slack ? process->timer_slack : TIMER_SLACK_NS);
	process_put(process);
}

/* 0: what it began with. */
static int store_timerslack(pid_t id, const char *words, size_t length)
{
	char *end;
	unsigned long value = strtoul(words, &end, 10);
	if (!length || end == words)
		return -EINVAL;
	struct process *process = proc_process(id);
	if (!process)
		return -ESRCH;
	int error = process == process_current() || right_has(MAY_RAISE_NICE, NULL) ? 0 : -EPERM;
	if (!error)
		process->timer_slack = value ? value : process->timer_slack_default;
	process_put(process);
	return error;
}

static void show_oom_score(pid_t id, struct text *text)
{
	struct process *process = proc_process(id);
	if (!process)
		return;
	text_print(text, "%u\n", oom_score(process));
	process_put(process);
}

static void show_comm(pid_t id, struct text *text)
{
	char name[THREAD_NAME_MAX] = {0};
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct task *task = task_locked(id);
	if (task)
		strlcpy(name, task_name_locked(task), sizeof name);
	spin_unlock_irq(&process_lock, flags);
	if (task)
		text_print(text, "%s\n", name);
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
	struct process *process = proc_process(id);
	if (!process)
		return;
	text_print(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (int i = 0; i < RLIM_NLIMITS; i++)
		show_limit(text, names[i].name, names[i].unit, &process->limits[i]);
	process_put(process);
}

static void show_oom_score_adj(pid_t id, struct text *text)
{
	struct process *process = proc_process(id);
	if (!process)
		return;
	text_print(text, "%d\n", process->oom_adjust);
	process_put(process);
}

/* Who has the right may set any, and with it how low others may go from then on. */
static int set_oom_adjust_locked(struct process *process, int value)
{
	bool any = right_has(MAY_RAISE_LIMITS, NULL);
	if (value < process->oom_adjust_least && !any)
		return -EACCES;
	process->oom_adjust = value;
	if (any)
		process->oom_adjust_least = value;
	return 0;
}

static int store_oom_score_adj(pid_t id, const char *words, size_t length)
{
	char *end;
	long value = strtol(words, &end, 10);
	int error = -ESRCH;
	if (!length || end == words || value < -1000 || value > 1000)
		return -EINVAL;
	uint32_t flags = spin_lock_irq(&process_lock);
	struct process *process = process_locked(id);
	if (process)
		error = set_oom_adjust_locked(process, (int)value);
	spin_unlock_irq(&process_lock, flags);
	return error;
}

static void show_core_filter(pid_t id, struct text *text)
{
	struct process *process = proc_process(id);
	if (!process)
		return;
	text_print(text, "%08x\n", process->core_filter);
	process_put(process);
}

static int store_core_filter(pid_t id, const char *words, size_t length)
{
	char *end;
	struct number number = number_parse(words, &end, 0);
	if (!length || end == words || number.negative)
		return -EINVAL;
	if (number.magnitude > UINT32_MAX)
		return -ERANGE;
	struct process *process = proc_process(id);
	if (!process)
		return -ESRCH;
	process->core_filter = number.magnitude & CORE_FILTER_BITS;
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

static int place_of(pid_t id, struct dentry *(*which)(struct process *), struct dentry **place)
{
	struct process *process = proc_process(id);
	*place = process ? which(process) : NULL;
	if (process)
		process_put(process);
	return *place ? 0 : -ENOENT;
}

static int place_exe(pid_t id, struct dentry **place)
{
	return place_of(id, process_executable, place);
}

static struct dentry *cwd_of(struct process *process)
{
	struct places *places = process_places(process);
	struct dentry *cwd = places ? places_cwd(places) : NULL;
	if (places)
		places_put(places);
	return cwd;
}

static int place_cwd(pid_t id, struct dentry **place)
{
	return place_of(id, cwd_of, place);
}

static struct dentry *root_of(struct process *process)
{
	struct places *places = process_places(process);
	struct dentry *root = places ? places_root(places) : NULL;
	if (places)
		places_put(places);
	return root ? root : vfs_root();
}

static int place_root(pid_t id, struct dentry **place)
{
	return place_of(id, root_of, place);
}

/* ---- descriptors ---- */

static struct descriptor_table *files_of(pid_t id)
{
	struct process *process = proc_process(id);
	struct descriptor_table *files = process ? process_files(process) : NULL;
	if (process)
		process_put(process);
	return files;
}

static bool next_descriptor(pid_t id, uint32_t from, uint32_t *key, char *name, size_t size)
{
	struct descriptor_table *files = files_of(id);
	if (!files || from > INT32_MAX) {
		if (files)
			descriptors_put(files);
		return false;
	}
	int number = descriptor_next(files, (int)from - 1);
	descriptors_put(files);
	*key = (uint32_t)number;
	snprintf(name, size, "%d", number);
	return number >= 0;
}

static struct file *file_of_descriptor(pid_t id, uint32_t key)
{
	struct descriptor_table *files = files_of(id);
	struct file *file = files ? descriptor_place(files, (int)key) : NULL;
	if (files)
		descriptors_put(files);
	return file;
}

/* The bits say how the file is open: link(7), proc(5). */
static uint32_t mode_of_descriptor(pid_t id, uint32_t key)
{
	struct file *file = file_of_descriptor(id, key);
	uint32_t mode = S_IFLNK;
	if (!file)
		return mode;
	uint32_t access = file->flags & O_ACCMODE;
	if (access == O_RDONLY || access == O_RDWR)
		mode |= file->flags & O_PATH ? 0 : 0500;
	if (access == O_WRONLY || access == O_RDWR)
		mode |= 0300;
	file_put(file);
	return mode;
}

static uint32_t mode_of_information(pid_t id, uint32_t key)
{
	(void)id, (void)key;
	return S_IFREG | 0444;
}

static void show_descriptor(pid_t id, uint32_t key, struct text *text)
{
	struct descriptor_table *files = files_of(id);
	struct file *file = files ? descriptor_place(files, (int)key) : NULL;
	if (file) {
		bool closes = descriptor_flag(files, (int)key);
		text_print(text, "pos:\t%lld\nflags:\t0%o\nmnt_id:\t%u\nino:\t%u\n",
		           (long long)file->position,
		           file->flags | O_LARGEFILE | (closes ? O_CLOEXEC : 0),
		           inode_mount(file->inode), file->inode->number);
		if (file->ops->show)
			file->ops->show(file, text);
		file_put(file);
	}
	if (files)
		descriptors_put(files);
}

/* ---- threads ---- */

static void lower(pid_t *lowest, pid_t from, pid_t id)
{
	if (id >= from && id < *lowest)
		*lowest = id;
}

/* The first one is there even when it has ended. */
static bool next_thread(pid_t id, uint32_t from, uint32_t *key, char *name, size_t size)
{
	pid_t lowest = INT32_MAX;
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct process *process = process_locked(id);
	if (process) {
		lower(&lowest, (pid_t)from, process->id);
		LIST_FOR (&process->tasks, struct task, task, link)
			lower(&lowest, (pid_t)from, task->id);
	}
	spin_unlock_irq(&process_lock, flags);
	*key = (uint32_t)lowest;
	snprintf(name, size, "%d", lowest);
	return lowest != INT32_MAX;
}

static uint32_t mode_of_thread(pid_t id, uint32_t key)
{
	(void)id, (void)key;
	return S_IFDIR | 0555;
}

/* ---- the door ---- */

static void show_mounts(pid_t id, struct text *text)
{
	(void)id; /* everyone's are the same */
	mounts_show(text);
}

static void show_mountinfo(pid_t id, struct text *text)
{
	(void)id;
	mounts_show_info(text);
}

static const struct process_file files[] = {
	{.name = "stat", .mode = 0444, .show = show_stat},
	{.name = "statm", .mode = 0444, .show = show_statm},
	{.name = "status", .mode = 0444, .show = show_status},
	{.name = "maps", .mode = 0444, .guarded = true, .show_from = proc_maps},
	{.name = "smaps", .mode = 0444, .guarded = true, .show_from = proc_smaps},
	{.name = "smaps_rollup", .mode = 0444, .guarded = true, .show = proc_smaps_rollup},
	{.name = "pagemap", .mode = 0400, .guarded = true, .read = proc_pagemap},
	{.name = "walk", .mode = 0444, .guarded = true, .show_from = proc_walk},
	{.name = "clear_refs", .mode = 0200, .store = proc_clear_refs},
	{.name = "mem", .mode = 0600, .guarded = true, .read = proc_mem_read,
	 .write = proc_mem_write},
	{.name = "cmdline", .mode = 0444, .show_from = show_cmdline},
	{.name = "environ", .mode = 0400, .guarded = true, .show_from = show_environ},
	{.name = "auxv", .mode = 0400, .guarded = true, .show = show_auxv},
	{.name = "comm", .mode = 0644, .show = show_comm, .store = store_comm},
	{.name = "limits", .mode = 0444, .show = show_limits},
	{.name = "mounts", .mode = 0444, .show = show_mounts, .changes = mounts_changes},
	{.name = "mountinfo", .mode = 0444, .show = show_mountinfo, .changes = mounts_changes},
	{.name = "wchan", .mode = 0444, .show = show_wchan},
	{.name = "io", .mode = 0400, .guarded = true, .show = show_io},
	{.name = "syscall", .mode = 0400, .guarded = true, .show = show_syscall},
	{.name = "personality", .mode = 0400, .guarded = true, .show = show_personality},
	{.name = "timerslack_ns", .mode = 0666, .show = show_timerslack,
	 .store = store_timerslack},
	{.name = "oom_score", .mode = 0444, .show = show_oom_score},
	{.name = "coredump_filter", .mode = 0644, .show = show_core_filter,
	 .store = store_core_filter},
	{.name = "oom_score_adj", .mode = 0644, .show = show_oom_score_adj,
	 .store = store_oom_score_adj},
#ifdef PAGODA_DEBUG
	{.name = "fail-nth", .mode = 0644, .show = show_fail_nth, .store = store_fail_nth},
#endif
	{.name = "exe", .place = place_exe},
	{.name = "cwd", .place = place_cwd},
	{.name = "root", .place = place_root},
	{.name = NULL},
};

static const struct process_list lists[] = {
	{.name = "fd", .mode = 0500, .next = next_descriptor, .entry_mode = mode_of_descriptor,
	 .file = file_of_descriptor, .itself = true},
	{.name = "fdinfo", .mode = 0555, .next = next_descriptor,
	 .entry_mode = mode_of_information, .show = show_descriptor, .guarded = true},
	{.name = "map_files", .mode = 0500, .next = proc_area_next, .entry_mode = proc_area_mode,
	 .file = proc_area_file, .secret = true},
	{.name = "task", .mode = 0555, .next = next_thread, .entry_mode = mode_of_thread},
	{.name = NULL},
};

/* Root's, where it tells a secret of a process that is not dumpable. */
static void owner(pid_t id, bool secret, uint32_t *uid, uint32_t *gid)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct process *process = process_locked(id);
	bool owned = process && (process->dumpable || !secret);
	*uid = owned ? process->credentials.euid : 0;
	*gid = owned ? process->credentials.egid : 0;
	spin_unlock_irq(&process_lock, flags);
}

static int may_look(pid_t id)
{
	struct process *process = proc_process(id);
	if (!process)
		return -ESRCH;
	int error = process_right(process, MAY_LOOK_INTO);
	process_put(process);
	return error;
}

static uint32_t program_of(pid_t id)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct process *process = process_locked(id);
	uint32_t program = process && process->spt ? process->programs : 0;
	spin_unlock_irq(&process_lock, flags);
	return program;
}

/* In units of about a microsecond; two of one number are farther apart. */
static uint32_t birth_of(pid_t id)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct process *process = process_locked(id);
	uint32_t birth = process ? (uint32_t)(process->started >> 10) | 1 : 0;
	spin_unlock_irq(&process_lock, flags);
	return birth;
}

static const struct process_directory directory = {
	.next = process_next_id,
	.self = self,
	.exists = exists,
	.files = files,
	.lists = lists,
	.owner = owner,
	.may_look = may_look,
	.program = program_of,
	.birth = birth_of,
};

static const struct procfs_number descriptors_most = {
	"sys/fs/nr_open", descriptors_limit, descriptors_set_limit};

void proc_files_init(void)
{
	procfs_register_number(&descriptors_most);
	procfs_set_processes(&directory);
}
