/* SPDX-License-Identifier: MIT */
/*
 * Process 1: mounts the file systems that programs expect, keeps a login shell on the
 * console, reaps orphans, and ends the machine when busybox's poweroff, reboot or halt
 * signal it to.
 *
 * With `test=PROGRAM ARGUMENTS...` last on the kernel's command line it runs that program
 * instead and ends the guest with its verdict, which scripts/check reads:
 *
 *   verdict: exit 0        (or: verdict: signal 11)
 *   audit: clean           (or: audit: and what is wrong, see vm/audit.h)
 *
 * then asks the kernel to leave QEMU with status 0 if both are good, else 1. If the disk has a
 * file SEAL, it is taken away before the test begins, and its word stands in one more line:
 *
 *   sealed: WORD verdict good audit good
 *
 * By that scripts/labs/grade tells this program's line from one that a kernel made up.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/reboot.h>

#define CONSOLE "/dev/console"
#define AUDIT "/proc/sys/vm/audit"
#define SCRATCH "/root/scratch"
#define SEAL "/etc/seal"
#define ARGUMENTS_MAX 16

static char *const environment[] = {
	"HOME=/root",
	"PATH=/bin:/sbin",
	"TERM=vt100",
	"USER=root",
	NULL,
};

/* The command to end the machine with; 0 while it shall go on. */
static volatile int end_command;

static void take_signal(int signal)
{
	if (signal != SIGCHLD)
		end_command = signal == SIGUSR1 ? LINUX_REBOOT_CMD_HALT
		            : signal == SIGUSR2 ? LINUX_REBOOT_CMD_POWER_OFF
		                                : LINUX_REBOOT_CMD_RESTART;
}

/* What the kernel has mounted already, or does not have, is no reason to complain. */
static void mount_all(void)
{
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mkdir("/dev/shm", 01777);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", MS_RDONLY, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	mount("tmpfs", "/dev/shm", "tmpfs", 0, NULL);
}

static void console_open(void)
{
	int console = open(CONSOLE, O_RDWR);

	if (console < 0)
		return;
	for (int fd = 0; fd <= 2; fd++)
		dup2(console, fd);
	if (console > 2)
		close(console);
}

/* Reads a small file whole, as a string; false if that fails. */
static bool file_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t length = 0;

	if (fd < 0)
		return false;
	while (length + 1 < size) {
		ssize_t n = read(fd, text + length, size - 1 - length);
		if (n <= 0)
			break;
		length += n;
	}
	text[length] = '\0';
	close(fd);
	return true;
}

static bool file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text);
}

/* Starts a program in a session of its own that the console belongs to, with the signal
 * state every program expects, and with its standard output there. */
static pid_t spawn(const char *path, char *const arguments[], int output, const sigset_t *mask)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	setsid();
	ioctl(0, TIOCSCTTY, 1);
	dup2(output, 1);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execve(path, arguments, environment);
	printf("init: cannot run %s: %s\n", path, strerror(errno));
	fflush(stdout);
	_exit(127);
}

/* Ends every other process at once; returns when they are gone. */
static void kill_processes(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* Gives every other process a second to end, then ends it; returns when they are gone. */
static void end_processes(void)
{
	pid_t ended = 0;

	kill(-1, SIGTERM);
	kill(-1, SIGHUP);
	kill(-1, SIGCONT);
	for (int tries = 0; tries < 20 && ended >= 0; tries++) {
		while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (ended == 0)
			usleep(50000);
	}
	kill_processes();
}

static void end_machine(int command, const char *argument)
{
	sync();
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command, argument);
	printf("init: the kernel did not end the machine: %s\n", strerror(errno));
	fflush(stdout);
	for (;;)
		pause();
}

