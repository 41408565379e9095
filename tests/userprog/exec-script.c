/* SPDX-License-Identifier: MIT */
/*
 * A file that begins with #! is run by the program it names, which gets the argument of that line,
 * the file's name and the file's arguments.
 */
#include "tests/test.h"

static char self[300];

static void write_script(const char *name, const char *first_line)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	CHECK(fd >= 0 && write(fd, first_line, strlen(first_line)) == (ssize_t)strlen(first_line) &&
	      close(fd) == 0, "a script");
}

static int run(char *name)
{
	char *arguments[] = {name, "one", "two", NULL};
	pid_t child = fork_checked();

	if (!child) {
		execve(name, arguments, NULL);
		_exit(errno);
	}
	return wait_status(child);
}

int main(int argc, char **argv)
{
	char line[400];
	int status;
	ssize_t n;

	if (argc > 1) { /* as the interpreter */
		bool option = strcmp(argv[1], "an option") == 0;

		CHECK(argc == (option ? 5 : 4), "%d arguments", argc);
		CHECK(strcmp(argv[argc - 3], "./script") == 0, "the script's name: %s",
		      argv[argc - 3]);
		CHECK(!strcmp(argv[argc - 2], "one") && !strcmp(argv[argc - 1], "two"),
		      "its arguments");
		return option ? 43 : 42;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	CHECK(n > 0, "this program's path");
	snprintf(line, sizeof(line), "#!%s\nsome text\n", self);
	write_script("script", line);
	status = run("./script");
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42, "without option: %#x", status);
	snprintf(line, sizeof(line), "#!  %s an option  \nsome text\n", self);
	write_script("script", line);
	status = run("./script");
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 43, "with one option: %#x", status);
	write_script("script", "#!/no/such/program\n");
	CHECK(WEXITSTATUS(run("./script")) == ENOENT, "no such interpreter");
	say("a script was run by its interpreter");
	return 0;
}
