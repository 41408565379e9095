/* SPDX-License-Identifier: MIT */
/* Waiting for a lock: F_SETLKW, F_OFD_SETLKW and flock(2) sleep until it is free, a signal ends
 * the wait, processes that wait for each other in a circle get EDEADLK; flock's conversions. */
#include "case.h"

#include <sys/file.h>

static int lock(int fd, int command, int type, off_t start, off_t length)
{
	struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start,
	                  .l_len = length};
	return fcntl(fd, command, &l);
}

static int fd;
static int to_parent[2], to_child[2];

/* One process tells the other to go on. */
static void tell(int *ends)
{
	write(ends[1], "x", 1);
}

static void hear(int *ends)
{
	char byte;
	while (read(ends[0], &byte, 1) != 1)
		;
}

static void no_handling(int signal)
{
	(void)signal;
}

static void handle(int signal, int flags)
{
	struct sigaction action = {.sa_handler = no_handling, .sa_flags = flags};
	sigaction(signal, &action, NULL);
}

/* The child waits for the parent's lock, and prints when it has it. */
static void wait_in_child(const char *what, int command)
{
	if (fork() == 0) {
		int own = open("f", O_RDWR);
		GIVES(lock(own, command == F_OFD_SETLKW ? F_OFD_SETLK : F_SETLK, F_WRLCK, 3, 1),
		      "%s: not yet", what);
		tell(to_parent);
		GIVES(lock(own, command, F_WRLCK, 3, 1), "%s: at last", what);
		_exit(0);
	}
	hear(to_parent);
	usleep(30000);
	say("%s: the lock goes now", what);
}

static void waits_end(void)
{
	lock(fd, F_SETLK, F_WRLCK, 0, 10);
	wait_in_child("let go", F_SETLKW);
	lock(fd, F_SETLK, F_UNLCK, 3, 1);
	wait(NULL);
	lock(fd, F_SETLK, F_WRLCK, 0, 10);
	wait_in_child("closed", F_SETLKW);
	close(dup(fd));
	wait(NULL);
	lock(fd, F_SETLK, F_WRLCK, 0, 10);
	wait_in_child("cut", F_OFD_SETLKW);
	lock(fd, F_SETLK, F_UNLCK, 2, 3);
	wait(NULL);
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
}

static void weaker(void)
{
	lock(fd, F_SETLK, F_WRLCK, 0, 10);
	if (fork() == 0) {
		int own = open("f", O_RDWR);
		tell(to_parent);
		GIVES(lock(own, F_SETLKW, F_RDLCK, 3, 1), "made weaker: a reader comes in");
		_exit(0);
	}
	hear(to_parent);
	usleep(30000);
	lock(fd, F_SETLK, F_RDLCK, 0, 10);
	wait(NULL);
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
}

static void signals(void)
{
	struct itimerval soon = {.it_value = {.tv_usec = 30000}};

	if (fork() == 0) {
		lock(fd, F_SETLK, F_WRLCK, 0, 10);
		int own = open("f", O_RDWR);
		flock(own, LOCK_EX);
		tell(to_parent);
		hear(to_child);
		_exit(0);
	}
	hear(to_parent);
	handle(SIGALRM, 0);
	setitimer(ITIMER_REAL, &soon, NULL);
	GIVES(lock(fd, F_SETLKW, F_WRLCK, 0, 1), "F_SETLKW and a signal");
	setitimer(ITIMER_REAL, &soon, NULL);
	GIVES(flock(fd, LOCK_EX), "flock and a signal");
	handle(SIGALRM, SA_RESTART);
	setitimer(ITIMER_REAL, &soon, NULL);
	tell(to_child);
	GIVES(lock(fd, F_SETLKW, F_WRLCK, 0, 1), "F_SETLKW goes on after a signal");
	GIVES(flock(fd, LOCK_EX), "flock");
	wait(NULL);
	flock(fd, LOCK_UN);
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
}

