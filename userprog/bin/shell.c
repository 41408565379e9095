/* SPDX-License-Identifier: MIT */
/*
 * A small shell, for an image without busybox. It knows
 *
 *   PROGRAM WORDS...    found in $PATH; 'single' and "double" quotes, \x, $NAME, $?
 *   A | B               pipes            A ; B    one after the other
 *   < FILE > FILE >> FILE 2> FILE        A &      in the background
 *
 * and a few commands of its own (`help` lists them). `shell -c LINE` and `shell FILE` run
 * a line or a file. A terminal's ^C and ^Z go to the program in the foreground, since each
 * line of pipes is a process group of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 64
#define COMMANDS_MAX 8
#define LINE_SIZE 1024

struct command {
	char *words[WORDS_MAX + 1];
	int count;
	char *input, *output, *errors; /* files for descriptors 0, 1, 2; or NULL */
	bool append;
};

struct pipeline {
	struct command commands[COMMANDS_MAX];
	int count;
	bool background;
};

struct builtin {
	const char *name, *help;
	int (*run)(char **words, int count);
	bool in_child; /* it only prints, so it may stand in a pipe */
};

static int last_status;
static pid_t stopped_group;
static bool interactive;

/* ---- reading a line ---------------------------------------------------------------- */

/* Where words are put together: every word is at most as long as its line, expanded. */
struct words {
	char text[4 * LINE_SIZE];
	size_t used;
};

static void words_add(struct words *words, char c)
{
	if (words->used < sizeof(words->text) - 1)
		words->text[words->used++] = c;
}

