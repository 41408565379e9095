/* SPDX-License-Identifier: MIT */
/* The system calls of signals: sigaction(2), sigprocmask(2), kill(2) and their kin. The
 * calls that end a handler are in signal_frame.c. */
#include <linux/signal.h>

#include "kernel/sched/thread.h"
#include "userprog/process.h"
#include "userprog/signal_frame.h"
#include "userprog/signal_mask.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

static bool valid_signal(int signal)
{
	return signal >= 1 && signal <= SIGNALS;
}

/* ---- actions ---- */

/* Sets the action, if there is a new one, and gives the old one. */
static int change_action(int signal, const struct signal_action *action,
                         struct signal_action *old)
{
	struct process *process = process_current();
	if (!valid_signal(signal) || (action && SIGNALS_UNBLOCKABLE & signal_bit(signal)))
		return -EINVAL;
	struct signal_action *place = &process->signals.actions[signal - 1];
	uint32_t flags = spin_lock_irq(&process_lock);
	*old = *place;
	if (action) {
		*place = *action;
		place->mask &= ~SIGNALS_UNBLOCKABLE;
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
	struct process *process = process_current();
	struct signal_state *signals = &process->signals;
	uintptr_t esp = thread_user_frame(thread_current())->esp;
	bool in_use = signals->alternate_size && esp > signals->alternate &&
	              esp - signals->alternate <= signals->alternate_size;
	stack_t old = {
		.ss_sp = (void *)signals->alternate, .ss_size = signals->alternate_size,
		.ss_flags = in_use ? SS_ONSTACK : signals->alternate_size ? 0 : SS_DISABLE,
	};
	stack_t new;
	if (user_new) {
		if (copy_from_user(&new, user_new, sizeof new))
			return -EFAULT;
		if (in_use)
			return -EPERM;
		if (new.ss_flags & ~(SS_DISABLE | SS_ONSTACK))
			return -EINVAL;
		bool off = new.ss_flags & SS_DISABLE;
		if (!off && new.ss_size < MINSIGSTKSZ)
			return -ENOMEM;
		signals->alternate = off ? 0 : (uintptr_t)new.ss_sp;
		signals->alternate_size = off ? 0 : new.ss_size;
	}
	return user_old ? copy_to_user(user_old, &old, sizeof old) : 0;
}

/* ---- the mask ---- */

static int change_mask(int how, signal_set set)
{
	signal_set blocked = process_current()->signals.blocked;
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
	signal_set new, old = process_current()->signals.blocked;
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
	signal_set blocked = process_current()->signals.blocked;
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
	return (int32_t)process_current()->signals.blocked;
}

static int32_t sys_ssetmask(uint32_t set)
{
	int32_t old = sys_sgetmask();
	signal_set_blocked(set);
	return old;
}

static int32_t sys_rt_sigpending(signal_set *user_set, size_t set_size)
{
	const struct signal_state *signals = &process_current()->signals;
	signal_set set = signals->pending & signals->blocked;
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
	struct signal_state *signals = &process_current()->signals;
	signals->saved = signals->blocked;
	signal_set_blocked(mask);
}

void signal_mask_return(bool interrupted)
{
	struct signal_state *signals = &process_current()->signals;
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

static int take_from_set(struct process *process, signal_set set, struct signal_info *info)
{
	int signal = 0;
	uint32_t flags = spin_lock_irq(&process_lock);
	signal_set ready = process->signals.pending & set;
	if (ready) {
		signal = __builtin_ctzll(ready) + 1;
		process->signals.pending &= ~signal_bit(signal);
		*info = process->signals.info[signal - 1];
	}
	spin_unlock_irq(&process_lock, flags);
	return signal;
}

static int sigtimedwait(signal_set set, uint64_t deadline, struct signal_info *info)
{
	struct process *process = process_current();
	signal_set blocked = process->signals.blocked;
	struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
	int signal = 0;

	set &= ~SIGNALS_UNBLOCKABLE;
	/* Not blocked meanwhile, so that one that comes ends the sleep. */
	signal_set_blocked(blocked & ~set);
	int error = WAIT_FOR(&nobody, signal || (signal = take_from_set(process, set, info)),
	                     true, deadline);
	if (!signal)
		signal = take_from_set(process, set, info);
	signal_set_blocked(blocked);
	if (signal)
		return signal;
	return error == -ETIMEDOUT ? -EAGAIN : error;
}

static int wait_in_set(const signal_set *user_set, siginfo_t *user_info, uint64_t deadline)
{
	struct signal_info info;
	signal_set set;
	if (copy_from_user(&set, user_set, sizeof set))
		return -EFAULT;
	int signal = sigtimedwait(set, deadline, &info);
	if (signal < 0 || !user_info)
		return signal;
	siginfo_t full;
	signal_info_fill(&full, signal, &info);
	return copy_to_user(user_info, &full, sizeof full) ? -EFAULT : signal;
}

static int32_t sys_rt_sigtimedwait(const signal_set *user_set, siginfo_t *user_info,
                                   const void *user_time, size_t set_size)
{
	uint64_t ns = 0;
	int error = user_time ? time_from_user32(user_time, &ns) : 0;
	if (error || set_size != sizeof(signal_set))
		return error ? error : -EINVAL;
	return wait_in_set(user_set, user_info,
	                   user_time ? time_after(clock_now(), ns) : WAIT_FOREVER);
}

static int32_t sys_rt_sigtimedwait_time64(const signal_set *user_set, siginfo_t *user_info,
                                          const void *user_time, size_t set_size)
{
	uint64_t ns = 0;
	int error = user_time ? time_from_user64(user_time, &ns) : 0;
	if (error || set_size != sizeof(signal_set))
		return error ? error : -EINVAL;
	return wait_in_set(user_set, user_info,
	                   user_time ? time_after(clock_now(), ns) : WAIT_FOREVER);
}

/* ---- sending ---- */

/* kill(2): who may send a signal to whom. process_lock held. */
static bool may_signal_locked(const struct process *to, int signal)
{
	const struct process *self = process_current();
	const struct credentials *own = &self->credentials, *other = &to->credentials;
	if (signal == SIGCONT && self->session == to->session)
		return true;
	return own->euid == 0 || own->euid == other->suid || own->euid == other->uid ||
	       own->uid == other->suid || own->uid == other->uid;
}

/* 0 or -EPERM; signal 0 only asks. process_lock held. */
static int send_allowed_locked(struct process *to, int signal, const struct signal_info *info)
{
	if (!may_signal_locked(to, signal))
		return -EPERM;
	if (signal)
		signal_send_locked(to, signal, info);
	return 0;
}

/* Sends to every process that an `id` <= 0 means to kill(2). */
static int send_to_many_locked(pid_t id, int signal, const struct signal_info *info)
{
	const struct process *self = process_current();
	pid_t group = id == 0 ? self->group : -id;
	int result = -ESRCH;
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p)) {
		if (id == -1 ? p->id == 1 || p == self : p->group != group)
			continue;
		int error = send_allowed_locked(p, signal, info);
		if (!error || result == -ESRCH)
			result = error;
	}
	return result;
}

