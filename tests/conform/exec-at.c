/* SPDX-License-Identifier: MIT */
/* execveat(2): by a directory, by a descriptor alone, of a script, with flags that do not fit; by
 * what name the program and its interpreter are told. */
#include "case.h"

static int directory, closes;

/* What the child that executes says, or why it cannot. */
static void at(const char *what, int fd, const char *path, int flags)
{
	static char *arguments[] = {"first", "again", NULL}, *environment[] = {"A=1", NULL};
	int status;
	pid_t child = fork();

	if (!child) {
		syscall(SYS_execveat, fd, path, arguments, environment, flags);
		say("%s: %s", what, error_name(errno));
		_exit(1);
	}
	waitpid(child, &status, 0);
	say("%s ends with %x", what, status);
}

static void copy(const char *from, const char *to)
{
	static char buffer[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	while ((n = read(in, buffer, sizeof buffer)) > 0)
		if (write(out, buffer, n) != n)
			say("no room");
	close(in);
	close(out);
}

static void of_programs(void)
{
	int file = open("program", O_RDONLY), path = open("program", O_PATH);

	at("in a directory", directory, "program", 0);
	at("in the current one", AT_FDCWD, "program", 0);
	at("by a descriptor", file, "", AT_EMPTY_PATH);
	at("by one for its place only", path, "", AT_EMPTY_PATH);
	closes = open("program", O_RDONLY | O_CLOEXEC);
	at("by one that is closed then", closes, "", AT_EMPTY_PATH);
	at("without the flag", file, "", 0);
	at("below a file", file, "program", 0);
	at("a link", directory, "link", 0);
	at("a link that is not followed", directory, "link", AT_SYMLINK_NOFOLLOW);
	at("no link, not followed", directory, "program", AT_SYMLINK_NOFOLLOW);
	at("a directory", directory, "", AT_EMPTY_PATH);
	at("nothing there", directory, "nothing", 0);
	at("no descriptor", 99, "program", 0);
	at("no descriptor, a whole path", 99, "/dev/null", 0);
	at("an odd flag", directory, "program", 0x8000);
	at("a bad path", directory, (char *)8, 0);
}

static void of_scripts(void)
{
	int script = open("script", O_RDONLY);

	closes = open("script", O_RDONLY | O_CLOEXEC);
	fcntl(directory, F_SETFD, 0);
	at("a script", directory, "script", 0);
	at("a script by a descriptor", script, "", AT_EMPTY_PATH);
	at("a script by one that is closed then", closes, "", AT_EMPTY_PATH);
	fcntl(directory, F_SETFD, FD_CLOEXEC);
	at("a script in one that is closed then", directory, "script", 0);
	at("a script in the current one", AT_FDCWD, "script", 0);
}

/* Descriptors have numbers that depend on nothing here, so the names that hold them are told. */
int main(int count, char **arguments)
{
	if (count > 1) {
		for (int i = 0; i < count; i++)
			printf(" %s", arguments[i]);
		say(".");
		return 7;
	}
	copy("/proc/self/exe", "program");
	int script = open("script", O_WRONLY | O_CREAT, 0755);
	if (write(script, "#!./program of\n", 15) != 15 || symlink("program", "link"))
		say("no script");
	close(script);
	directory = open(".", O_RDONLY | O_DIRECTORY);
	of_programs();
	of_scripts();
	return 0;
}
