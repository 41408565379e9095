/* SPDX-License-Identifier: MIT */
/*
 * A disk that refuses all writes: who writes to it, by write(2) or through a mapping, is told when
 * a quarter of memory is dirty, and not when all of it is and the kernel kills somebody for that. A
 * program beside it lives, and a disk that works is written to as before. A program that writes
 * faster than its disk waits for it, so there is the same limit for all.
 *
 * pagoda-only: the disk's errors are made by QEMU; and the limit is Pagoda's.
 * guest: mem=16 swap=32 disks="good" errors="swap:write:all disk0:write:all" pagoda-only
 */
#include "tests/test.h"

#include <sys/mount.h>
#include <sys/swap.h>

#define REFUSES "/dev/vdb"
#define PIECE (64 * 1024u)
#define SLACK 40 /* pages: metadata, a batch */

static char piece[PIECE];

static long dirty_most(void)
{
	return proc_number("/proc/meminfo", "MemTotal") / 4 / 4;
}

static long dirty(void)
{
	return proc_number("/proc/vmstat", "nr_dirty");
}

/* Writes until that fails; how many bytes it took. */
static uint32_t write_on(int fd, uint32_t most)
{
	uint32_t done = 0;
	ssize_t n = 1;

	memset(piece, 'x', PIECE);
	while (done < most && (n = write(fd, piece, PIECE)) > 0) {
		done += n;
		CHECK(dirty() <= dirty_most() + SLACK, "%ld pages are dirty", dirty());
	}
	if (n < 0)
		CHECK(errno == EIO, "it is told that the disk refuses (errno %d)", errno);
	return done;
}

static void write_mapping(void *argument)
{
	char *memory = file_map(*(int *)argument, 60 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);

	for (uint32_t i = 0; i < 60; i++)
		memory[i * PAGE] = 1;
}

/* A file of another disk that refuses, while a quarter of memory is dirty. */
static void check_mapping(void)
{
	CHECK(mount("/dev/vdc", "/m", "ext2", 0, NULL) == 0, "to read it is good enough");
	int fd = open("/m/a/big", O_RDWR);
	struct death death = death_of(write_mapping, &fd);
	CHECK(death.signal == SIGBUS, "a mapping's writer gets SIGBUS (%d)", death.signal);
	close(fd);
}

/* Has a megabyte, and uses it until it is told to end. */
static pid_t bystander(void)
{
	pid_t child = fork_checked();

	if (child)
		return child;
	volatile char *memory = memory_map(MIB, PROT_READ | PROT_WRITE);
	for (;;)
		for (uint32_t i = 0; i < PAGES(MIB); i++)
			memory[i * PAGE]++;
}

static void check_refusal(void)
{
	int fd = open(REFUSES, O_RDWR);

	CHECK(fd >= 0, "the disk is there");
	uint32_t done = write_on(fd, 24 * MIB);
	CHECK(done > 0 && done < 12 * MIB, "it took %u bytes", done);
	CHECK_ERRNO(fsync(fd), EIO);
	say("write(2) was refused after %s", done > MIB ? "some megabytes" : "less than one");
	check_mapping();
	close(fd);
	CHECK(dirty() <= SLACK, "the last close gives up what cannot be written: %ld", dirty());
}

int main(void)
{
	CHECK(swapoff(REFUSES) == 0 && mkdir("/m", 0755) == 0, "swapoff, a place to mount");
	long killed = proc_number("/proc/vmstat", "oom_kill");
	pid_t child = bystander();
	check_refusal();
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	CHECK(write_on(fd, 20 * MIB) == 20 * MIB, "another disk takes more than memory");
	CHECK(fsync(fd) == 0 && close(fd) == 0, "and keeps it");
	CHECK(kill(child, SIGKILL) == 0 && wait_status(child) == SIGKILL, "the bystander lived");
	CHECK(proc_number("/proc/vmstat", "oom_kill") == killed, "nobody was killed for memory");
	return 0;
}