/* `at` is after a $; returns where the name ends. */
static const char *expand_variable(const char *at, struct words *words)
{
	char name[64], number[16];
	const char *value;
	size_t n = 0;

	if (*at == '?') {
		snprintf(number, sizeof(number), "%d", last_status);
		value = number;
		at++;
	} else {
		while ((*at == '_' || (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') ||
		        (*at >= 'A' && *at <= 'Z')) && n < sizeof(name) - 1)
			name[n++] = *at++;
		name[n] = '\0';
		value = n ? getenv(name) : "$";
	}
	while (value && *value)
		words_add(words, *value++);
	return at;
}

/* Takes one word off the line, without its quotes. NULL: a quote is open. */
static char *read_word(const char **line, struct words *words)
{
	char *word = words->text + words->used;
	const char *at = *line;
	char quote = 0;

	for (; *at && (quote || !strchr(" \t\n|;&<>", *at)); at++) {
		if (quote ? *at == quote : *at == '\'' || *at == '"') {
			quote = quote ? 0 : *at;
		} else if (*at == '\\' && quote != '\'' && at[1]) {
			words_add(words, *++at);
		} else if (*at == '$' && quote != '\'') {
			at = expand_variable(at + 1, words) - 1;
		} else {
			words_add(words, *at);
		}
	}
	words_add(words, '\0');
	*line = at;
	return quote ? NULL : word;
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\n");
}

/* A redirection, if one begins here: 1 if so, 0 if not, -1 if it makes no sense. */
static int read_redirection(const char **line, struct command *command, struct words *words)
{
	char **target = &command->output;
	const char *at = *line;
	bool append = false;

	if (at[0] == '2' && at[1] == '>') {
		target = &command->errors;
		at++;
	} else if (*at == '<') {
		target = &command->input;
	} else if (*at != '>') {
		return 0;
	}
	at++;
	if (target == &command->output) {
		append = *at == '>';
		command->append = append;
	}
	*line = skip_blanks(at + append);
	*target = read_word(line, words);
	return *target && **target ? 1 : -1;
}

/* Reads up to ; & or the end. 1: something, 0: nothing, -1: senseless. */
static int read_pipeline(const char **line, struct pipeline *pipeline, struct words *words)
{
	struct command *command = pipeline->commands;

	memset(pipeline, 0, sizeof(*pipeline));
	words->used = 0;
	pipeline->count = 1;
	for (;;) {
		int redirected;

		*line = skip_blanks(*line);
		if (!**line || **line == '#' || **line == ';' || **line == '&') {
			pipeline->background = **line == '&';
			if (**line == '#')
				*line += strlen(*line);
			else if (**line)
				++*line;
			return command->count ? 1 : pipeline->count > 1 ? -1 : 0;
		}
		if (**line == '|') {
			if (!command->count || pipeline->count == COMMANDS_MAX)
				return -1;
			command = &pipeline->commands[pipeline->count++];
			++*line;
			continue;
		}
		redirected = read_redirection(line, command, words);
		if (redirected < 0)
			return -1;
		if (!redirected) {
			char *word = read_word(line, words);

			if (!word || command->count == WORDS_MAX)
				return -1;
			command->words[command->count++] = word;
		}
	}
}

/* ---- commands of the shell itself -------------------------------------------------- */

static int complain(const char *what)
{
	fprintf(stderr, "shell: %s: %s\n", what, strerror(errno));
	return 1;
}

static int run_cd(char **words, int count)
{
	const char *to = count > 1 ? words[1] : getenv("HOME");

	return chdir(to ? to : "/") == 0 ? 0 : complain(to);
}

static int run_pwd(char **words, int count)
{
	char path[LINE_SIZE];

	(void)words;
	(void)count;
	if (!getcwd(path, sizeof(path)))
		return complain("pwd");
	puts(path);
	return 0;
}

static int run_echo(char **words, int count)
{
	for (int i = 1; i < count; i++)
		printf("%s%s", words[i], i < count - 1 ? " " : "");
	putchar('\n');
	return 0;
}

static int run_ls(char **words, int count)
{
	const char *path = count > 1 ? words[1] : ".";
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (!directory)
		return complain(path);
	while ((entry = readdir(directory))) {
		struct stat status;

		if (entry->d_name[0] == '.' ||
		    fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		printf("%c%03o %9lld %s\n",
		       S_ISDIR(status.st_mode) ? 'd' : S_ISLNK(status.st_mode) ? 'l' : '-',
		       (unsigned)status.st_mode & 0777, (long long)status.st_size, entry->d_name);
	}
	closedir(directory);
	return 0;
}

static int copy_to_output(int fd, const char *name)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		if (write(STDOUT_FILENO, bytes, n) != n)
			return complain("write");
	return n < 0 ? complain(name) : 0;
}

static int run_cat(char **words, int count)
{
	int status = 0;

	if (count == 1)
		return copy_to_output(STDIN_FILENO, "standard input");
	for (int i = 1; i < count; i++) {
		int fd = open(words[i], O_RDONLY);

		status |= fd < 0 ? complain(words[i]) : copy_to_output(fd, words[i]);
		close(fd);
	}
	return status;
}

static int run_set(char **words, int count)
{
	char *value = count > 1 ? strchr(words[1], '=') : NULL;

	if (!value) {
		fprintf(stderr, "shell: set NAME=VALUE\n");
		return 1;
	}
	*value = '\0';
	return setenv(words[1], value + 1, 1) == 0 ? 0 : complain(words[1]);
}

static int run_wait(char **words, int count)
{
	(void)words;
	(void)count;
	while (wait(NULL) > 0)
		;
	return 0;
}

static int run_exit(char **words, int count)
{
	exit(count > 1 ? atoi(words[1]) : last_status);
}

/* init (process 1) turns the machine off at this signal. */
static int run_poweroff(char **words, int count)
{
	(void)words;
	(void)count;
	return kill(1, SIGUSR2) == 0 ? 0 : complain("poweroff");
}

static int run_fg(char **words, int count);
static int run_help(char **words, int count);

static const struct builtin builtins[] = {
	{"cat", "print files", run_cat, true},
	{"cd", "go to a directory", run_cd, false},
	{"echo", "print words", run_echo, true},
	{"exit", "end the shell, with a status", run_exit, false},
	{"fg", "go on with what ^Z has stopped", run_fg, false},
	{"help", "this list", run_help, true},
	{"ls", "list a directory", run_ls, true},
	{"poweroff", "turn the machine off", run_poweroff, false},
	{"pwd", "print the directory we are in", run_pwd, true},
	{"set", "set NAME=VALUE in the environment", run_set, false},
	{"wait", "wait for what runs in the background", run_wait, false},
};

static int run_help(char **words, int count)
{
	(void)words;
	(void)count;
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		printf("%-10s %s\n", builtins[i].name, builtins[i].help);
	printf("A | B   A ; B   A &   < FILE   > FILE   >> FILE   2> FILE   'x' \"x\" $NAME $?\n");
	return 0;
}

static const struct builtin *builtin_find(const char *name)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		if (strcmp(builtins[i].name, name) == 0)
			return &builtins[i];
	return NULL;
}

/* ---- running ----------------------------------------------------------------------- */

static void give_terminal(pid_t group)
{
	if (interactive)
		tcsetpgrp(STDIN_FILENO, group);
}

/* Waits until the group has ended or stopped; the status of its last process. */
static int wait_for_group(pid_t group, pid_t last)
{
	int status, result = 0;
	pid_t child;

	while ((child = waitpid(-group, &status, interactive ? WUNTRACED : 0)) > 0 ||
	       errno == EINTR) {
		if (child > 0 && WIFSTOPPED(status)) {
			stopped_group = group;
			printf("\nstopped: %d (fg goes on)\n", group);
			result = 128 + WSTOPSIG(status);
			break;
		}
		if (child == last)
			result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		if (child == last && WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE)
			fprintf(stderr, "shell: ended by signal %d\n", WTERMSIG(status));
	}
	give_terminal(getpgrp());
	return result;
}

static int run_fg(char **words, int count)
{
	pid_t group = stopped_group;

	(void)words;
	(void)count;
	if (!group) {
		fprintf(stderr, "shell: nothing is stopped\n");
		return 1;
	}
	stopped_group = 0;
	give_terminal(group);
	kill(-group, SIGCONT);
	return wait_for_group(group, group);
}

