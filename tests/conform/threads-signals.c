/* SPDX-License-Identifier: MIT */
/* Signals to a process of several threads, and to one of them; stopping and going on. */
#include "case.h"

#include <pthread.h>
#include <semaphore.h>

static sem_t began, went;
static pid_t receiver_tid;
static volatile int handled;

static pid_t tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}

static void note(int signal)
{
	handled = signal;
	receiver_tid = tid();
	sem_post(&went);
}

struct one {
	pthread_t thread;
	pid_t tid;
	int blocks;
};

static void *waits(void *argument)
{
	struct one *one = argument;
	sigset_t set;
	sigemptyset(&set);
	if (one->blocks)
		sigaddset(&set, one->blocks);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
	one->tid = tid();
	sem_post(&began);
	for (;;)
		pause();
	return NULL;
}

static struct one make(int blocks)
{
	static struct one ones[8];
	static int count;
	struct one *one = &ones[count++];
	one->blocks = blocks;
	pthread_create(&one->thread, NULL, waits, one);
	sem_wait(&began);
	return *one;
}

static void block(int how, int signal)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signal);
	pthread_sigmask(how, &set, NULL);
}

static void await(void)
{
	while (sem_wait(&went))
		;
}

static void to_whom(void)
{
	struct one deaf = make(SIGUSR1), open = make(0);
	block(SIG_BLOCK, SIGUSR1);
	kill(getpid(), SIGUSR1);
	await();
	say("to the process, taken by who does not block it: %d", receiver_tid == open.tid);
	pthread_kill(open.thread, SIGUSR1);
	await();
	say("to a thread: %d", receiver_tid == open.tid);
	syscall(SYS_tgkill, getpid(), deaf.tid, SIGUSR1);
	sigset_t pending;
	sigpending(&pending);
	say("pending for another thread is not pending here: %d", !sigismember(&pending, SIGUSR1));
	syscall(SYS_tgkill, getpid(), tid(), SIGUSR1);
	sigpending(&pending);
	say("pending here: %d", sigismember(&pending, SIGUSR1));
	block(SIG_UNBLOCK, SIGUSR1);
	await();
	say("taken here when it is let through: %d", receiver_tid == tid());
	GIVES(syscall(SYS_tgkill, getpid(), open.tid, 0), "tgkill of a thread");
	GIVES(syscall(SYS_tgkill, getppid(), open.tid, 0), "tgkill of another process's");
	GIVES(syscall(SYS_tgkill, getpid(), 99999999, 0), "tgkill of none");
	GIVES(syscall(SYS_tgkill, getpid(), -1, 0), "tgkill of -1");
	GIVES(syscall(SYS_tkill, open.tid, 0), "tkill");
	GIVES(kill(open.tid, 0), "kill by a thread's number");
}

static void *sends_later(void *argument)
{
	usleep(20000);
	kill(getpid(), (int)(long)argument);
	return NULL;
}

static void awaited(void)
{
	pthread_t thread;
	sigset_t set;
	int got = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	block(SIG_BLOCK, SIGUSR2);
	pthread_create(&thread, NULL, sends_later, (void *)SIGUSR2);
	say("sigwait: %d", sigwait(&set, &got));
	say("got the right one: %d", got == SIGUSR2);
	pthread_join(thread, NULL);
}

static volatile unsigned counted;

static void *counts(void *unused)
{
	sem_post(&began);
	for (;;)
		counted++;
	return unused;
}

static void stops(void)
{
	volatile unsigned *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, ends[2];
	char byte = 0;
	pipe(ends);
	pid_t child = fork();
	if (!child) {
		pthread_t thread;
		sem_init(&began, 0, 0);
		for (int i = 0; i < 3; i++)
			pthread_create(&thread, NULL, counts, NULL);
		for (int i = 0; i < 3; i++)
			sem_wait(&began);
		write(ends[1], &byte, 1);
		for (;;)
			*shared = counted;
	}
	read(ends[0], &byte, 1);
	kill(child, SIGSTOP);
	pid_t got = waitpid(child, &status, WUNTRACED);
	say("stopped: %d, %d", got == child && WIFSTOPPED(status), WSTOPSIG(status));
	unsigned then = *shared;
	usleep(50000);
	say("it does nothing: %d", then == *shared);
	kill(child, SIGCONT);
	got = waitpid(child, &status, WCONTINUED);
	say("goes on: %d", got == child && WIFCONTINUED(status));
	usleep(100000);
	say("it does something: %d", then != *shared);
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	say("killed while stopped: %d", WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void *faulting(void *argument)
{
	*(volatile int *)argument = 1;
	return NULL;
}

static pid_t fault_tid;
static void *fault_place;

static void mend(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	fault_tid = tid();
	mprotect(info->si_addr, PAGE, PROT_READ | PROT_WRITE);
}

static void faults(void)
{
	struct sigaction action = {.sa_sigaction = mend, .sa_flags = SA_SIGINFO};
	pthread_t thread;
	sigaction(SIGSEGV, &action, NULL);
	fault_place = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_create(&thread, NULL, faulting, fault_place);
	pthread_join(thread, NULL);
	say("who faults gets the signal: %d, %d", fault_tid != tid(), *(int *)fault_place);
}

int main(void)
{
	signal(SIGUSR1, note);
	sem_init(&began, 0, 0);
	sem_init(&went, 0, 0);
	awaited();
	to_whom();
	stops();
	faults();
	return 0;
}
