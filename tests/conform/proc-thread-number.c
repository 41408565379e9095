/* SPDX-License-Identifier: MIT */
/* proc(5): /proc/NUMBER of a thread that is not the first one tells of that thread; it is there, but
 * not listed. A debugger looks there whether a thread has stopped. */
#include "case.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

static volatile pid_t *number; /* shared */

static void *waits(void *unused)
{
	prctl(PR_SET_NAME, "second");
	*number = (pid_t)syscall(SYS_gettid);
	for (;;)
		pause();
	return unused;
}

/* The lines of that file that begin with one of these words; numbers of processes by name. */
static void say_lines(pid_t id, const char *file, pid_t process)
{
	static const char *const words[] = {"Name:", "State:", "Tgid:", "Pid:", "TracerPid:", "Threads:"};
	char name[64], line[256];
	snprintf(name, sizeof name, "/proc/%d/%s", id, file);
	FILE *status = fopen(name, "r");
	if (!status) {
		say("  %s: %s", file, error_name(errno));
		return;
	}
	while (fgets(line, sizeof line, status)) {
		line[strcspn(line, "\n")] = '\0';
		char *value = strchr(line, '\t');
		for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
			if (strncmp(line, words[i], strlen(words[i])))
				continue;
			if (!value)
				continue;
			int told = strstr(words[i], "id:") ? atoi(value + 1) : 0;
			say("  %s %s", words[i], !told ? value + 1 : told == process ? "the process" :
			    told == id ? "the thread" : told == getpid() ? "the tracer" : "another");
		}
	}
	fclose(status);
}

static bool is_listed(pid_t id)
{
	bool found = false;
	DIR *proc = opendir("/proc");
	for (struct dirent *entry; (entry = readdir(proc));)
		found |= atoi(entry->d_name) == id;
	closedir(proc);
	return found;
}

int main(void)
{
	pthread_t thread;
	char name[64], line[64] = "";
	number = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child = fork();
	if (child == 0) {
		pthread_create(&thread, NULL, waits, NULL);
		for (;;)
			pause();
	}
	while (!*number)
		usleep(1000);
	usleep(30000);
	say("asleep");
	say_lines(*number, "status", child);
	GIVES(ptrace(PTRACE_SEIZE, *number, NULL, NULL), "trace the thread");
	GIVES(ptrace(PTRACE_INTERRUPT, *number, NULL, NULL), "stop it");
	GIVES(waitpid(*number, NULL, __WALL) == *number ? 0 : -1, "it has stopped");
	say_lines(*number, "status", child);
	say("the first one");
	say_lines(child, "status", child);
	snprintf(name, sizeof name, "/proc/%d/stat", *number);
	FILE *stat = fopen(name, "r");
	int id = 0;
	char state = 0;
	if (stat && fscanf(stat, "%d (%63[^)]) %c", &id, line, &state) == 3)
		say("stat: %d, %s, %c", id == *number, line, state);
	say("listed: %d", is_listed(*number));
	kill(child, SIGKILL);
	return 0;
}
