/* SPDX-License-Identifier: MIT */
/* What the C library makes of threads: mutexes of each type and protocol, robust ones, timed waits,
 * condition variables, barriers, locks for readers, cancellation, values of one's own. */
#include "case.h"

#include <pthread.h>
#include <sched.h>

#define THREADS 4
#define ROUNDS 2000

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long sum;
static volatile bool there, go; /* of a thread that shall have begun, or may go on */

static const char *name_of(int error)
{
	return error ? error_name(error) : "done";
}

#define DOES(call, ...) \
	do { \
		char what_[200]; \
		snprintf(what_, sizeof what_, __VA_ARGS__); \
		int error_ = (call); \
		say("%s: %s", what_, name_of(error_)); \
	} while (0)

static struct timespec soon(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	time.tv_nsec += 30000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_nsec -= 1000000000;
		time.tv_sec++;
	}
	return time;
}

static void all(void *(*run)(void *), void *argument)
{
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, run, argument ? argument : (void *)(long)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void *adds(void *mutex)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(mutex);
		sum++;
		pthread_mutex_unlock(mutex);
	}
	return NULL;
}

static void *awaits(void *mutex)
{
	pthread_mutex_lock(mutex);
	sum++;
	while (sum < 100)
		pthread_cond_wait(&condition, mutex);
	pthread_mutex_unlock(mutex);
	return NULL;
}

static void *holds(void *mutex)
{
	pthread_mutex_lock(mutex);
	there = true;
	while (!go)
		usleep(1000);
	pthread_mutex_unlock(mutex);
	return NULL;
}

static void *ends_with(void *mutex)
{
	pthread_mutex_lock(mutex);
	return NULL;
}

static void begin_thread(pthread_t *thread, void *(*run)(void *), void *argument)
{
	there = go = false;
	pthread_create(thread, NULL, run, argument);
	while (!there)
		usleep(1000);
}

static void by_one(void *(*run)(void *), void *argument)
{
	pthread_t thread;
	pthread_create(&thread, NULL, run, argument);
	pthread_join(thread, NULL);
}

static void kinds(int type, int protocol)
{
	pthread_mutexattr_t kind;
	pthread_mutex_t mutex;
	pthread_t thread;
	struct timespec time;
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, type);
	pthread_mutexattr_setprotocol(&kind, protocol);
	DOES(pthread_mutex_init(&mutex, &kind), "type %d, protocol %d", type, protocol);
	sum = 0;
	all(adds, &mutex);
	say("  sum %ld", sum);
	pthread_mutex_lock(&mutex);
	DOES(pthread_mutex_trylock(&mutex), "  try what is one's own");
	if (type == PTHREAD_MUTEX_RECURSIVE)
		pthread_mutex_unlock(&mutex);
	time = soon(CLOCK_REALTIME);
	DOES(pthread_mutex_timedlock(&mutex, &time), "  for a while");
	if (type == PTHREAD_MUTEX_RECURSIVE)
		pthread_mutex_unlock(&mutex);
	DOES(pthread_mutex_unlock(&mutex), "  unlock");
	if (type != PTHREAD_MUTEX_NORMAL)
		DOES(pthread_mutex_unlock(&mutex), "  once more");
	begin_thread(&thread, holds, &mutex);
	time = soon(CLOCK_REALTIME);
	DOES(pthread_mutex_timedlock(&mutex, &time), "  held by another");
	time = soon(CLOCK_MONOTONIC);
	time.tv_sec += 5;
	go = true;
	DOES(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &time), "  until it lets go");
	pthread_mutex_unlock(&mutex);
	pthread_join(thread, NULL);
	DOES(pthread_mutex_destroy(&mutex), "  destroy");
}

static void waits(int protocol)
{
	pthread_mutexattr_t kind;
	pthread_mutex_t mutex;
	pthread_t threads[THREADS];
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_setprotocol(&kind, protocol);
	pthread_mutex_init(&mutex, &kind);
	sum = 0;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, awaits, &mutex);
	for (bool complete = false; !complete;) {
		pthread_mutex_lock(&mutex);
		complete = sum == THREADS;
		if (complete)
			sum = 100;
		pthread_mutex_unlock(&mutex);
	}
	pthread_cond_broadcast(&condition);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	say("protocol %d: all came back from the condition", protocol);
	struct timespec time = soon(CLOCK_REALTIME);
	pthread_mutex_lock(&mutex);
	DOES(pthread_cond_timedwait(&condition, &mutex, &time), "  nobody signals");
	time = soon(CLOCK_MONOTONIC);
	DOES(pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, &time), "  by that clock");
	pthread_mutex_unlock(&mutex);
}

