/* SPDX-License-Identifier: MIT */
/* Start-up of processes: the doors below are filled, and process 1 is made. */
#include <linux/fcntl.h>
#include <linux/mqueue.h>
#include <asm/errno.h>

#include "kernel/boot_args.h"
#include "kernel/dev/tty.h"
#include "kernel/fs/vfs.h"
#include "kernel/log.h"
#include "kernel/mem/physmem.h"
#include "kernel/panic.h"
#include "kernel/rights.h"
#include "kernel/sched/thread.h"
#include "kernel/trace.h"
#include "lib/string.h"
#include "userprog/core.h"
#include "userprog/core_name.h"
#include "userprog/descriptor.h"
#include "userprog/exec.h"
#include "userprog/exceptions.h"
#include "userprog/ipc.h"
#include "userprog/oom.h"
#include "userprog/owner.h"
#include "userprog/places.h"
#include "userprog/proc_files.h"
#include "userprog/process.h"
#include "userprog/report.h"
#include "userprog/signal.h"
#include "userprog/syscall.h"
#include "userprog/terminal.h"
#include "userprog/user.h"
#include "userprog/vdso.h"
#include "vm/page.h"
#include "vm/spt.h"
#include "vm/trace.h"

#define INIT_ID 1
#define STACK_LIMIT (8u << 20)
#define LOCK_LIMIT (8u << 20)
#define THREADS_SHARE 16u /* of all memory: what one user's threads may have as stacks */
#define SIGNALS_LIMIT 1024u /* they lie in the kernel's memory: 48 bytes each */

static void lower(pid_t *lowest, pid_t from, pid_t id)
{
	if (id >= from && id < *lowest)
		*lowest = id;
}

/* The lowest number >= from that a process has, living or not, or a group or a session. */
static pid_t next_id_in_use(pid_t from)
{
	pid_t lowest = INT32_MAX;
	uint32_t flags = spin_lock_irq(&process_lock);
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p)) {
		lower(&lowest, from, p->id);
		lower(&lowest, from, p->group);
		lower(&lowest, from, p->session);
	}
	lower(&lowest, from, task_next_id_locked(from));
	spin_unlock_irq(&process_lock, flags);
	return lowest;
}

/* Whose rights count: the process's that calls, or root's for the kernel itself. */
static const struct credentials *tell_caller(void)
{
	const struct process *self = process_current();
	if (!self)
		return NULL;
	const struct credentials *acting = task_current()->acting;
	return acting ? acting : &self->credentials;
}

static struct dentry *tell_root(void)
{
	const struct process *self = process_current();
	return self && self->places ? places_root(self->places) : NULL;
}

/* A thread that is not the first one looks like a process in the space of its own. */
static void tell_process(const struct process *process)
{
	const struct pagedir *space = process->spt ? &process->spt->pagedir : NULL;
	trace_process(process->id, process->parent ? process->parent->id : 0, space, process->name);
	LIST_FOR (&process->tasks, struct task, task, link)
		if (!task_is_first(task))
			trace_process(task->id, process->id, space, task_name_locked(task));
}

/* For the trace's snapshot. */
static void tell_processes(void)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		tell_process(p);
	spin_unlock_irq(&process_lock, flags);
}

static struct file *own_file(int number)
{
	return descriptor_file(process_current()->files, number);
}

static uint64_t own_file_size_limit(void)
{
	const struct process *self = process_current();
	unsigned long limit = self ? self->limits[RLIMIT_FSIZE].rlim_cur : RLIM_INFINITY;
	return limit == RLIM_INFINITY ? UINT64_MAX : limit;
}

static void file_size_exceeded(void)
{
	signal_send_self(SIGXFSZ);
}

void process_init(void)
{
	syscall_init();
	sys_socket_init();
	ipc_init();
	exceptions_init();
	oom_init();
	owner_init();
	terminal_init();
	proc_files_init();
	report_init();
	core_name_init();
	vdso_init();
	rights_set_caller_door(tell_caller);
	vfs_set_root_door(tell_root);
	vfs_set_descriptor_door(own_file);
	trap_set_return_hook(signal_deliver);
	vfs_set_size_limit_door(own_file_size_limit, file_size_exceeded);
	thread_set_id_hook(next_id_in_use);
	thread_set_processor_hook(countdown_processor_used);
	trace_set_process_hook(tell_processes);
}

