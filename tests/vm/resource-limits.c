/* SPDX-License-Identifier: MIT */
/*
 * prlimit(2) reads and sets limits in one call, of oneself and of a child; getrlimit and
 * setrlimit tell the same; a soft limit is not above its hard one. A lower RLIMIT_AS is felt at
 * once.
 */
#include "tests/test.h"

#include <sys/resource.h>
#include <sys/syscall.h>

/* The structure of prlimit64, whatever size rlim_t has here. */
struct limit {
	uint64_t soft, hard;
};

static int prlimit_call(pid_t pid, int resource, const struct limit *new, struct limit *old)
{
	return (int)syscall(SYS_prlimit64, pid, resource, new, old);
}

int main(void)
{
	struct limit old, now, less = {64 * MIB, 128 * MIB}, wrong = {2, 1};
	struct rlimit classic;
	pid_t child;

	CHECK(prlimit_call(0, RLIMIT_DATA, NULL, &old) == 0, "reading");
	CHECK(prlimit_call(0, RLIMIT_DATA, &less, &now) == 0, "setting");
	CHECK(now.soft == old.soft && now.hard == old.hard, "it tells what was before");
	CHECK(getrlimit(RLIMIT_DATA, &classic) == 0 && classic.rlim_cur == less.soft &&
	      classic.rlim_max == less.hard, "getrlimit tells the same");
	classic.rlim_cur = 32 * MIB;
	CHECK(setrlimit(RLIMIT_DATA, &classic) == 0, "setrlimit");
	CHECK(prlimit_call(0, RLIMIT_DATA, NULL, &now) == 0 && now.soft == 32 * MIB, "and back");

	child = fork_checked();
	if (!child) {
		for (;;)
			pause();
	}
	CHECK(prlimit_call(child, RLIMIT_NOFILE, &(struct limit){7, 9}, NULL) == 0, "of a child");
	CHECK(prlimit_call(child, RLIMIT_NOFILE, NULL, &now) == 0 && now.soft == 7 && now.hard == 9,
	      "it has them");
	CHECK(prlimit_call(0, RLIMIT_NOFILE, NULL, &now) == 0 && now.soft != 7, "its parent not");
	kill(child, SIGKILL);
	wait_status(child);

	CHECK_ERRNO(prlimit_call(0, RLIMIT_DATA, &wrong, NULL), EINVAL);
	CHECK_ERRNO(prlimit_call(0, 99, NULL, &now), EINVAL);
	CHECK_ERRNO(prlimit_call(child, RLIMIT_DATA, NULL, &now), ESRCH);
	CHECK_ERRNO(prlimit_call(0, RLIMIT_DATA, NULL, (struct limit *)8), EFAULT);

	less = (struct limit){16 * MIB, 16 * MIB};
	CHECK(prlimit_call(0, RLIMIT_AS, &less, NULL) == 0, "less address space");
	CHECK(mmap(NULL, 17 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
	      errno == ENOMEM, "more than that cannot be mapped");
	say("limits are told, set and felt");
	return 0;
}
