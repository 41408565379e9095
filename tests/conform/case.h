/* SPDX-License-Identifier: MIT */
/*
 * What the cases of `make conform` use. A case prints what calls gave, nothing that depends on
 * time, addresses, process numbers or the order of what happens side by side; Linux and Pagoda
 * must print the same. It is compiled with the C library of this Linux, not with lib/user.
 */
#pragma once

#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u

/* A line, at once: what comes before a signal that ends the case counts. */
static inline __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
	va_list values;
	va_start(values, format);
	vprintf(format, values);
	va_end(values);
	putchar('\n');
	fflush(stdout);
}

static inline const char *error_name(int error)
{
	const char *name = strerrorname_np(error);
	return name ? name : "an unknown error";
}

/* "read of a directory: EISDIR", "read: 5": what a call gives that says -1 for an error. */
#define GIVES(call, ...) \
	do { \
		char what_[200]; \
		snprintf(what_, sizeof what_, __VA_ARGS__); \
		errno = 0; \
		long long value_ = (call); \
		int error_ = errno; \
		if (value_ == -1) \
			say("%s: %s", what_, error_name(error_)); \
		else \
			say("%s: %lld", what_, value_); \
	} while (0)

/* "open: done", "open: ENOENT": the same where the value is a descriptor, an address, a number
 * that is another one each time. */
#define SUCCEEDS(call, ...) \
	do { \
		char what_[200]; \
		snprintf(what_, sizeof what_, __VA_ARGS__); \
		errno = 0; \
		bool failed_ = (long)(call) == -1; \
		int error_ = errno; \
		say("%s: %s", what_, failed_ ? error_name(error_) : "done"); \
	} while (0)

/* The status with which a child ends that does this: as waitpid() gives it. */
static inline int child_status(void (*act)(void *), void *argument)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		act(argument);
		_exit(0);
	}
	waitpid(child, &status, 0);
	return status;
}

/* The signal that ends a child that does this; 0 if none. */
static inline int signal_of(void (*act)(void *), void *argument)
{
	int status = child_status(act, argument);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static inline void read_byte(void *address)
{
	(void)*(volatile char *)address;
}

static inline void write_byte(void *address)
{
	*(volatile char *)address = 1;
}

static inline char *pages(unsigned count, int protection)
{
	return mmap(NULL, count * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* The last `count` bytes of a page that nothing lies behind. */
static inline char *before_nothing(unsigned count)
{
	char *memory = pages(2, PROT_READ | PROT_WRITE);
	munmap(memory + PAGE, PAGE);
	return memory + PAGE - count;
}

/* An open new file: page k full of the k-th letter. */
static inline int new_file(const char *name, unsigned count)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	char page[PAGE];

	for (unsigned i = 0; i < count; i++) {
		memset(page, 'A' + i, PAGE);
		if (write(fd, page, PAGE) != PAGE) {
			say("the file %s cannot be written", name);
			exit(1);
		}
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* How many bytes wait there to be read. */
static inline int waiting(int fd)
{
	int count = -1;
	ioctl(fd, FIONREAD, &count);
	return count;
}
