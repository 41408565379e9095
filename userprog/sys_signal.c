/* SPDX-License-Identifier: MIT */
/* The system calls of signals: sigaction(2), sigprocmask(2), kill(2) and their kin. The
 * calls that end a handler are in signal_frame.c. */
#include <linux/signal.h>

#include "kernel/sched/thread.h"
#include "userprog/process.h"
#include "userprog/signal_frame.h"
#include "userprog/signal_mask.h"
#include "userprog/signal_queue.h"
#include "userprog/sys_signal.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

static bool valid_signal(int signal)
{
	return signal >= 1 && signal <= SIGNALS;
}

/* ---- actions ---- */

#ifndef SA_EXPOSE_TAGBITS
#define SA_EXPOSE_TAGBITS 0x800 /* sigaction(2): for processors whose addresses have tags */
#endif
#define ACTION_FLAGS                                                                       \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER | \
	 SA_RESETHAND | SA_RESTORER | SA_EXPOSE_TAGBITS)

/* Sets the action, if there is a new one, and gives the old one. */
static int change_action(int signal, const struct signal_action *action,
                         struct signal_action *old)
{
	struct process *process = process_current();
	if (!valid_signal(signal) || (action && SIGNALS_UNBLOCKABLE & signal_bit(signal)))
		return -EINVAL;
	struct signal_action *place = &process->signals.actions->of[signal - 1];
	uint32_t flags = spin_lock_irq(&process_lock);
	*old = *place;
	if (action) {
		*place = *action;
		place->mask &= ~SIGNALS_UNBLOCKABLE;
		place->flags &= ACTION_FLAGS; /* a program sees which of them are known */
		signal_forget_ignored_locked(process, signal);
	}
	spin_unlock_irq(&process_lock, flags);
	return 0;
}

static int32_t sys_rt_sigaction(int signal, const struct signal_action *user_new,
                                struct signal_action *user_old, size_t set_size)
{
	struct signal_action new, old;
	if (set_size != sizeof(signal_set))
		return -EINVAL;
	if (user_new && copy_from_user(&new, user_new, sizeof new))
		return -EFAULT;
	int error = change_action(signal, user_new ? &new : NULL, &old);
	if (error)
		return error;
	return user_old ? copy_to_user(user_old, &old, sizeof old) : 0;
}

/* The old call's structure, with 32 signals. */
struct old_action {
	uintptr_t handler;
	uint32_t mask, flags;
	uintptr_t restorer;
};

static int32_t sys_sigaction(int signal, const struct old_action *user_new,
                             struct old_action *user_old)
{
	struct old_action small;
	struct signal_action new, old;
	if (user_new) {
		if (copy_from_user(&small, user_new, sizeof small))
			return -EFAULT;
		new = (struct signal_action){.handler = small.handler, .flags = small.flags,
		                             .restorer = small.restorer, .mask = small.mask};
	}
	int error = change_action(signal, user_new ? &new : NULL, &old);
	if (error || !user_old)
		return error;
	small = (struct old_action){.handler = old.handler, .mask = (uint32_t)old.mask,
	                            .flags = old.flags, .restorer = old.restorer};
	return copy_to_user(user_old, &small, sizeof small);
}

static int32_t sys_signal(int signal, uintptr_t handler)
{
	struct signal_action old;
	struct signal_action new = {.handler = handler, .flags = SA_RESETHAND | SA_NODEFER};
	int error = change_action(signal, &new, &old);
	return error ? error : (int32_t)old.handler;
}

static int32_t sys_sigaltstack(const stack_t *user_new, stack_t *user_old)
{
	uintptr_t esp = thread_user_frame(thread_current())->esp;
	stack_t new, old;
	signal_stack_tell(&task_current()->signals, esp, &old);
	if (user_new) {
		if (copy_from_user(&new, user_new, sizeof new))
			return -EFAULT;
		int error = signal_stack_set(&new, esp);
		if (error)
			return error;
	}
	return user_old ? copy_to_user(user_old, &old, sizeof old) : 0;
}

/* ---- the mask ---- */

