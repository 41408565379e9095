/* SPDX-License-Identifier: MIT */
/*
 * SIGKILL ends a long read(2) in the middle: of a file that is one hole of 1 GiB, asked for in one
 * call, only a part has been looked at when the reader is gone.
 *
 * pagoda-only: Linux counts other things.
 * guest: pagoda-only
 */
#include <sys/uio.h>

#include "tests/test.h"

#define PIECE MIB
#define PIECES 1024u

static void read_all(int fd)
{
	static struct iovec pieces[PIECES];
	char *memory = memory_map(PIECE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < PIECES; i++)
		pieces[i] = (struct iovec){memory, PIECE};
	memory[0] = 1;
	readv(fd, pieces, PIECES);
	_exit(0);
}

int main(void)
{
	int fd = open("hole", O_CREAT | O_RDWR, 0644);

	CHECK(fd >= 0 && ftruncate(fd, (off_t)PIECES * PIECE) == 0, "a file that is a hole");
	long before = proc_number("/proc/vmstat", "cache_miss");
	pid_t child = fork_checked();
	if (!child)
		read_all(fd);
	while (proc_number("/proc/vmstat", "cache_miss") - before < 1000)
		usleep(1000);
	CHECK(kill(child, SIGKILL) == 0, "the reader can be killed");
	int status = wait_status(child);
	long looked_at = proc_number("/proc/vmstat", "cache_miss") - before;
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it is, not %#x", status);
	CHECK(looked_at < (long)(PIECES * PIECE / PAGE) / 2, "it went no further: %ld pages",
	      looked_at);
	say("killed after %ld of %u pages", looked_at, PIECES * PIECE / PAGE);
	return 0;
}