static void redirect(const char *path, int flags, int to)
{
	int fd;

	if (!path)
		return;
	fd = open(path, flags | O_CLOEXEC, 0666);
	if (fd < 0) {
		complain(path);
		_exit(1);
	}
	if (dup2(fd, to) < 0)
		_exit(1);
}

static void redirect_all(const struct command *command)
{
	redirect(command->input, O_RDONLY, STDIN_FILENO);
	redirect(command->output, O_WRONLY | O_CREAT | (command->append ? O_APPEND : O_TRUNC),
	         STDOUT_FILENO);
	redirect(command->errors, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
}

/* In the child: becomes the command. */
static _Noreturn void command_run(const struct command *command)
{
	const struct builtin *builtin = builtin_find(command->words[0]);

	redirect_all(command);
	if (builtin && builtin->in_child)
		exit(builtin->run((char **)command->words, command->count));
	execvp(command->words[0], command->words);
	if (errno == ENOENT)
		fprintf(stderr, "shell: %s is not here\n", command->words[0]);
	else
		complain(command->words[0]);
	_exit(errno == ENOENT ? 127 : 126);
}

/* In a new child: a group of its own (the first one's), and signals as programs expect. */
static void join_group(pid_t group, bool background)
{
	static const int ignored[] = {SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};

	setpgid(0, group);
	if (!background)
		give_terminal(getpgrp());
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_DFL);
}

/* Starts every command of the line, each one's output the next one's input. */
static int pipeline_run(const struct pipeline *pipeline)
{
	pid_t group = 0, last = 0;
	int input = -1;

	fflush(stdout);
	for (int i = 0; i < pipeline->count; i++) {
		bool to_pipe = i < pipeline->count - 1;
		int ends[2] = {-1, -1};

		if (to_pipe && pipe2(ends, O_CLOEXEC) != 0) {
			complain("pipe");
			break;
		}
		last = fork();
		if (last == 0) {
			join_group(group, pipeline->background);
			if (input >= 0)
				dup2(input, STDIN_FILENO);
			if (to_pipe)
				dup2(ends[1], STDOUT_FILENO);
			command_run(&pipeline->commands[i]);
		}
		if (last < 0)
			complain("fork");
		else
			setpgid(last, group ? group : last);
		if (!group && last > 0)
			group = last;
		close(input);
		close(ends[1]);
		input = ends[0];
		if (last < 0)
			break;
	}
	close(input);
	if (!group)
		return 1;
	if (pipeline->background) {
		printf("in the background: %d\n", group);
		return 0;
	}
	give_terminal(group);
	return wait_for_group(group, last);
}

static void line_run(const char *line)
{
	static struct pipeline pipeline;
	static struct words words;
	int found;

	while ((found = read_pipeline(&line, &pipeline, &words)) != 0 || *line) {
		const struct command *first = pipeline.commands;
		const struct builtin *builtin;

		if (found < 0) {
			fprintf(stderr, "shell: this line makes no sense\n");
			last_status = 2;
			return;
		}
		if (!found)
			continue;
		builtin = pipeline.count == 1 ? builtin_find(first->words[0]) : NULL;
		if (builtin && !builtin->in_child)
			last_status = builtin->run((char **)first->words, first->count);
		else
			last_status = pipeline_run(&pipeline);
	}
}

/* Says which children of the background have ended. */
static void report_ended(void)
{
	pid_t child;

	while ((child = waitpid(-1, NULL, WNOHANG)) > 0)
		printf("ended: %d\n", child);
}

static void lines_run(FILE *from)
{
	char line[LINE_SIZE], directory[LINE_SIZE];

	for (;;) {
		if (interactive) {
			report_ended();
			printf("%s$ ", getcwd(directory, sizeof(directory)) ? directory : "");
			fflush(stdout);
		}
		if (fgets(line, sizeof(line), from))
			line_run(line);
		else if (!ferror(from) || errno != EINTR)
			return;
		clearerr(from);
	}
}

static void start_interactive(void)
{
	setpgid(0, 0);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	tcsetpgrp(STDIN_FILENO, getpgrp());
	printf("This is Pagoda's small shell; `help` lists what it knows.\n");
	if (access("/bin/busybox", X_OK) != 0)
		printf("No busybox is in this image; `make busybox` on the host fetches it.\n");
}

int main(int argc, char **argv)
{
	FILE *file = stdin;

	if (!getenv("PATH"))
		setenv("PATH", "/bin:/sbin", 1);
	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		line_run(argv[2]);
		return last_status;
	}
	if (argc > 1 && argv[1][0] != '-') {
		file = fopen(argv[1], "re");
		if (!file)
			return complain(argv[1]);
	}
	interactive = file == stdin && isatty(STDIN_FILENO);
	if (interactive)
		start_interactive();
	lines_run(file);
	return last_status;
}
