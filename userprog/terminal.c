/* SPDX-License-Identifier: MIT */
/* Sessions and foreground groups of the terminal (terminal.h). */
#include "userprog/terminal.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/major.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "kernel/dev/serial.h"
#include "kernel/dev/tty.h"
#include "kernel/fs/pty.h"
#include "kernel/fs/vfs.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

#define FIRST_SERIAL_LINE (TTY_MAJOR << 8 | SERIAL_MINOR) /* the console; others control nobody */
#define INIT_SESSION 1 /* process 1 lends the terminal to whoever asks for it */

#define OWN_TERMINAL (TTYAUX_MAJOR << 8 | 0) /* /dev/tty: "my controlling terminal" */
#define CONSOLE (TTYAUX_MAJOR << 8 | 1)

static void signal_leader(pid_t session, int signal)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	struct process *leader = process_find_locked(session);
	if (leader && !leader->zombie)
		signal_send_locked(leader, signal, NULL);
	spin_unlock_irq(&process_lock, flags);
}

static pid_t own_session(void)
{
	const struct process *self = process_current();
	return self ? self->session : 0;
}

void terminal_init(void)
{
	tty_set_doors(signal_send_foreground, signal_leader, own_session);
	tty_set_number(&console_tty, CONSOLE);
}

bool terminal_is(const struct file *file)
{
	return file_terminal(file) && !file_is_master(file);
}

static bool controls(struct tty *tty, const struct process *process)
{
	return tty_session(tty) == process->session && !tty_is_hung_up(tty);
}

/* Whether the signal would do nothing to the process. */
static bool is_deaf(const struct process *process, int signal)
{
	return task_current()->signals.blocked & signal_bit(signal) ||
	       process->signals.actions->of[signal - 1].handler == (uintptr_t)SIG_IGN;
}

int terminal_check(const struct file *file, int signal)
{
	struct process *self = process_current();
	struct tty *tty = file_terminal(file);
	if (!terminal_is(file) || !controls(tty, self) || tty_foreground(tty) == self->group)
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

static bool is_free(struct tty *tty)
{
	pid_t session = tty_session(tty);
	return session == 0 || session == INIT_SESSION;
}

static void take(struct tty *tty, const struct process *process)
{
	tty_set_session(tty, process->session);
	tty_set_foreground(tty, process->group);
}

/* Whether it leads a session that has no terminal yet. */
static bool may_take(const struct process *process)
{
	return process->session == process->id && !tty_of_session(process->session, false);
}

int terminal_opened(const struct file *file, bool no_controlling)
{
	const struct process *self = process_current();
	if (!terminal_is(file))
		return 0;
	struct tty *tty = file_terminal(file);
	if (file->inode->device == OWN_TERMINAL)
		return 0;
	if (!no_controlling && may_take(self) && tty_session(tty) == 0)
		take(tty, self);
	return 0;
}

static int take_asked(struct tty *tty, const struct process *self, bool steal)
{
	if (controls(tty, self))
		return 0;
	if (!may_take(self))
		return -EPERM;
	if (!is_free(tty) && !(steal && right_has(MAY_TAKE_TERMINAL, NULL)))
		return -EPERM;
	take(tty, self);
	return 0;
}

static int give_up(struct tty *tty, const struct process *self)
{
	if (!controls(tty, self))
		return -ENOTTY;
	if (self->session == self->id) {
		pid_t foreground = tty_end_session(self->session);
		signal_send_foreground(self->session, foreground, SIGHUP);
		signal_send_foreground(self->session, foreground, SIGCONT);
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
	struct tty *tty = file_terminal(file);
	pid_t group;
	if (!controls(tty, self))
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
	tty_set_foreground(tty, group);
	return 0;
}

/* Who holds the master is told in any case. */
static int tell(const struct file *file, const struct process *self, pid_t number,
                pid_t *user_number)
{
	return file_is_master(file) || controls(file_terminal(file), self) ? copy_to_user(user_number, &number, sizeof number) : -ENOTTY;
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
	struct tty *tty = file_terminal(file);
	if (!tty)
		return false;
	switch (command) {
	case TIOCSCTTY:
		*result = take_asked(tty, self, argument == 1);
		return true;
	case TIOCNOTTY:
		*result = give_up(tty, self);
		return true;
	case TIOCGPGRP:
		*result = tell(file, self, tty_foreground(tty), (pid_t *)argument);
		return true;
	case TIOCSPGRP:
		*result = set_foreground(file, self, (const pid_t *)argument);
		return true;
	case TIOCGSID:
		*result = tell(file, self, tty_session(tty), (pid_t *)argument);
		return true;
	default:
		*result = changes_settings(command) ? terminal_check(file, SIGTTOU) : 0;
		return *result != 0;
	}
}
