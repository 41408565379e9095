/* SPDX-License-Identifier: MIT */
/* futex(2), locks with an owner: FUTEX_LOCK_PI and its kin. What the word says before and after,
 * who may let go, a ring of waiters, time-outs, signals, owners that end, whose list or whose
 * waiters tell of it; FUTEX_WAIT_REQUEUE_PI and FUTEX_CMP_REQUEUE_PI. */
#include "case.h"
#include <linux/futex.h>
#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

struct shared {
	uint32_t word, lock, other;
	struct robust_list_head head;
	struct robust_list entry;
	volatile int ready, go;
};

static struct shared *shared;

static long call(void *word, int operation, uint32_t value, const void *time, void *second,
                 uint32_t third)
{
	return syscall(SYS_futex, word, operation, value, time, second, third);
}

/* The word without numbers of processes. */
static void say_word(const char *what, uint32_t word)
{
	uint32_t id = word & FUTEX_TID_MASK;
	say("  %s: %s%s%s", what, id == (uint32_t)getpid() ? "own" : id ? "another's" : "free",
	    word & FUTEX_WAITERS ? ", waiters" : "", word & FUTEX_OWNER_DIED ? ", owner died" : "");
}

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

static void wait_for_sleeper(pid_t child)
{
	char name[64], state = 0;
	snprintf(name, sizeof name, "/proc/%d/stat", child);
	while (state != 'S') {
		FILE *file = fopen(name, "r");
		if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		if (file)
			fclose(file);
		usleep(1000);
	}
}

/* A child that has the lock until it is told to go; how it then ends, `how` says. */
enum { UNLOCKS, ENDS, IS_KILLED, RUNS_A_PROGRAM, ENDS_WITH_LIST };

