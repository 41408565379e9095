/* SPDX-License-Identifier: MIT */
/* clone(2) and clone3(2) themselves: which flags go together, and processes that share something. */
#include "case.h"

#include <linux/sched.h>
#include <sched.h>

#define SIZE 65536

static char stack[SIZE];
static int sum;

static int child(void *argument)
{
	close(*(int *)argument);
	sum = 777;
	chdir("/");
	umask(0);
	return 5;
}

static void flags(const char *what, int flags)
{
	char cwd[100];
	int status, number = open("/dev/null", O_RDONLY);
	sum = 1;
	chdir("/proc");
	umask(022);
	pid_t id = clone(child, stack + SIZE, flags | SIGCHLD, &number);
	if (id < 0) {
		say("%s: %s", what, error_name(errno));
	} else {
		waitpid(id, &status, 0);
		say("%s: exit %d, sum %d, cwd %s, descriptor open %d, umask %03o", what,
		    WEXITSTATUS(status), sum, getcwd(cwd, sizeof cwd),
		    fcntl(number, F_GETFD) == 0, umask(022));
	}
	close(number);
}

static int handler_of_child(void *unused)
{
	(void)unused;
	signal(SIGUSR1, SIG_IGN);
	return 0;
}

static void handlers(void)
{
	struct sigaction action;
	signal(SIGUSR1, SIG_DFL);
	pid_t id = clone(handler_of_child, stack + SIZE, CLONE_VM | CLONE_SIGHAND | SIGCHLD, NULL);
	waitpid(id, NULL, 0);
	sigaction(SIGUSR1, NULL, &action);
	say("SIGHAND: the child's action counts here: %d", action.sa_handler == SIG_IGN);
	signal(SIGUSR1, SIG_DFL);
}

static long clone3(struct clone_args *args, size_t size)
{
	return syscall(SYS_clone3, args, size);
}

static void third(const char *what, struct clone_args args, size_t size)
{
	int status = 0;
	fflush(stdout);
	long id = clone3(&args, size);
	if (!id)
		_exit(6);
	if (id < 0) {
		say("%s: %s", what, error_name(errno));
		return;
	}
	waitpid((pid_t)id, &status, __WALL);
	say("%s: exit %d", what, WEXITSTATUS(status));
}

static void thirds(void)
{
	struct { struct clone_args args; char more[16]; } longer = {.args.exit_signal = SIGCHLD};
	pid_t told = 0;
	third("clone3", (struct clone_args){.exit_signal = SIGCHLD}, 88);
	third("clone3, of the first version", (struct clone_args){.exit_signal = SIGCHLD}, 64);
	third("clone3, too short", (struct clone_args){.exit_signal = SIGCHLD}, 63);
	third("clone3, no signal", (struct clone_args){0}, 88);
	third("clone3, signal in flags", (struct clone_args){.flags = SIGCHLD}, 88);
	third("clone3, signal 65", (struct clone_args){.exit_signal = 65}, 88);
	third("clone3, stack without size", (struct clone_args){.stack = (uintptr_t)stack}, 88);
	third("clone3, size without stack", (struct clone_args){.stack_size = SIZE}, 88);
	third("clone3, SIGHAND alone", (struct clone_args){.flags = CLONE_SIGHAND}, 88);
	third("clone3, THREAD alone", (struct clone_args){.flags = CLONE_THREAD}, 88);
	third("clone3, THREAD with a signal",
	      (struct clone_args){.flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM,
	                          .exit_signal = SIGCHLD}, 88);
	third("clone3, CLEAR_SIGHAND", (struct clone_args){.flags = CLONE_CLEAR_SIGHAND,
	                                                   .exit_signal = SIGCHLD}, 88);
	third("clone3, CLEAR_SIGHAND and SIGHAND",
	      (struct clone_args){.flags = CLONE_CLEAR_SIGHAND | CLONE_SIGHAND | CLONE_VM}, 88);
	third("clone3, PARENT_SETTID",
	      (struct clone_args){.flags = CLONE_PARENT_SETTID, .exit_signal = SIGCHLD,
	                          .parent_tid = (uintptr_t)&told}, 88);
	say("told: %d", told > 0);
	long id = clone3(&longer.args, sizeof longer);
	if (!id)
		_exit(0);
	say("clone3, longer, of zeros: %d", id > 0);
	waitpid((pid_t)id, NULL, 0);
	longer.more[9] = 1;
	id = clone3(&longer.args, sizeof longer);
	if (!id)
		_exit(0);
	say("clone3, longer, of more: %s", error_name(errno));
	GIVES(syscall(SYS_clone3, NULL, 88), "clone3 of nothing");
	GIVES(syscall(SYS_clone3, &longer, 5000), "clone3, larger than a page");
}

int main(void)
{
	flags("nothing", 0);
	flags("VM|VFORK", CLONE_VM | CLONE_VFORK);
	flags("FS", CLONE_FS);
	flags("FILES", CLONE_FILES);
	flags("FILES|FS", CLONE_FILES | CLONE_FS);
	flags("VM", CLONE_VM);
	flags("VM|FS|FILES|UNTRACED", CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED);
	flags("SIGHAND", CLONE_SIGHAND);
	flags("THREAD", CLONE_THREAD);
	flags("THREAD|SIGHAND", CLONE_THREAD | CLONE_SIGHAND);
	flags("FS|NEWNS", CLONE_FS | CLONE_NEWNS);
	handlers();
	thirds();
	return 0;
}
