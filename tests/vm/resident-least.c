/* SPDX-License-Identifier: MIT */
/*
 * A resident limit of nothing still leaves what one instruction wants at once: a program goes on
 * under it, slowly, and so does a system call that copies across the end of a page.
 *
 * Pagoda only: Linux does not enforce RLIMIT_RSS.
 *
 * guest: pagoda-only
 */
#include "tests/test.h"

#include <sys/resource.h>

int main(void)
{
	struct rlimit none = {0, 0}, told;
	char *memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	                    0);

	CHECK(memory != MAP_FAILED, "mmap");
	CHECK(setrlimit(RLIMIT_RSS, &none) == 0, "no page may stay");
	for (uint32_t i = 1; i < 4; i++)
		CHECK(syscall(__NR_ugetrlimit, RLIMIT_RSS, memory + i * PAGE - 4) == 0,
		      "a system call's answer across the end of page %u", i);
	memcpy(&told, memory + PAGE - 4, sizeof(told));
	CHECK(told.rlim_cur == 0 && told.rlim_max == 0, "the limit is as it was set");
	memcpy(memory + 2 * PAGE - 100, memory + PAGE - 100, 200);
	say("alive with next to nothing");
	return 0;
}
