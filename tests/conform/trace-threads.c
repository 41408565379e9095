/* SPDX-License-Identifier: MIT */
/* ptrace(2), wait(2): a traced process with threads ends. Each thread tells its end, with the status
 * that the process has, and the first thread does so after all others. */
#include "case.h"

#include <pthread.h>
#include <sys/ptrace.h>

#define THREADS 3

enum { EXITS, ABORTS, IS_KILLED, FIRST_LEAVES };

static void *pauses(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void *ends_all(void *unused)
{
	usleep(50000);
	exit(4);
	return unused;
}

static void tracee(int how)
{
	pthread_t thread;
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread, NULL, how == FIRST_LEAVES && i == 2 ? ends_all : pauses, NULL);
	if (how == EXITS)
		exit(3);
	if (how == ABORTS)
		abort();
	if (how == IS_KILLED)
		raise(SIGKILL);
	pthread_exit(NULL);
}

static void say_end(bool first, int status)
{
	if (WIFEXITED(status))
		say("  %s: exit %d", first ? "the first" : "another", WEXITSTATUS(status));
	else
		say("  %s: signal %d, core %d", first ? "the first" : "another", WTERMSIG(status),
		    WCOREDUMP(status) != 0);
}

/* Lets it go on whenever it stops, and tells how its threads end. */
static void watch(int how)
{
	int status;
	say("way %d", how);
	pid_t child = fork(), id;
	if (child == 0)
		tracee(how);
	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_TRACECLONE);
	ptrace(PTRACE_CONT, child, NULL, NULL);
	while ((id = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status)) {
			say_end(id == child, status);
			continue;
		}
		int signal = WSTOPSIG(status);
		bool own = signal == SIGTRAP || signal == SIGSTOP; /* of tracing */
		ptrace(PTRACE_CONT, id, NULL, (void *)(long)(own ? 0 : signal));
	}
	say("  then %s", error_name(errno));
}

int main(void)
{
	struct rlimit limit = {0, RLIM_INFINITY};
	for (int core = 0; core < 2; core++) {
		setrlimit(RLIMIT_CORE, &limit);
		for (int how = EXITS; how <= FIRST_LEAVES; how++)
			watch(how);
		limit.rlim_cur = RLIM_INFINITY;
	}
	return 0;
}
