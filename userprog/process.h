/* SPDX-License-Identifier: MIT */
/*
 * Processes: a program that runs, with its address space, descriptors, signals and place in
 * the tree of families. It has one thread, or several: what each of them has of its own is task.h's.
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
#include "kernel/credentials.h"
#include "kernel/rights.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/spinlock.h"
#include "kernel/sync/wait_queue.h"
#include "userprog/countdown.h"
#include "userprog/signal.h"
#include "userprog/task.h"

struct dentry;
struct descriptor_table;
struct places;
struct reservation;
struct spt;
struct thread;
struct user;

/* What getrusage(2) and times(2) tell. */
struct usage {
	uint64_t user_ns, system_ns;
	uint32_t minor_faults, major_faults;
	uint32_t switches_own, switches_forced;
	uint64_t sectors_read, sectors_written;
	uint32_t resident_most; /* pages; of several processes, the most that one had */
};

/* What /proc/PID/io tells of reading and writing, beside the sectors: bytes and calls. */
struct transfer_counts {
	uint64_t bytes_read, bytes_written;
	uint64_t calls_read, calls_written;
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
	struct task first;         /* its first thread's; of its id */
	struct list tasks;         /* (p) of struct task, by link: those that have not ended */
	uint32_t living;           /* (p) how many they are; 0: all have */
	struct process *parent;    /* (p) NULL: process 1, and whoever was waited for */
	pid_t parent_id;           /* (p) of that, or 0; read without lock by getppid(2) */
	struct list children;      /* (p) of struct process, by sibling; zombies too */
	struct list_link sibling;  /* (p) */
	struct tree news;          /* (p) those children that wait(2) may learn something of, by */
	struct tree_node news_node; /* (p) news_node, whose key is their place among the children */
	pid_t group, session;      /* (p) */
	bool has_news;             /* (p) it is in its parent's `news`: a zombie, or has a report */
	bool zombie;               /* (p) has exited, and nobody waited for it yet */
	bool executed;             /* (p) has called execve: setpgid by the parent is over */
	uint32_t programs;         /* (p) how many it has run, its parent's included */
	bool stopped;              /* (p) by job control: every thread is */
	uint16_t staying;          /* (p) threads that have ended, but for a core: see dumping */
	int stop_signal;           /* (p) that stopped it, or is about to; 0: none */
	uint32_t stop_waits;       /* (p) threads that have yet to stop */
	bool ending;               /* (p) all threads end, with the status exit_status ... */
	bool executing;            /* (p) ... or all but one, which runs another program */
	bool dumping;              /* (p) those that end stay until the last has written the core */
	int exit_status;           /* (p) */
	uint8_t report;            /* (p) REPORT_...: a change that wait(2) has not told */
	int status;                /* (p) as wait(2) returns it: of the exit or the stop */
	int exit_signal;           /* (p) to the parent at the end; 0: none */
	struct wait_queue changed; /* a child changed; it has ended, or returned a borrowed space */
	struct wait_queue resumed; /* it was continued or killed while stopped */
	struct wait_queue signalled; /* a signal is pending: signalfd(2) */
	bool borrows_space;        /* (p) vfork: runs in its parent's space until exec or exit */
	struct spt *spt;           /* (p) NULL after exit. Each thread has its own pointer */
	struct descriptor_table *files; /* (p) NULL after exit */
	struct credentials credentials; /* (p) written by itself alone: process_set_credentials */
	struct user *user;              /* (p) of its real id; never NULL while in the tree */
	struct signal_state signals;    /* (p) */
	int oom_adjust;            /* (p) -1000 to 1000 */
	int oom_adjust_least;      /* (p) what an unprivileged user may set at least */
	uint32_t exec_pages;       /* atomic: of the kernel, for the strings of its execve */
	uint64_t oom_killed;       /* (p) when it was chosen; 0: it was not, or its memory is back */
	int nice : 8;              /* (p) kept and told; every process gets equal slices */
	uint8_t policy, real_time_priority; /* kept and told, too: sched(7) */
	struct reservation *reservation; /* (p) SCHED_DEADLINE's: sys_schedule.c; else NULL */
	uint16_t io_priority;      /* (p) and of the disk: ioprio_set(2); 0: none is set */
	bool reset_on_fork;        /* its children have neither */
	bool no_huge_pages;        /* kept and told: there are none to do without */
	bool adopts;               /* orphans below it: prctl(2), PR_SET_CHILD_SUBREAPER */
	int parent_death_signal;   /* what it gets when its parent ends; 0: nothing */
	uint32_t timer_slack;      /* ns, told; 0: TIMER_SLACK_NS */
	uint32_t timer_slack_default; /* what its parent had as it forked; 0: the same */
	struct list tracees;       /* (p) of struct task, by tracing.link */
	struct usage usage;        /* (p) of its threads that have ended */
	struct usage reaped;       /* (p) of children that were waited for */
	struct transfer_counts transfers; /* by itself */

