/* SPDX-License-Identifier: MIT */
/*
 * Disks that are named wrongly on the command line: the one with an ext2 file system is the root,
 * the one with mkswap's signature is swap, and both are said.
 *
 * pagoda-only: it is Pagoda's command line.
 * guest: pagoda-only mem=8 cmdline="root=nosuch swap=vdz"
 */
#include "tests/disk.h"

int main(void)
{
	const char *root = strrchr(disk_path(DISK_ROOT), '/') + 1;
	const char *swap = strrchr(disk_path(DISK_SWAP), '/') + 1;
	char words[100];

	sprintf(words, "root=nosuch: there is no such disk; taking %s", root);
	CHECK(log_says(words), "the root is found");
	sprintf(words, "swap=vdz: there is no such disk; taking %s", swap);
	CHECK(log_says(words), "and so is swap");
	CHECK(proc_number("/proc/meminfo", "SwapTotal:") > 30000, "which is in use");
	say("both disks were found by what they hold");
	return 0;
}
