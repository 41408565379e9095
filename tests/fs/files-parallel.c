/* SPDX-License-Identifier: MIT */
/*
 * Four processes create, write, check, rename and remove files in one directory at the same time.
 *
 * guest: writes timeout=60
 */
#include "tests/test.h"

static void worker(uint32_t number)
{
	static char page[PAGE];
	char name[32], other[32];

	for (uint32_t i = 0; i < 60; i++) {
		int fd;

		snprintf(name, sizeof(name), "w%u-%u", number, i);
		snprintf(other, sizeof(other), "w%u-renamed-%u", number, i);
		fd = file_make(name, i % 5 + 1, number << 16 | i);
		CHECK(rename(name, other) == 0, "rename %s", name);
		for (uint32_t p = 0; p < i % 5 + 1; p++) {
			CHECK(pread(fd, page, PAGE, p * PAGE) == (ssize_t)PAGE, "read %s", other);
			CHECK(page_has(page, (number << 16 | i) + p), "page %u of %s", p, other);
		}
		CHECK(close(fd) == 0, "close");
		CHECK(i % 3 == 0 || unlink(other) == 0, "remove %s", other);
		CHECK(rename("shared", "shared2") == 0 || errno == ENOENT,
		      "a name that all fight for");
		CHECK(rename("shared2", "shared") == 0 || errno == ENOENT, "and back");
	}
	_exit(0);
}

int main(void)
{
	static char page[PAGE];
	pid_t children[4];
	char name[32];

	file_make("shared", 1, 99);
	for (uint32_t n = 0; n < 4; n++) {
		children[n] = fork_checked();
		if (!children[n])
			worker(n);
	}
	for (uint32_t n = 0; n < 4; n++)
		wait_success(children[n]);
	for (uint32_t n = 0; n < 4; n++)
		for (uint32_t i = 0; i < 60; i++) {
			int fd;

			snprintf(name, sizeof(name), "w%u-renamed-%u", n, i);
			fd = open(name, O_RDONLY);
			CHECK((fd >= 0) == (i % 3 == 0), "%s is %s", name,
			      i % 3 ? "gone" : "there");
			CHECK(fd < 0 || (read(fd, page, PAGE) == (ssize_t)PAGE &&
			                 page_has(page, n << 16 | i)),
			      "%s has its content", name);
			close(fd);
		}
	CHECK(access("shared", F_OK) == 0 || access("shared2", F_OK) == 0,
	      "the shared file is there");
	say("240 files by 4 processes");
	return 0;
}
