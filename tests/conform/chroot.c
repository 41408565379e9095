/* SPDX-License-Identifier: MIT */
/* chroot(2): where "/" and ".." lead then, what getcwd(2) says, who may. */
#include "case.h"

static void where(const char *what)
{
	char path[200] = "";
	long length = syscall(SYS_getcwd, path, sizeof path);

	say("%s: %s %ld", what, length < 0 ? error_name(errno) : path, length);
}

static void look(void)
{
	static const char *const paths[] = {"/inside", "inside", "../inside", "/../inside", "/outside",
	                                    "../outside", "../../outside", "deep/../../inside",
	                                    "/link", "up/inside"};

	for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++)
		GIVES(access(paths[i], F_OK), "%s", paths[i]);
}

static void stays_outside(void *unused)
{
	(void)unused;
	GIVES(chroot("jail"), "chroot, the working directory stays outside");
	GIVES(access("outside", F_OK), "outside");
	char path[200] = "";
	syscall(SYS_getcwd, path, sizeof path);
	say("unreachable: %d", !strncmp(path, "(unreachable)/", 14));
	GIVES(chdir("/"), "in");
	where("/");
	look();
	GIVES(chdir("deep"), "deeper");
	where("deep");
	look();
	GIVES(fork() == 0 ? (look(), _exit(0), 0) : (wait(NULL), 0), "a child is in it too");
	GIVES(mkdir("/made", 0755), "made in it");
	GIVES(chroot("/deep"), "once more");
	where("in deep");
}

static void as_other(void *unused)
{
	(void)unused;
	setresuid(5, 5, 5);
	GIVES(chroot("jail"), "another");
}

int main(void)
{
	mkdir("jail", 0755);
	mkdir("jail/deep", 0755);
	close(creat("jail/inside", 0644));
	close(creat("outside", 0644));
	symlink("/inside", "jail/link");
	symlink("..", "jail/up");
	GIVES(chroot("none"), "none");
	GIVES(chroot("outside"), "a file");
	GIVES(chroot(""), "empty");
	GIVES(chroot((void *)16), "a bad pointer");
	child_status(as_other, NULL);
	child_status(stays_outside, NULL);
	GIVES(access("jail/made", F_OK), "seen from outside");
	return 0;
}