	struct places *places;     /* (p) NULL after exit. Itself reads without lock: it is another
	                              one only while it has one thread */
	struct dentry *executable; /* what it runs; process.c's executable_lock */

	/* Written by itself alone; others may read what was true a moment ago. */
	struct rlimit limits[RLIM_NLIMITS];
	uint64_t started;          /* clock_now() at fork */
	uint16_t core_filter;      /* CORE_...: what of it a core has; core.h */
	bool dumpable;             /* (p) its memory is its user's to see: prctl(PR_SET_DUMPABLE) */
	uint32_t personality;
	char name[16];             /* of exec and prctl(PR_SET_NAME): what ps shows, the first
	                              thread's */

	struct list countdowns;    /* (p) of struct countdown: those that its use of the
	                              processor ends */
	struct countdown interval_timers[3]; /* (p) ITIMER_REAL and its like */
	struct countdown processor_limit;    /* (p) RLIMIT_CPU */
	struct list semaphore_undos; /* of sys_sem.c, whose lock guards it */
	struct list created_timers; /* (p) of timer_create(2) */
	int next_timer_id;          /* (p) */
};

#define TIMER_SLACK_NS 50000 /* that of Linux: timers here need none, and wait for none */
/* What wait(2) has not told the parent yet. */
#define REPORT_STOPPED 1
#define REPORT_CONTINUED 2

/* Registers system calls, fault and signal doors, /proc's process files. */
void process_init(void);
/* Starts process 1: the first that exists of init= on the command line, /sbin/init,
 * /bin/init, /bin/sh, /bin/shell; panics with a clear message if none can be run. */
void process_start_init(void);

static inline bool task_is_first(const struct task *task)
{
	return task == &task->process->first;
}

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
/* There is something that its parent's wait(2) may learn; there is nothing. process_lock held. */
void process_has_news_locked(struct process *);
void process_has_no_news_locked(struct process *);
/* Hands every child of the process to process 1. process_lock held. */
void process_orphan_children_locked(struct process *);

/* The process's space or descriptors with a reference (spt_put, descriptors_put), or NULL
 * if it has exited. */
struct spt *process_space(struct process *);
struct descriptor_table *process_files(struct process *);
/* The current process's space, told what the calls that map and lock memory go by: how much may be
 * locked (who is privileged may lock all), and whether what is read can be executed, too. A space that
 * several processes share (vfork(2)) goes by whoever calls. */
struct spt *process_space_limited(void);
/* Tells the space, whose lock is held or which nobody else knows yet, the process's limits. */
void process_limit_space(const struct process *, struct spt *);
/* Where it is, with a reference (places_put), and what it runs (dentry_put), or NULL. */
struct places *process_places(struct process *);
struct dentry *process_executable(struct process *);
/* A reference on a program's file, which nobody writes to while it is run: -ETXTBSY if somebody
 * does. program_put takes NULL, too. */
int program_get(struct dentry *);
void program_put(struct dentry *);
/* It runs another one, whose reference of program_get is taken over. */
void process_set_executable(struct process *, struct dentry *);

/* Whether no member of the process group has its parent in another group of the same
 * session, who could continue it (POSIX, "orphaned process group"). process_lock held. */
bool process_group_orphaned_locked(pid_t group);

/* What ps shows of a thread; of one that has ended its process's. */
const char *task_name_locked(const struct task *);
void task_set_name_locked(struct task *, const char name[16]);
/* The same of the calling thread, told in the trace, too; 15 bytes and a NUL. */
void process_set_name(const char name[16]);
/* The caller becomes somebody else. Its memory, in which secrets of who it was may stand, is then
 * its user's to see no more. */
void process_set_credentials(const struct credentials *);
/* A process as an object of rights. process_lock held. */
struct object process_object_locked(const struct process *);
/* The caller's right over the process, which may be gone by now. */
int process_right(struct process *, enum right);

/* Looks how much memory it has now, for usage.resident_most. The process itself calls it: when
 * somebody asks, and before it gives its space up. */
void process_note_resident(struct process *);
/* sys_schedule.c: whether a reservation of the processor, which is not to be doubled, forbids the process
 * to clone(2) with these flags; and its end. */
bool reservation_binds(const struct process *, uint32_t flags);
void reservation_end(struct process *);
/* Its usage up to now, and one thread's. process_lock held. */
struct usage process_usage_locked(const struct process *);
struct usage task_usage_locked(const struct task *);
void usage_add(struct usage *, const struct usage *);
/* A time as times(2) and /proc have it: in ticks. */
uint32_t usage_ticks(uint64_t ns);
