/* SPDX-License-Identifier: MIT */
/*
 * Processes: a program that runs, with its address space, descriptors, signals and place in
 * the tree of families. A process has one thread; clone(2) makes processes only.
 *
 * The life of a process:
 *   1 fork.c makes it, a copy of its parent, and starts its thread
 *   2 exec.c puts another program into it, any number of times
 *   3 exit.c takes everything from it but this structure: a zombie, which keeps the status
 *   4 its parent waits for it, the name is free again; the last reference frees it
 */
#pragma once

#include <linux/resource.h>

#include "lib/list.h"
#include "lib/tree.h"
#include "lib/types.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/wait_queue.h"
#include "kernel/time/clock.h"
#include "userprog/signal.h"

struct dentry;
struct descriptor_table;
struct spt;
struct thread;

#define GROUPS_MAX 32

struct credentials {
	uint32_t uid, euid, suid, gid, egid, sgid;
	uint32_t groups[GROUPS_MAX];
	uint32_t group_count;
};

/* What getrusage(2) and times(2) tell. */
struct usage {
	uint64_t user_ns, system_ns;
	uint32_t minor_faults, major_faults;
};

/* The latest processor exception of the program, for sigcontext and the console's line. */
struct exception {
	uint32_t vector, error;
	uintptr_t address, eip; /* address: CR2 of a page fault */
};

/*
 * One spinlock, taken with interrupts off since ^C and timers send signals, guards the tree
 * of processes, their states and all that decides about signals: the fields marked (p).
 * Nothing sleeps or allocates under it.
 */
extern struct spinlock process_lock;

struct process {
	uint32_t references;       /* atomic */

	struct tree_node node;     /* (p) of all processes, by id */
	pid_t id;                  /* constant */
	struct thread *thread;     /* (p) NULL once it has exited */
	struct process *parent;    /* (p) NULL: process 1, and whoever was waited for */
	pid_t parent_id;           /* (p) of that, or 0; read without lock by getppid(2) */
	struct list children;      /* (p) of struct process, by sibling; zombies too */
	struct list_link sibling;  /* (p) */
	pid_t group, session;      /* (p) */
	bool zombie;               /* (p) has exited, and nobody waited for it yet */
	bool executed;             /* (p) has called execve: setpgid by the parent is over */
	bool stopped;              /* (p) by job control */
	uint8_t report;            /* (p) REPORT_...: a change that wait(2) has not told */
	int status;                /* (p) as wait(2) returns it: of the exit or the stop */
	int exit_signal;           /* (p) to the parent at the end; 0: none */
	struct wait_queue changed; /* a child changed, or returned a borrowed space */
	struct wait_queue resumed; /* it was continued or killed while stopped */
	bool borrows_space;        /* (p) vfork: runs in its parent's space until exec or exit */
	struct spt *spt;           /* (p) NULL after exit. The thread has its own pointer */
	struct descriptor_table *files; /* (p) NULL after exit */
	struct credentials credentials; /* (p) written by itself alone */
	struct signal_state signals;    /* (p) */
	int oom_adjust;            /* (p) -1000 to 1000 */
	uint64_t oom_killed;       /* (p) when it was chosen; 0: it was not, or its memory is back */
	int nice;                  /* (p) kept and told; every process gets equal slices */
	struct usage usage;        /* (p) its own, complete once it has exited */
	struct usage reaped;       /* (p) of children that were waited for */

	struct mutex places_lock;  /* for readers elsewhere; itself reads without */
	struct dentry *cwd, *executable;

	/* Written by itself alone; others may read what was true a moment ago. */
	struct rlimit limits[RLIM_NLIMITS];
	uint64_t started;          /* clock_now() at fork */
	uint32_t umask;
	bool real_ids;             /* access(2): files are asked for the real ids' rights */
	uint32_t personality;
	char name[16];             /* of exec and prctl(PR_SET_NAME): what ps shows */
	uintptr_t clear_child_tid; /* user address to clear at exit, or 0 */
	int call;                  /* the system call it is in, or -1 */
	int restart_call;          /* what restart_syscall(2) continues, or -1 ... */
	uint64_t restart_deadline; /* ... and until when */
	struct exception exception;

	struct timer alarm;        /* ITIMER_REAL */
	uint64_t alarm_interval;   /* (p) ns; 0: once */
	uint64_t alarm_deadline;   /* (p) 0: not set */
};

/* What wait(2) has not told the parent yet. */
#define REPORT_STOPPED 1
#define REPORT_CONTINUED 2

/* Registers system calls, fault and signal doors, /proc's process files. */
void process_init(void);
/* Starts process 1: the first that exists of init= on the command line, /sbin/init,
 * /bin/init, /bin/sh, /bin/shell; panics with a clear message if none can be run. */
void process_start_init(void);

/* The process that runs here; NULL in a kernel thread. */
static inline struct process *process_current(void)
{
	return thread_current()->process;
}

/* A new process without thread, space or descriptors, in nobody's tree, with one reference;
 * NULL if there is no memory. */
struct process *process_create(void);
struct process *process_get(struct process *);
/* The last reference frees it with all that it still holds. May sleep. */
void process_put(struct process *);

/* The living process or zombie with this id, with a reference, or NULL. */
struct process *process_find(pid_t id);
/* The same without reference; process_lock held. */
struct process *process_find_locked(pid_t id);
/* In order of id, for walks with process_lock held; NULL at the end. */
struct process *process_first_locked(void);
struct process *process_next_locked(struct process *);
/* The smallest id > after, or 0. */
pid_t process_next_id(pid_t after);

/* Enters it in the tree as a child of `parent` (NULL: process 1). Its reference in the
 * tree is the caller's. process_lock held. */
void process_enter_locked(struct process *, struct process *parent);
/* Leaves the tree; the caller gets the reference. process_lock held. */
void process_leave_locked(struct process *);
/* Hands every child of the process to process 1. process_lock held. */
void process_orphan_children_locked(struct process *);

/* The process's space or descriptors with a reference (spt_put, descriptors_put), or NULL
 * if it has exited. */
struct spt *process_space(struct process *);
struct descriptor_table *process_files(struct process *);
/* Tells the space, whose lock is held or which nobody else knows yet, the process's limits. */
void process_limit_space(const struct process *, struct spt *);
/* Where it is and what it runs, with a reference (dentry_put), or NULL. */
struct dentry *process_cwd(struct process *);
struct dentry *process_executable(struct process *);
/* A reference on a program's file, which nobody writes to while it is run: -ETXTBSY if somebody
 * does. program_put takes NULL, too. */
int program_get(struct dentry *);
void program_put(struct dentry *);
/* Replace one of these, taking over the new reference: one of program_get for what it runs. */
void process_set_cwd(struct process *, struct dentry *);
void process_set_executable(struct process *, struct dentry *);

/* Whether no member of the process group has its parent in another group of the same
 * session, who could continue it (POSIX, "orphaned process group"). process_lock held. */
bool process_group_orphaned_locked(pid_t group);

/* Its usage up to now. process_lock held. */
struct usage process_usage_locked(const struct process *);
void usage_add(struct usage *, const struct usage *);
