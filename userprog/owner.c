/* SPDX-License-Identifier: MIT */
/* Owners of open files (owner.h): who is meant by a number, and the signals. */
#include "userprog/owner.h"

#include <asm/poll.h>
#include <linux/fcntl.h>
#include <linux/signal.h>

#include "kernel/dev/tty.h"
#include "kernel/fs/pty.h"
#include "kernel/fs/vfs.h"
#include "kernel/owner.h"
#include "userprog/process.h"
#include "userprog/signal.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

/* ---- who that is, with process_lock ---- */

/* Whether it had its number when the owner was named. */
static bool is_meant(const struct owner *owner, const struct process *process)
{
	return process->started <= owner->since;
}

/* Who began a group later gave its number another meaning. */
static bool is_other_group(const struct owner *owner)
{
	const struct process *leader = process_find_locked(owner->id);
	return leader && leader->group == owner->id && !is_meant(owner, leader);
}

static struct task *thread_of(const struct owner *owner)
{
	struct task *task = task_find_locked(owner->id);
	return task && is_meant(owner, task->process) ? task : NULL;
}

static struct process *process_of(const struct owner *owner)
{
	struct process *process = process_find_locked(owner->id);
	return process && is_meant(owner, process) ? process : NULL;
}

/* The group's first member after this process; NULL: none. */
static struct process *next_of_group(const struct owner *owner, struct process *process)
{
	if (!process && is_other_group(owner))
		return NULL;
	process = process ? process_next_locked(process) : process_first_locked();
	while (process && process->group != owner->id)
		process = process_next_locked(process);
	return process;
}

static bool is_there(const struct owner *owner)
{
	if (owner->type == F_OWNER_TID)
		return thread_of(owner);
	return owner->type == F_OWNER_PID ? process_of(owner) != NULL
	                                  : next_of_group(owner, NULL) != NULL;
}

/* Whether the number belongs to a process, thread, group or session. */
static bool number_is_used(pid_t number)
{
	bool used;
	uint32_t flags = spin_lock_irq(&process_lock);
	used = task_find_locked(number) != NULL;
	for (struct process *p = process_first_locked(); p && !used; p = process_next_locked(p))
		used = p->id == number || p->group == number || p->session == number;
	spin_unlock_irq(&process_lock, flags);
	return used;
}

/* ---- sending ---- */

/* As kill(2) would ask when the owner was named. */
static bool may_tell(const struct owner *owner, const struct process *to)
{
	const struct credentials *c = &to->credentials;
	return !owner->euid || owner->euid == c->suid || owner->euid == c->uid ||
	       owner->uid == c->suid || owner->uid == c->uid;
}

/* What poll(2) would tell. */
static uint32_t band_of(int what)
{
	static const uint32_t bands[] = {
		[POLL_IN] = POLLIN | POLLRDNORM,
		[POLL_OUT] = POLLOUT | POLLWRNORM | POLLWRBAND,
		[POLL_MSG] = POLLIN | POLLRDNORM | POLLMSG,
		[POLL_ERR] = POLLERR,
		[POLL_PRI] = POLLPRI | POLLRDBAND,
		[POLL_HUP] = POLLHUP | POLLERR,
	};
	return bands[what];
}

/* To the thread, or, if that is NULL, the process. */
static int send_to(struct process *to, struct task *task, int signal,
                   const struct signal_info *info)
{
	return task ? signal_send_task_locked(task, signal, info)
	            : signal_send_locked(to, signal, info);
}

/* One for which there is no room any more becomes SIGIO. */
static void tell(const struct owner *owner, struct process *to, struct task *task, int number,
                 int what)
{
	struct signal_info info = {.code = signal_has_own_codes(owner->signal) ? SI_SIGIO : what,
	                           .value = {band_of(what), (uint32_t)number}};
	if (!may_tell(owner, to))
		return;
	if (owner->signal && send_to(to, task, owner->signal, &info) != -EAGAIN)
		return;
	(void)send_to(to, task, SIGIO, NULL);
}