static int change_mask(int how, signal_set set)
{
	signal_set blocked = task_current()->signals.blocked;
	switch (how) {
	case SIG_BLOCK:
		signal_set_blocked(blocked | set);
		return 0;
	case SIG_UNBLOCK:
		signal_set_blocked(blocked & ~set);
		return 0;
	case SIG_SETMASK:
		signal_set_blocked(set);
		return 0;
	default:
		return -EINVAL;
	}
}

static int32_t sys_rt_sigprocmask(int how, const signal_set *user_new, signal_set *user_old,
                                  size_t set_size)
{
	signal_set new, old = task_current()->signals.blocked;
	if (set_size != sizeof(signal_set))
		return -EINVAL;
	if (user_new) {
		if (copy_from_user(&new, user_new, sizeof new))
			return -EFAULT;
		int error = change_mask(how, new);
		if (error)
			return error;
	}
	return user_old ? copy_to_user(user_old, &old, sizeof old) : 0;
}

#define LOW_SIGNALS 0xffffffffull

static int32_t sys_sigprocmask(int how, const uint32_t *user_new, uint32_t *user_old)
{
	signal_set blocked = task_current()->signals.blocked;
	uint32_t new, old = (uint32_t)blocked;
	if (user_new) {
		if (copy_from_user(&new, user_new, sizeof new))
			return -EFAULT;
		/* The upper 32 stay as they are. */
		signal_set set = how == SIG_SETMASK ? new | (blocked & ~LOW_SIGNALS) : new;
		int error = change_mask(how, set);
		if (error)
			return error;
	}
	return user_old ? copy_to_user(user_old, &old, sizeof old) : 0;
}

static int32_t sys_sgetmask(void)
{
	return (int32_t)task_current()->signals.blocked;
}

static int32_t sys_ssetmask(uint32_t set)
{
	int32_t old = sys_sgetmask();
	signal_set_blocked(set);
	return old;
}

static int32_t sys_rt_sigpending(signal_set *user_set, size_t set_size)
{
	const struct task *task = task_current();
	signal_set set = signals_pending(task) & task->signals.blocked;
	if (set_size > sizeof set)
		return -EINVAL;
	return copy_to_user(user_set, &set, set_size);
}

static int32_t sys_sigpending(uint32_t *user_set)
{
	return sys_rt_sigpending((signal_set *)user_set, sizeof *user_set);
}

void signal_mask_lend(signal_set mask)
{
	struct task_signals *signals = &task_current()->signals;
	signals->saved = signals->blocked;
	signal_set_blocked(mask);
}

int signal_mask_lend_user(const signal_set *user_mask, size_t size)
{
	signal_set mask;
	if (!user_mask)
		return 0;
	if (size != sizeof mask)
		return -EINVAL;
	if (copy_from_user(&mask, user_mask, sizeof mask))
		return -EFAULT;
	signal_mask_lend(mask);
	return 0;
}

void signal_mask_return(bool interrupted)
{
	struct task_signals *signals = &task_current()->signals;
	/* After the handler, which the lent mask let through, if one runs. */
	if (!interrupted) {
		signal_set_blocked(signals->saved);
		return;
	}
	signals->restore_saved = true;
	thread_interrupt(thread_current());
}

/* Sleeps until there is a signal to act on. */
static int wait_for_signal(void)
{
	struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
	(void)WAIT_INTERRUPTIBLE(&nobody, signal_pending());
	return -ERESTARTNOHAND;
}

static int32_t sys_rt_sigsuspend(const signal_set *user_set, size_t set_size)
{
	signal_set set;
	if (set_size != sizeof set)
		return -EINVAL;
	if (copy_from_user(&set, user_set, sizeof set))
		return -EFAULT;
	signal_mask_lend(set);
	int result = wait_for_signal();
	signal_mask_return(true);
	return result;
}

static int32_t sys_sigsuspend(uint32_t unused1, uint32_t unused2, uint32_t set)
{
	(void)unused1, (void)unused2;
	signal_mask_lend(set);
	int result = wait_for_signal();
	signal_mask_return(true);
	return result;
}

static int32_t sys_pause(void)
{
	return wait_for_signal();
}

/* ---- waiting for a signal without a handler ---- */

static int take_awaited(struct task *task, signal_set set, struct signal_info *info)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	int signal = signal_queue_take_locked(task, set, info);
	task->signals.awaited = signal ? 0 : set;
	spin_unlock_irq(&process_lock, flags);
	return signal;
}

