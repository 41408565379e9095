/* SPDX-License-Identifier: MIT */
/* proc_sys_kernel(5), ns_last_pid: which number the next process gets; and what is open of a process does
 * not stand for a later one of the same number. */
#include "case.h"

#define LAST "/proc/sys/kernel/ns_last_pid"

static int put(const char *text)
{
	int fd = open(LAST, O_WRONLY);
	int n = write(fd, text, strlen(text));
	int error = errno;
	close(fd);
	errno = error;
	return n;
}

static int last(void)
{
	char text[32] = "";
	int fd = open(LAST, O_RDONLY);
	if (read(fd, text, sizeof text - 1) < 0)
		say("cannot be read");
	close(fd);
	return atoi(text);
}

static pid_t sleeper(void)
{
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	return child;
}

static void end(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void numbers(void)
{
	GIVES(put("20000"), "20000");
	say("it is %d", last());
	pid_t first = sleeper(), second = sleeper();
	say("then %d, %d", first, second);
	say("the last is %d", last());
	put("20000");
	pid_t third = sleeper();
	say("what is in use is passed over: %d", third);
	end(first);
	put("20000");
	first = sleeper();
	say("what is free again is not: %d", first);
	end(first);
	end(second);
	end(third);
	GIVES(put("-1"), "-1");
	GIVES(put("99999999"), "99999999");
	say("it is %d", last());
	GIVES(put("0"), "0");
	say("below what is kept for the system: %d", last());
}

static void another_one(void)
{
	char path[40];
	put("21000");
	pid_t child = sleeper();
	snprintf(path, sizeof path, "/proc/%d", child);
	int directory = open(path, O_RDONLY | O_DIRECTORY);
	int process = syscall(SYS_pidfd_open, child, 0);
	GIVES(syscall(SYS_pidfd_send_signal, directory, 0, NULL, 0), "the first");
	end(child);
	put("21000");
	pid_t other = sleeper();
	say("another one of its number %d", other == child);
	GIVES(syscall(SYS_pidfd_send_signal, directory, SIGKILL, NULL, 0), "by the directory");
	GIVES(syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0), "by the descriptor");
	directory = open(path, O_RDONLY | O_DIRECTORY);
	GIVES(syscall(SYS_pidfd_send_signal, directory, 0, NULL, 0), "opened again");
	end(other);
}

int main(void)
{
	numbers();
	another_one();
	return 0;
}