/* Whose owner ends, as a thread and as a process. */
static void robust(int protocol)
{
	pthread_mutexattr_t kind;
	pthread_mutex_t *mutex = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_setprotocol(&kind, protocol);
	pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
	DOES(pthread_mutex_init(mutex, &kind), "robust, protocol %d", protocol);
	by_one(ends_with, mutex);
	DOES(pthread_mutex_trylock(mutex), "  its owner ended: try");
	DOES(pthread_mutex_consistent(mutex), "  repair");
	DOES(pthread_mutex_unlock(mutex), "  unlock");
	pid_t child = fork();
	if (child == 0) {
		pthread_mutex_lock(mutex);
		usleep(50000);
		_exit(0);
	}
	usleep(20000);
	DOES(pthread_mutex_lock(mutex), "  its owner ends while one waits");
	waitpid(child, NULL, 0);
	DOES(pthread_mutex_unlock(mutex), "  unlock without repair");
	DOES(pthread_mutex_lock(mutex), "  lock");
	munmap(mutex, PAGE);
}

static pthread_barrier_t barrier;
static int serial, phase[THREADS];

static void *meets(void *argument)
{
	long own = (long)argument;
	for (int i = 0; i < 100; i++) {
		phase[own] = i;
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			__atomic_fetch_add(&serial, 1, __ATOMIC_RELAXED);
		for (int k = 0; k < THREADS; k++)
			if (phase[k] != i)
				say("thread %d is in phase %d, not %d", k, phase[k], i);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static pthread_rwlock_t readers = PTHREAD_RWLOCK_INITIALIZER;
static long first, second, torn;

static void *reads_or_writes(void *argument)
{
	for (int i = 0; i < ROUNDS; i++) {
		if ((long)argument < 2) {
			pthread_rwlock_wrlock(&readers);
			first++;
			if (i % 64 == 0)
				sched_yield();
			second++;
		} else {
			pthread_rwlock_rdlock(&readers);
			if (first != second)
				torn++;
		}
		pthread_rwlock_unlock(&readers);
	}
	return NULL;
}

static void groups(void)
{
	struct timespec time = soon(CLOCK_REALTIME);
	pthread_barrier_init(&barrier, NULL, THREADS);
	all(meets, NULL);
	say("barrier: %d were the one", serial);
	all(reads_or_writes, NULL);
	say("written %ld, torn %ld", first, torn);
	pthread_rwlock_rdlock(&readers);
	DOES(pthread_rwlock_trywrlock(&readers), "write what is read");
	DOES(pthread_rwlock_timedwrlock(&readers, &time), "for a while");
	DOES(pthread_rwlock_tryrdlock(&readers), "read it again");
}

static void cleans(void *what)
{
	say("  cleaned up: %s", (const char *)what);
}

static void unlocks(void *mutex)
{
	pthread_mutex_unlock(mutex);
}

static void *reads(void *pipe)
{
	char byte;
	pthread_cleanup_push(cleans, "a read");
	there = true;
	if (read(*(int *)pipe, &byte, 1) < 0)
		say("read: %s", error_name(errno));
	pthread_cleanup_pop(0);
	return NULL;
}

static void *awaits_forever(void *unused)
{
	pthread_mutex_lock(&plain);
	pthread_cleanup_push(unlocks, &plain);
	pthread_cleanup_push(cleans, "a condition");
	there = true;
	for (;;)
		pthread_cond_wait(&condition, &plain);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return unused;
}

static void *spins(void *unused)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	pthread_cleanup_push(cleans, "a loop");
	there = true;
	for (;;)
		;
	pthread_cleanup_pop(0);
	return unused;
}

static void *refuses(void *unused)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	there = true;
	while (!go)
		usleep(1000);
	say("  not yet");
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	pthread_testcancel();
	say("  never");
	return unused;
}

static void cancelled(void)
{
	int ends[2];
	void *(*const kinds[])(void *) = {reads, awaits_forever, spins, refuses};
	if (pipe(ends))
		return;
	for (int i = 0; i < 4; i++) {
		pthread_t thread;
		void *result;
		begin_thread(&thread, kinds[i], ends);
		int error = pthread_cancel(thread);
		go = true;
		pthread_join(thread, &result);
		say("kind %d: %s, cancelled %d", i, name_of(error), result == PTHREAD_CANCELED);
	}
	DOES(pthread_mutex_trylock(&plain), "its mutex is free");
	pthread_mutex_unlock(&plain);
}

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static long destroyed, begun;

static void destroy(void *value)
{
	__atomic_fetch_add(&destroyed, (long)value, __ATOMIC_RELAXED);
}

static void begin(void)
{
	begun++;
}

static void *has_own(void *argument)
{
	long value = (long)argument + 1;
	pthread_once(&once, begin);
	pthread_setspecific(key, (void *)value);
	sched_yield();
	if (pthread_getspecific(key) != (void *)value)
		say("another's value");
	return NULL;
}

int main(void)
{
	static const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ERRORCHECK,
	                            PTHREAD_MUTEX_RECURSIVE};
	for (int i = 0; i < 3; i++)
		for (int protocol = PTHREAD_PRIO_NONE; protocol <= PTHREAD_PRIO_INHERIT; protocol++)
			kinds(types[i], protocol);
	for (int protocol = PTHREAD_PRIO_NONE; protocol <= PTHREAD_PRIO_INHERIT; protocol++) {
		waits(protocol);
		robust(protocol);
	}
	groups();
	cancelled();
	pthread_key_create(&key, destroy);
	all(has_own, NULL);
	say("destroyed %ld, begun %ld", destroyed, begun);
	return 0;
}
