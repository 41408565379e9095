/* SPDX-License-Identifier: MIT */
/*
 * fcntl(2), "Leases": who may take one on what, whom it lets in, how its holder is told, and what
 * who breaks it gets when he does not wait, is interrupted, or waits until the time is over.
 */
#include "case.h"

#define TOLD (SIGRTMIN + 1)

static sigset_t told;

static const char *name_of(int type)
{
	return type == F_RDLCK ? "F_RDLCK" : type == F_WRLCK ? "F_WRLCK"
	     : type == F_UNLCK ? "F_UNLCK" : "?";
}

static void type_is(int fd)
{
	int type = fcntl(fd, F_GETLEASE);

	if (type < 0)
		say("  F_GETLEASE: %s", error_name(errno));
	else
		say("  F_GETLEASE: %s", name_of(type));
}

/* Waits up to so many milliseconds. */
static void came(int milliseconds)
{
	struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
	siginfo_t info;
	int signal = sigtimedwait(&told, &info, &time);

	if (signal < 0)
		say("  no signal");
	else if (signal == SIGIO && info.si_code == SI_KERNEL)
		say("  SIGIO");
	else
		say("  signal %d code %d band %lx fd %d", signal, info.si_code, (long)info.si_band,
		    info.si_fd);
}

static void number_to(const char *path, const char *number)
{
	int fd = open(path, O_WRONLY);

	if (write(fd, number, strlen(number)) < 0)
		say("%s: %s", path, error_name(errno));
	close(fd);
}

static void taking(void)
{
	static const struct {
		const char *name;
		int flags;
	} ways[] = {{"O_RDONLY", O_RDONLY}, {"O_WRONLY", O_WRONLY}, {"O_RDWR", O_RDWR}};

	close(new_file("f", 1));
	for (unsigned i = 0; i < 3; i++)
		for (int type = 0; type < 2; type++) {
			int fd = open("f", ways[i].flags);
			GIVES(fcntl(fd, F_SETLEASE, type), "%s of one with %s", name_of(type),
			      ways[i].name);
			type_is(fd);
			close(fd);
			for (unsigned j = 0; j < 3; j++) {
				fd = open("f", ways[i].flags);
				int other = open("f", ways[j].flags);
				GIVES(fcntl(fd, F_SETLEASE, type), "  beside one with %s",
				      ways[j].name);
				close(fd);
				close(other);
			}
		}
	int fd = open("f", O_RDONLY), copy = dup(fd);
	type_is(fd);
	GIVES(fcntl(fd, F_SETLEASE, F_UNLCK), "ending none");
	GIVES(fcntl(fd, F_SETLEASE, 3), "an unknown type");
	GIVES(fcntl(fd, F_SETLEASE, -1), "an unknown type");
	GIVES(fcntl(fd, F_SETLEASE, F_WRLCK), "with a copy of it");
	type_is(copy);
	GIVES(fcntl(copy, F_SETLEASE, F_RDLCK), "downgrade by the copy");
	type_is(fd);
	GIVES(fcntl(fd, F_SETLEASE, F_WRLCK), "upgrade");
	GIVES(close(fd), "close of the first");
	type_is(copy);
	GIVES(fcntl(copy, F_SETLEASE, F_UNLCK), "end");
	type_is(copy);
	GIVES(fcntl(copy, F_SETLEASE, F_UNLCK), "again");
	char *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, copy, 0);
	close(copy);
	fd = open("f", O_RDONLY);
	GIVES(fcntl(fd, F_SETLEASE, F_WRLCK), "while it is mapped by another");
	munmap(page, PAGE);
	GIVES(fcntl(fd, F_SETLEASE, F_WRLCK), "and is not");
	int place = open("f", O_PATH);
	GIVES(fcntl(place, F_SETLEASE, F_RDLCK), "of a place");
	GIVES(fcntl(place, F_GETLEASE), "of a place");
	close(place);
	close(fd);

	say("-- two of them");
	fd = open("f", O_RDONLY);
	int other = open("f", O_RDONLY);
	GIVES(fcntl(fd, F_SETLEASE, F_RDLCK), "one");
	GIVES(fcntl(other, F_SETLEASE, F_RDLCK), "two");
	GIVES(fcntl(other, F_SETLEASE, F_WRLCK), "upgrade");
	GIVES(fcntl(other, F_SETLEASE, F_UNLCK), "end of the second");
	GIVES(fcntl(fd, F_SETLEASE, F_WRLCK), "the other is still open");
	close(other);
	GIVES(fcntl(fd, F_SETLEASE, F_WRLCK), "it is not");
	close(fd);
}

