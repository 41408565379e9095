/* SPDX-License-Identifier: MIT */
/* execve(2): #! lines of every form, scripts that lead to scripts, programs without arguments, and
 * what cannot be run. */
#include "case.h"

extern char **environ;

static void script(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		exit(1);
	close(fd);
}

static void run(const char *name, char *const *arguments, char *const *environment)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		execve(name, arguments, environment);
		say("%.20s: %s", name, error_name(errno));
		_exit(99);
	}
	waitpid(child, &status, 0);
	say("%.20s: status %x", name, status);
}

/* In the program: what it was given. */
static void show_arguments(int count, char **arguments)
{
	printf("%d arguments:", count);
	for (int i = 0; i < count; i++)
		printf(" <%.30s>%zu", i ? arguments[i] : "it", i ? strlen(arguments[i]) : 0);
	say("");
}

static char self[4096];

static void lines(void)
{
	static const char *const forms[] = {
		"#!%s\n", "#! %s\n", "#!\t %s \t\n", "#!%s one\n", "#!%s  one  two  \n",
		"#!%s\r\n", "#!%s", "#!%s x", "#!\n%s\n", "#!   \n", "#! ", "#!", "# !%s\n", " #!%s\n",
		"#!%s-that-is-not-there\n", "",
	};
	char *arguments[] = {"zero", "first", "", NULL};

	for (unsigned i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		char text[5000];
		snprintf(text, sizeof text, forms[i], self);
		script("s", text);
		say("form %u", i);
		run("./s", arguments, environ);
	}
}

/* A line that ends about where no more is looked at. */
static void long_lines(void)
{
	char *arguments[] = {"zero", "first", NULL};

	for (int length = 253; length <= 259; length++) {
		char text[600], name[600];
		/* Of the name: "#!./xxx..." with and without a newline. */
		memset(name, 'x', sizeof name);
		memcpy(name, "#!./", 4);
		name[length] = '\0';
		script("s", name);
		say("a name up to byte %d", length);
		run("./s", arguments, environ);
		name[length] = '\n';
		name[length + 1] = '\0';
		script("s", name);
		run("./s", arguments, environ);
		/* Of the argument. */
		int n = snprintf(text, sizeof text, "#!./self ");
		memset(text + n, 'a', sizeof text - n);
		text[length] = '\0';
		script("s", text);
		say("an argument up to byte %d", length);
		run("./s", arguments, environ);
		text[length] = '\n';
		text[length + 1] = '\0';
		script("s", text);
		run("./s", arguments, environ);
	}
}

static void chain(void)
{
	char *arguments[] = {"zero", "first", NULL};

	script("s0", "#!./self zero\n");
	for (int i = 1; i < 8; i++) {
		char name[10], text[30];
		snprintf(name, sizeof name, "./s%d", i);
		snprintf(text, sizeof text, "#!./s%d of %d\n", i - 1, i);
		script(name, text);
		run(name, arguments, environ);
	}
	script("loop", "#!./loop\n");
	run("./loop", arguments, environ);
}

static void no_arguments(void)
{
	char *none[] = {NULL}, *one[] = {"", NULL}, *word[] = {"SHOW=1", NULL};

	run("./self", none, word);
	run("./self", NULL, word);
	run("./self", one, word);
	script("s", "#!./self x\n");
	run("./s", none, word);
	run("./s", NULL, NULL);
}

static void not_to_be_run(void)
{
	char *arguments[] = {"zero", NULL};
	char name[300];

	script("text", "plain\n");
	script("empty", "");
	script("short", "\177ELF");
	script("closed", "#!/bin/sh\n");
	chmod("closed", 0644);
	mkdir("directory", 0755);
	symlink("link", "link");
	mkfifo("fifo", 0755);
	memset(name, 'n', 299);
	name[299] = '\0';
	const char *names[] = {"./text", "./empty", "./short", "./closed", "./directory", "./link",
	                       "./fifo", "/dev/null", "./none", "", "./text/x", name, "/"};
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		run(names[i], arguments, environ);
	run((const char *)16, arguments, environ);
	char *bad[] = {"zero", (char *)16, NULL};
	run("./self", bad, environ);
	run("./self", (char **)16, environ);
	run("./self", arguments, bad);
	int writer = open("copy", O_WRONLY | O_CREAT, 0755);
	run("./copy", arguments, environ);
	close(writer);
}

int main(int count, char **arguments)
{
	if (count < 1 || !arguments[0][0] || access("driver", F_OK) == 0) {
		if (count < 1)
			say("no arguments at all");
		show_arguments(count, arguments);
		return 7;
	}
	close(open("driver", O_CREAT | O_WRONLY, 0600));
	readlink("/proc/self/exe", self, sizeof self - 1);
	symlink(self, "self");
	snprintf(self, sizeof self, "./self");
	lines();
	long_lines();
	chain();
	no_arguments();
	not_to_be_run();
	return 0;
}