static pid_t owner(uint32_t *lock, int how)
{
	shared->ready = shared->go = 0;
	pid_t child = fork();
	if (child == 0) {
		call(lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
		if (how == ENDS_WITH_LIST) {
			shared->head.futex_offset = (char *)lock - (char *)&shared->entry;
			shared->head.list.next = (void *)((char *)&shared->entry + 1);
			shared->entry.next = &shared->head.list;
			syscall(SYS_set_robust_list, &shared->head, sizeof shared->head);
		}
		shared->ready = 1;
		while (!shared->go)
			usleep(1000);
		if (how == UNLOCKS)
			call(lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
		if (how == IS_KILLED)
			raise(SIGKILL);
		if (how == RUNS_A_PROGRAM)
			execl("/proc/self/exe", "again", "again", NULL);
		_exit(0);
	}
	while (!shared->ready)
		usleep(1000);
	return child;
}

static void alone(void)
{
	static const int operations[] = {FUTEX_LOCK_PI, FUTEX_TRYLOCK_PI, FUTEX_LOCK_PI2,
	                                 FUTEX_UNLOCK_PI};
	char *barred = pages(1, PROT_NONE);
	uint32_t word = 0;
	for (unsigned i = 0; i < 4; i++) {
		int operation = operations[i];
		word = 0;
		GIVES(call(&word, operation, 0, NULL, NULL, 0), "operation %d, free", operation);
		say_word("then", word);
		word = (uint32_t)getpid();
		GIVES(call(&word, operation, 0, NULL, NULL, 0), "own");
		say_word("then", word);
		word = (uint32_t)getpid() | FUTEX_WAITERS | FUTEX_OWNER_DIED;
		GIVES(call(&word, operation, 0, NULL, NULL, 0), "own, all bits");
		say_word("then", word);
		word = FUTEX_OWNER_DIED;
		GIVES(call(&word, operation, 0, NULL, NULL, 0), "its owner died");
		say_word("then", word);
		word = FUTEX_OWNER_DIED | FUTEX_WAITERS;
		GIVES(call(&word, operation, 0, NULL, NULL, 0), "and there were waiters");
		say_word("then", word);
		word = 0x3ffffff;
		GIVES(call(&word, operation, 0, NULL, NULL, 0), "nobody's");
		say_word("then", word);
		GIVES(call((char *)&word + 1, operation, 0, NULL, NULL, 0), "odd");
		GIVES(call(barred, operation, 0, NULL, NULL, 0), "barred");
		GIVES(call(&word, operation | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0), "wall clock");
		word = 0;
		GIVES(call(&word, operation | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0), "private");
		struct timespec bad = {0, -1};
		word = 0;
		GIVES(call(&word, operation, 0, &bad, NULL, 0), "with a bad time");
	}
}

static void held(void)
{
	struct timespec time;
	pid_t child = owner(&shared->lock, UNLOCKS);
	say_word("held", shared->lock);
	GIVES(call(&shared->lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), "unlock another's");
	GIVES(call(&shared->lock, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), "try");
	say_word("tried", shared->lock);
	time = soon(CLOCK_REALTIME);
	GIVES(call(&shared->lock, FUTEX_LOCK_PI, 0, &time, NULL, 0), "for a while");
	time = soon(CLOCK_MONOTONIC);
	GIVES(call(&shared->lock, FUTEX_LOCK_PI2, 0, &time, NULL, 0), "by the other clock");
	time = soon(CLOCK_REALTIME);
	GIVES(call(&shared->lock, FUTEX_LOCK_PI2 | FUTEX_CLOCK_REALTIME, 0, &time, NULL, 0),
	      "by the wall clock");
	time = (struct timespec){1, 0};
	GIVES(call(&shared->lock, FUTEX_LOCK_PI, 0, &time, NULL, 0), "in the past");
	say_word("still", shared->lock);
	shared->go = 1;
	GIVES(call(&shared->lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0), "as long as it takes");
	say_word("had", shared->lock & ~FUTEX_WAITERS);
	waitpid(child, NULL, 0);
	GIVES(call(&shared->lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), "unlock");
	say_word("free", shared->lock);
}

/* A child that waits for the lock; it ends with what it then has. */
static pid_t heir(uint32_t *lock)
{
	pid_t child = fork();
	if (child == 0) {
		long result = call(lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
		uint32_t word = *lock;
		int told = result ? 100 : 0;
		told |= (word & FUTEX_TID_MASK) == (uint32_t)getpid() ? 1 : 0;
		told |= word & FUTEX_OWNER_DIED ? 2 : 0;
		call(lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
		_exit(told);
	}
	wait_for_sleeper(child);
	return child;
}

static void passed_on(void)
{
	int status;
	for (int how = UNLOCKS; how <= ENDS_WITH_LIST; how++) {
		shared->lock = 0;
		pid_t child = owner(&shared->lock, how);
		pid_t first = heir(&shared->lock), second = heir(&shared->lock);
		GIVES(call(&shared->lock, FUTEX_WAKE, 1, NULL, NULL, 0), "%d: wake", how);
		GIVES(call(&shared->lock, FUTEX_REQUEUE, 0, (void *)1, &shared->other, 0), "requeue");
		shared->go = 1;
		waitpid(child, NULL, 0);
		waitpid(first, &status, 0);
		say("  the first: %d", WEXITSTATUS(status));
		waitpid(second, &status, 0);
		say("  the second: %d", WEXITSTATUS(status));
		say_word("left", shared->lock);
	}
	for (int how = ENDS; how <= ENDS_WITH_LIST; how++) {
		shared->lock = 0;
		pid_t child = owner(&shared->lock, how);
		shared->go = 1;
		waitpid(child, NULL, 0);
		GIVES(call(&shared->lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0), "after the end %d", how);
		say_word("then", shared->lock);
	}
	shared->lock = 0;
}

static void wrong_words(void)
{
	pid_t child = owner(&shared->lock, UNLOCKS), first = heir(&shared->lock);
	uint32_t right = shared->lock;
	shared->lock = (uint32_t)getpid() | FUTEX_WAITERS;
	GIVES(call(&shared->lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), "unlock, waited for by another");
	shared->lock = 1 | FUTEX_WAITERS;
	GIVES(call(&shared->lock, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), "try, another owner");
	shared->lock = 0;
	GIVES(call(&shared->lock, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), "try, no owner");
	shared->lock = right;
	shared->go = 1;
	waitpid(child, NULL, 0);
	waitpid(first, NULL, 0);
	child = fork();
	if (child == 0)
		_exit((int)call(&shared->word, FUTEX_WAIT, shared->word, NULL, NULL, 0));
	wait_for_sleeper(child);
	shared->word = 1;
	GIVES(call(&shared->word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), "try, who waits wants no lock");
	shared->word = (uint32_t)getpid();
	GIVES(call(&shared->word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), "unlock");
	call(&shared->word, FUTEX_WAKE, 1, NULL, NULL, 0);
	waitpid(child, NULL, 0);
	shared->word = 0;
}

/* The child has one and waits for the other. */
static void ring(void)
{
	shared->lock = shared->other = 0;
	call(&shared->lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	shared->ready = 0;
	pid_t child = fork();
	if (child == 0) {
		call(&shared->other, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
		shared->ready = 1;
		call(&shared->lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
		call(&shared->lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
		call(&shared->other, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
		_exit(0);
	}
	while (!shared->ready)
		usleep(1000);
	wait_for_sleeper(child);
	GIVES(call(&shared->other, FUTEX_LOCK_PI, 0, NULL, NULL, 0), "a ring");
	call(&shared->lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	waitpid(child, NULL, 0);
	GIVES(call(&shared->other, FUTEX_LOCK_PI, 0, NULL, NULL, 0), "no ring any more");
	call(&shared->other, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}

static volatile int handled;

static void handler(int signal)
{
	handled = signal;
}

/* A signal does not end the wait, even without SA_RESTART. */
static void interrupted(void)
{
	struct sigaction action = {.sa_handler = handler};
	struct timespec time = soon(CLOCK_REALTIME);
	struct itimerval timer = {{0, 0}, {0, 10000}};
	pid_t child = owner(&shared->lock, UNLOCKS);
	sigaction(SIGALRM, &action, NULL);
	time.tv_sec += 1;
	setitimer(ITIMER_REAL, &timer, NULL);
	GIVES(call(&shared->lock, FUTEX_LOCK_PI, 0, &time, NULL, 0), "with a signal");
	say("  handled: %d", handled == SIGALRM);
	shared->go = 1;
	waitpid(child, NULL, 0);
	say_word("free", shared->lock & ~FUTEX_WAITERS);
	shared->lock = 0;
}

/* A child that waits to be moved. */
static pid_t mover(const struct timespec *time)
{
	pid_t child = fork();
	if (child == 0) {
		long result = call(&shared->word, FUTEX_WAIT_REQUEUE_PI, 0, time, &shared->lock, 0);
		int told = result ? errno : 0;
		bool own = (shared->lock & FUTEX_TID_MASK) == (uint32_t)getpid();
		if (own)
			call(&shared->lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
		_exit(told << 1 | own);
	}
	wait_for_sleeper(child);
	return child;
}

static void say_mover(pid_t child)
{
	int status;
	waitpid(child, &status, 0);
	say("  %s, %s", WEXITSTATUS(status) >> 1 ? error_name(WEXITSTATUS(status) >> 1) : "moved",
	    WEXITSTATUS(status) & 1 ? "with the lock" : "without");
}

static long move(int wake, int most, uint32_t *lock, uint32_t value)
{
	return call(&shared->word, FUTEX_CMP_REQUEUE_PI, wake, (void *)(long)most, lock, value);
}

static void moved(void)
{
	struct timespec time;
	pid_t movers[3];
	shared->word = shared->lock = shared->other = 0;
	GIVES(call(&shared->word, FUTEX_WAIT_REQUEUE_PI, 1, NULL, &shared->lock, 0), "another value");
	GIVES(call(&shared->word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, &shared->word, 0), "to itself");
	GIVES(call(&shared->word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, (char *)&shared->lock + 1, 0), "odd");
	time = soon(CLOCK_MONOTONIC);
	GIVES(call(&shared->word, FUTEX_WAIT_REQUEUE_PI, 0, &time, &shared->lock, 0), "nobody comes");
	GIVES(move(1, 1, &shared->lock, 0), "nobody waits");
	GIVES(move(1, 1, &shared->lock, 7), "another value");
	GIVES(move(0, 1, &shared->lock, 0), "wake none");
	GIVES(move(2, 1, &shared->lock, 0), "wake two");
	GIVES(move(1, -1, &shared->lock, 0), "move -1");
	GIVES(move(1, 1, &shared->word, 0), "to itself");

	for (int most = 0; most <= 2; most++) {
		for (int i = 0; i < 3; i++)
			movers[i] = mover(NULL);
		GIVES(call(&shared->word, FUTEX_WAKE, 1, NULL, NULL, 0), "wake them");
		GIVES(move(1, most, &shared->other, 0), "to another lock");
		GIVES(move(1, most, &shared->lock, 0), "free, and %d", most);
		say_mover(movers[0]);
		GIVES(move(1, 5, &shared->lock, 0) >= 0 ? 0 : -1, "the rest");
		say_mover(movers[1]);
		say_mover(movers[2]);
		shared->lock = 0;
	}
	call(&shared->lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	for (int i = 0; i < 3; i++)
		movers[i] = mover(NULL);
	GIVES(move(1, 1, &shared->lock, 0), "taken, and 1");
	GIVES(move(1, 1, &shared->lock, 0), "the last one");
	GIVES(call(&shared->lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), "unlock");
	for (int i = 0; i < 3; i++)
		say_mover(movers[i]);
	shared->lock = 0;
	call(&shared->lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	time = soon(CLOCK_MONOTONIC);
	time.tv_sec++;
	movers[0] = mover(&time);
	GIVES(move(1, 1, &shared->lock, 0), "one that will not wait for long");
	say_mover(movers[0]);
	GIVES(call(&shared->lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), "unlock");
}

int main(int count, char **words)
{
	(void)words;
	if (count > 1)
		return 0;
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	alone();
	held();
	passed_on();
	wrong_words();
	ring();
	interrupted();
	moved();
	return 0;
}