static void on_what(void)
{
	int ends[2];

	say("-- on what");
	mkfifo("fifo", 0600);
	if (pipe(ends) != 0)
		exit(1);
	const struct {
		const char *name;
		int fd;
	} files[] = {
		{"a directory", open(".", O_RDONLY)},
		{"a pipe", ends[0]},
		{"a fifo", open("fifo", O_RDWR)},
		{"/dev/null", open("/dev/null", O_RDONLY)},
		{"tmpfs", open("/tmp/lease", O_RDONLY | O_CREAT, 0600)},
		{"memfd", memfd_create("memory", 0)},
	};
	for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++)
		for (int type = F_RDLCK; type <= F_UNLCK; type++)
			GIVES(fcntl(files[i].fd, F_SETLEASE, type), "%s on %s", name_of(type),
			      files[i].name);
	for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++)
		close(files[i].fd);
	unlink("/tmp/lease");
	GIVES(fcntl(99, F_SETLEASE, F_RDLCK), "on nothing");
	GIVES(fcntl(99, F_GETLEASE), "of nothing");
}

static void as_another(void *argument)
{
	(void)argument;
	int fd = open("f", O_RDONLY), own = open("own", O_RDONLY);

	if (setresuid(1001, 1001, 1001) != 0)
		_exit(1);
	GIVES(fcntl(fd, F_SETLEASE, F_RDLCK), "on root's file");
	GIVES(fcntl(fd, F_SETLEASE, F_UNLCK), "ending on root's file");
	GIVES(fcntl(fd, F_SETLEASE, 7), "an unknown one there");
	int directory = open("/", O_RDONLY);
	GIVES(fcntl(directory, F_SETLEASE, F_RDLCK), "on root's directory");
	GIVES(fcntl(own, F_SETLEASE, F_RDLCK), "on one's own");
}

static void rights(void)
{
	say("-- rights");
	close(new_file("own", 1));
	if (chmod("f", 0644) != 0 || chown("own", 1001, 1001) != 0 || chmod("own", 0600) != 0)
		exit(1);
	child_status(as_another, NULL);
}

/* Opens without waiting: how the holder is told, and what the lease is then. */
static void not_waiting(int type, int signal, int flags, const char *what)
{
	int fd = open("f", O_RDONLY);

	say("-- %s, signal %d, %s", name_of(type), signal, what);
	if (fcntl(fd, F_SETLEASE, type) != 0 || fcntl(fd, F_SETSIG, signal) != 0)
		say("not taken");
	say("its owner %d", fcntl(fd, F_GETOWN) == getpid());
	for (int round = 0; round < 2; round++) {
		int other = open("f", flags | O_NONBLOCK);
		say("open: %s", other < 0 ? error_name(errno) : "done");
		came(20);
		type_is(fd);
		close(other);
	}
	GIVES(fcntl(fd, F_SETLEASE, F_RDLCK), "F_RDLCK");
	type_is(fd);
	int other = open("f", flags | O_NONBLOCK);
	say("open: %s", other < 0 ? error_name(errno) : "done");
	close(other);
	GIVES(fcntl(fd, F_SETLEASE, F_UNLCK), "F_UNLCK");
	say("owner %d, signal %d", fcntl(fd, F_GETOWN), fcntl(fd, F_GETSIG));
	close(fd);
}

/* What the child does to the file while its parent has a lease: the pipe says when it is done. */
struct breaking {
	int flags; /* -1: truncate */
	int done[2];
};

static void break_it(void *argument)
{
	struct breaking *b = argument;
	int result = b->flags < 0 ? truncate("f", 10) : open("f", b->flags);

	if (write(b->done[1], result < 0 ? "-" : "+", 1) != 1)
		_exit(1);
}

static void is_done(struct breaking *b, int milliseconds)
{
	struct pollfd ready = {b->done[0], POLLIN, 0};
	char byte;

	if (poll(&ready, 1, milliseconds) == 1 && read(b->done[0], &byte, 1) == 1)
		say("  it has ended: %s", byte == '+' ? "done" : "an error");
	else
		say("  it waits");
}

/* Another process begins to break the lease of `fd`, and waits. */
static pid_t begin_to_break(struct breaking *b, int fd)
{
	pid_t child = fork();
	if (child == 0) {
		close(fd);
		break_it(b);
		_exit(0);
	}
	came(3000);
	is_done(b, 50);
	return child;
}

