/* SPDX-License-Identifier: MIT */
/* How processes of several threads end, and what their parent learns; exec by any of them. */
#include "case.h"

#include <pthread.h>
#include <semaphore.h>
#include <sched.h>

static sem_t began;

static void told(const char *what, int status)
{
	if (WIFSIGNALED(status))
		say("%s: killed by %d", what, WTERMSIG(status));
	else
		say("%s: exit %d", what, WEXITSTATUS(status));
}

static void *sleeps(void *unused)
{
	sem_post(&began);
	for (;;)
		pause();
	return unused;
}

static void *computes(void *unused)
{
	sem_post(&began);
	for (volatile unsigned i = 0;; i++)
		;
	return unused;
}

static void *reads_a_pipe(void *unused)
{
	int ends[2];
	char byte;
	pipe(ends);
	sem_post(&began);
	read(ends[0], &byte, 1);
	return unused;
}

static void begin(void)
{
	pthread_t thread;
	sem_init(&began, 0, 0);
	pthread_create(&thread, NULL, sleeps, NULL);
	pthread_create(&thread, NULL, computes, NULL);
	pthread_create(&thread, NULL, reads_a_pipe, NULL);
	for (int i = 0; i < 3; i++)
		sem_wait(&began);
}

static void *exits_for_all(void *unused)
{
	(void)unused;
	exit(21);
}

static void *exits_alone(void *unused)
{
	syscall(SYS_exit, 5);
	return unused;
}

static void *faults(void *unused)
{
	*(volatile int *)16 = 1;
	return unused;
}

static void *runs(void *argument)
{
	char *arguments[] = {argument, "child", NULL};
	execv(argument, arguments);
	return NULL;
}

static void *leaves_later(void *unused)
{
	usleep(30000);
	syscall(SYS_exit, 9);
	return unused;
}

static void with(const char *what, void *(*start)(void *), void *argument, bool first_leaves)
{
	int status;
	fflush(stdout);
	pid_t child = fork();
	if (!child) {
		pthread_t thread;
		signal(SIGSEGV, SIG_DFL);
		begin();
		pthread_create(&thread, NULL, start, argument);
		if (first_leaves)
			syscall(SYS_exit, 3);
		for (;;)
			pause();
	}
	waitpid(child, &status, 0);
	told(what, status);
}

static void killed(int signal, bool first_leaves)
{
	int status, ends[2];
	char byte = 1;
	pipe(ends);
	pid_t child = fork();
	if (!child) {
		begin();
		write(ends[1], &byte, 1);
		if (first_leaves)
			syscall(SYS_exit, 3);
		for (;;)
			pause();
	}
	read(ends[0], &byte, 1);
	usleep(20000);
	kill(child, signal);
	waitpid(child, &status, 0);
	told(first_leaves ? "killed, the first had left" : "killed", status);
}

static void last_one_leaves(void)
{
	int status;
	pid_t child = fork();
	if (!child) {
		pthread_t thread;
		pthread_create(&thread, NULL, leaves_later, NULL);
		syscall(SYS_exit, 3);
	}
	siginfo_t info = {0};
	waitid(P_PID, child, &info, WEXITED | WNOHANG);
	say("not yet: %d", info.si_pid == 0);
	waitpid(child, &status, 0);
	say("the last one left: %d", WIFEXITED(status));
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		say("the program of the exec: the number is the process's: %d",
		    getpid() == (pid_t)syscall(SYS_gettid));
		return 33;
	}
	with("one calls exit", exits_for_all, NULL, false);
	with("one calls exit, the first had left", exits_for_all, NULL, true);
	with("one faults", faults, NULL, false);
	with("one runs a program", runs, argv[0], false);
	with("one runs a program, the first had left", runs, argv[0], true);
	killed(SIGKILL, false);
	killed(SIGTERM, false);
	killed(SIGKILL, true);
	killed(SIGTERM, true);
	last_one_leaves();
	return 0;
}
