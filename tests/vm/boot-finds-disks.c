/* SPDX-License-Identifier: MIT */
/*
 * Disks that are named wrongly on the command line: the one with an ext2 file system is the root,
 * the one with mkswap's signature is swap, and both are said.
 *
 * pagoda-only: it is Pagoda's command line.
 * guest: pagoda-only mem=8 cmdline="root=nosuch swap=vdz"
 */
#include "tests/disk.h"

static char text[65536];

int main(void)
{
	const char *root = strrchr(disk_path(DISK_ROOT), '/') + 1;
	const char *swap = strrchr(disk_path(DISK_SWAP), '/') + 1;
	char words[100];
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	size_t length = 0;
	ssize_t n;

	while ((n = read(log, text + length, sizeof text - 1 - length)) > 0)
		length += n;
	sprintf(words, "root=nosuch: there is no such disk; taking %s", root);
	CHECK(strstr(text, words), "the root is found");
	sprintf(words, "swap=vdz: there is no such disk; taking %s", swap);
	CHECK(strstr(text, words), "and so is swap");
	CHECK(proc_number("/proc/meminfo", "SwapTotal:") > 30000, "which is in use");
	say("both disks were found by what they hold");
	return 0;
}
