/* SPDX-License-Identifier: MIT */
/*
 * For tests of what may be executed: what a page's rights are, and what comes of calling into it.
 */
#pragma once

#include "tests/test.h"

#include <elf.h>

#define NX_RETURN 0xC3 /* an instruction: ret */
#define NX_ELSEWHERE 99

static void *nx_called;

static inline void nx_tell(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	_exit(info->si_addr == nx_called ? info->si_code : NX_ELSEWHERE);
}

/* The code of the SIGSEGV that calling the address brings; 0: it returned. */
static inline int nx_call(void *address)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};
	int status;
	pid_t child = fork_checked();

	if (child == 0) {
		nx_called = address;
		action.sa_sigaction = nx_tell;
		sigaction(SIGSEGV, &action, NULL);
		((void (*)(void))(uintptr_t)address)();
		_exit(0);
	}
	status = wait_status(child);
	CHECK(WIFEXITED(status), "the child ends");
	return WEXITSTATUS(status);
}

/* Whether page tables can forbid execution here. */
static inline bool nx_here(void)
{
	static char text[64 * 1024];
	int fd = open("/proc/cpuinfo", O_RDONLY);
	CHECK(read(fd, text, sizeof(text) - 1) > 0, "/proc/cpuinfo");
	close(fd);
	return strstr(text, " nx") != NULL;
}

/* Checks that /proc/self/maps gives the address these rights, as in "rw-"; and that what it says
 * of execution is so, where that can be forbidden. The address has the instruction above. */
static inline void nx_check(const void *address, const char *rights, const char *what)
{
	char found[5] = "none";
	static char text[64 * 1024];
	size_t length = 0;
	ssize_t n;
	int fd = open("/proc/self/maps", O_RDONLY);
	while ((n = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	close(fd);
	text[length] = '\0';
	for (char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		char *rest;
		uintptr_t start = strtoul(line, &rest, 16);
		uintptr_t end = *rest ? strtoul(rest + 1, &rest, 16) : 0;
		if (start <= (uintptr_t)address && (uintptr_t)address < end)
			memcpy(found, rest + 1, 3), found[3] = '\0';
	}
	CHECK(strcmp(found, rights) == 0, "%s: %s, not %s", what, rights, found);
	if (rights[0] == 'r' && (nx_here() || rights[2] == 'x'))
		CHECK(nx_call((void *)(uintptr_t)address) == (rights[2] == 'x' ? 0 : SEGV_ACCERR),
		      "%s: executed only if it says so", what);
}

/* Makes a copy of this program: its wish for an executable stack (PT_GNU_STACK) is changed to these
 * flags, or with 0 taken out. */
static inline void nx_program(const char *name, uint32_t stack_flags)
{
	uint32_t length;
	unsigned char *image = program_image(&length);
	Elf32_Phdr *segment = (void *)(image + ((Elf32_Ehdr *)(void *)image)->e_phoff);
	while (segment->p_type != PT_GNU_STACK)
		segment++;
	if (stack_flags)
		segment->p_flags = stack_flags;
	else
		segment->p_type = PT_NULL;
	program_make(name, image, length);
	free(image);
}

/* Runs it with an argument; it must end with status 0. */
static inline void nx_run(const char *name, const char *argument)
{
	char *arguments[] = {(char *)(uintptr_t)name, (char *)(uintptr_t)argument, NULL};
	pid_t child = fork_checked();
	if (child == 0) {
		execve(name, arguments, NULL);
		_exit(98);
	}
	wait_success(child);
}
