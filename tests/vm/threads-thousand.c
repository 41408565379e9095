/* SPDX-License-Identifier: MIT */
/*
 * A thousand threads at once, each with a stack of 64 KiB of which it touches a page or two: memory
 * is taken for what is touched. All of them end with the process, or one after the other.
 * guest: mem=48 swap=32
 */
#include "tests/test.h"
#include "tests/threads.h"

#define THREADS 1000

static struct test_thread threads[THREADS];
static volatile uint32_t there;
static volatile int gate;

static void wait_at_gate(void *argument)
{
	volatile char touched[200];
	memset((char *)touched, (int)(uintptr_t)argument, sizeof touched);
	__atomic_fetch_add(&there, 1, __ATOMIC_SEQ_CST);
	while (!gate)
		syscall(__NR_futex, &gate, FUTEX_WAIT, 0, NULL, NULL, 0);
	for (uint32_t i = 0; i < sizeof touched; i++)
		CHECK(touched[i] == (char)(uintptr_t)argument, "the stack is its own");
}

static void begin_all(void)
{
	there = 0;
	gate = 0;
	for (uint32_t i = 0; i < THREADS; i++)
		thread_begin_with(&threads[i], 16 * PAGE, wait_at_gate, (void *)i);
	while (there < THREADS)
		usleep(1000);
}

static void end_with_process(void *unused)
{
	(void)unused;
	begin_all();
}

int main(void)
{
	begin_all();
	long resident = proc_number("/proc/self/status", "VmRSS");
	say("%u threads are there", there);
	CHECK(resident < THREADS * 3 * 4 + 1000, "%ld KiB are not all stacks", resident);
	gate = 1;
	syscall(__NR_futex, &gate, FUTEX_WAKE, THREADS, NULL, NULL, 0);
	for (int i = 0; i < THREADS; i++)
		thread_await(&threads[i]);
	in_child(end_with_process, NULL);
	return 0;
}
