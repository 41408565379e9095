/* SPDX-License-Identifier: MIT */
/*
 * A program that sleeps for signals alone reads all that others write into its pipes and sockets
 * (fcntl(2), O_ASYNC, F_SETSIG): each signal says which of them it is about, and SIGIO, which comes
 * when there is no room for another, that any may be. Files that are told of go with a process that
 * was killed. A terminal that has no room tells when it has.
 *
 * guest: timeout=120
 */
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>

#define CHANNELS 6
#define BYTES 20000u
#define TOLD (SIGRTMIN + 3)
#define KILLED 30

static int to_read[CHANNELS];
static pid_t writers[CHANNELS];
static uint32_t got[CHANNELS];
static uint32_t signals_queued, signals_plain;

static void write_all(int fd, uint32_t seed)
{
	uint8_t bytes[97];

	for (uint32_t done = 0; done < BYTES;) {
		uint32_t n = BYTES - done < sizeof bytes ? BYTES - done : sizeof bytes;
		for (uint32_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)((done + i) * 7 + seed);
		ssize_t written = write(fd, bytes, n);
		CHECK(written > 0, "write, error %d", errno);
		done += (uint32_t)written;
		if (done % 5 == 0)
			sched_yield();
	}
	_exit(0);
}

/* All that is there. */
static void take(int channel)
{
	uint8_t bytes[512];
	ssize_t n;

	while ((n = read(to_read[channel], bytes, sizeof bytes)) > 0)
		for (ssize_t i = 0; i < n; i++, got[channel]++)
			CHECK(bytes[i] == (uint8_t)(got[channel] * 7 + (uint32_t)channel),
			      "byte %u of channel %d", got[channel], channel);
	CHECK(n == 0 || errno == EAGAIN, "read, error %d", errno);
}

static void take_of(const siginfo_t *info)
{
	bool plain = info->si_signo == SIGIO;

	signals_plain += plain;
	signals_queued += !plain;
	for (int i = 0; i < CHANNELS; i++)
		if (plain || info->si_fd == to_read[i])
			take(i);
}

static void channels_make(void)
{
	for (int i = 0; i < CHANNELS; i++) {
		int ends[2];
		CHECK((i % 2 ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends)) == 0,
		      "channel %d", i);
		to_read[i] = ends[0];
		CHECK(fcntl(ends[0], F_SETOWN, getpid()) == 0 &&
		              fcntl(ends[0], F_SETSIG, TOLD) == 0 &&
		              fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) == 0,
		      "it tells, error %d", errno);
		CHECK(fcntl(ends[0], F_GETFL) & O_ASYNC, "and says so");
		writers[i] = fork_checked();
		if (writers[i] == 0)
			write_all(ends[1], (uint32_t)i);
		close(ends[1]);
	}
}

static bool all_got(void)
{
	for (int i = 0; i < CHANNELS; i++)
		if (got[i] < BYTES)
			return false;
	return true;
}

/* Children own what all of them can write to, and are killed at any moment. */
static void killed(void)
{
	for (int round = 0; round < KILLED; round++) {
		int ends[2];
		CHECK(pipe(ends) == 0, "a pipe");
		pid_t child = fork_checked();
		if (child == 0) {
			fcntl(ends[0], F_SETOWN, getpid());
			fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK);
			for (;;)
				if (read(ends[0], &round, 1) < 0)
					sched_yield();
		}
		if (round % 3)
			sched_yield();
		CHECK(write(ends[1], "ab", 2) == 2, "write");
		kill(child, SIGKILL);
		wait_status(child);
		CHECK(write(ends[1], "ab", 2) == 2, "to nobody");
		CHECK(fcntl(ends[0], F_GETOWN) == 0, "the owner is gone");
		close(ends[0]);
		close(ends[1]);
	}
}

static bool told_of_room(const sigset_t *set, int fd)
{
	struct timespec while_ = {5, 0};
	siginfo_t info;

	while (sigtimedwait(set, &info, &while_) > 0)
		if (info.si_signo == TOLD && info.si_code == POLL_OUT && info.si_fd == fd)
			return true;
	return false;
}

/* One end of a pseudo-terminal writes until there is no room; it hears of it when the other reads. */
static void has_room(const sigset_t *set, int writer, int reader)
{
	char bytes[256];

	memset(bytes, 'a', sizeof bytes);
	CHECK(fcntl(reader, F_SETFL, O_NONBLOCK) == 0 && fcntl(writer, F_SETOWN, getpid()) == 0 &&
	              fcntl(writer, F_SETSIG, TOLD) == 0 &&
	              fcntl(writer, F_SETFL, O_ASYNC | O_NONBLOCK) == 0,
	      "error %d", errno);
	while (write(writer, bytes, sizeof bytes) > 0)
		;
	CHECK(errno == EAGAIN, "full, error %d", errno);
	for (int tries = 0; tries < 100; tries++) { /* what is on its way comes in a moment */
		struct timespec moment = {0, 1000000};
		while (read(reader, bytes, sizeof bytes) > 0)
			;
		nanosleep(&moment, NULL);
	}
	CHECK(told_of_room(set, writer), "there is room");
}

static void terminals(const sigset_t *set)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), number, unlocked = 0;
	struct termios settings;
	char name[32];

	CHECK(master >= 0 && ioctl(master, TIOCSPTLCK, &unlocked) == 0 &&
	              ioctl(master, TIOCGPTN, &number) == 0,
	      "a pseudo-terminal");
	snprintf(name, sizeof name, "/dev/pts/%d", number);
	int slave = open(name, O_RDWR | O_NOCTTY);
	CHECK(slave >= 0 && tcgetattr(slave, &settings) == 0, "its other side");
	settings.c_lflag = 0;
	settings.c_oflag = 0;
	settings.c_iflag = 0;
	CHECK(tcsetattr(slave, TCSANOW, &settings) == 0, "raw");
	has_room(set, slave, master);
	has_room(set, master, slave);
	close(slave);
	close(master);
}

int main(void)
{
	sigset_t set;
	siginfo_t info;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigaddset(&set, TOLD);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0, "blocked");
	channels_make();
	while (!all_got()) {
		CHECK(sigwaitinfo(&set, &info) > 0, "a signal, error %d", errno);
		take_of(&info);
	}
	for (int i = 0; i < CHANNELS; i++)
		wait_success(writers[i]);
	CHECK(signals_queued, "some signals told of which");
	killed();
	terminals(&set);
	say("all came, by signals alone");
	return 0;
}
