/* SPDX-License-Identifier: MIT */
/* clone(2), clone3(2): CLONE_PARENT, whose child that is and what its parent hears; CLONE_PIDFD, a
 * descriptor for the child; RLIMIT_NPROC of getrlimit(2), which counts threads. */
#include "case.h"

#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>

static int *told; /* shared with all of them */

static void told_number(const char *what, pid_t number, pid_t expected)
{
	say("%s: %s", what, number == expected ? "as it should be" : "another");
}

static char stack[65536];

static int sister(void *parent)
{
	told[1] = getppid() == (pid_t)(long)parent;
	return 9;
}

/* The new one's parent is the caller's. */
static void make_sister(int flags)
{
	pid_t id = clone(sister, stack + sizeof stack, flags, (void *)(long)getppid());
	told[0] = id;
	say("clone, %x: %s", flags, id < 0 ? error_name(errno) : "done");
	GIVES(waitpid(id, NULL, __WALL), "its maker waits");
	exit(0);
}

static void parents(void)
{
	static const int flags[] = {CLONE_PARENT, CLONE_PARENT | SIGUSR1,
	                            CLONE_PARENT | CLONE_VM | CLONE_VFORK};
	int status;
	signal(SIGUSR1, SIG_IGN);
	for (int i = 0; i < 3; i++) {
		siginfo_t info;
		sigset_t set;
		sigemptyset(&set);
		sigaddset(&set, SIGCHLD);
		sigprocmask(SIG_BLOCK, &set, NULL);
		pid_t child = fork();
		if (child == 0)
			make_sister(flags[i]);
		waitpid(child, NULL, 0);
		told_number("her mother waits", waitpid(told[0], &status, __WALL), told[0]);
		say("  exit %d, knows her mother %d", WEXITSTATUS(status), told[1]);
		struct timespec none = {0, 0};
		say("  SIGCHLD came: %d", sigtimedwait(&set, &info, &none) == SIGCHLD);
	}
	struct clone_args args = {.flags = CLONE_PARENT, .exit_signal = SIGCHLD};
	GIVES(syscall(SYS_clone3, &args, sizeof args), "clone3, PARENT with a signal");
}

static long clone_pidfd(int flags, int *number)
{
	long id = syscall(SYS_clone, CLONE_PIDFD | flags, NULL, number, NULL, NULL);
	if (id == 0) {
		errno = 0;
		told[2] = fcntl(told[3], F_GETFD) == -1 ? errno : 0;
		pause();
		_exit(0);
	}
	return id;
}

static void descriptors(void)
{
	siginfo_t info;
	int number = -1, low = dup(0);
	close(low); /* what the next one will be */
	told[3] = low;
	GIVES(clone_pidfd(SIGCHLD | CLONE_PARENT_SETTID, &number), "with PARENT_SETTID");
	GIVES(clone_pidfd(SIGCHLD, (int *)8), "to a bad place");
	GIVES(fcntl(low, F_GETFD), "nothing is left of that");
	pid_t id = (pid_t)clone_pidfd(SIGCHLD, &number);
	say("told %d, flags %d", number == low, fcntl(number, F_GETFD));
	struct pollfd file = {number, POLLIN, 0};
	GIVES(poll(&file, 1, 50), "it runs");
	GIVES(syscall(SYS_pidfd_send_signal, number, SIGTERM, NULL, 0), "a signal");
	GIVES(poll(&file, 1, -1), "it has ended");
	info.si_pid = 0;
	GIVES(waitid(P_PIDFD, (id_t)number, &info, WEXITED), "wait by it");
	told_number("who that was", info.si_pid, id);
	say("the child had it: %s", told[2] ? error_name(told[2]) : "yes");
	GIVES(syscall(SYS_pidfd_send_signal, number, SIGTERM, NULL, 0), "a signal to nobody");
	close(number);

	struct clone_args args = {.flags = CLONE_PIDFD | CLONE_PARENT_SETTID,
	                          .pidfd = (uintptr_t)&number, .exit_signal = SIGCHLD,
	                          .parent_tid = (uintptr_t)&told[4]};
	fflush(stdout);
	id = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (id == 0)
		_exit(3);
	told_number("clone3 with both", told[4], id);
	GIVES(waitid(P_PIDFD, (id_t)number, &info, WEXITED), "wait");
	say("  status %d", info.si_status);
	close(number);
	struct rlimit limit = {(rlim_t)low, 1024};
	setrlimit(RLIMIT_NOFILE, &limit);
	GIVES(clone_pidfd(SIGCHLD, &number), "no descriptor left");
	limit.rlim_cur = 1024;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void *stays(void *unused)
{
	(void)unused;
	pause();
	return NULL;
}

/* As a user who has nothing else here. */
static void count_threads(void *unused)
{
	pthread_t threads[8];
	int made = 0;
	(void)unused;
	struct rlimit limit = {4, 4};
	setresuid(12345, 12345, 12345);
	setrlimit(RLIMIT_NPROC, &limit);
	while (made < 8 && !pthread_create(&threads[made], NULL, stays, NULL))
		made++;
	say("%d threads beside the first", made);
	SUCCEEDS(fork(), "a process");
	pthread_cancel(threads[0]);
	pthread_join(threads[0], NULL);
	usleep(20000);
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	say("when one has ended: %d", child > 0);
	waitpid(child, NULL, 0);
	execl("/proc/self/exe", "again", "again", NULL);
}

/* After exec there is one thread again. */
static int after_exec(void)
{
	pid_t children[4];
	for (int i = 0; i < 4; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			pause();
			_exit(0);
		}
		say("%d: %d", i, children[i] > 0);
	}
	for (int i = 0; i < 4; i++) {
		if (children[i] > 0) {
			kill(children[i], SIGKILL);
			waitpid(children[i], NULL, 0);
		}
	}
	return 4;
}

int main(int count, char **words)
{
	(void)words;
	if (count > 1)
		return after_exec();
	told = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	parents();
	descriptors();
	chmod(".", 0777);
	say("ends with %d", WEXITSTATUS(child_status(count_threads, NULL)));
	return 0;
}
