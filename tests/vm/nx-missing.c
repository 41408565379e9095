/* SPDX-License-Identifier: MIT */
/*
 * On a processor without NX a kernel with PAE runs all the same, and says so when it starts: three
 * levels of tables, entries without the bit, and data that can be executed. Of two levels nothing is
 * said: their entries have no such bit anyway.
 *
 * guest: cpu=qemu32,-nx pagoda-only
 */
#include "tests/nx.h"

static unsigned char data[] = {NX_RETURN};

static bool file_has(const char *path, const char *words)
{
	static char text[256 * 1024];
	size_t length = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_NONBLOCK);

	CHECK(fd >= 0, "%s", path);
	while (length < sizeof(text) - 1 &&
	       (n = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	close(fd);
	return strstr(text, words) != NULL;
}

int main(void)
{
	bool three_levels = file_has("/proc/self/walk", "pointers[");

	CHECK(!nx_here(), "the processor has no NX");
	CHECK(file_has("/proc/kmsg", "this processor has no NX") == three_levels,
	      "the kernel says so if it is of three levels, else not");
	nx_check(data, "rw-", "data");
	CHECK(nx_call(data) == 0, "it is executed");
	CHECK(!file_has("/proc/self/walk", " nx "), "and no entry says otherwise");
	say("without NX, %s levels: data was executed", three_levels ? "three" : "two");
	return 0;
}
