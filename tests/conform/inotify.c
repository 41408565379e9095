/* SPDX-License-Identifier: MIT */
/* inotify(7): which events which calls give, for a file and for its directory; masks, short
 * buffers, wrong arguments, what removal does. */
#include "case.h"
#include <dirent.h>
#include <sys/inotify.h>

static uint32_t first_cookie;

/* The events that wait, each as what it says. */
static void tell(int fd, const char *when)
{
	_Alignas(8) char bytes[8192];
	int n = (int)read(fd, bytes, sizeof bytes);
	say("%s:%s", when, n < 0 ? " nothing" : "");
	for (int at = 0; at < n;) {
		const struct inotify_event *event = (const void *)(bytes + at);
		uint32_t cookie = event->cookie;
		if (cookie && !first_cookie)
			first_cookie = cookie;
		say("  %d %08x %s %s %u", event->wd, event->mask, event->len ? event->name : "-",
		    !cookie ? "" : cookie == first_cookie ? "cookie" : "another cookie", event->len);
		at += (int)(sizeof *event + event->len);
	}
	first_cookie = 0;
}

static int make(const char *name)
{
	return open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
}

static void files(int fd, bool self)
{
	char byte;
	tell(fd, "nothing yet");
	int file = make("d/f");
	tell(fd, "created");
	if (self)
		say("watch %d", inotify_add_watch(fd, "d/f", IN_ALL_EVENTS));
	write(file, "abc", 3);
	write(file, "d", 1);
	tell(fd, "two writes");
	pread(file, &byte, 1, 0);
	pread(file, &byte, 1, 100);
	tell(fd, "read, and nothing read");
	ftruncate(file, 1);
	tell(fd, "truncated");
	fchmod(file, 0600);
	chmod("d/f", 0640);
	fchown(file, 0, 0);
	tell(fd, "mode and owner");
	utimensat(AT_FDCWD, "d/f", NULL, 0);
	struct timespec times[2] = {{1, 0}, {0, UTIME_OMIT}};
	utimensat(AT_FDCWD, "d/f", times, 0);
	times[0].tv_nsec = UTIME_OMIT;
	times[1] = (struct timespec){2, 0};
	utimensat(AT_FDCWD, "d/f", times, 0);
	tell(fd, "times");
	close(file);
	tell(fd, "closed");
	close(open("d/f", O_RDONLY));
	close(open("d/f", O_RDONLY | O_PATH));
	tell(fd, "opened to read");
	truncate("d/f", 0);
	tell(fd, "emptied");
	link("d/f", "d/g");
	symlink("f", "d/s");
	tell(fd, "links");
	rename("d/f", "d/h");
	tell(fd, "renamed");
	unlink("d/g");
	tell(fd, "a link removed");
	file = open("d/h", O_RDWR);
	unlink("d/h");
	tell(fd, "removed while open");
	write(file, "x", 1);
	close(file);
	tell(fd, "and closed");
	unlink("d/s");
	tell(fd, "the symbolic link");
}

static void directories(int fd)
{
	mkdir("d/sub", 0755);
	say("watch %d", inotify_add_watch(fd, "d/sub", IN_ALL_EVENTS));
	mknod("d/sub/fifo", S_IFIFO | 0600, 0);
	tell(fd, "made");
	DIR *dir = opendir("d/sub");
	while (readdir(dir))
		continue;
	closedir(dir);
	tell(fd, "listed");
	close(make("d/a"));
	close(make("d/b"));
	tell(fd, "two files");
	rename("d/sub/fifo", "d/fifo");
	tell(fd, "from one to the other");
	rename("d/a", "d/b");
	tell(fd, "over another");
	syscall(SYS_renameat2, AT_FDCWD, "d/b", AT_FDCWD, "d/sub", 2);
	tell(fd, "exchanged");
	syscall(SYS_renameat2, AT_FDCWD, "d/b", AT_FDCWD, "d/sub", 2);
	tell(fd, "and back");
	unlink("d/b");
	unlink("d/fifo");
	rmdir("d/sub");
	tell(fd, "all gone");
}

static void masks(void)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	say("flags %d %d", fcntl(fd, F_GETFD), (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	GIVES(inotify_add_watch(fd, "d", IN_CREATE), "watch");
	GIVES(inotify_add_watch(fd, "d", IN_DELETE | IN_MASK_ADD), "more");
	GIVES(inotify_add_watch(fd, "d", IN_DELETE | IN_MASK_CREATE), "anew");
	GIVES(inotify_add_watch(fd, "d", IN_MASK_ADD | IN_MASK_CREATE), "both");
	close(make("d/x"));
	unlink("d/x");
	struct pollfd asked = {fd, POLLIN | POLLOUT, 0};
	say("ready %d %x, waiting %d", poll(&asked, 1, 0), asked.revents, waiting(fd));
	tell(fd, "created and deleted");
	GIVES(inotify_add_watch(fd, "d", IN_CREATE | IN_ONESHOT), "once");
	close(make("d/x"));
	close(make("d/y"));
	tell(fd, "once");
	GIVES(inotify_rm_watch(fd, 1), "remove what is gone");
	GIVES(inotify_add_watch(fd, "d", 0), "no mask");
	GIVES(inotify_add_watch(fd, "none", IN_CREATE), "no file");
	GIVES(inotify_add_watch(fd, "d/x", IN_OPEN | IN_ONLYDIR), "no directory");
	GIVES(inotify_add_watch(0, "d", IN_OPEN), "no notifier");
	GIVES(inotify_add_watch(99, "d", IN_OPEN), "no descriptor");
	GIVES(inotify_add_watch(fd, (void *)1, IN_OPEN), "bad address");
	GIVES(inotify_init1(1), "odd flags");
	GIVES(inotify_add_watch(fd, "d/x", IN_CLOSE), "watch");
	close(open("d/x", O_RDONLY));
	char bytes[64];
	GIVES(read(fd, bytes, 15), "too short");
	GIVES(read(fd, bytes, 16), "one event");
	GIVES(read(fd, bytes, 16), "no event");
	GIVES(write(fd, bytes, 16), "write");
	GIVES(inotify_rm_watch(fd, 2), "remove");
	tell(fd, "removed");
	unlink("d/x");
	unlink("d/y");
	close(fd);
}

int main(void)
{
	mkdir("d", 0755);
	int fd = inotify_init1(IN_NONBLOCK);
	inotify_add_watch(fd, "d", IN_ALL_EVENTS);
	files(fd, false);
	say("---- the file, too");
	files(fd, true);
	directories(fd);
	masks();
	tell(fd, "what others did");
	rmdir("d");
	tell(fd, "the directory is gone");
	return 0;
}