static void default_limits(struct process *process)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	for (int i = 0; i < RLIM_NLIMITS; i++)
		process->limits[i] = unlimited;
	process->limits[RLIMIT_STACK].rlim_cur = STACK_LIMIT;
	process->limits[RLIMIT_MEMLOCK] = (struct rlimit){LOCK_LIMIT, LOCK_LIMIT};
	process->limits[RLIMIT_CORE] = (struct rlimit){0, RLIM_INFINITY};
	process->limits[RLIMIT_NOFILE] = (struct rlimit){DESCRIPTORS_A_PART, DESCRIPTORS_MAX};
	const unsigned long threads = physmem_total() * PAGE_SIZE / THREADS_SHARE / THREAD_STACK_SIZE;
	process->limits[RLIMIT_NPROC] = (struct rlimit){threads, threads};
	process->limits[RLIMIT_NICE] = (struct rlimit){0, 0};
	process->limits[RLIMIT_RTPRIO] = (struct rlimit){0, 0};
	process->limits[RLIMIT_MSGQUEUE] = (struct rlimit){MQ_BYTES_MAX, MQ_BYTES_MAX};
	process->limits[RLIMIT_SIGPENDING] = (struct rlimit){SIGNALS_LIMIT, SIGNALS_LIMIT};
}

/* Descriptors 0, 1 and 2: the console. */
static void open_console(struct process *process)
{
	struct file *file;
	int error = vfs_open(process->places->cwd, "/dev/console", O_RDWR | O_LARGEFILE, 0, &file);
	if (error) {
		log_print("/dev/console cannot be opened: error %d", -error);
		return;
	}
	for (uint32_t number = 0; number < 3; number++)
		if (descriptor_set(process->files, file_get(file), number, false))
			panic("no memory for the descriptors of process 1");
	file_put(file);
}

/* Runs the program if it can; -ENOENT if there is none. */
static int try_program(const char *path)
{
	static const char *const environment[] = {
		"HOME=/", "TERM=linux", "PATH=/sbin:/usr/sbin:/bin:/usr/bin", NULL};
	const char *const arguments[] = {path, NULL};
	return exec_kernel(path, arguments, environment);
}

static int run_first_program(void)
{
	static const char *const programs[] = {"/sbin/init", "/bin/init", "/bin/sh", "/bin/shell"};
	const char *chosen = boot_arg("init");
	int error = chosen ? try_program(chosen) : -ENOENT;
	if (!error)
		return 0;
	if (chosen)
		log_print("init=%s cannot be run: error %d", chosen, -error);
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		error = try_program(programs[i]);
		if (!error)
			return 0;
		if (error != -ENOENT)
			log_print("%s cannot be run: error %d", programs[i], -error);
	}
	return error;
}

static void init_start(void *unused)
{
	(void)unused;
	struct process *process = process_current();
	open_console(process);
	if (run_first_program())
		panic("there is no program for process 1: neither init= on the command line nor "
		      "/sbin/init, /bin/init, /bin/sh or /bin/shell can be run");
	trap_return_to_user(thread_user_frame(thread_current()));
}

void process_start_init(void)
{
	struct process *process = process_create();
	struct thread *thread = thread_create_stopped("init", init_start, NULL);
	struct descriptor_table *files = descriptors_create();
	struct places *places = places_create(vfs_root());
	if (!process || !thread || !files || !places || signals_create(process, NULL) ||
	    user_become(process, 0))
		panic("no memory for process 1");
	process->id = process->first.id = process->group = process->session = INIT_ID;
	strlcpy(process->name, "init", sizeof process->name);
	process->exit_signal = 0;
	process->credentials = credentials_root;
	process->dumpable = true;
	process->core_filter = CORE_FILTER_DEFAULT;
	process->programs = 1;
	process->files = files;
	process->places = places;
	places->umask = 022;
	process->first.thread = thread;
	thread->process = process;
	thread->task = &process->first;
	thread->id = INIT_ID; /* like every process's */
	default_limits(process);
	/* The terminal is its session's until a shell that leads another asks for it. */
	tty_set_session(&console_tty, INIT_ID);
	tty_set_foreground(&console_tty, INIT_ID);

	uint32_t flags = spin_lock_irq(&process_lock);
	process_enter_locked(process, NULL);
	task_enter_locked(&process->first);
	spin_unlock_irq(&process_lock, flags);
	trace_process(INIT_ID, 0, NULL, process->name);
	thread_start(thread);
}
