/* SPDX-License-Identifier: MIT */
/* proc_pid_fd(5): a link of /proc leads to what is open, also if that is a link, and no further; and
 * nothing can be mounted on one: mount(2). */
#include "case.h"
#include <limits.h>

static char path[64];

static const char *name_of(int fd)
{
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return path;
}

static void look(const char *what, int fd)
{
	struct stat st;
	char text[PATH_MAX] = "";
	GIVES(stat(name_of(fd), &st), "stat of %s", what);
	say("  type %o", st.st_mode & S_IFMT);
	SUCCEEDS(open(name_of(fd), O_RDONLY), "open");
	SUCCEEDS(open(name_of(fd), O_RDONLY | O_CREAT, 0600), "open or create");
	SUCCEEDS(open(name_of(fd), O_PATH), "open for its place");
	snprintf(text, sizeof text, "%s/", name_of(fd));
	GIVES(stat(text, &st), "stat of it with a slash");
	GIVES(truncate(name_of(fd), 0), "truncate");
	GIVES(chdir(name_of(fd)), "go there");
}

int main(void)
{
	char here[64];
	close(open("file", O_RDWR | O_CREAT, 0600));
	mkdir("directory", 0700);
	symlink("file", "link");
	symlink("directory", "other");
	int file = open("file", O_PATH), link = open("link", O_PATH | O_NOFOLLOW);
	int other = open("other", O_PATH | O_NOFOLLOW);
	int magic = open(name_of(file), O_PATH | O_NOFOLLOW);
	look("a file", file);
	look("a link to a file", link);
	look("a link to a directory", other);
	look("a link of /proc", magic);
	GIVES(mount("none", name_of(magic), "tmpfs", 0, ""), "mount on a link of /proc");
	GIVES(mount("file", name_of(magic), "", MS_BIND, ""), "bind");
	snprintf(here, sizeof here, "/proc/%d/fd/%d", getpid(), magic);
	GIVES(mount("none", here, "tmpfs", 0, ""), "by its other name");
	return 0;
}