static void circle(void)
{
	lock(fd, F_SETLK, F_WRLCK, 0, 1);
	if (fork() == 0) {
		lock(fd, F_SETLK, F_WRLCK, 1, 1);
		tell(to_parent);
		GIVES(lock(fd, F_SETLKW, F_WRLCK, 0, 1), "the child waits for the parent");
		_exit(0);
	}
	hear(to_parent);
	usleep(30000);
	GIVES(lock(fd, F_SETLKW, F_WRLCK, 1, 1), "the parent for the child");
	GIVES(lock(fd, F_SETLK, F_WRLCK, 1, 1), "without waiting");
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
	wait(NULL);
}

static void whole_files(void)
{
	int second = open("f", O_RDONLY), copy = dup(fd), path = open("f", O_PATH);

	GIVES(flock(fd, LOCK_SH), "shared");
	GIVES(flock(second, LOCK_SH | LOCK_NB), "shared by two");
	GIVES(flock(fd, LOCK_EX | LOCK_NB), "exclusive: the other has it");
	GIVES(flock(second, LOCK_EX | LOCK_NB), "which has lost the first its own");
	GIVES(flock(copy, LOCK_SH | LOCK_NB), "a duplicate of the first");
	GIVES(flock(second, LOCK_UN), "let go");
	GIVES(flock(copy, LOCK_EX | LOCK_NB), "now");
	GIVES(flock(fd, LOCK_EX | LOCK_NB), "the first has the same");
	GIVES(close(copy), "a duplicate is closed");
	GIVES(flock(second, LOCK_SH | LOCK_NB), "the lock is still there");
	GIVES(lock(second, F_SETLK, F_RDLCK, 0, 0), "records know nothing of it");
	GIVES(flock(fd, LOCK_UN), "let go");
	GIVES(flock(fd, LOCK_UN), "let go again");
	GIVES(flock(fd, 0), "no operation");
	GIVES(flock(fd, LOCK_SH | LOCK_EX), "two");
	GIVES(flock(fd, 64), "unknown");
	GIVES(flock(99, 64), "unknown, no descriptor");
	GIVES(flock(99, LOCK_EX), "no descriptor");
	GIVES(flock(path, LOCK_SH), "O_PATH");
	GIVES(flock(to_child[0], LOCK_EX), "a pipe");
	close(second);
	close(path);
}

/* The program that the next function's child runs: it has inherited a lock, or not. */
static int hold(char **arguments)
{
	write(atoi(arguments[2]), "x", 1);
	char byte;
	while (read(atoi(arguments[3]), &byte, 1) != 1)
		;
	return 0;
}

static void exec(int close_on_exec)
{
	char to_tell[12], to_hear[12];

	snprintf(to_tell, sizeof to_tell, "%d", to_parent[1]);
	snprintf(to_hear, sizeof to_hear, "%d", to_child[0]);
	if (fork() == 0) {
		int own = open("f", O_RDWR);
		lock(own, F_SETLK, F_WRLCK, 0, 1);
		fcntl(own, F_SETFD, close_on_exec);
		execl("/proc/self/exe", "locks-wait", "hold", to_tell, to_hear, NULL);
		_exit(1);
	}
	hear(to_parent);
	GIVES(lock(fd, F_SETLK, F_WRLCK, 0, 1), "held by a child that called exec%s",
	      close_on_exec ? ", which closed it" : "");
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
	tell(to_child);
	wait(NULL);
	GIVES(lock(fd, F_SETLK, F_WRLCK, 0, 1), "it has ended");
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
}

static void killed(void)
{
	pid_t child = fork();
	if (child == 0) {
		lock(fd, F_SETLK, F_WRLCK, 0, 1);
		tell(to_parent);
		pause();
		_exit(0);
	}
	hear(to_parent);
	GIVES(lock(fd, F_SETLK, F_WRLCK, 0, 1), "held by a child");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	GIVES(lock(fd, F_SETLK, F_WRLCK, 0, 1), "which was killed");
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
}

int main(int argc, char **argv)
{
	if (argc == 4)
		return hold(argv);
	fd = new_file("f", 1);
	pipe(to_parent);
	pipe(to_child);
	waits_end();
	weaker();
	signals();
	circle();
	exec(0);
	exec(FD_CLOEXEC);
	killed();
	whole_files();
	return 0;
}
