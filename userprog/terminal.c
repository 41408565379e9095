/* SPDX-License-Identifier: MIT */
/* Sessions and foreground groups of the terminal (terminal.h). */
#include "userprog/terminal.h"

#include <asm/errno.h>
#include <linux/major.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "kernel/dev/tty.h"
#include "kernel/fs/vfs.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

#define INIT_SESSION 1 /* process 1 lends the terminal to whoever asks for it */

static void signal_foreground(pid_t group, int signal)
{
	signal_send_group(group, signal, NULL);
}

void terminal_init(void)
{
	tty_set_signal_hook(signal_foreground);
}

bool terminal_is(const struct file *file)
{
	const struct inode *inode = file->inode;
	if (!inode || !S_ISCHR(inode->mode))
		return false;
	uint32_t major = inode->device >> 8;
	return major == TTY_MAJOR || major == TTYAUX_MAJOR;
}

static bool controls(const struct process *process)
{
	return tty_session(&console_tty) == process->session;
}

/* Whether the signal would do nothing to the process. */
static bool is_deaf(const struct process *process, int signal)
{
	return process->signals.blocked & signal_bit(signal) ||
	       process->signals.actions[signal - 1].handler == (uintptr_t)SIG_IGN;
}

int terminal_check(const struct file *file, int signal)
{
	struct process *self = process_current();
	if (!terminal_is(file) || !controls(self) ||
	    tty_foreground(&console_tty) == self->group)
		return 0;
	if (is_deaf(self, signal))
		return signal == SIGTTIN ? -EIO : 0;
	uint32_t flags = spin_lock_irq(&process_lock);
	bool orphaned = process_group_orphaned_locked(self->group);
	spin_unlock_irq(&process_lock, flags);
	if (orphaned)
		return -EIO;
	signal_send_group(self->group, signal, NULL);
	return -ERESTARTSYS;
}

static bool is_free(void)
{
	pid_t session = tty_session(&console_tty);
	return session == 0 || session == INIT_SESSION;
}

static void take(const struct process *process)
{
	tty_set_session(&console_tty, process->session);
	tty_set_foreground(&console_tty, process->group);
}

#define OWN_TERMINAL (TTYAUX_MAJOR << 8 | 0) /* /dev/tty: "my controlling terminal" */

int terminal_opened(const struct file *file, bool no_controlling)
{
	const struct process *self = process_current();
	if (!terminal_is(file))
		return 0;
	if (file->inode->device == OWN_TERMINAL)
		return controls(self) ? 0 : -ENXIO;
	if (!no_controlling && self->session == self->id && tty_session(&console_tty) == 0)
		take(self);
	return 0;
}

static int take_asked(const struct process *self, bool steal)
{
	if (controls(self))
		return 0;
	if (self->session != self->id)
		return -EPERM;
	if (!is_free() && !(steal && self->credentials.euid == 0))
		return -EPERM;
	take(self);
	return 0;
}

static int give_up(const struct process *self)
{
	if (!controls(self))
		return -ENOTTY;
	if (self->session == self->id) {
		pid_t foreground = tty_foreground(&console_tty);
		tty_set_session(&console_tty, 0);
		tty_set_foreground(&console_tty, 0);
		signal_send_group(foreground, SIGHUP, NULL);
		signal_send_group(foreground, SIGCONT, NULL);
	}
	return 0;
}

static bool group_in_session(pid_t group, pid_t session)
{
	bool found = false;
	uint32_t flags = spin_lock_irq(&process_lock);
	for (struct process *p = process_first_locked(); p && !found; p = process_next_locked(p))
		found = p->group == group && p->session == session;
	spin_unlock_irq(&process_lock, flags);
	return found;
}

static int set_foreground(const struct file *file, const struct process *self,
                          const pid_t *user_group)
{
	pid_t group;
	if (!controls(self))
		return -ENOTTY;
	int error = terminal_check(file, SIGTTOU);
	if (error)
		return error;
	if (copy_from_user(&group, user_group, sizeof group))
		return -EFAULT;
	if (group < 0)
		return -EINVAL;
	if (!group_in_session(group, self->session))
		return -EPERM;
	tty_set_foreground(&console_tty, group);
	return 0;
}

static int tell(const struct process *self, pid_t number, pid_t *user_number)
{
	return controls(self) ? copy_to_user(user_number, &number, sizeof number) : -ENOTTY;
}

/* These change the terminal's settings: a process in the background is stopped. */
static bool changes_settings(uint32_t command)
{
	return command == TCSETS || command == TCSETSW || command == TCSETSF ||
	       command == TCSETA || command == TCSETAW || command == TCSETAF ||
	       command == TCFLSH || command == TCSBRK;
}

bool terminal_ioctl(const struct file *file, uint32_t command, uintptr_t argument, int *result)
{
	const struct process *self = process_current();
	if (!terminal_is(file))
		return false;
	switch (command) {
	case TIOCSCTTY:
		*result = take_asked(self, argument == 1);
		return true;
	case TIOCNOTTY:
		*result = give_up(self);
		return true;
	case TIOCGPGRP:
		*result = tell(self, tty_foreground(&console_tty), (pid_t *)argument);
		return true;
	case TIOCSPGRP:
		*result = set_foreground(file, self, (const pid_t *)argument);
		return true;
	case TIOCGSID:
		*result = tell(self, tty_session(&console_tty), (pid_t *)argument);
		return true;
	default:
		*result = changes_settings(command) ? terminal_check(file, SIGTTOU) : 0;
		return *result != 0;
	}
}