static void waiting_for(int type, int flags, const char *what, const int *answers)
{
	struct breaking b = {flags, {0}};
	int fd = open("f", O_RDONLY);

	say("-- %s, %s", name_of(type), what);
	if (pipe(b.done) != 0 || fcntl(fd, F_SETLEASE, type) != 0 || fcntl(fd, F_SETSIG, TOLD) != 0)
		exit(1);
	pid_t child = begin_to_break(&b, fd);
	type_is(fd);
	for (; *answers >= 0; answers++) {
		GIVES(fcntl(fd, F_SETLEASE, *answers), "answer %s", name_of(*answers));
		type_is(fd);
		is_done(&b, *answers == F_RDLCK && flags != O_RDONLY ? 50 : 3000);
	}
	close(fd);
	waitpid(child, NULL, 0);
	close(b.done[0]);
	close(b.done[1]);
}

static void waiting_to_break(void)
{
	static const int end[] = {F_UNLCK, -1}, down[] = {F_RDLCK, -1};

	waiting_for(F_RDLCK, O_WRONLY, "opened for writing", end);
	waiting_for(F_RDLCK, -1, "truncated", end);
	waiting_for(F_WRLCK, O_RDONLY, "opened for reading", down);
	waiting_for(F_WRLCK, O_RDONLY, "opened for reading", end);
	waiting_for(F_WRLCK, O_RDWR, "opened for both", end);
	waiting_for(F_WRLCK, -1, "truncated", end);
}

static void run_it(void *argument)
{
	char *const arguments[] = {argument, NULL};

	execv(argument, arguments);
	say("execve: %s", error_name(errno));
	_exit(1);
}

/* A program of #! lines that leads by way of `script` and `between` to `program`: which of them may
 * be leased until who runs it wants it. */
static void run_leased(const char *path, const char *leased)
{
	int fd = open(leased, O_RDONLY);

	say("-- %s is run, a lease on %s", path, leased);
	if (fcntl(fd, F_SETLEASE, F_WRLCK) != 0 || fcntl(fd, F_SETSIG, TOLD) != 0)
		exit(1);
	pid_t child = fork();
	if (child == 0) {
		close(fd);
		run_it((void *)path);
	}
	came(3000);
	say("  it waits: %d", waitpid(child, NULL, WNOHANG) == 0);
	type_is(fd);
	GIVES(fcntl(fd, F_SETLEASE, F_UNLCK), "F_UNLCK");
	int status = 0;
	waitpid(child, &status, 0);
	say("its status %x", status);
	close(fd);
}

static void make_program(const char *path, const char *content, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	if (write(fd, content, n) != (ssize_t)n)
		exit(1);
	close(fd);
}

