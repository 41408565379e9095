/* SPDX-License-Identifier: MIT */
/* kcmp(2), pidfd_getfd(2), ioprio_set(2) and ioprio_get(2): what processes share, what one takes from
 * another, classes and levels, rights, and wrong arguments. */
#include "case.h"

#include <sys/wait.h>
#include <sys/sem.h>

#define PRIORITY(class, level) ((class) << 13 | (level))

enum { FILE_, VM, FILES, FS, SIGHAND, IO, SYSVSEM, KINDS = SYSVSEM + 1 };

static const char *const kinds[] = {"FILE", "VM", "FILES", "FS", "SIGHAND", "IO", "SYSVSEM"};

static int compare(int a, int b, int type, int index_a, int index_b)
{
	long result = syscall(SYS_kcmp, a, b, type, index_a, index_b);
	return result > 1 ? 1 : (int)result; /* which is the lesser differs from run to run */
}

static void compare_alone(void)
{
	int fd = new_file("f", 1), copy = dup(fd), other = open("f", O_RDONLY), me = getpid();
	GIVES(compare(me, me, FILE_, fd, fd), "one descriptor");
	GIVES(compare(me, me, FILE_, fd, copy), "a duplicate");
	GIVES(compare(me, me, FILE_, fd, other), "opened twice");
	GIVES(compare(me, me, FILE_, fd, 99), "not open");
	GIVES(compare(me, me, FILE_, -1, fd), "nor is that");
	for (int type = VM; type < KINDS; type++)
		GIVES(compare(me, me, type, 0, 0), "oneself, %s", kinds[type]);
	GIVES(compare(me, me, -1, 0, 0), "no kind");
	GIVES(compare(me, me, 8, 0, 0), "no kind");
	GIVES(compare(me, 4000000, VM, 0, 0), "nobody");
	GIVES(compare(0, me, VM, 0, 0), "0");
}

static void take(int child, int fd)
{
	int pid_file = (int)syscall(SYS_pidfd_open, child, 0);
	int taken = (int)syscall(SYS_pidfd_getfd, pid_file, fd, 0);
	say("taken %d, flags %d, the same %d", taken >= 0, fcntl(taken, F_GETFD),
	    compare(getpid(), child, FILE_, taken, fd));
	GIVES((int)syscall(SYS_pidfd_getfd, pid_file, fd, 1), "a flag");
	GIVES((int)syscall(SYS_pidfd_getfd, fd, fd, 0), "no process's descriptor");
	GIVES((int)syscall(SYS_pidfd_getfd, 99, fd, 0), "not open");
	GIVES((int)syscall(SYS_pidfd_getfd, pid_file, 99, 0), "not open there");
	GIVES((int)syscall(SYS_pidfd_getfd, pid_file, -1, 0), "nor that");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	GIVES((int)syscall(SYS_pidfd_getfd, pid_file, fd, 0), "it is gone");
}

static void compare_child(void)
{
	int fd = open("f", O_RDONLY), me = getpid(), child = fork();
	if (!child)
		for (;;)
			pause();
	GIVES(compare(me, child, FILE_, fd, fd), "inherited");
	for (int type = VM; type < KINDS; type++)
		GIVES(compare(me, child, type, 0, 0), "a child, %s", kinds[type]);
	take(child, fd);
}

static void levels(void)
{
	for (int kind = 0; kind < 8; kind++)
		for (int level = 0; level < 9; level += 4) {
			GIVES((int)syscall(SYS_ioprio_set, 1, 0, PRIORITY(kind, level)),
			      "class %d level %d", kind, level);
			say("  is %lx", syscall(SYS_ioprio_get, 1, 0));
		}
}

static void io_of_others(void)
{
	int parent = getpid(), child;
	setpgid(0, 0);
	syscall(SYS_ioprio_set, 1, 0, PRIORITY(2, 3));
	child = fork();
	if (!child) {
		say("a child has %lx, group %lx", syscall(SYS_ioprio_get, 1, 0),
		    syscall(SYS_ioprio_get, 2, 0));
		GIVES((int)syscall(SYS_ioprio_set, 1, 0, PRIORITY(2, 6)), "its own");
		say("group %lx", syscall(SYS_ioprio_get, 2, 0));
		setuid(1000);
		GIVES((int)syscall(SYS_ioprio_set, 1, 0, PRIORITY(1, 3)), "real time, a user");
		GIVES((int)syscall(SYS_ioprio_set, 1, parent, PRIORITY(2, 3)), "of another");
		GIVES((int)syscall(SYS_ioprio_set, 1, 0, PRIORITY(3, 0)), "idle");
		say("the parent's %lx, user's %lx", syscall(SYS_ioprio_get, 1, parent),
		    syscall(SYS_ioprio_get, 3, 0));
		_exit(0);
	}
	waitpid(child, NULL, 0);
	GIVES((int)syscall(SYS_ioprio_set, 2, 0, PRIORITY(0, 0)), "none for the group");
	say("by the nice value %lx", syscall(SYS_ioprio_get, 2, 0));
	errno = 0;
	nice(10);
	say("then %lx and %lx", syscall(SYS_ioprio_get, 2, 0), syscall(SYS_ioprio_get, 1, 0));
	GIVES((int)syscall(SYS_ioprio_get, 1, 4000000), "nobody");
	GIVES((int)syscall(SYS_ioprio_get, 2, 4000000), "no group");
	GIVES((int)syscall(SYS_ioprio_set, 2, 4000000, PRIORITY(2, 0)), "no group");
	GIVES((int)syscall(SYS_ioprio_get, 0, 0), "which 0");
	GIVES((int)syscall(SYS_ioprio_get, 4, 0), "which 4");
	GIVES((int)syscall(SYS_ioprio_set, 4, 0, PRIORITY(2, 0)), "which 4");
}

int main(void)
{
	compare_alone();
	compare_child();
	levels();
	io_of_others();
	return 0;
}
