/* SPDX-License-Identifier: MIT */
/* Start-up of processes: the doors below are filled, and process 1 is made. */
#include <linux/fcntl.h>
#include <asm/errno.h>

#include "kernel/boot_args.h"
#include "kernel/dev/tty.h"
#include "kernel/fs/vfs.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/trace.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/exec.h"
#include "userprog/faults.h"
#include "userprog/oom.h"
#include "userprog/proc_files.h"
#include "userprog/process.h"
#include "userprog/report.h"
#include "userprog/signal.h"
#include "userprog/syscall.h"
#include "userprog/terminal.h"
#include "vm/trace.h"

#define INIT_ID 1
#define STACK_LIMIT (8u << 20)

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
	spin_unlock_irq(&process_lock, flags);
	return lowest;
}

/* Whose rights count for files: the process's that calls, or root's for the kernel itself. */
static void tell_caller(struct caller *caller)
{
	const struct process *self = process_current();
	if (!self)
		return;
	const struct credentials *c = &self->credentials;
	caller->uid = self->real_ids ? c->uid : c->euid;
	caller->gid = self->real_ids ? c->gid : c->egid;
	caller->groups = c->groups;
	caller->group_count = c->group_count;
}

/* For the trace's snapshot. */
static void tell_processes(void)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		trace_process(p->id, p->parent ? p->parent->id : 0, p->spt, p->name);
	spin_unlock_irq(&process_lock, flags);
}

void process_init(void)
{
	syscall_init();
	faults_init();
	oom_init();
	terminal_init();
	proc_files_init();
	report_init();
	vfs_set_caller_door(tell_caller);
	trap_set_return_hook(signal_deliver);
	thread_set_id_hook(next_id_in_use);
	trace_set_process_hook(tell_processes);
}

static void default_limits(struct process *process)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	for (int i = 0; i < RLIM_NLIMITS; i++)
		process->limits[i] = unlimited;
	process->limits[RLIMIT_STACK].rlim_cur = STACK_LIMIT;
	process->limits[RLIMIT_CORE] = (struct rlimit){0, RLIM_INFINITY};
	process->limits[RLIMIT_NOFILE] = (struct rlimit){DESCRIPTORS_MAX, DESCRIPTORS_MAX};
	process->limits[RLIMIT_NICE] = (struct rlimit){0, 0};
	process->limits[RLIMIT_RTPRIO] = (struct rlimit){0, 0};
}

/* Descriptors 0, 1 and 2: the console. */
static void open_console(struct process *process)
{
	struct file *file;
	int error = vfs_open(process->cwd, "/dev/console", O_RDWR, 0, &file);
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
	if (!process || !thread || !files)
		panic("no memory for process 1");
	process->id = process->group = process->session = INIT_ID;
	strlcpy(process->name, "init", sizeof process->name);
	process->exit_signal = 0;
	process->umask = 022;
	process->files = files;
	process->cwd = vfs_root();
	process->thread = thread;
	thread->process = process;
	thread->id = INIT_ID; /* like every process's */
	default_limits(process);
	/* The terminal is its session's until a shell that leads another asks for it. */
	tty_set_session(&console_tty, INIT_ID);
	tty_set_foreground(&console_tty, INIT_ID);

	uint32_t flags = spin_lock_irq(&process_lock);
	process_enter_locked(process, NULL);
	spin_unlock_irq(&process_lock, flags);
	trace_process(INIT_ID, 0, NULL, process->name);
	thread_start(thread);
}
