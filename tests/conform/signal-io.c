/* SPDX-License-Identifier: MIT */
/*
 * fcntl(2), "Managing signals": who is told by which signal, and how, when something can be done
 * with a pipe, a fifo, a socket, a pseudo-terminal or what watches files; and which files tell
 * nobody.
 */
#include "case.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>

#define TOLD (SIGRTMIN + 1)
#define TOLD_OTHER (SIGRTMIN + 2)

static sigset_t told;

static void show(const siginfo_t *info)
{
	bool full = info->si_signo != SIGIO || info->si_code == SI_SIGIO || info->si_code < 10;

	if (full)
		say("  signal %d code %d band %lx fd %d", info->si_signo, info->si_code,
		    (long)info->si_band, info->si_fd);
	else
		say("  signal %d code %d", info->si_signo, info->si_code);
}

/* All signals that came, or that come within a moment. */
static void came(const char *what)
{
	struct timespec first = {0, 0}, later = {0, 20000000};
	siginfo_t info;
	bool any = false;

	say("%s:", what);
	while (sigtimedwait(&told, &info, any ? &first : &later) > 0) {
		show(&info);
		any = true;
	}
	if (!any)
		say("  nothing");
}

static void async(int fd, int signal)
{
	GIVES(fcntl(fd, F_SETOWN, getpid()), "F_SETOWN");
	GIVES(fcntl(fd, F_SETSIG, signal), "F_SETSIG %d", signal);
	GIVES(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC | O_NONBLOCK), "F_SETFL");
	say("flags %x", fcntl(fd, F_GETFL));
}

static void pipes(void)
{
	char page[PAGE] = {0};
	int ends[2], copy;

	say("-- a pipe");
	if (pipe(ends) != 0)
		exit(1);
	GIVES(fcntl(ends[0], F_SETFL, O_ASYNC), "nobody owns it");
	GIVES(write(ends[1], "a", 1), "write");
	came("without an owner");
	async(ends[0], 0);
	GIVES(write(ends[1], "ab", 2), "write");
	GIVES(write(ends[1], "ab", 2), "write");
	came("SIGIO comes once");
	async(ends[0], TOLD);
	GIVES(write(ends[1], "ab", 2), "write");
	GIVES(write(ends[1], "ab", 2), "write");
	came("a real-time signal comes each time");
	GIVES(read(ends[0], page, 1), "read");
	came("its own reading");
	async(ends[1], SIGUSR1);
	GIVES(read(ends[0], page, 1), "read");
	came("room, by an ordinary signal");
	GIVES(fcntl(ends[1], F_SETSIG, SIGBUS), "a signal with codes of its own");
	GIVES(read(ends[0], page, 1), "read");
	came("it");
	GIVES(fcntl(ends[1], F_SETSIG, SIGIO), "SIGIO, named");
	GIVES(read(ends[0], page, 1), "read");
	came("it");
	copy = dup(ends[0]);
	GIVES(fcntl(copy, F_SETFL, O_NONBLOCK | O_ASYNC), "F_SETFL by a copy");
	GIVES(write(ends[1], "ab", 2), "write");
	came("as of the first");
	GIVES(fcntl(copy, F_SETFL, O_NONBLOCK), "off by the copy");
	GIVES(write(ends[1], "ab", 2), "write");
	came("off");
	GIVES(fcntl(copy, F_SETFL, O_ASYNC), "on by the copy");
	GIVES(close(copy), "close of the copy");
	GIVES(write(ends[1], "ab", 2), "write");
	came("as of the copy, which is closed");
	GIVES(fcntl(ends[1], F_SETFL, 0), "the other off");
	GIVES(close(ends[1]), "close of the other end");
	came("the end");
	close(ends[0]);
}

/* A pipe with so many bytes in each of so many buffers; both ends have owners then. */
static void filled_pipe(int ends[2], int buffers, size_t n)
{
	char page[PAGE] = {0};

	if (pipe2(ends, O_NONBLOCK | O_DIRECT) != 0)
		exit(1);
	for (int i = 0; i < buffers; i++)
		if (write(ends[1], page, n) < 0)
			say("not filled");
	async(ends[0], TOLD);
	async(ends[1], TOLD_OTHER);
}

/* What is moved without passing through the program tells as much as what is read and written; who
 * could move nothing tells nobody. */
