/* SPDX-License-Identifier: MIT */
/* eventfd(2), timerfd_create(2), signalfd(2), pidfd_open(2): what they count and tell, poll, short
 * buffers, nonblocking, wrong arguments. */
#include "case.h"
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static int ready(int fd, int ms)
{
	struct pollfd asked = {fd, POLLIN | POLLOUT, 0};
	return poll(&asked, 1, ms) < 0 ? -1 : asked.revents;
}

static void tell(int fd, const char *when)
{
	uint64_t count = 77;
	GIVES(read(fd, &count, sizeof count), "%s", when);
	say("  %llu", (unsigned long long)count);
}

static void put(int fd, uint64_t more)
{
	GIVES(write(fd, &more, sizeof more), "write %llu", (unsigned long long)more);
	say("  ready %x", ready(fd, 0));
}

static void events(void)
{
	for (int flags = 0; flags <= EFD_SEMAPHORE; flags += EFD_SEMAPHORE) {
		int fd = eventfd(3, EFD_NONBLOCK | flags);
		char byte[4];
		say("event, flags %d: ready %x", flags, ready(fd, 0));
		tell(fd, "read");
		tell(fd, "again");
		put(fd, 0);
		put(fd, 5);
		put(fd, UINT64_MAX - 6);
		put(fd, UINT64_MAX - 1);
		put(fd, UINT64_MAX);
		tell(fd, "read");
		GIVES(read(fd, byte, 4), "4 bytes");
		GIVES(write(fd, byte, 4), "write of 4 bytes");
		close(fd);
	}
	GIVES(eventfd(0, 2), "odd flags");
	int fd = eventfd(0, 0);
	if (!fork()) {
		uint64_t one = 1;
		usleep(20000);
		_exit(write(fd, &one, 8) != 8);
	}
	tell(fd, "waited for");
	wait(NULL);
	close(fd);
}

static void timers(void)
{
	struct itimerspec setting = {{0, 0}, {0, 200000000}}, old;
	static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME,
	                             CLOCK_PROCESS_CPUTIME_ID, 99, -1};
	for (int i = 0; i < 6; i++)
		SUCCEEDS(timerfd_create(clocks[i], 0), "clock %d", clocks[i]);
	GIVES(timerfd_create(CLOCK_MONOTONIC, 1), "odd flags");
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	tell(fd, "not set");
	GIVES(timerfd_settime(fd, 0, &setting, NULL), "once");
	say("ready %x, %x", ready(fd, 0), ready(fd, 2000));
	tell(fd, "read");
	tell(fd, "again");
	GIVES(timerfd_gettime(fd, &old), "over");
	say("  %ld %ld", (long)old.it_value.tv_sec, old.it_value.tv_nsec);
	setting.it_interval.tv_nsec = 10000000;
	setting.it_value.tv_nsec = 10000000;
	timerfd_settime(fd, 0, &setting, NULL);
	usleep(100000);
	uint64_t count = 0;
	read(fd, &count, sizeof count);
	say("many: %d", count >= 5 && count <= 1000);
	setting = (struct itimerspec){{0, 0}, {1, 0}};
	GIVES(timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, &old), "long ago");
	say("  interval %ld", old.it_interval.tv_nsec);
	say("ready %x", ready(fd, 2000));
	setting.it_value.tv_nsec = 1000000000;
	GIVES(timerfd_settime(fd, 0, &setting, NULL), "a wrong time");
	setting.it_value.tv_nsec = 0;
	GIVES(timerfd_settime(fd, 8, &setting, NULL), "odd flags");
	GIVES(timerfd_settime(99, 0, &setting, NULL), "no descriptor");
	GIVES(timerfd_settime(0, 0, &setting, NULL), "another kind");
	GIVES(write(fd, &count, 8), "write");
	close(fd);
}

static void signals(void)
{
	sigset_t set;
	struct signalfd_siginfo told[3];
	uint64_t mask = 1ull << (SIGUSR1 - 1) | 1ull << (SIGRTMIN - 1) | 1ull << (SIGCHLD - 1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_NONBLOCK);
	say("ready %x", ready(fd, 0));
	GIVES(read(fd, told, sizeof told), "nothing");
	kill(getpid(), SIGUSR1);
	sigqueue(getpid(), SIGRTMIN, (union sigval){41});
	sigqueue(getpid(), SIGRTMIN, (union sigval){42});
	say("ready %x", ready(fd, 0));
	GIVES(read(fd, told, 127), "too short");
	GIVES(read(fd, told, sizeof told[0] * 2 + 5), "two of them");
	for (int i = 0; i < 2; i++)
		say("  %d code %d int %d own %d", (int)told[i].ssi_signo == SIGUSR1, told[i].ssi_code,
		    told[i].ssi_int, told[i].ssi_pid == (uint32_t)getpid());
	GIVES(read(fd, told, sizeof told), "the rest");
	say("  int %d", told[0].ssi_int);
	pid_t child = fork();
	if (!child)
		_exit(9);
	say("ready %x", ready(fd, 2000));
	GIVES(read(fd, told, sizeof told), "a child");
	say("  code %d status %d its %d", told[0].ssi_code, told[0].ssi_status,
	    told[0].ssi_pid == (uint32_t)child);
	waitpid(child, NULL, 0);
	GIVES(syscall(SYS_signalfd4, -1, &mask, 4, 0), "size 4");
	GIVES(syscall(SYS_signalfd4, -1, &mask, 8, 1), "odd flags");
	GIVES(syscall(SYS_signalfd4, -1, 8, 8, 0), "a bad set");
	GIVES(syscall(SYS_signalfd4, 99, &mask, 8, 0), "no descriptor");
	GIVES(syscall(SYS_signalfd4, 0, &mask, 8, 0), "another kind");
	SUCCEEDS(syscall(SYS_signalfd4, fd, &mask, 8, 0), "another set");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	close(fd);
}

static void processes(void)
{
	siginfo_t info = {0};
	pid_t child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	int fd = (int)syscall(SYS_pidfd_open, child, 0);
	say("opened %d, ready %x, close on exec %d", fd >= 0, ready(fd, 0), fcntl(fd, F_GETFD));
	GIVES(waitid((idtype_t)3, (id_t)fd, &info, WEXITED | WNOHANG), "not yet");
	GIVES(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), "asked");
	GIVES(syscall(SYS_pidfd_send_signal, fd, 99, NULL, 0), "signal 99");
	GIVES(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 64), "odd flags");
	GIVES(syscall(SYS_pidfd_send_signal, 0, SIGTERM, NULL, 0), "another kind");
	GIVES(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0), "sent");
	say("ready %d", (ready(fd, 2000) & POLLIN) != 0);
	GIVES(waitid((idtype_t)3, (id_t)fd, &info, WEXITED), "waited for");
	say("  status %d code %d", info.si_status, info.si_code);
	GIVES(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), "when it is gone");
	GIVES(waitid((idtype_t)3, (id_t)fd, &info, WEXITED), "once more");
	GIVES(waitid((idtype_t)3, 99, &info, WEXITED), "no descriptor");
	GIVES(waitid((idtype_t)3, 0, &info, WEXITED), "another kind");
	GIVES(waitid((idtype_t)3, (id_t)-1, &info, WEXITED), "-1");
	GIVES(syscall(SYS_pidfd_open, 0, 0), "of 0");
	GIVES(syscall(SYS_pidfd_open, getpid(), 1), "odd flags");
	GIVES(syscall(SYS_pidfd_open, 0x7fffffff, 0), "of nobody");
}

int main(void)
{
	events();
	timers();
	signals();
	processes();
	return 0;
}
