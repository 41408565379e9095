/* SPDX-License-Identifier: MIT */
/* Processes: making, replacing, awaiting and naming them. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_PATH "/bin:/sbin:/usr/bin:/usr/sbin"

pid_t fork(void)
{
	return syscall(SYS_fork);
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	return syscall(SYS_execve, path, argv, envp);
}

int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

/* One directory of PATH after the other. A file that may not be executed is remembered,
 * and is the error if no other is found. */
int execvpe(const char *file, char *const argv[], char *const envp[])
{
	const char *path = getenv("PATH"), *end;
	char candidate[PATH_MAX];
	int error = ENOENT;

	if (strchr(file, '/'))
		return execve(file, argv, envp);
	for (path = path ? path : DEFAULT_PATH;; path = end + 1) {
		end = strchrnul(path, ':');
		snprintf(candidate, sizeof(candidate), "%.*s%s%s", (int)(end - path), path,
		         end > path ? "/" : "", file);
		execve(candidate, argv, envp);
		if (errno == EACCES)
			error = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR)
			return -1;
		if (!*end)
			break;
	}
	errno = error;
	return -1;
}

int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

/* On i386 the arguments of a variadic function stand in memory one after the other, but
 * C does not say so: count them, then copy them. */
static size_t arguments_count(va_list arguments)
{
	size_t count = 1;

	while (va_arg(arguments, char *))
		count++;
	return count;
}

#define ARGUMENTS_GATHER(argv, arguments, first)                                       \
	va_list arguments;                                                             \
	va_start(arguments, first);                                                    \
	char *argv[arguments_count(arguments) + 1];                                    \
	va_end(arguments);                                                             \
	va_start(arguments, first);                                                    \
	argv[0] = (char *)(first);                                                     \
	for (size_t i = 1; i < sizeof(argv) / sizeof(argv[0]); i++)                    \
		argv[i] = va_arg(arguments, char *)

int execl(const char *path, const char *argument, ...)
{
	ARGUMENTS_GATHER(argv, arguments, argument);
	va_end(arguments);
	return execv(path, argv);
}

int execlp(const char *file, const char *argument, ...)
{
	ARGUMENTS_GATHER(argv, arguments, argument);
	va_end(arguments);
	return execvp(file, argv);
}

int execle(const char *path, const char *argument, ...)
{
	ARGUMENTS_GATHER(argv, arguments, argument);
	char **envp = va_arg(arguments, char **);

	va_end(arguments);
	return execve(path, argv, envp);
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	return syscall(SYS_wait4, pid, status, options, usage);
}

pid_t wait3(int *status, int options, struct rusage *usage)
{
	return wait4(-1, status, options, usage);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}

pid_t wait(int *status)
{
	return wait4(-1, status, 0, NULL);
}

/* POSIX: while the command runs, the caller ignores what the terminal sends to both,
 * and does not take SIGCHLD for a child of its own. */
int system(const char *command)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
	sigset_t block, before;
	int status = -1;
	pid_t pid;

	if (!command)
		return access("/bin/sh", X_OK) == 0;
	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, &before);
	pid = fork();
	if (pid == 0) {
		sigaction(SIGINT, &interrupt, NULL);
		sigaction(SIGQUIT, &quit, NULL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

pid_t getpid(void)
{
	return syscall(SYS_getpid);
}

pid_t getppid(void)
{
	return syscall(SYS_getppid);
}

pid_t gettid(void)
{
	return syscall(SYS_gettid);
}

pid_t getpgrp(void)
{
	return syscall(SYS_getpgrp);
}

pid_t getpgid(pid_t pid)
{
	return syscall(SYS_getpgid, pid);
}

int setpgid(pid_t pid, pid_t group)
{
	return syscall(SYS_setpgid, pid, group);
}

pid_t getsid(pid_t pid)
{
	return syscall(SYS_getsid, pid);
}

pid_t setsid(void)
{
	return syscall(SYS_setsid);
}

uid_t getuid(void)
{
	return (uid_t)syscall(SYS_getuid32);
}

uid_t geteuid(void)
{
	return (uid_t)syscall(SYS_geteuid32);
}

gid_t getgid(void)
{
	return (gid_t)syscall(SYS_getgid32);
}

gid_t getegid(void)
{
	return (gid_t)syscall(SYS_getegid32);
}

int setuid(uid_t user)
{
	return syscall(SYS_setuid32, user);
}

int setgid(gid_t group)
{
	return syscall(SYS_setgid32, group);
}

int sched_yield(void)
{
	return syscall(SYS_sched_yield);
}

/* The kernel's getpriority returns 20 - n, so that no result is negative. */
int getpriority(int which, id_t who)
{
	long result = syscall(SYS_getpriority, which, who);

	return result < 0 ? -1 : 20 - (int)result;
}

int setpriority(int which, id_t who, int priority)
{
	return syscall(SYS_setpriority, which, who, priority);
}

int nice(int increment)
{
	if (syscall(SYS_nice, increment) < 0)
		return -1;
	return getpriority(PRIO_PROCESS, 0);
}

/* ---- limits and use --------------------------------------------------------------- */

int getrlimit(int resource, struct rlimit *limit)
{
	return syscall(SYS_ugetrlimit, resource, limit);
}

int setrlimit(int resource, const struct rlimit *limit)
{
	return syscall(SYS_setrlimit, resource, limit);
}

static __u64 limit_widen(rlim_t limit)
{
	return limit == RLIM_INFINITY ? RLIM64_INFINITY : limit;
}

static rlim_t limit_narrow(__u64 limit)
{
	return limit > RLIM_INFINITY ? RLIM_INFINITY : (rlim_t)limit;
}

int prlimit(pid_t pid, int resource, const struct rlimit *new_limit, struct rlimit *old_limit)
{
	struct rlimit64 new_wide, old_wide;

	if (new_limit) {
		new_wide.rlim_cur = limit_widen(new_limit->rlim_cur);
		new_wide.rlim_max = limit_widen(new_limit->rlim_max);
	}
	if (syscall(SYS_prlimit64, pid, resource, new_limit ? &new_wide : NULL,
	            old_limit ? &old_wide : NULL) < 0)
		return -1;
	if (old_limit) {
		old_limit->rlim_cur = limit_narrow(old_wide.rlim_cur);
		old_limit->rlim_max = limit_narrow(old_wide.rlim_max);
	}
	return 0;
}

int getrusage(int who, struct rusage *usage)
{
	return syscall(SYS_getrusage, who, usage);
}
