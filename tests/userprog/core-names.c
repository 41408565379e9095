/* SPDX-License-Identifier: MIT */
/*
 * core(5), Naming of core dump files: what a pattern in /proc/sys/kernel/core_pattern makes of a
 * process that dies, and core_uses_pid. On another machine such a pattern would be everybody's.
 *
 * guest: pagoda-only
 */
#include "tests/test.h"

#include <linux/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static void set(const char *path, const char *words)
{
	int fd = open(path, O_WRONLY);
	size_t length = strlen(words);
	CHECK(fd >= 0 && write(fd, words, length) == (ssize_t)length, "%s takes %s", path, words);
	close(fd);
}

static pid_t die(int signal)
{
	int status;
	pid_t child = fork();
	if (!child) {
		syscall(__NR_prctl, PR_SET_NAME, "a/name");
		raise(signal);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
	      WTERMSIG(status) == signal, "it dies of %d", signal);
	return child;
}

/* The file that the pattern makes; $ stands for the process. */
static void check_name(const char *words, const char *expected)
{
	char name[700];
	size_t length = 0;
	set("/proc/sys/kernel/core_pattern", words);
	pid_t child = die(SIGQUIT);
	for (const char *c = expected; *c; c++)
		length += (size_t)(*c == '$' ? snprintf(name + length, 12, "%d", child)
		                             : snprintf(name + length, 2, "%c", *c));
	CHECK(unlink(name) == 0, "%s makes %s", words, name);
}

int main(void)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	struct stat st;
	CHECK(setrlimit(RLIMIT_CORE, &limit) == 0, "no limit");
	CHECK(mkdir("/tmp/cores", 0700) == 0 && chdir("/tmp/cores") == 0, "a place for them");
	check_name("core", "core");
	check_name("core\n", "core");
	check_name("c.%p.%P%%", "c.$.$%");
	check_name("%e-%s-%u-%g", "a!name-3-0-0");
	check_name("odd%q%", "odd");
	check_name("/tmp/%i-%I", "/tmp/$-$");
	check_name("%E", "!tests!userprog!core-names");
	die(SIGQUIT); /* the last pattern */
	CHECK(stat("!tests!userprog!core-names", &st) == 0 && (st.st_mode & 07777) == 0600 &&
	      unlink("!tests!userprog!core-names") == 0, "its owner's alone");
	set("/proc/sys/kernel/core_pattern", "none/of/it");
	die(SIGSEGV);
	int fd = open("/proc/sys/kernel/core_pattern", O_WRONLY);
	CHECK(write(fd, "|/bin/true", 10) == -1 && errno == EINVAL, "no program takes it");
	set("/proc/sys/kernel/core_uses_pid", "1");
	check_name("core", "core.$");
	check_name("c%p", "c$");
	set("/proc/sys/kernel/core_uses_pid", "0");
	set("/proc/sys/kernel/core_pattern", "core");
	CHECK(chdir("/") == 0 && rmdir("/tmp/cores") == 0, "and nothing else was made");
	return 0;
}
