/* SPDX-License-Identifier: MIT */
/*
 * Who has a write lease on a file (fcntl(2), F_SETLEASE) may keep its content to himself until
 * another wants the file: processes that count in memory as long as they have the lease, and write
 * the number back when a signal asks for it, lose none. Others who wait for the file are killed
 * meanwhile. /proc/locks tells of the lease.
 *
 * guest: timeout=200
 * linux-root
 */
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define PROCESSES 4
#define TURNS 25
#define KILLED 15
#define TOLD (SIGRTMIN + 1)

static void pause_for(long nanoseconds)
{
	struct timespec time = {0, nanoseconds};

	nanosleep(&time, NULL);
}

/* One turn with the lease: counts on until somebody asks, or long enough. How often. */
static uint32_t count_with(int fd, const sigset_t *told)
{
	uint32_t number, times = 0;
	struct timespec moment = {0, 300000};
	siginfo_t info;

	CHECK(pread(fd, &number, sizeof number, 0) == sizeof number, "the number");
	do {
		number++;
		times++;
	} while (times < 20 && sigtimedwait(told, &info, &moment) < 0);
	CHECK(pwrite(fd, &number, sizeof number, 0) == sizeof number, "written back");
	CHECK(fcntl(fd, F_SETLEASE, F_UNLCK) == 0, "given up, error %d", errno);
	return times;
}

/* Its share of the sum goes into the pipe. */
static void count(int sum, uint32_t seed)
{
	uint32_t total = 0;
	sigset_t told;

	sigemptyset(&told);
	sigaddset(&told, TOLD);
	sigprocmask(SIG_BLOCK, &told, NULL);
	for (int turn = 0; turn < TURNS;) {
		int fd = open("number", O_RDWR);
		CHECK(fd >= 0, "open, error %d", errno);
		CHECK(fcntl(fd, F_SETSIG, TOLD) == 0, "F_SETSIG");
		if (fcntl(fd, F_SETLEASE, F_WRLCK) == 0) {
			total += count_with(fd, &told);
			turn++;
		} else {
			CHECK(errno == EAGAIN, "error %d", errno);
		}
		close(fd);
		pause_for((long)(next_random(&seed) % 3000000));
	}
	CHECK(write(sum, &total, sizeof total) == sizeof total, "its share");
	_exit(0);
}

static void kill_some(void)
{
	uint32_t seed = 3;

	for (int i = 0; i < KILLED; i++) {
		pid_t child = fork_checked();
		if (child == 0)
			for (;;)
				close(open("number", i % 2 ? O_RDONLY : O_WRONLY));
		pause_for((long)(next_random(&seed) % 5000000));
		kill(child, SIGKILL);
		wait_status(child);
	}
}

/* Whether a line of /proc/locks has both words. */
static bool told_by_locks(const char *state, const char *type)
{
	static char text[16384];
	int fd = open("/proc/locks", O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);

	CHECK(n >= 0, "/proc/locks can be read");
	text[n] = '\0';
	close(fd);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strstr(line, "LEASE") && strstr(line, state) && strstr(line, type))
			return true;
	return false;
}

static void shown(void)
{
	int fd = open("number", O_RDONLY);

	CHECK(fcntl(fd, F_SETLEASE, F_WRLCK) == 0, "a lease");
	CHECK(told_by_locks("ACTIVE", "WRITE"), "it is told");
	signal(SIGIO, SIG_IGN);
	CHECK_ERRNO(open("number", O_RDONLY | O_NONBLOCK), EAGAIN);
	CHECK(told_by_locks("BREAKING", "READ"), "what it is to become");
	close(fd);
	CHECK(!told_by_locks("BREAKING", "READ"), "it is gone");
}

int main(void)
{
	uint32_t number = 0, expected = 0, share;
	int fd = open("number", O_RDWR | O_CREAT, 0644), sum[2];
	pid_t children[PROCESSES];

	CHECK(write(fd, &number, sizeof number) == sizeof number && pipe(sum) == 0, "a number");
	close(fd);
	shown();
	for (uint32_t i = 0; i < PROCESSES; i++) {
		children[i] = fork_checked();
		if (children[i] == 0)
			count(sum[1], i + 1);
	}
	kill_some();
	for (int i = 0; i < PROCESSES; i++) {
		wait_success(children[i]);
		CHECK(read(sum[0], &share, sizeof share) == sizeof share, "a share");
		expected += share;
	}
	fd = open("number", O_RDONLY);
	CHECK(read(fd, &number, sizeof number) == sizeof number, "the number");
	CHECK(number == expected, "%u of %u", number, expected);
	say("%d turns with the lease lost nothing", PROCESSES * TURNS);
	return 0;
}