static void moved(void)
{
	char page[PAGE] = {0};
	struct iovec piece = {page, 10}, bad = {(void *)16, 10};
	int from[2], to[2], file = open("moved", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int null = open("/dev/null", O_WRONLY);

	say("-- moved");
	filled_pipe(from, 3, 10);
	filled_pipe(to, 1, 10);
	if (write(file, page, PAGE) != PAGE)
		exit(1);
	GIVES(tee(from[0], to[1], 10, SPLICE_F_NONBLOCK), "tee");
	came("it");
	GIVES(splice(from[0], NULL, to[1], NULL, 10, SPLICE_F_NONBLOCK), "splice, a buffer");
	came("it");
	GIVES(splice(from[0], NULL, to[1], NULL, 5, SPLICE_F_NONBLOCK), "splice, half of one");
	came("it");
	GIVES(splice(from[0], NULL, null, NULL, 5, SPLICE_F_NONBLOCK), "splice into a device");
	came("it");
	GIVES(vmsplice(to[1], &piece, 1, SPLICE_F_NONBLOCK), "vmsplice");
	came("it");
	lseek(file, 0, SEEK_SET);
	GIVES(splice(file, NULL, to[1], NULL, 10, SPLICE_F_NONBLOCK), "splice from a file");
	came("it");

	say("-- nothing moved");
	lseek(file, 0, SEEK_END);
	GIVES(splice(file, NULL, to[1], NULL, 10, SPLICE_F_NONBLOCK), "at the end of a file");
	came("it");
	GIVES(vmsplice(to[1], &bad, 1, SPLICE_F_NONBLOCK), "from a bad address");
	came("it");
	GIVES(vmsplice(to[1], &piece, 0, SPLICE_F_NONBLOCK), "no pieces");
	came("it");
	GIVES(tee(from[0], to[1], 0, SPLICE_F_NONBLOCK), "no bytes");
	came("it");
	while (splice(from[0], NULL, null, NULL, PAGE, SPLICE_F_NONBLOCK) > 0)
		;
	came("emptied");
	GIVES(splice(from[0], NULL, to[1], NULL, 10, SPLICE_F_NONBLOCK), "from an empty one");
	came("it");
	GIVES(tee(from[0], to[1], 10, SPLICE_F_NONBLOCK), "tee from an empty one");
	came("it");
	fcntl(to[0], F_SETFL, O_NONBLOCK);
	while (write(to[1], page, PAGE) > 0)
		;
	fcntl(to[0], F_SETFL, O_NONBLOCK | O_ASYNC);
	GIVES(write(from[1], page, 10), "write");
	came("one is full, the other has bytes");
	GIVES(splice(from[0], NULL, to[1], NULL, 10, SPLICE_F_NONBLOCK), "into a full one");
	came("it");
	GIVES(tee(from[0], to[1], 10, SPLICE_F_NONBLOCK), "tee into a full one");
	came("it");
	GIVES(vmsplice(to[1], &piece, 1, SPLICE_F_NONBLOCK), "vmsplice into a full one");
	came("it");
	close(file);
	close(null);
	for (int i = 0; i < 2; i++) {
		close(from[i]);
		close(to[i]);
	}
}

static void pipe_ends(void)
{
	int ends[2];

	say("-- the reader goes");
	if (pipe(ends) != 0)
		exit(1);
	async(ends[1], TOLD);
	close(ends[0]);
	came("the writer's end");
	signal(SIGPIPE, SIG_IGN);
	close(ends[1]);

	say("-- a fifo, open for both");
	mkfifo("fifo", 0600);
	int fifo = open("fifo", O_RDWR), other = open("fifo", O_WRONLY);
	async(fifo, TOLD);
	GIVES(write(other, "a", 1), "write");
	came("it can be read");
	char byte;
	GIVES(read(fifo, &byte, 1), "read");
	came("it can be written");
	GIVES(close(other), "close of another writer");
	came("nothing has changed");
	close(fifo);
}

static void owners(void)
{
	struct f_owner_ex owner = {7, 7};
	int ends[2];

	say("-- owners");
	if (pipe(ends) != 0)
		exit(1);
	GIVES(fcntl(ends[0], F_GETOWN_EX, &owner), "of one that nobody owns");
	say("type %d, %d", owner.type, owner.pid);
	async(ends[0], TOLD);
	owner = (struct f_owner_ex){F_OWNER_TID, (pid_t)syscall(SYS_gettid)};
	GIVES(fcntl(ends[0], F_SETOWN_EX, &owner), "a thread");
	say("F_GETOWN is %d", fcntl(ends[0], F_GETOWN) == getpid());
	GIVES(write(ends[1], "a", 1), "write");
	came("to the thread");
	GIVES(fcntl(ends[0], F_SETOWN, -getpgrp()), "the group");
	GIVES(write(ends[1], "a", 1), "write");
	came("to the group");
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	GIVES(fcntl(ends[0], F_SETOWN, child), "a child");
	say("it is %d", fcntl(ends[0], F_GETOWN) == child);
	kill(child, SIGKILL);
	siginfo_t info;
	waitid(P_PID, child, &info, WEXITED | WNOWAIT);
	say("of a zombie %d", fcntl(ends[0], F_GETOWN) == child);
	waitpid(child, NULL, 0);
	GIVES(fcntl(ends[0], F_GETOWN), "gone");
	GIVES(fcntl(ends[0], F_GETOWN_EX, &owner), "gone");
	say("type %d, %d", owner.type, owner.pid);
	GIVES(write(ends[1], "a", 1), "write");
	came("to nobody");
	owner = (struct f_owner_ex){F_OWNER_PID, -1};
	GIVES(fcntl(ends[0], F_SETOWN_EX, &owner), "a number below 0");
	GIVES(fcntl(ends[0], F_SETOWN, 0x80000000), "the least number");
	GIVES(fcntl(ends[0], F_GETOWN_EX, (void *)16), "to a bad address");
}

/* A child of another user owns it: its parent may tell it, another user may not. */
static void rights(void)
{
	int ends[2], ready[2];
	char byte;

	say("-- rights");
	if (pipe(ends) != 0 || pipe(ready) != 0)
		exit(1);
	for (int as = 0; as < 2; as++) {
		pid_t child = fork();
		if (child == 0) {
			if (setresuid(1001, 1001, 1001) != 0 || write(ready[1], "x", 1) != 1)
				_exit(1);
			struct timespec while_ = {as ? 0 : 5, 200000000};
			_exit(sigtimedwait(&told, NULL, &while_) == TOLD ? 10 : 20);
		}
		if (read(ready[0], &byte, 1) != 1)
			exit(1);
		pid_t namer = fork();
		if (namer == 0) {
			if (as && setresuid(1002, 1002, 1002) != 0)
				_exit(1);
			fcntl(ends[0], F_SETOWN, child);
			fcntl(ends[0], F_SETSIG, TOLD);
			_exit(fcntl(ends[0], F_SETFL, O_ASYNC) != 0);
		}
		int status;
		waitpid(namer, &status, 0);
		say("named: %d", WEXITSTATUS(status));
		GIVES(write(ends[1], "a", 1), "write");
		waitpid(child, &status, 0);
		say("named by %s: %s", as ? "another user" : "root",
		    WEXITSTATUS(status) == 10 ? "it came" : "none came");
	}
}

static void sockets(void)
{
	char page[PAGE] = {0};
	int ends[2];

	say("-- sockets");
	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	async(ends[0], TOLD);
	GIVES(send(ends[1], "ab", 2, 0), "send");
	came("a stream");
	while (send(ends[0], page, sizeof page, MSG_DONTWAIT) > 0)
		;
	came("until it is full");
	while (recv(ends[1], page, sizeof page, MSG_DONTWAIT) > 0)
		;
	came("until it is empty");
	GIVES(shutdown(ends[1], SHUT_RD), "shutdown of reading");
	came("a stream");
	GIVES(shutdown(ends[1], SHUT_WR), "shutdown of writing");
	came("a stream, shut for both");
	close(ends[1]);
	came("closed");
	pid_t who = 7;
	GIVES(ioctl(ends[0], FIOGETOWN, &who), "FIOGETOWN");
	say("it is %d", who == getpid());
	who = 0;
	GIVES(ioctl(ends[0], FIOSETOWN, &who), "FIOSETOWN");
	GIVES(ioctl(ends[0], SIOCGPGRP, &who), "SIOCGPGRP");
	say("it is %d", who);
	who = -getpgrp();
	GIVES(ioctl(ends[0], SIOCSPGRP, &who), "SIOCSPGRP");
	say("it is %d", fcntl(ends[0], F_GETOWN) == -getpgrp());
	GIVES(ioctl(ends[0], SIOCSPGRP, 16), "SIOCSPGRP at a bad address");
	close(ends[0]);

	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	async(ends[0], TOLD);
	shutdown(ends[1], SHUT_WR);
	came("writing is shut");
	close(ends[0]);
	close(ends[1]);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
	async(ends[0], TOLD);
	GIVES(send(ends[1], "ab", 2, 0), "send");
	came("a datagram");
	close(ends[0]);
	close(ends[1]);

	struct sockaddr_un name = {AF_UNIX, "socket"};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(listener, (struct sockaddr *)&name, sizeof name);
	listen(listener, 5);
	async(listener, TOLD);
	GIVES(connect(client, (struct sockaddr *)&name, sizeof name), "connect");
	came("who listens");
	int accepted = accept(listener, NULL, NULL);
	say("of what was accepted: flags %x, owner %d, signal %d", fcntl(accepted, F_GETFL),
	    fcntl(accepted, F_GETOWN), fcntl(accepted, F_GETSIG));
	close(listener);
	close(client);
	close(accepted);
}

static void terminals(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), number;
	char line[64];

	say("-- a pseudo-terminal");
	grantpt(master);
	unlockpt(master);
	ioctl(master, TIOCGPTN, &number);
	snprintf(line, sizeof line, "/dev/pts/%d", number);
	int slave = open(line, O_RDWR | O_NOCTTY);
	struct termios settings;
	tcgetattr(slave, &settings);
	settings.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(slave, TCSANOW, &settings);
	GIVES(fcntl(slave, F_SETFL, O_ASYNC), "F_SETFL alone");
	say("it is the caller's %d", fcntl(slave, F_GETOWN) == getpid());
	async(slave, TOLD);
	GIVES(write(master, "abc", 3), "half a line");
	came("half a line");
	GIVES(write(master, "\n", 1), "the rest");
	came("a line");
	GIVES(fcntl(slave, F_SETFL, 0), "off");
	async(master, TOLD_OTHER);
	GIVES(write(slave, "ab", 2), "write");
	came("who holds the master");
	close(slave);
	close(master);
}

