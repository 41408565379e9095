/* SPDX-License-Identifier: MIT */
/* proc_pid_mounts(5): poll(2) and epoll(7) tell of a mount and of its end; ustat(2), sysfs(2). */
#include "case.h"
#include <sys/epoll.h>

static const char *const paths[] = {"/proc/mounts", "/proc/self/mounts", "/proc/self/mountinfo"};

static void look(const int fds[3], const char *when)
{
	for (int i = 0; i < 3; i++) {
		struct pollfd asked = {fds[i], POLLIN | POLLPRI, 0};
		GIVES(poll(&asked, 1, 0), "%s, %s", when, paths[i]);
		say("  %x", asked.revents);
	}
}

static void file_systems(void)
{
	char name[64] = "";
	struct { int free; unsigned inodes; char names[12]; } told;
	struct stat st;
	memset(&told, 1, sizeof told);
	int index = syscall(SYS_sysfs, 1, "proc");
	say("proc has a number: %d", index >= 0);
	GIVES(syscall(SYS_sysfs, 2, index, name), "its name");
	say("  %s", name);
	say("there are more than it: %d", syscall(SYS_sysfs, 3) > index);
	GIVES(syscall(SYS_sysfs, 2, 10000, name), "number 10000");
	GIVES(syscall(SYS_sysfs, 2, index, 8), "to a bad place");
	GIVES(syscall(SYS_sysfs, 1, "no-such-type"), "of no type");
	GIVES(syscall(SYS_sysfs, 1, 8), "of a bad name");
	GIVES(syscall(SYS_sysfs, 4), "option 4");
	stat("/proc", &st);
	GIVES(syscall(SYS_ustat, (unsigned)st.st_dev, &told), "ustat of /proc");
	say("  %d %u, empty %d", told.free, told.inodes, !told.names[0] && !told.names[6]);
	GIVES(syscall(SYS_ustat, (unsigned)st.st_dev, 8), "to a bad place");
	GIVES(syscall(SYS_ustat, 0xfe00u, &told), "of no device");
}

int main(void)
{
	int fds[3], epoll = epoll_create1(0);
	mkdir("here", 0700);
	for (int i = 0; i < 3; i++)
		fds[i] = open(paths[i], O_RDONLY);
	struct epoll_event event = {EPOLLPRI, {.u64 = 0}};
	GIVES(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event), "watched");
	GIVES(epoll_wait(epoll, &event, 1, 0), "news");
	look(fds, "at first");
	GIVES(mount("none", "here", "tmpfs", 0, "size=64k"), "mount");
	GIVES(epoll_wait(epoll, &event, 1, 1000), "news");
	say("  %x", event.events);
	look(fds, "mounted");
	look(fds, "and no more");
	GIVES(mount("none", "here", "tmpfs", MS_REMOUNT | MS_RDONLY, "size=64k"), "read-only");
	look(fds, "read-only");
	if (!fork()) {
		usleep(50000);
		umount("here");
		_exit(0);
	}
	struct pollfd asked = {fds[1], POLLPRI, 0};
	GIVES(poll(&asked, 1, 5000), "waited for");
	say("  %x", asked.revents);
	wait(NULL);
	look(fds, "unmounted");
	rmdir("here");
	file_systems();
	return 0;
}