/* Runs the program and says how it ended; whether it ended well. */
static bool verdict_of(char *const arguments[], const sigset_t *mask)
{
	pid_t test = spawn(arguments[0], arguments, 1, mask);
	pid_t ended;
	int status = 0;

	if (test < 0) {
		printf("init: cannot fork: %s\n", strerror(errno));
		return false;
	}
	do
		ended = waitpid(-1, &status, 0);
	while (ended != test && (ended > 0 || errno == EINTR));
	if (ended == test && WIFSIGNALED(status))
		printf("verdict: signal %d\n", WTERMSIG(status));
	else if (ended == test)
		printf("verdict: exit %d\n", WEXITSTATUS(status));
	return ended == test && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Compares memory with the baseline that was taken before the test. */
static bool audit_is_clean(void)
{
	static char words[4096];

	if (!file_write(AUDIT, "compare") || !file_read(AUDIT, words, sizeof words)) {
		printf("audit: none, the kernel has no " AUDIT "\n");
		return false;
	}
	words[strcspn(words, "\n")] = '\0';
	printf("audit: %s\n", words);
	return strcmp(words, "clean") == 0;
}

/* The word by which the verdict is known; "" if there is none. */
static void take_seal(char *word, size_t size)
{
	word[0] = '\0';
	if (file_read(SEAL, word, size))
		unlink(SEAL);
	word[strcspn(word, "\n")] = '\0';
}

static _Noreturn void run_test(char *command, const sigset_t *mask)
{
	char *arguments[ARGUMENTS_MAX + 1] = {NULL};
	char seal[64];
	unsigned count = 0;
	bool passed, clean;

	for (char *word = strtok(command, " \n"); word && count < ARGUMENTS_MAX;
	     word = strtok(NULL, " \n"))
		arguments[count++] = word;
	take_seal(seal, sizeof seal);
	mkdir(SCRATCH, 0777);
	if (chdir(SCRATCH) != 0)
		printf("init: no " SCRATCH ": %s\n", strerror(errno));

	fflush(stdout);
	file_write(AUDIT, "baseline");
	passed = verdict_of(arguments, mask);
	fflush(stdout);
	kill_processes();
	clean = audit_is_clean();
	if (seal[0])
		printf("sealed: %s verdict %s audit %s\n", seal, passed ? "good" : "bad",
		       clean ? "good" : "bad");
	fflush(stdout);
	end_machine(LINUX_REBOOT_CMD_RESTART2, passed && clean ? "exit=0" : "exit=1");
	abort();
}

/* A login shell. busybox's greeting of its own goes nowhere: /etc/profile gives the shell its
 * standard output, and greets. */
static pid_t start_shell(const sigset_t *mask)
{
	char *const arguments[] = {"-sh", "-i", NULL};
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t shell = spawn("/bin/sh", arguments, nowhere, mask);

	close(nowhere);
	return shell;
}

static pid_t start_small_shell(const sigset_t *mask)
{
	char *const arguments[] = {"-sh", NULL};

	return spawn("/bin/shell", arguments, 1, mask);
}

/* Keeps a shell on the console until a signal asks for the end. */
static void run_shells(const sigset_t *mask)
{
	bool busybox = access("/bin/sh", X_OK) == 0;
	pid_t shell = -1;

	while (!end_command) {
		pid_t ended;

		if (shell < 0) {
			chdir("/root");
			shell = busybox ? start_shell(mask) : start_small_shell(mask);
			if (shell < 0)
				sleep(1);
		}
		/* Signals arrive only in here, so none is missed between look and sleep. */
		sigsuspend(mask);
		while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
			if (ended == shell)
				shell = -1;
	}
}

int main(void)
{
	static char line[1024];
	struct sigaction action = {.sa_handler = take_signal};
	static const int signals[] = {SIGCHLD, SIGUSR1, SIGUSR2, SIGTERM};
	sigset_t all, before;
	char *test;

	mount_all();
	console_open();

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaction(signals[i], &action, NULL);

	test = file_read("/proc/cmdline", line, sizeof line) ? strstr(line, "test=") : NULL;
	/* Chaos mode throws out anybody's pages. A test whose swap disk has errors is to meet
	 * them; who judges it is not. */
	if (test && strstr(line, "vm.chaos="))
		mlockall(MCL_CURRENT | MCL_FUTURE);
	if (test)
		run_test(test + strlen("test="), &before);

	run_shells(&before);
	printf("init: ending everything\n");
	fflush(stdout);
	end_processes();
	end_machine(end_command, NULL);
	return 1;
}