static void watchers(void)
{
	int notifier = inotify_init1(IN_NONBLOCK);

	say("-- inotify");
	inotify_add_watch(notifier, ".", IN_CREATE);
	async(notifier, TOLD);
	mkdir("made", 0700);
	came("an event");
	close(notifier);
}

static void switches(void)
{
	int ends[2], on = 1, off = 0;

	say("-- FIOASYNC");
	if (pipe(ends) != 0)
		exit(1);
	GIVES(ioctl(ends[0], FIOASYNC, &on), "on");
	say("flags %x", fcntl(ends[0], F_GETFL));
	GIVES(ioctl(ends[0], FIOASYNC, &on), "on again");
	GIVES(ioctl(ends[0], FIOASYNC, &off), "off");
	say("flags %x", fcntl(ends[0], F_GETFL));
	GIVES(ioctl(ends[0], FIOASYNC, 16), "at a bad address");

	say("-- files that tell nobody");
	sigset_t none;
	sigemptyset(&none);
	const struct {
		const char *name;
		int fd;
	} files[] = {
		{"a file", open("file", O_RDWR | O_CREAT, 0600)},
		{"a directory", open(".", O_RDONLY)},
		{"eventfd", eventfd(0, 0)},
		{"epoll", epoll_create1(0)},
		{"signalfd", signalfd(-1, &none, 0)},
		{"/dev/null", open("/dev/null", O_RDWR)},
	};
	for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++) {
		GIVES(fcntl(files[i].fd, F_SETFL, O_ASYNC), "F_SETFL of %s", files[i].name);
		say("flags %x", fcntl(files[i].fd, F_GETFL) & O_ASYNC);
		GIVES(ioctl(files[i].fd, FIOASYNC, &on), "FIOASYNC of %s", files[i].name);
		GIVES(ioctl(files[i].fd, FIOASYNC, &off), "FIOASYNC off of %s", files[i].name);
	}
}