static void send(const struct owner *owner, int number, int what)
{
	struct process *process = NULL;
	uint32_t flags = spin_lock_irq(&process_lock);
	struct task *task = owner->type == F_OWNER_TID ? thread_of(owner) : NULL;
	if (task)
		tell(owner, task->process, task, number, what);
	else if (owner->type == F_OWNER_PID && (process = process_of(owner)) != NULL)
		tell(owner, process, NULL, number, what);
	else if (owner->type == F_OWNER_PGRP)
		while ((process = next_of_group(owner, process)) != NULL)
			tell(owner, process, NULL, number, what);
	spin_unlock_irq(&process_lock, flags);
}

void owner_init(void)
{
	owner_set_door(send);
}

/* ---- naming ---- */

/* `id` > 0, or 0: nobody. */
static int name(struct file *file, int type, pid_t id)
{
	struct owner *owner;
	if (id && (id < 0 || !number_is_used(id)))
		return -ESRCH;
	int error = file_owner(file, &owner);
	if (!error)
		owner_set(owner, type, id, true);
	return error;
}

int owner_name(struct file *file, pid_t who)
{
	if (who == INT32_MIN)
		return -EINVAL;
	return who < 0 ? name(file, F_OWNER_PGRP, -who) : name(file, F_OWNER_PID, who);
}

/* As it is, but one that is gone is nobody. */
static struct owner look(const struct file *file)
{
	struct owner *there = __atomic_load_n(&file->owner, __ATOMIC_ACQUIRE);
	struct owner owner = {0};
	if (there)
		owner = owner_look(there);
	uint32_t flags = spin_lock_irq(&process_lock);
	if (owner.id && !is_there(&owner))
		owner.id = 0;
	spin_unlock_irq(&process_lock, flags);
	return owner;
}

pid_t owner_named(const struct file *file)
{
	struct owner owner = look(file);
	return owner.type == F_OWNER_PGRP ? -owner.id : owner.id;
}

static int name_extended(struct file *file, const struct f_owner_ex *user_owner)
{
	struct f_owner_ex owner;
	if (copy_from_user(&owner, user_owner, sizeof owner))
		return -EFAULT;
	if (owner.type < F_OWNER_TID || owner.type > F_OWNER_PGRP)
		return -EINVAL;
	return name(file, owner.type, owner.pid);
}

static int tell_extended(const struct file *file, struct f_owner_ex *user_owner)
{
	struct owner seen = look(file);
	struct f_owner_ex owner = {seen.type, seen.id};
	return copy_to_user(user_owner, &owner, sizeof owner);
}

static int set_signal(struct file *file, uintptr_t signal)
{
	struct owner *owner;
	if (signal > SIGNALS)
		return -EINVAL;
	int error = file_owner(file, &owner);
	if (!error)
		owner_set_signal(owner, (uint8_t)signal);
	return error;
}

int32_t owner_control(struct file *file, int command, uintptr_t argument)
{
	switch (command) {
	case F_SETOWN_EX:
		return name_extended(file, (const struct f_owner_ex *)argument);
	case F_GETOWN_EX:
		return tell_extended(file, (struct f_owner_ex *)argument);
	case F_SETSIG:
		return set_signal(file, argument);
	case F_GETSIG:
		return look(file).signal;
	default:
		return -EINVAL;
	}
}

int owner_name_caller(struct file *file)
{
	struct owner *owner;
	int error = file_owner(file, &owner);
	if (!error)
		owner_set(owner, F_OWNER_PID, process_current()->id, false);
	return error;
}

/* A terminal's is the group in its foreground, unless somebody was named. */
static int name_default(struct file *file)
{
	struct tty *tty = file_is_master(file) ? NULL : file_terminal(file);
	pid_t group = tty ? tty_foreground(tty) : 0;
	struct owner *owner;
	int error = group ? file_owner(file, &owner) : owner_name_caller(file);
	if (!error && group)
		owner_set(owner, F_OWNER_PGRP, group, false);
	return error;
}

int owner_set_async(struct file *file, int number, bool on)
{
	int error = on && file_terminal(file) ? name_default(file) : 0;
	return error ? error : file_set_async(file, number, on);
}
