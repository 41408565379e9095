/* SPDX-License-Identifier: MIT */
/*
 * epoll_wait(2) sleeps until a file is ready, until its time is over, or until a signal; a signal
 * that only epoll_pwait's mask lets through ends it, and its handler runs. One event by edge goes to
 * one of two that wait. A signalfd that outlives who watches its signals does no harm.
 */
#include "tests/test.h"

#include <linux/eventpoll.h>
#include <linux/time_types.h>
#include <sys/syscall.h>

#define NO_LIMIT (-1)

static int epoll_make(void)
{
	return (int)syscall(__NR_epoll_create1, 0);
}

static int epoll_waits(int epoll, struct epoll_event *event, int milliseconds,
                       const uint64_t *mask)
{
	return (int)syscall(__NR_epoll_pwait, epoll, event, 1, milliseconds, mask, sizeof *mask);
}

static volatile int handled;

static void on_signal(int signal)
{
	handled = signal;
}

static int watch(int epoll, int fd, uint32_t events)
{
	struct epoll_event event = {(__poll_t)events, (uint32_t)fd};
	return (int)syscall(__NR_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, &event);
}

static void later(pid_t *child, void (*act)(int), int argument)
{
	*child = fork_checked();
	if (*child)
		return;
	usleep(30000);
	act(argument);
	_exit(0);
}

static void send_byte(int fd)
{
	CHECK(write(fd, "x", 1) == 1, "the child writes a byte");
}

static void signal_parent(int signal)
{
	CHECK(kill(getppid(), signal) == 0, "the child sends a signal");
}

static void ends_well(pid_t child)
{
	int status = wait_status(child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ends well");
}

static void waits_for_a_byte(void)
{
	int ends[2], inner = epoll_make(), epoll = epoll_make();
	struct epoll_event event;
	pid_t child;

	CHECK(pipe(ends) == 0 && watch(inner, ends[0], EPOLLIN) == 0, "a pipe is watched");
	CHECK(watch(epoll, inner, EPOLLIN) == 0, "by an epoll in an epoll");
	CHECK(epoll_waits(epoll, &event, 20, NULL) == 0, "nothing in 20 ms");
	struct __kernel_timespec time = {0, 20000000};
	CHECK(syscall(__NR_epoll_pwait2, epoll, &event, 1, &time, NULL, 0) == 0, "nor in 20,000,000 ns");
	later(&child, send_byte, ends[1]);
	CHECK(epoll_waits(epoll, &event, NO_LIMIT, NULL) == 1 && event.data == (uint32_t)inner, "then a byte");
	CHECK(epoll_waits(inner, &event, NO_LIMIT, NULL) == 1 && event.data == (uint32_t)ends[0], "of the pipe");
	ends_well(child);
	close(epoll), close(inner), close(ends[0]), close(ends[1]);
}

static void ends_by_a_signal(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	int ends[2], epoll = epoll_make();
	struct epoll_event event;
	sigset_t blocked, none;
	uint64_t nothing = 0;
	pid_t child;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigaction(SIGUSR1, &action, NULL);
	CHECK(pipe(ends) == 0 && watch(epoll, ends[0], EPOLLIN) == 0, "a pipe is watched");
	later(&child, signal_parent, SIGUSR1);
	CHECK_ERRNO(epoll_waits(epoll, &event, NO_LIMIT, NULL), EINTR);
	CHECK(handled == SIGUSR1, "although the handler restarts calls");
	ends_well(child);
	handled = 0;
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	kill(getpid(), SIGUSR1);
	CHECK(epoll_waits(epoll, &event, 20, NULL) == 0 && !handled, "a blocked one does not");
	CHECK_ERRNO(epoll_waits(epoll, &event, NO_LIMIT, &nothing), EINTR);
	CHECK(handled == SIGUSR1, "until the call lets it in");
	sigprocmask(SIG_SETMASK, NULL, &none);
	CHECK(sigismember(&none, SIGUSR1) == 1, "and it is blocked again");
	close(epoll), close(ends[0]), close(ends[1]);
}

static void one_of_two(void)
{
	int ends[2], epoll = epoll_make(), told = 0;
	struct epoll_event event;
	pid_t children[2];

	CHECK(pipe(ends) == 0 && watch(epoll, ends[0], EPOLLIN | EPOLLET) == 0, "by edge");
	for (int i = 0; i < 2; i++) {
		children[i] = fork_checked();
		if (!children[i])
			_exit(epoll_waits(epoll, &event, 500, NULL));
	}
	usleep(50000);
	CHECK(write(ends[1], "x", 1) == 1, "one byte");
	for (int i = 0; i < 2; i++) {
		int status = wait_status(children[i]);
		CHECK(WIFEXITED(status), "a child ends");
		told += WEXITSTATUS(status);
	}
	CHECK(told == 1, "one of two is told, not %d", told);
	close(epoll), close(ends[0]), close(ends[1]);
}

/* The child's own signals are watched; the descriptors stay open here. */
static void outlived(void)
{
	int epoll = epoll_make();
	struct epoll_event event;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	uint64_t mask = 1ull << (SIGUSR2 - 1);
	int signals = (int)syscall(__NR_signalfd4, -1, &mask, sizeof mask, 0);
	pid_t child = fork_checked();
	if (!child)
		_exit(watch(epoll, signals, EPOLLIN) != 0);
	ends_well(child);
	CHECK(epoll_waits(epoll, &event, 0, NULL) == 0, "nothing is pending here");
	kill(getpid(), SIGUSR2);
	CHECK(syscall(__NR_epoll_ctl, epoll, EPOLL_CTL_DEL, signals, NULL) == 0, "it is removed");
	CHECK(watch(epoll, signals, EPOLLIN) == 0, "and added here");
	CHECK(epoll_waits(epoll, &event, 0, NULL) == 1, "where the signal is pending");
	close(signals);
	close(epoll);
}

int main(void)
{
	waits_for_a_byte();
	ends_by_a_signal();
	one_of_two();
	outlived();
	say("epoll waited");
	return 0;
}
