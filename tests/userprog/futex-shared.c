/* SPDX-License-Identifier: MIT */
/*
 * A futex in shared memory is a place in a file: whoever maps the file means the same word, at
 * whatever address. It stays that word while somebody waits for it, also when the mapping and
 * the file's last descriptor are gone: another file that is made then has other words.
 */
#include "tests/test.h"

#include <linux/futex.h>
#include <linux/sched.h>

#define OTHERS 16

static uint32_t own; /* private memory, shared by who was cloned */
static char stack[4 * PAGE] __attribute__((aligned(16)));

static int futex_wait(volatile uint32_t *word)
{
	return syscall(__NR_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static int futex_wake(volatile uint32_t *word)
{
	return syscall(__NR_futex, word, FUTEX_WAKE, 100, NULL, NULL, 0);
}

/* Moves one who waits for the word to the other. */
static int futex_move(volatile uint32_t *word, volatile uint32_t *to)
{
	return syscall(__NR_futex, word, FUTEX_REQUEUE, 0, 1, to, 0);
}

static int nameless_make(void)
{
	int fd = memfd_create("futex", 0);

	CHECK(fd >= 0 && ftruncate(fd, PAGE) == 0, "a nameless file of a page");
	return fd;
}

static uint32_t *word_map(int fd)
{
	return (uint32_t *)file_map(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
}

static void wait_for_own(void)
{
	futex_wait(&own);
	_exit(7);
}

/* A process that shares our memory and runs the function on the stack. */
static pid_t clone_sharing(void (*run)(void))
{
	pid_t result;

	__asm__ volatile("int $0x80\n\t"
	                 "testl %%eax, %%eax\n\t"
	                 "jnz 1f\n\t"
	                 "xorl %%ebp, %%ebp\n\t"
	                 "call *%%edi\n"
	                 "1:"
	                 : "=a"(result)
	                 : "a"(__NR_clone), "b"(CLONE_VM | SIGCHLD), "c"(stack + sizeof(stack)),
	                   "d"(0), "S"(0), "D"(run)
	                 : "memory");
	return result;
}

static void woken_through_another_mapping(void)
{
	int fd = nameless_make(), woken;
	uint32_t *ours = word_map(fd);
	pid_t child = fork_checked();

	if (!child)
		_exit(futex_wait(word_map(fd)));
	while (!(woken = futex_wake(ours)))
		usleep(1000); /* it is not there yet */
	CHECK(woken == 1, "one was waiting, not %d", woken);
	wait_success(child);
	munmap(ours, PAGE);
	close(fd);
}

static void not_woken_by_another_file(void)
{
	int fd = nameless_make();
	uint32_t *word = word_map(fd);

	close(fd); /* who is cloned has descriptors of its own */
	pid_t child = clone_sharing(wait_for_own);
	CHECK(child > 0, "clone");
	while (futex_move(&own, word) != 1)
		usleep(1000);
	CHECK(futex_wake(&own) == 0, "nobody waits there any more");
	CHECK(munmap(word, PAGE) == 0, "the file is unmapped");
	for (int i = 0; i < OTHERS; i++) {
		uint32_t *other = word_map(nameless_make());

		CHECK(futex_wake(other) == 0, "nobody waits for the word of new file %d", i);
	}
	kill(child, SIGKILL);
	int status = wait_status(child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it waited to the end");
}

int main(void)
{
	woken_through_another_mapping();
	not_woken_by_another_file();
	say("one word through two mappings; a word outlives its mapping, and no new file takes it");
	return 0;
}