/* This program, which ends at once under the name of "program". */
static void copy_program(void)
{
	struct stat stat_;
	int fd = open("/proc/self/exe", O_RDONLY);

	if (fstat(fd, &stat_) != 0)
		exit(1);
	char *content = mmap(NULL, stat_.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	make_program("program", content, stat_.st_size);
	munmap(content, stat_.st_size);
	close(fd);
}

static void running(void)
{
	static const char script[] = "#!./between\n", between[] = "#!./program\n";

	copy_program();
	make_program("script", script, strlen(script));
	make_program("between", between, strlen(between));
	run_leased("./program", "./program");
	run_leased("./script", "./script");
	run_leased("./script", "./between");
	run_leased("./script", "./program");

	int fd = open("./script", O_RDWR);
	say("-- written to, and run");
	if (fcntl(fd, F_SETLEASE, F_WRLCK) != 0 || fcntl(fd, F_SETSIG, TOLD) != 0)
		exit(1);
	number_to("/proc/sys/fs/lease-break-time", "1");
	say("status %x", child_status(run_it, "./script"));
	number_to("/proc/sys/fs/lease-break-time", "45");
	came(0);
	type_is(fd);
	close(fd);
}

static void by_closing(void)
{
	struct breaking b = {O_RDWR, {0}};
	int fd = open("f", O_RDONLY);

	say("-- the holder closes it");
	if (pipe(b.done) != 0 || fcntl(fd, F_SETLEASE, F_WRLCK) != 0)
		exit(1);
	pid_t child = begin_to_break(&b, fd);
	close(fd);
	is_done(&b, 3000);
	waitpid(child, NULL, 0);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void interrupted(void)
{
	int fd = open("f", O_RDONLY);

	say("-- interrupted");
	fcntl(fd, F_SETLEASE, F_WRLCK);
	pid_t child = fork();
	if (child == 0) {
		struct sigaction action = {.sa_handler = on_alarm};
		struct itimerval soon = {{0, 0}, {0, 100000}};
		sigaction(SIGALRM, &action, NULL);
		setitimer(ITIMER_REAL, &soon, NULL);
		close(fd);
		SUCCEEDS(open("f", O_RDWR), "open");
		setitimer(ITIMER_REAL, &soon, NULL);
		GIVES(truncate("f", 5), "truncate");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	type_is(fd);
	came(100);
	close(fd);
	came(10);

	say("-- killed");
	fd = open("f", O_RDONLY);
	fcntl(fd, F_SETLEASE, F_RDLCK);
	child = fork();
	if (child == 0) {
		close(fd);
		open("f", O_RDWR);
		_exit(0);
	}
	came(3000);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	type_is(fd);
	GIVES(fcntl(fd, F_SETLEASE, F_RDLCK), "F_RDLCK");
	type_is(fd);
	close(fd);
}

static void time_is_over(void)
{
	say("-- no answer");
	number_to("/proc/sys/fs/lease-break-time", "1");
	int fd = open("f", O_RDONLY), fds[2];
	fcntl(fd, F_SETLEASE, F_WRLCK);
	pid_t child = fork();
	if (child == 0) {
		close(fd);
		SUCCEEDS(open("f", O_RDONLY), "open for reading");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	type_is(fd);
	came(0);
	child = fork();
	if (child == 0) {
		close(fd);
		SUCCEEDS(truncate("f", 3), "truncate");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	type_is(fd);
	came(0);
	close(fd);

	say("-- no answer, and nobody waits");
	fd = open("f", O_RDONLY);
	fcntl(fd, F_SETLEASE, F_WRLCK);
	fds[0] = open("f", O_RDONLY | O_NONBLOCK);
	say("open: %s", fds[0] < 0 ? error_name(errno) : "done");
	type_is(fd);
	usleep(1200000);
	fds[1] = open("f", O_RDONLY | O_NONBLOCK);
	say("open: %s", fds[1] < 0 ? error_name(errno) : "done");
	type_is(fd);
	came(0);
	close(fds[1]);
	close(fd);
	number_to("/proc/sys/fs/lease-break-time", "45");
}

static void what_breaks_not(void)
{
	struct stat stat_;
	char byte;
	int fd = open("f", O_RDWR);

	say("-- what breaks none");
	GIVES(fcntl(fd, F_SETLEASE, F_WRLCK), "F_WRLCK");
	GIVES(write(fd, "a", 1), "the holder writes");
	GIVES(pread(fd, &byte, 1, 0), "and reads");
	GIVES(ftruncate(fd, 2), "and truncates");
	GIVES(stat("f", &stat_), "stat");
	GIVES(access("f", W_OK), "access");
	GIVES(chmod("f", 0600), "chmod");
	GIVES(rename("f", "g"), "rename");
	GIVES(link("g", "f"), "link");
	GIVES(unlink("g"), "unlink");
	int place = open("f", O_PATH);
	say("a place %s", place < 0 ? error_name(errno) : "is opened");
	close(place);
	type_is(fd);
	came(0);
	close(fd);
}

static void switched_off(void)
{
	say("-- switched off");
	int fd = open("f", O_RDONLY);
	GIVES(fcntl(fd, F_SETLEASE, F_RDLCK), "before");
	number_to("/proc/sys/fs/leases-enable", "0");
	GIVES(fcntl(fd, F_SETLEASE, F_WRLCK), "what is there changes");
	GIVES(fcntl(fd, F_SETLEASE, F_UNLCK), "and ends");
	GIVES(fcntl(fd, F_SETLEASE, F_RDLCK), "a new one");
	number_to("/proc/sys/fs/leases-enable", "1");
	GIVES(fcntl(fd, F_SETLEASE, F_RDLCK), "on again");
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc > 0 && !strcmp(argv[0], "./program"))
		return 7;
	sigemptyset(&told);
	sigaddset(&told, SIGIO);
	sigaddset(&told, TOLD);
	sigprocmask(SIG_BLOCK, &told, NULL);
	taking();
	on_what();
	rights();
	not_waiting(F_RDLCK, 0, O_RDONLY, "opened for reading");
	not_waiting(F_RDLCK, TOLD, O_WRONLY, "opened for writing");
	not_waiting(F_WRLCK, 0, O_RDONLY, "opened for reading");
	not_waiting(F_WRLCK, TOLD, O_RDONLY, "opened for reading");
	not_waiting(F_WRLCK, TOLD, O_RDWR, "opened for both");
	not_waiting(F_WRLCK, SIGIO, O_RDWR | O_TRUNC, "opened and truncated");
	waiting_to_break();
	running();
	by_closing();
	interrupted();
	time_is_over();
	what_breaks_not();
	switched_off();
	return 0;
}
