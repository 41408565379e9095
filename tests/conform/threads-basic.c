/* SPDX-License-Identifier: MIT */
/* Threads by the C library: made, joined, detached; what they share, and what each has of its own. */
#include "case.h"

#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <sched.h>

#define THREADS 8
#define ROUNDS 2000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int sum, arrived;
static __thread int own = 7;

static void *add(void *argument)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		sum++;
		pthread_mutex_unlock(&mutex);
		own++;
	}
	return (void *)(long)(own + (int)(long)argument);
}

static void *wait_for_all(void *argument)
{
	(void)argument;
	pthread_mutex_lock(&mutex);
	arrived++;
	pthread_cond_broadcast(&condition);
	while (arrived < THREADS + 1)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void joined(void)
{
	pthread_t threads[THREADS];
	int ok = 0;
	for (long i = 0; i < THREADS; i++)
		ok += pthread_create(&threads[i], NULL, add, (void *)i) == 0;
	say("%d threads made", ok);
	for (long i = 0; i < THREADS; i++) {
		void *result = NULL;
		pthread_join(threads[i], &result);
		ok -= (long)result != ROUNDS + 7 + i;
	}
	say("%d gave what they should, sum %d, own %d", ok, sum, own);
}

static void met(void)
{
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, wait_for_all, NULL);
	wait_for_all(NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	say("all met: %d", arrived);
}

static pid_t thread_pid, thread_tid;

static void *change_all(void *argument)
{
	thread_pid = getpid();
	thread_tid = (pid_t)syscall(SYS_gettid);
	chdir("/");
	umask(027);
	close(*(int *)argument);
	*(int *)argument = open("/dev/null", O_RDONLY);
	pthread_setname_np(pthread_self(), "another");
	return NULL;
}

static void shared(void)
{
	pthread_t thread;
	char name[16], cwd[PATH_MAX];
	int number = open("/dev/zero", O_RDONLY), first = number;
	pid_t tid = (pid_t)syscall(SYS_gettid);
	pthread_create(&thread, NULL, change_all, &number);
	pthread_join(thread, NULL);
	say("same process: %d, other thread: %d, the first's number is the process's: %d",
	    thread_pid == getpid(), thread_tid != tid, tid == getpid());
	say("cwd %s, umask %03o, same number again: %d", getcwd(cwd, sizeof cwd), umask(022),
	    number == first);
	char byte = 1;
	GIVES(read(number, &byte, 1), "read of what the thread opened");
	pthread_getname_np(pthread_self(), name, sizeof name);
	say("the thread's name is its own: %d", strcmp(name, "another") != 0);
}

static void *detached(void *argument)
{
	sem_post(argument);
	return NULL;
}

static void many(void)
{
	sem_t done;
	pthread_attr_t attributes;
	pthread_t thread;
	int made = 0;
	sem_init(&done, 0, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 65536);
	for (int i = 0; i < 500; i++) {
		made += pthread_create(&thread, &attributes, detached, &done) == 0;
		if (i % 10 == 9)
			for (int k = 0; k < 10; k++)
				sem_wait(&done);
	}
	say("%d detached ones came and went", made);
}

static void timed(void)
{
	struct timespec soon;
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 20000000;
	if (soon.tv_nsec >= 1000000000)
		soon.tv_sec++, soon.tv_nsec -= 1000000000;
	pthread_mutex_lock(&mutex);
	say("timed wait: %s", error_name(pthread_cond_timedwait(&condition, &mutex, &soon)));
	say("the same mutex: %s", error_name(pthread_mutex_trylock(&mutex)));
	pthread_mutex_unlock(&mutex);
}

static void *endless(void *argument)
{
	sem_post(argument);
	for (;;)
		pause();
}

static void cancelled(void)
{
	pthread_t thread;
	sem_t began;
	void *result;
	sem_init(&began, 0, 0);
	pthread_create(&thread, NULL, endless, &began);
	sem_wait(&began);
	say("cancel: %d", pthread_cancel(thread));
	pthread_join(thread, &result);
	say("cancelled: %d", result == PTHREAD_CANCELED);
}

int main(void)
{
	joined();
	met();
	shared();
	many();
	timed();
	cancelled();
	return 0;
}
