/* SPDX-License-Identifier: MIT */
/*
 * fcntl(2), F_NOTIFY: of what in a directory signals tell, how often, and until when.
 */
#include "case.h"

#define TOLD (SIGRTMIN + 1)

static sigset_t told;

static void came(const char *what)
{
	struct timespec first = {0, 0}, later = {0, 10000000};
	siginfo_t info;
	int count = 0;

	while (sigtimedwait(&told, &info, count ? &first : &later) > 0) {
		if (info.si_signo == SIGIO && info.si_code == SI_KERNEL)
			say("  %s: SIGIO", what);
		else if (!count)
			say("  %s: signal %d code %d band %lx fd %d", what, info.si_signo,
			    info.si_code, (long)info.si_band, info.si_fd);
		count++;
	}
	if (count != 1)
		say("  %s: %d times", what, count);
}

static void touch(const char *name)
{
	close(open(name, O_CREAT | O_RDWR, 0600));
}

/* Things that are done to what is in the directory d, each of which may be told of. */
static void do_all(void)
{
	char bytes[16] = "some bytes";
	struct timespec times[2] = {{1, 0}, {2, 0}};

	touch("d/file");
	came("create");
	int fd = open("d/file", O_RDWR);
	came("open");
	if (write(fd, bytes, 10) != 10)
		say("write");
	came("write");
	if (pread(fd, bytes, 10, 0) != 10)
		say("read");
	came("read");
	if (ftruncate(fd, 5) != 0 || truncate("d/file", 4) != 0)
		say("truncate");
	came("ftruncate, truncate");
	close(fd);
	came("close");
	if (chmod("d/file", 0640) != 0)
		say("chmod");
	came("chmod");
	if (chown("d/file", 1, 1) != 0)
		say("chown");
	came("chown");
	utimensat(AT_FDCWD, "d/file", times, 0);
	came("utimensat");
	mkdir("d/sub", 0700);
	came("mkdir");
	mknod("d/fifo", S_IFIFO | 0600, 0);
	came("mknod");
	if (symlink("x", "d/symbolic") != 0)
		say("symlink");
	came("symlink");
	if (link("d/file", "d/hard") != 0)
		say("link");
	came("link");
	rename("d/file", "d/renamed");
	came("rename inside");
	rename("d/sub", "d/moved");
	came("rename of a directory inside");
	rename("d/renamed", "away");
	came("rename to outside");
	rename("away", "d/back");
	came("rename from outside");
	rename("d/back", "d/fifo");
	came("rename over another");
	touch("d/moved/deeper");
	came("a file one deeper");
	unlink("d/moved/deeper");
	came("its removal");
	chmod("d", 0755);
	came("chmod of the directory");
	close(open("d", O_RDONLY));
	came("open of the directory");
	unlink("d/hard");
	unlink("d/symbolic");
	unlink("d/fifo");
	came("three unlinks");
	rmdir("d/moved");
	came("rmdir");
}

static void each_event(void)
{
	static const struct {
		const char *name;
		unsigned events;
	} kinds[] = {
		{"DN_ACCESS", DN_ACCESS}, {"DN_MODIFY", DN_MODIFY}, {"DN_CREATE", DN_CREATE},
		{"DN_DELETE", DN_DELETE}, {"DN_RENAME", DN_RENAME}, {"DN_ATTRIB", DN_ATTRIB},
		{"all", 0x3f}, {"of nobody's knowledge", 0x40},
	};

	mkdir("d", 0700);
	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		int fd = open("d", O_RDONLY);
		say("-- %s", kinds[i].name);
		GIVES(fcntl(fd, F_SETSIG, TOLD), "F_SETSIG");
		GIVES(fcntl(fd, F_NOTIFY, kinds[i].events | DN_MULTISHOT), "F_NOTIFY");
		say("its owner is %d", fcntl(fd, F_GETOWN) == getpid());
		do_all();
		close(fd);
	}
}

