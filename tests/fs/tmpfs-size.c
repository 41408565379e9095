/* SPDX-License-Identifier: MIT */
/*
 * A tmpfs holds as many pages as its mount's option "size" says, and no more: tmpfs(5). What is
 * removed makes room again; a hole for whose page there is no room stays one; an option that
 * nobody knows mounts nothing.
 *
 * guest: linux-root
 */
#include "tests/test.h"

#include <sys/mount.h>

#define LIMIT 8u /* pages */

static char page[PAGE];

/* Writes page by page until there is no room; how many. */
static uint32_t fill(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);
	uint32_t pages = 0;

	CHECK(fd >= 0, "open %s", name);
	while (pages <= LIMIT && write(fd, page, PAGE) == (ssize_t)PAGE)
		pages++;
	CHECK(pages > LIMIT || errno == ENOSPC, "no space is what stops it, not %d", errno);
	close(fd);
	return pages;
}

/* A file that is a hole, while there is no room. */
static void hole(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);
	char seen[PAGE];

	CHECK(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0, "a hole takes no room");
	for (uint32_t i = 1; i < 4; i++) {
		CHECK_ERRNO(pwrite(fd, page, PAGE, i * PAGE), ENOSPC);
		CHECK(pread(fd, seen, PAGE, i * PAGE) == (ssize_t)PAGE, "read page %u", i);
		CHECK(all_bytes_are(seen, PAGE, 0), "page %u is a hole still", i);
		CHECK_ERRNO(pwrite(fd, page, PAGE, i * PAGE), ENOSPC);
	}
	CHECK(close(fd) == 0 && unlink(name) == 0, "remove it");
}

int main(void)
{
	struct stat status;

	memset(page, 1, sizeof(page));
	CHECK(mkdir("small", 0755) == 0, "mkdir");
	CHECK_ERRNO(mount("none", "small", "tmpfs", 0, "size=32k,taste=sweet"), EINVAL);
	CHECK_ERRNO(mount("none", "small", "tmpfs", 0, "size=much"), EINVAL);
	CHECK(mount("none", "small", "tmpfs", 0, "size=32k,mode=700") == 0, "mount");
	CHECK(stat("small", &status) == 0 && (status.st_mode & 07777) == 0700, "its mode");
	CHECK(fill("small/a") == LIMIT, "32 KiB fit");
	CHECK(fill("small/b") == 0, "nothing more does");
	hole("small/hole");
	CHECK(unlink("small/a") == 0, "remove it");
	CHECK(fill("small/b") == LIMIT, "its pages are free again");
	CHECK(unlink("small/b") == 0 && umount("small") == 0 && rmdir("small") == 0, "take it down");
	say("32 KiB, and not a page more");
	return 0;
}
