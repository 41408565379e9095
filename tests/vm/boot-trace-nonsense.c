/* SPDX-License-Identifier: MIT */
/*
 * A trace is asked for on the kernel's command line, in words that mean nothing: nothing is traced,
 * and what is asked for later is not refused for it.
 *
 * pagoda-only: it is Pagoda's trace.
 * guest: trace pagoda-only cmdline="trace=swap,nonsense"
 */
#include "tests/test.h"

static bool is_off(int fd)
{
	char words[200] = "";

	CHECK(pread(fd, words, sizeof(words) - 1, 0) > 0, "what is traced can be read");
	return strncmp(words, "off", 3) == 0;
}

int main(void)
{
	int fd = open("/proc/sys/kernel/trace", O_RDWR);

	CHECK(fd >= 0, "the trace has its file");
	CHECK(is_off(fd), "nothing is traced, not even the word that means something");
	CHECK(write(fd, "swap", 4) == 4 && !is_off(fd), "now it is");
	CHECK(write(fd, "off", 3) == 3 && is_off(fd), "and now it is not");
	say("nonsense was not traced");
	return 0;
}
