/* SPDX-License-Identifier: MIT */
/* For tests of who is killed when memory is full. */
#pragma once

#include "tests/test.h"

static inline void oom_adjust(const char *value)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	CHECK(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value), "adjusted");
	close(fd);
}

static inline void oom_touch(char *memory, uint32_t bytes)
{
	CHECK(memory != MAP_FAILED, "memory");
	for (uint32_t at = 0; at < bytes; at += PAGE)
		memory[at] = 1;
}

static inline void oom_take(uint32_t bytes)
{
	oom_touch(memory_map(bytes, PROT_READ | PROT_WRITE), bytes);
}

/* A process that holds what the function takes, and waits. */
static inline pid_t oom_holder(void (*take)(const void *), const void *what)
{
	int ready[2];
	char byte;
	pid_t child;

	CHECK(pipe(ready) == 0, "a pipe");
	child = fork_checked();
	if (!child) {
		take(what);
		CHECK(write(ready[1], "r", 1) == 1, "ready");
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK(read(ready[0], &byte, 1) == 1, "the child has its memory");
	close(ready[0]);
	return child;
}

/* A process that is not to be killed, as the caller is not, wants what is left and a little more. */
static inline void oom_ask(void)
{
	pid_t asker = fork_checked();

	if (!asker) {
		uint32_t bytes = (uint32_t)meminfo("MemAvailable") * 1024 + MIB;

		oom_take(bytes);
		_exit(0);
	}
	wait_success(asker);
}
