/* SPDX-License-Identifier: MIT */
/*
 * /proc/<pid>/stat, status, cmdline and maps describe a process in Linux's formats: the numbers are
 * the process's own.
 */
#include "tests/test.h"

int main(int argc, char **argv)
{
	char bytes[2000], name[64], state;
	int pid, parent, group, fd;
	bool stack = false, text = false;
	FILE *maps;
	ssize_t n;

	if (argc == 1) {
		execl("/proc/self/exe", "processes", "two words", "", NULL);
		CHECK(false, "execve works");
	}
	fd = open("/proc/self/stat", O_RDONLY);
	n = read(fd, bytes, sizeof(bytes) - 1);
	CHECK(n > 0, "stat");
	bytes[n] = '\0';
	CHECK(sscanf(bytes, "%d (%60[^)]) %c %d %d", &pid, name, &state, &parent, &group) == 5,
	      "%s", bytes);
	CHECK(pid == getpid() && parent == getppid() && group == getpgrp(), "numbers: %s", bytes);
	CHECK(state == 'R', "it runs");
	CHECK(proc_number("/proc/self/status", "Pid") == getpid(), "Pid of status");
	CHECK(proc_number("/proc/self/status", "PPid") == getppid(), "PPid of status");
	CHECK(proc_number("/proc/self/status", "VmRSS") > 8, "VmRSS of status");
	fd = open("/proc/self/cmdline", O_RDONLY);
	CHECK(read(fd, bytes, sizeof(bytes)) == 21, "cmdline has 21 bytes");
	CHECK(memcmp(bytes, "processes\0two words\0\0", 21) == 0, "the arguments, each with a NUL");
	n = readlink("/proc/self/exe", bytes, sizeof(bytes) - 1);
	CHECK(n > 0 && bytes[0] == '/', "exe is a path");

	maps = fopen("/proc/self/maps", "r");
	CHECK(maps, "maps");
	while (fgets(bytes, sizeof(bytes), maps)) {
		unsigned long start, end;
		char rights[8];

		CHECK(sscanf(bytes, "%lx-%lx %7s", &start, &end, rights) == 3, "a line of maps: %s",
		      bytes);
		CHECK(start < end && start % PAGE == 0 && end % PAGE == 0, "whole pages: %s",
		      bytes);
		stack |= start <= (uintptr_t)&argv && (uintptr_t)&argv < end &&
			strstr(bytes, "[stack]") &&
		         strcmp(rights, "rw-p") == 0;
		text |= start <= (uintptr_t)main && (uintptr_t)main < end &&
			strcmp(rights, "r-xp") == 0;
	}
	fclose(maps);
	CHECK(stack && text, "the stack and the code are there");
	say("pid %d, parent %d", pid, parent);
	return 0;
}
