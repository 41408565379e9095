/* SPDX-License-Identifier: MIT */
/*
 * A directory of thousands of names of all lengths: each is found, none that is absent is, also
 * after half of them were removed and others came into their places, and while memory is so short
 * that what the kernel remembers of names goes again and again. The same on a tmpfs.
 *
 * Names that were looked for in vain keep nothing alive: a directory that is removed gives its
 * inode back.
 *
 * pagoda-only: it mounts, and counts the inodes that are free.
 * guest: mem=8 swap=16 pagoda-only
 */
#include "tests/test.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#define NAMES 1500

/* Of 1 to 120 letters, others for each round. */
static const char *name_of(int i, int round)
{
	static char name[160];
	int length = (i * 7919 + round * 131) % 120;

	snprintf(name, sizeof name, "%d.%d%0*d", i, round, length + 1, i);
	return name;
}

/* In round 1 the odd ones are new. */
static bool is_there(int i, int round, bool renewed)
{
	return renewed ? round == i % 2 : round == 0;
}

static void check_names(bool renewed)
{
	struct stat status;

	for (int i = 0; i < NAMES; i++)
		for (int round = 0; round < 2; round++)
			CHECK((stat(name_of(i, round), &status) == 0) == is_there(i, round, renewed),
			      "name %d of round %d", i, round);
}

static int count_names(void)
{
	DIR *directory = opendir(".");
	struct dirent *entry;
	int count = 0;

	CHECK(directory != NULL, "the directory is opened");
	while ((entry = readdir(directory)))
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

static void make(int i, int round)
{
	int fd = open(name_of(i, round), O_RDWR | O_CREAT | O_EXCL, 0600);

	CHECK(fd >= 0, "made %d.%d", i, round);
	close(fd);
}

static void fill_and_renew(const char *folder)
{
	CHECK(mkdir(folder, 0700) == 0 && chdir(folder) == 0, "%s", folder);
	for (int i = 0; i < NAMES; i++)
		make(i, 0);
	check_names(false);
	for (int i = 1; i < NAMES; i += 2)
		CHECK(unlink(name_of(i, 0)) == 0, "removed %d", i);
	for (int i = 1; i < NAMES; i += 2)
		make(i, 1);
	check_names(true);
	CHECK(count_names() == NAMES, "a list has each name once");
	for (int i = 0; i < NAMES; i++)
		CHECK(unlink(name_of(i, i % 2)) == 0, "removed %d at the end", i);
	CHECK(chdir("..") == 0 && rmdir(folder) == 0, "%s is empty", folder);
}

static void press(void)
{
	static char *memory;
	size_t size = 6 * MIB;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (;;)
		for (size_t at = 0; at < size; at += 4096)
			memory[at]++;
}

static uint64_t free_inodes(void)
{
	struct statfs status;

	CHECK(statfs(".", &status) == 0, "statfs");
	return status.f_ffree;
}

static void absent_names_keep_nothing(void)
{
	uint64_t before = free_inodes();
	struct stat status;

	CHECK(mkdir("short-lived", 0700) == 0, "a directory");
	CHECK_ERRNO(stat("short-lived/absent", &status), ENOENT);
	CHECK_ERRNO(stat("short-lived/absent", &status), ENOENT);
	CHECK(rmdir("short-lived") == 0, "removed");
	CHECK_ERRNO(stat("short-lived/absent", &status), ENOENT);
	CHECK(free_inodes() == before, "its inode is free");
}

int main(void)
{
	absent_names_keep_nothing();
	pid_t child = fork();
	if (child == 0)
		press();
	fill_and_renew("on-disk");
	CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child, "memory is had again");
	fill_and_renew("on-disk-again");
	CHECK(mkdir("tmpfs", 0700) == 0 && mount("none", "tmpfs", "tmpfs", 0, "nr_inodes=0") == 0 &&
	      chdir("tmpfs") == 0, "a tmpfs");
	fill_and_renew("in-memory");
	say("%d names three times", NAMES);
	return 0;
}
