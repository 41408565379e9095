/* SPDX-License-Identifier: MIT */
/* System calls that move something between processes: a byte, a MiB, the processor, a signal. And
 * the time, which needs none. */
#include <linux/time_types.h>
#include <vdso.h>

#include "tests/bench/bench.h"

#define TURNS 100

static int there[2], back[2]; /* pipes to and from the other process */
static pid_t other;
static char buffer[64 * 1024];

static void null_calls(void)
{
	for (int i = 0; i < TURNS; i++) {
		int result;

		__asm__ volatile("int $0x80" : "=a"(result) : "0"(__NR_getppid) : "memory");
	}
}

static void null_loop(void)
{
	for (int i = 0; i < TURNS; i++)
		__asm__ volatile("" : : : "memory");
}

/* The time as a C library reads it. */
static int (*read_clock)(clockid_t, struct __kernel_timespec *);

static void find_clock(void)
{
	struct __kernel_timespec time;

	read_clock = vdso_function("LINUX_2.6", "__vdso_clock_gettime64");
	CHECK(read_clock && read_clock(CLOCK_REALTIME, &time) == 0, "a clock to read");
}

static void clock_reads(void)
{
	struct __kernel_timespec time;

	for (int i = 0; i < TURNS; i++)
		read_clock(CLOCK_REALTIME, &time);
}

/* A process that sends back every byte. */
static void start_echo(void)
{
	char byte;

	CHECK(pipe(there) == 0 && pipe(back) == 0, "pipes");
	other = fork_checked();
	if (other)
		return;
	close(there[1]);
	while (read(there[0], &byte, 1) == 1)
		write(back[1], &byte, 1);
	_exit(0);
}

/* A process that swallows all, and answers a byte after each MiB. */
static void start_sink(void)
{
	size_t got = 0;

	CHECK(pipe(there) == 0 && pipe(back) == 0, "pipes");
	other = fork_checked();
	if (other)
		return;
	close(there[1]);
	for (ssize_t n; (n = read(there[0], buffer, sizeof(buffer))) > 0;) {
		got += n;
		if (got % MIB == 0)
			write(back[1], buffer, 1);
	}
	_exit(0);
}

static void stop_other(void)
{
	close(there[0]), close(there[1]), close(back[0]), close(back[1]);
	wait_success(other);
}

static void round_trips(void)
{
	char byte = 1;

	for (int i = 0; i < TURNS; i++) {
		write(there[1], &byte, 1);
		read(back[0], &byte, 1);
	}
}

/* The same calls as a round trip's, with nobody to switch to. */
static void own_trips(void)
{
	char byte = 1;

	for (int i = 0; i < 2 * TURNS; i++) {
		write(back[1], &byte, 1);
		read(back[0], &byte, 1);
	}
}

static void send_mib(void)
{
	for (unsigned i = 0; i < MIB / sizeof(buffer); i++)
		write(there[1], buffer, sizeof(buffer));
	read(back[0], buffer, 1);
}

static volatile int handled;

static void handle(int number)
{
	(void)number;
	handled++;
}

static void catch(void)
{
	signal(SIGUSR1, handle);
}

static void signal_self(void)
{
	pid_t self = getpid();

	for (int i = 0; i < TURNS; i++)
		kill(self, SIGUSR1);
}

/* The same with the wide registers in use, as in programs of real life, whose libraries copy by
 * them. */
static void signal_wide(void)
{
	pid_t self = getpid();

	for (int i = 0; i < TURNS; i++) {
		__asm__ volatile("xorps %xmm0, %xmm0"); /* nothing else here has them */
		kill(self, SIGUSR1);
	}
}

static const struct row rows[] = {
	{"null-call", TURNS, NULL, null_calls, null_loop, NULL, 0},
	{"clock-read", TURNS, find_clock, clock_reads, NULL, NULL, 0},
	{"pipe-round-trip", TURNS, start_echo, round_trips, NULL, stop_other, 0},
	{"context-switch", 2 * TURNS, start_echo, round_trips, own_trips, stop_other, 0},
	{"pipe-mib", 1, start_sink, send_mib, NULL, stop_other, 0},
	{"signal", TURNS, catch, signal_self, NULL, NULL, 0},
	{"signal-wide", TURNS, catch, signal_wide, NULL, NULL, 0},
};

int main(int count, char **arguments)
{
	(void)count;
	return BENCH(rows, arguments);
}