static void once(void)
{
	int fd = open("d", O_RDONLY);

	say("-- once");
	GIVES(fcntl(fd, F_NOTIFY, DN_CREATE), "F_NOTIFY");
	touch("d/a");
	came("first");
	touch("d/b");
	came("second");
	GIVES(fcntl(fd, F_SETSIG, TOLD), "F_SETSIG");
	GIVES(fcntl(fd, F_NOTIFY, DN_CREATE), "F_NOTIFY");
	GIVES(fcntl(fd, F_NOTIFY, DN_DELETE), "and another event");
	unlink("d/a");
	came("the other");
	touch("d/a");
	came("the first, after it");
	GIVES(fcntl(fd, F_NOTIFY, DN_CREATE), "once");
	GIVES(fcntl(fd, F_NOTIFY, DN_DELETE | DN_MULTISHOT), "and each time");
	unlink("d/a");
	came("unlink");
	touch("d/a");
	came("create");
	unlink("d/b");
	came("unlink");
	GIVES(fcntl(fd, F_NOTIFY, DN_MULTISHOT), "nothing");
	unlink("d/a");
	came("unlink");
	close(fd);
}

static void of_whom(void)
{
	int fd = open("d", O_RDONLY), copy = dup(fd), other = open("d", O_RDONLY);

	say("-- descriptors");
	fcntl(fd, F_SETSIG, TOLD);
	GIVES(fcntl(fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT), "F_NOTIFY");
	GIVES(fcntl(other, F_NOTIFY, DN_CREATE), "by another open file");
	touch("d/a");
	came("both");
	GIVES(fcntl(copy, F_NOTIFY, DN_DELETE), "by a copy");
	unlink("d/a");
	came("as of the copy");
	pid_t child = fork();
	if (child == 0) {
		close(fd);
		close(copy);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	touch("d/a");
	came("a child has closed its own");
	close(copy);
	unlink("d/a");
	came("the copy is closed");
	GIVES(fcntl(fd, F_NOTIFY, DN_DELETE), "again");
	GIVES(fcntl(fd, F_SETOWN, 0), "nobody owns it");
	touch("d/a");
	unlink("d/a");
	came("nobody");
	close(fd);
	close(other);

	say("-- a directory that goes");
	fd = open("d", O_RDONLY);
	fcntl(fd, F_SETSIG, TOLD);
	GIVES(fcntl(fd, F_NOTIFY, DN_DELETE | DN_ATTRIB | DN_MULTISHOT), "F_NOTIFY");
	rmdir("d");
	came("rmdir of itself");
	close(fd);
}

static void errors(void)
{
	say("-- errors");
	int fd = open("f", O_RDWR | O_CREAT, 0600), place = open(".", O_PATH);
	GIVES(fcntl(fd, F_NOTIFY, DN_CREATE), "on a file");
	GIVES(fcntl(fd, F_NOTIFY, 0x40), "on a file, of nobody's knowledge");
	GIVES(fcntl(fd, F_NOTIFY, 0), "nothing on a file");
	GIVES(fcntl(fd, F_NOTIFY, DN_MULTISHOT), "nothing on a file, each time");
	GIVES(fcntl(place, F_NOTIFY, DN_CREATE), "on a place");
	GIVES(fcntl(99, F_NOTIFY, DN_CREATE), "on nothing");
	int on = open("/proc/sys/fs/dir-notify-enable", O_WRONLY), here = open(".", O_RDONLY);
	GIVES(write(on, "0", 1), "switched off");
	GIVES(fcntl(here, F_NOTIFY, DN_CREATE), "F_NOTIFY");
	GIVES(fcntl(here, F_NOTIFY, 0), "F_NOTIFY of nothing");
	GIVES(pwrite(on, "1", 1, 0), "switched on");
	GIVES(fcntl(here, F_NOTIFY, DN_CREATE), "F_NOTIFY");
}

int main(void)
{
	sigemptyset(&told);
	sigaddset(&told, SIGIO);
	sigaddset(&told, TOLD);
	sigprocmask(SIG_BLOCK, &told, NULL);
	each_event();
	once();
	of_whom();
	errors();
	return 0;
}
