/* SPDX-License-Identifier: MIT */
/* pidfd_send_signal(2): a directory of /proc in place of a pidfd, and what else may not be. */
#include "case.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static volatile sig_atomic_t came, code, value;

static void handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	came = number;
	code = info->si_code;
	value = info->si_value.sival_int;
}

static int send(int fd, int signal, siginfo_t *info)
{
	came = code = value = 0;
	return syscall(SYS_pidfd_send_signal, fd, signal, info, 0);
}

static void heard(void)
{
	say("  heard %d, code %d, value %d", came, code, value);
}

static int directory(const char *format, int id)
{
	char path[64];
	snprintf(path, sizeof path, format, id);
	return open(path, O_RDONLY | O_DIRECTORY);
}

/* Of a process that has ended, a zombie first. */
static void ended(void)
{
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	int fd = directory("/proc/%d", child);
	GIVES(send(fd, 0, NULL), "a child");
	GIVES(send(fd, SIGKILL, NULL), "killed");
	siginfo_t info;
	waitid(P_PID, child, &info, WEXITED | WNOWAIT);
	GIVES(send(fd, 0, NULL), "a zombie");
	waitpid(child, NULL, 0);
	GIVES(send(fd, 0, NULL), "nobody");
	close(fd);
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
	siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
	int self = directory("/proc/self", 0);

	sigaction(SIGUSR1, &action, NULL);
	GIVES(send(self, SIGUSR1, NULL), "/proc/self");
	heard();
	info.si_pid = getpid();
	info.si_value.sival_int = 77;
	GIVES(send(self, SIGUSR1, &info), "with a value");
	heard();
	GIVES(send(self, SIGUSR2, &info), "of another signal");
	GIVES(send(self, 65, NULL), "signal 65");
	GIVES(send(directory("/proc", 0), 0, NULL), "/proc itself");
	GIVES(send(directory("/proc/%d/fd", getpid()), 0, NULL), "/proc/PID/fd");
	GIVES(send(open("/proc/self/stat", O_RDONLY), 0, NULL), "/proc/self/stat");
	GIVES(send(directory("/", 0), 0, NULL), "another directory");
	GIVES(send(-1, 0, NULL), "-1");
	GIVES(waitid(P_PIDFD, self, &info, WEXITED), "wait for it");
	GIVES(syscall(SYS_pidfd_getfd, self, 0, 0), "a descriptor of it");
	ended();
	int first = directory("/proc/%d", 1);
	if (setresuid(4567, 4567, 4567))
		say("no other user");
	GIVES(send(first, 0, NULL), "process 1 without the right");
	return 0;
}