/* The signals stay blocked, or as they are: none is lost whose default it is to be ignored. */
static int sigtimedwait(signal_set set, uint64_t deadline, struct signal_info *info)
{
	struct task *task = task_current();
	struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
	int signal = 0;

	set &= ~SIGNALS_UNBLOCKABLE;
	int error = WAIT_FOR(&nobody, signal || (signal = take_awaited(task, set, info)),
	                     true, deadline);
	if (!signal)
		signal = take_awaited(task, set, info);
	task->signals.awaited = 0;
	if (signal)
		return signal;
	return error == -ETIMEDOUT ? -EAGAIN : error;
}

static int wait_in_set(signal_set set, siginfo_t *user_info, uint64_t deadline)
{
	struct signal_info info;
	int signal = sigtimedwait(set, deadline, &info);
	if (signal < 0 || !user_info)
		return signal;
	siginfo_t full;
	signal_info_fill(&full, signal, &info);
	return copy_to_user(user_info, &full, sizeof full) ? -EFAULT : signal;
}

static int32_t timed_wait(const signal_set *user_set, siginfo_t *user_info, const void *user_time,
                          time_reader *read, size_t set_size)
{
	uint64_t deadline;
	signal_set set;
	if (set_size != sizeof set)
		return -EINVAL;
	if (copy_from_user(&set, user_set, sizeof set))
		return -EFAULT;
	int error = deadline_from_user(user_time, read, &deadline);
	return error ? error : wait_in_set(set, user_info, deadline);
}

static int32_t sys_rt_sigtimedwait(const signal_set *user_set, siginfo_t *user_info,
                                   const void *user_time, size_t set_size)
{
	return timed_wait(user_set, user_info, user_time, time_from_user32, set_size);
}

static int32_t sys_rt_sigtimedwait_time64(const signal_set *user_set, siginfo_t *user_info,
                                          const void *user_time, size_t set_size)
{
	return timed_wait(user_set, user_info, user_time, time_from_user64, set_size);
}

/* ---- sending ---- */

/* Anybody may signal itself, and in its session let others go on. process_lock held. */
static int check_may_signal_locked(struct process *to, int signal)
{
	const struct process *self = process_current();
	if (to == self || (signal == SIGCONT && self->session == to->session))
		return 0;
	struct object object = process_object_locked(to);
	return right_check(MAY_SIGNAL, &object);
}

/* 0, -EINVAL, -EPERM, -EAGAIN; signal 0 only asks. `task` NULL: to the process. process_lock held. */
static int send_allowed_locked(struct process *to, struct task *task, int signal,
                               const struct signal_info *info)
{
	if (signal != 0 && !valid_signal(signal))
		return -EINVAL;
	int error = check_may_signal_locked(to, signal);
	if (error || !signal)
		return error;
	return task ? signal_send_task_locked(task, signal, info)
	            : signal_send_locked(to, signal, info);
}

/* To all but process 1 and the caller. Who may not be signalled is passed over. */
static int send_to_all_locked(int signal, const struct signal_info *info)
{
	const struct process *self = process_current();
	int result = -ESRCH;
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p)) {
		if (p->id == 1 || p == self)
			continue;
		int error = send_allowed_locked(p, NULL, signal, info);
		if (error != -EPERM || result == -ESRCH)
			result = error == -EPERM ? 0 : error;
	}
	return result;
}

/* To a group: it is enough that one member may be signalled. */
static int send_to_group_locked(pid_t group, int signal, const struct signal_info *info)
{
	bool sent = false;
	int error = -ESRCH;
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p)) {
		if (p->group != group)
			continue;
		error = send_allowed_locked(p, NULL, signal, info);
		sent |= !error;
	}
	return sent ? 0 : error;
}

/* kill(2) says what an `id` that is not above 0 means. One of another thread is its process's. */
static int send_to(pid_t id, int signal, const struct signal_info *info)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct task *one = task_find_locked(id);
	int result = one        ? send_allowed_locked(one->process, NULL, signal, info)
	             : id > 0   ? -ESRCH
	             : id == -1 ? send_to_all_locked(signal, info)
	             : send_to_group_locked(id ? -id : process_current()->group, signal, info);
	spin_unlock_irq(&process_lock, flags);
	return result;
}