static void by_signalfd(void)
{
	struct signalfd_siginfo info = {0};
	int fd = signalfd(-1, &told, SFD_NONBLOCK), ends[2];

	say("-- read from a signalfd");
	if (pipe(ends) != 0)
		exit(1);
	async(ends[0], TOLD);
	GIVES(write(ends[1], "a", 1), "write");
	GIVES(read(fd, &info, sizeof info), "read");
	say("signal %u code %d band %x fd %d", info.ssi_signo, info.ssi_code, info.ssi_band,
	    info.ssi_fd);
}

/* No room for another real-time signal: SIGIO comes instead. */
static void no_room(void)
{
	struct rlimit limit = {1, 1};
	int ends[2];

	say("-- no room for signals");
	if (pipe(ends) != 0 || setresuid(1003, 1003, 1003) != 0 ||
	    setrlimit(RLIMIT_SIGPENDING, &limit) != 0)
		exit(1);
	async(ends[0], TOLD);
	for (int i = 0; i < 3; i++)
		GIVES(write(ends[1], "a", 1), "write");
	came("one, and SIGIO");
}

int main(void)
{
	setpgid(0, 0); /* nobody else is to be told */
	sigemptyset(&told);
	int signals[] = {SIGIO, SIGUSR1, SIGBUS, TOLD, TOLD_OTHER};
	for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaddset(&told, signals[i]);
	sigprocmask(SIG_BLOCK, &told, NULL);
	pipes();
	moved();
	pipe_ends();
	owners();
	rights();
	sockets();
	terminals();
	watchers();
	switches();
	by_signalfd();
	no_room();
	return 0;
}
