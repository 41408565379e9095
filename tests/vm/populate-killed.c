/* SPDX-License-Identifier: MIT */
/*
 * One that is killed while mmap or mlock brings in page after page for it does not go on to the
 * last of them.
 *
 * guest: mem=16
 */
#include "tests/test.h"

#include <sched.h>

#define SIZE (1024 * MIB) /* never written: every page is the one of zeros */
#define ENOUGH 1000l      /* faults after which it must be on the way */

static volatile bool *through; /* shared with the child */

static void by_mmap(void)
{
	mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
}

static void by_mlock(void)
{
	mlock(memory_map(SIZE, PROT_READ), SIZE);
}

static long faults_of_children(void)
{
	struct rusage usage;

	CHECK(getrusage(RUSAGE_CHILDREN, &usage) == 0, "getrusage");
	return usage.ru_minflt;
}

static void kill_amid(void (*bring_in)(void), const char *name)
{
	long begun = proc_number("/proc/vmstat", "pgfault"), faults = -faults_of_children();
	pid_t child;
	int status;

	*through = false;
	child = fork_checked();
	if (!child) {
		syscall(__NR_prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
		bring_in();
		*through = true;
		_exit(0);
	}
	while (proc_number("/proc/vmstat", "pgfault") < begun + ENOUGH)
		sched_yield();
	CHECK(kill(child, SIGKILL) == 0, "kill");
	status = wait_status(child);
	faults += faults_of_children();
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !*through,
	      "%s: it is killed before it is through: %#x", name, status);
	CHECK(faults < (long)PAGES(SIZE), "%s: not all of %u pages are brought in: %ld", name,
	      PAGES(SIZE), faults);
	say("%s: killed after %ld of %u pages", name, faults, PAGES(SIZE));
}

int main(void)
{
	through = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(through != MAP_FAILED, "mmap");
	kill_amid(by_mmap, "mmap");
	kill_amid(by_mlock, "mlock");
	return 0;
}