/* To one thread, of that process if `process` is not 0. */
static int send_to_thread(pid_t process, pid_t id, int signal, const struct signal_info *info)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct task *task = task_find_locked(id);
	bool found = task && (!process || task->process->id == process);
	int result = found ? send_allowed_locked(task->process, task, signal, info) : -ESRCH;
	spin_unlock_irq(&process_lock, flags);
	return result;
}

static struct signal_info from_self(int code)
{
	const struct process *self = process_current();
	return (struct signal_info){
		.code = code, .error = 0,
		.value = {(uint32_t)self->id, self->credentials.uid, 0, 0, 0}};
}

static int32_t sys_kill(pid_t id, int signal)
{
	struct signal_info info = from_self(SI_USER);
	return id == INT32_MIN ? -ESRCH : send_to(id, signal, &info);
}

static int32_t sys_tkill(pid_t id, int signal)
{
	struct signal_info info = from_self(SI_TKILL);
	return id <= 0 ? -EINVAL : send_to_thread(0, id, signal, &info);
}

static int32_t sys_tgkill(pid_t group, pid_t id, int signal)
{
	struct signal_info info = from_self(SI_TKILL);
	return group <= 0 || id <= 0 ? -EINVAL : send_to_thread(group, id, signal, &info);
}

/* Nobody may pretend to another that the kernel or kill(2) sent it. */
static int take_info(pid_t to, const siginfo_t *user_info, struct signal_info *info)
{
	siginfo_t full;
	if (copy_from_user(&full, user_info, sizeof full))
		return -EFAULT;
	if ((full.si_code >= 0 || full.si_code == SI_TKILL) && to != task_current()->id)
		return -EPERM;
	signal_info_take(info, &full);
	return 0;
}

int signal_send_to_one(pid_t id, int signal, const siginfo_t *user_info)
{
	struct signal_info info = from_self(SI_USER);
	siginfo_t full;
	if (user_info && copy_from_user(&full, user_info, sizeof full))
		return -EFAULT;
	if (user_info && full.si_signo != signal)
		return -EINVAL;
	int error = user_info ? take_info(id, user_info, &info) : 0;
	if (error)
		return error;
	return id <= 0 ? -ESRCH : send_to(id, signal, &info);
}

static int32_t sys_rt_sigqueueinfo(pid_t id, int signal, const siginfo_t *user_info)
{
	struct signal_info info;
	int error = take_info(id, user_info, &info);
	if (error)
		return error;
	return id <= 0 ? -ESRCH : send_to(id, signal, &info);
}

static int32_t sys_rt_tgsigqueueinfo(pid_t group, pid_t id, int signal,
                                     const siginfo_t *user_info)
{
	struct signal_info info;
	if (group <= 0 || id <= 0)
		return -EINVAL;
	int error = take_info(id, user_info, &info);
	if (error)
		return error;
	return send_to_thread(group, id, signal, &info);
}

static int32_t sys_restart_syscall(void)
{
	const struct task *task = task_current();
	if (task->restart_call < 0)
		return -EINTR;
	return syscall_again(task->restart_call, thread_user_frame(thread_current()));
}

const struct system_call signal_calls[] = {
	CALL(rt_sigaction, 4),
	CALL(sigaction, 3),
	CALL(signal, 2),
	CALL(sigaltstack, 2),
	CALL(rt_sigprocmask, 4),
	CALL(sigprocmask, 3),
	CALL(sgetmask, 0),
	CALL(ssetmask, 1),
	CALL(rt_sigpending, 2),
	CALL(sigpending, 1),
	CALL(rt_sigsuspend, 2),
	CALL(sigsuspend, 3),
	CALL(pause, 0),
	CALL(rt_sigtimedwait, 4),
	CALL(rt_sigtimedwait_time64, 4),
	CALL(kill, 2),
	CALL(tkill, 2),
	CALL(tgkill, 3),
	CALL(rt_sigqueueinfo, 3),
	CALL(rt_tgsigqueueinfo, 4),
	CALL(sigreturn, 0),
	CALL(rt_sigreturn, 0),
	CALL(restart_syscall, 0),
	CALLS_END,
};
