/* SPDX-License-Identifier: MIT */
/*
 * Directories: made, removed, 40 deep, left by chdir(2) and found again by getcwd(3); what is not
 * empty or not a directory is refused.
 *
 * guest: writes
 */
#include "tests/test.h"

int main(void)
{
	char start[300], path[600], *got;
	struct stat here, root;

	CHECK(getcwd(start, sizeof(start)), "where we are");
	for (uint32_t depth = 0; depth < 40; depth++) {
		CHECK(mkdir("deep", 0755) == 0, "directory %u", depth);
		CHECK(chdir("deep") == 0, "into it");
	}
	got = getcwd(path, sizeof(path));
	CHECK(got && strlen(path) == strlen(start) + 40 * 5, "40 deep: %s", path);
	CHECK(strncmp(path, start, strlen(start)) == 0 &&
	      strcmp(path + strlen(path) - 10, "/deep/deep") == 0, "the path is right");
	CHECK_ERRNO((long)getcwd(path, 10) ? 0 : -1, ERANGE);
	CHECK(close(open("file", O_WRONLY | O_CREAT, 0644)) == 0, "a file at the bottom");
	CHECK_ERRNO(rmdir("../deep"), ENOTEMPTY);
	CHECK_ERRNO(rmdir("file"), ENOTDIR);
	CHECK_ERRNO(rmdir("."), EINVAL);
	CHECK_ERRNO(rmdir("missing"), ENOENT);
	CHECK_ERRNO(mkdir("file", 0755), EEXIST);
	CHECK_ERRNO(mkdir("missing/x", 0755), ENOENT);
	CHECK_ERRNO(chdir("file"), ENOTDIR);
	CHECK_ERRNO(chdir("missing"), ENOENT);
	CHECK(unlink("file") == 0, "remove the file");
	for (uint32_t depth = 0; depth < 40; depth++)
		CHECK(chdir("..") == 0 && rmdir("deep") == 0, "up and remove");
	CHECK(getcwd(path, sizeof(path)) && strcmp(path, start) == 0, "back at the start");

	CHECK(mkdir("gone", 0755) == 0 && chdir("gone") == 0 && rmdir("../gone") == 0,
	      "remove it here");
	CHECK_ERRNO(open("file", O_WRONLY | O_CREAT, 0644), ENOENT);
	CHECK_ERRNO((long)getcwd(path, sizeof(path)) ? 0 : -1, ENOENT);
	CHECK(chdir("/") == 0 && stat(".", &here) == 0 && stat("..", &root) == 0 &&
	      here.st_ino == root.st_ino, "the root is its own parent");
	CHECK(fchdir(open(start, O_RDONLY)) == 0 && getcwd(path, sizeof(path)) &&
	      strcmp(path, start) == 0, "fchdir goes back");
	say("40 directories deep and back");
	return 0;
}