static int send_to(pid_t id, int signal, const struct signal_info *info)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct process *one = process_find_locked(id);
	int result = one      ? send_allowed_locked(one, signal, info)
	             : id > 0 ? -ESRCH
	                      : send_to_many_locked(id, signal, info);
	spin_unlock_irq(&process_lock, flags);
	return result;
}

static int check_and_send(pid_t id, int signal, int code)
{
	const struct process *self = process_current();
	struct signal_info info = {
		.code = code, .value = {(uint32_t)self->id, self->credentials.uid, 0}};
	if (signal != 0 && !valid_signal(signal))
		return -EINVAL;
	return send_to(id, signal, &info);
}

static int32_t sys_kill(pid_t id, int signal)
{
	return id == INT32_MIN ? -ESRCH : check_and_send(id, signal, SI_USER);
}

static int32_t sys_tkill(pid_t id, int signal)
{
	return id <= 0 ? -EINVAL : check_and_send(id, signal, SI_TKILL);
}

static int32_t sys_tgkill(pid_t group, pid_t id, int signal)
{
	if (group <= 0 || id <= 0)
		return -EINVAL;
	return group != id ? -ESRCH : check_and_send(id, signal, SI_TKILL);
}

static int32_t sys_rt_sigqueueinfo(pid_t id, int signal, const siginfo_t *user_info)
{
	siginfo_t full;
	struct signal_info info;
	if (copy_from_user(&full, user_info, sizeof full))
		return -EFAULT;
	/* Nobody may pretend to be the kernel or kill(2). */
	if ((full.si_code >= 0 || full.si_code == SI_TKILL) && id != process_current()->id)
		return -EPERM;
	if (id <= 0 || (signal != 0 && !valid_signal(signal)))
		return -EINVAL;
	info.code = full.si_code;
	info.value[0] = (uint32_t)full.si_pid;
	info.value[1] = full.si_uid;
	info.value[2] = (uint32_t)full.si_int;
	return send_to(id, signal, &info);
}

static int32_t sys_restart_syscall(void)
{
	struct process *process = process_current();
	if (process->restart_call < 0)
		return -EINTR;
	return syscall_again(process->restart_call, thread_user_frame(thread_current()));
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
	CALL(sigreturn, 0),
	CALL(rt_sigreturn, 0),
	CALL(restart_syscall, 0),
	CALLS_END,
};
