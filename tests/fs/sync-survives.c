/* SPDX-License-Identifier: MIT */
/*
 * What fsync(2) and sync(2) have written is on the disk: afterwards the host finds files,
 * directories, links and modes in the image.
 *
 * guest: writes host=sync-survives
 */
#include "tests/test.h"

int main(void)
{
	char bytes[10000], name[40];
	int fd;

	CHECK(mkdir("tree", 0750) == 0 && mkdir("tree/branch", 0755) == 0, "directories");
	for (uint32_t i = 0; i < 20; i++) {
		memset(bytes, 'a' + i, sizeof(bytes));
		snprintf(name, sizeof(name), "tree/branch/leaf-%u", i);
		fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0640);
		CHECK(write(fd, bytes, 500 * i + 1) == (ssize_t)(500 * i + 1), "leaf %u", i);
		CHECK(i % 2 == 0 || fsync(fd) == 0, "fsync");
		CHECK(close(fd) == 0, "close");
	}
	CHECK(unlink("tree/branch/leaf-3") == 0, "one leaf falls");
	CHECK(rename("tree/branch/leaf-4", "tree/fruit") == 0, "one becomes a fruit");
	CHECK(link("tree/fruit", "tree/apple") == 0, "which is an apple");
	CHECK(symlink("branch/leaf-5", "tree/pointer") == 0, "a pointer");
	sync();
	say("a tree was written");
	return 0;
}
