/* SPDX-License-Identifier: MIT */
/*
 * Threads for tests, by clone(2) itself: lib/user has no more of them. A thread has a stack of its own,
 * and shares all else, errno too: what it CHECKs must not look at that. Include tests/test.h first.
 */
#pragma once

#include <linux/futex.h>
#include <sched.h>

#define THREAD_FLAGS                                                                         \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | \
	 CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

struct test_thread {
	pid_t id;               /* 0 again once it has ended */
	void (*run)(void *);
	void *argument;
	char *stack;
	uint32_t size;
};

static inline int test_thread_main(void *given)
{
	struct test_thread *thread = given;
	thread->run(thread->argument);
	return 0;
}

/* With a stack of that size, and a page below it that nobody may touch. */
static inline void thread_begin_with(struct test_thread *thread, uint32_t size,
                                     void (*run)(void *), void *argument)
{
	thread->run = run;
	thread->argument = argument;
	thread->size = size;
	thread->stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
	                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(thread->stack != MAP_FAILED, "a stack of %u bytes", size);
	CHECK(mprotect(thread->stack, PAGE, PROT_NONE) == 0, "its guard page");
	CHECK(clone(test_thread_main, thread->stack + size, THREAD_FLAGS, thread, &thread->id, NULL,
	            &thread->id) > 0, "another thread");
}

static inline void thread_begin(struct test_thread *thread, void (*run)(void *), void *argument)
{
	thread_begin_with(thread, 16 * PAGE, run, argument);
}

/* The kernel clears the number and wakes who waits for it. */
static inline void thread_await(struct test_thread *thread)
{
	int id;
	while ((id = __atomic_load_n(&thread->id, __ATOMIC_ACQUIRE)) != 0)
		syscall(__NR_futex, &thread->id, FUTEX_WAIT, id, NULL, NULL, 0);
	munmap(thread->stack, thread->size);
}

static inline int thread_id(void)
{
	return (int)syscall(__NR_gettid);
}
