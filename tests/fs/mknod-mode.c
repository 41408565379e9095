/* SPDX-License-Identifier: MIT */
/*
 * Of the mode that mknod(2) is given, 16 bits count: what else the register has is nobody's.
 *
 * guest: mem=8
 */
#include <errno.h>
#include <sys/syscall.h>

#include "tests/test.h"

static const uint32_t rests[] = {0, 0x10000, 0x50000, 0x7FFF0000, 0x80000000, 0xFFFF0000};

static void node_has(const char *name, uint32_t mode)
{
	struct stat stat;

	CHECK(lstat(name, &stat) == 0, "%s is there", name);
	CHECK(stat.st_mode == mode, "its mode is %#o, not %#o", mode, (unsigned)stat.st_mode);
	CHECK(unlink(name) == 0, "%s can be removed", name);
}

/* A fifo, a file, and one for whose kind nothing is said. */
static void make_with(uint32_t rest)
{
	CHECK(syscall(SYS_mknod, "fifo", rest | S_IFIFO | 0640, 0) == 0, "a fifo with %#x", rest);
	node_has("fifo", S_IFIFO | 0640);
	CHECK(syscall(SYS_mknod, "file", rest | S_IFREG | 0604, 0) == 0, "a file with %#x", rest);
	node_has("file", S_IFREG | 0604);
	CHECK(syscall(SYS_mknodat, AT_FDCWD, "plain", rest | 0600, 0) == 0, "a file with %#x", rest);
	node_has("plain", S_IFREG | 0600);
	CHECK(syscall(SYS_mknod, "none", rest | S_IFDIR | 0700, 0) < 0 && errno == EPERM,
	      "no directory with %#x", rest);
}

int main(void)
{
	umask(0);
	for (uint32_t i = 0; i < sizeof rests / sizeof rests[0]; i++)
		make_with(rests[i]);
	say("nodes have the mode that was asked for, whatever stands above it");
	return 0;
}
