/* SPDX-License-Identifier: MIT */
/* core(5), Naming of core dump files: a pattern, in which % and a letter stand for what is known of the
 * process. A program that takes the core by a pipe is not started: such a pattern is refused. */
#include "userprog/core_name.h"

#include <asm/errno.h>

#include "kernel/fs/procfs.h"
#include "kernel/fs/vfs.h"
#include "kernel/identity.h"
#include "kernel/sync/mutex.h"
#include "kernel/time/clock.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "userprog/process.h"

#define PATTERN_SIZE 128u

static struct mutex lock = MUTEX_INIT(lock, "core pattern");
static char pattern[PATTERN_SIZE] = "core"; /* lock */
static uint32_t uses_pid;                   /* atomic */

static void pattern_show(struct text *text)
{
	SCOPED_MUTEX(&lock);
	text_print(text, "%s\n", pattern);
}

static int pattern_store(const char *text, size_t length)
{
	if (length && text[length - 1] == '\n')
		length--;
	if (length >= PATTERN_SIZE)
		length = PATTERN_SIZE - 1;
	if (length && text[0] == '|')
		return -EINVAL;
	SCOPED_MUTEX(&lock);
	memcpy(pattern, text, length);
	pattern[length] = '\0';
	return 0;
}

static uint32_t uses_pid_get(void)
{
	return __atomic_load_n(&uses_pid, __ATOMIC_RELAXED);
}

static int uses_pid_set(uint32_t value)
{
	__atomic_store_n(&uses_pid, value, __ATOMIC_RELAXED);
	return 0;
}

static const struct procfs_number uses_pid_number = {
	"sys/kernel/core_uses_pid", uses_pid_get, uses_pid_set};

void core_name_init(void)
{
	procfs_register("sys/kernel/core_pattern", pattern_show, pattern_store);
	procfs_register_number(&uses_pid_number);
}

struct name {
	char *to;
	size_t length;
	bool has_pid;
};

static void put(struct name *name, const char *words)
{
	size_t room = CORE_NAME_SIZE - 1 - name->length, n = strlen(words);
	if (n > room)
		n = room;
	memcpy(name->to + name->length, words, n);
	name->length += n;
}

static void put_number(struct name *name, uint64_t number)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%llu", number);
	put(name, digits);
}

/* As a part of one name: a slash becomes an exclamation mark. */
static void put_part(struct name *name, const char *words)
{
	size_t from = name->length;
	put(name, words);
	for (size_t i = from; i < name->length; i++)
		if (name->to[i] == '/')
			name->to[i] = '!';
}

static void put_executable(struct name *name, struct process *process)
{
	char path[CORE_NAME_SIZE];
	struct dentry *executable = process_executable(process);
	if (executable && dentry_path(executable, path, sizeof path) >= 0)
		put_part(name, path);
	if (executable)
		dentry_put(executable);
}

/* What a letter stands for; one that stands for nothing is left out. */
static void put_letter(struct name *name, char letter, int signal)
{
	struct process *process = process_current();
	char host[IDENTITY_NAME_SIZE];
	switch (letter) {
	case '%':
		return put(name, "%");
	case 'c':
		return put_number(name, process->limits[RLIMIT_CORE].rlim_cur);
	case 'd':
		return put_number(name, process->dumpable);
	case 'e':
		return put_part(name, thread_current()->name);
	case 'E':
		return put_executable(name, process);
	case 'g':
		return put_number(name, process->credentials.gid);
	case 'h':
		identity_name(IDENTITY_HOST, host);
		return put_part(name, host);
	case 'i':
	case 'I':
		return put_number(name, (uint32_t)task_current()->id);
	case 'p':
	case 'P':
		name->has_pid = true;
		return put_number(name, (uint32_t)process->id);
	case 's':
		return put_number(name, (uint32_t)signal);
	case 't':
		return put_number(name, clock_seconds());
	case 'u':
		return put_number(name, process->credentials.uid);
	default:
		return;
	}
}

void core_name(int signal, char to[CORE_NAME_SIZE])
{
	struct name name = {.to = to};
	char words[PATTERN_SIZE], one[2] = "";
	mutex_lock(&lock);
	strcpy(words, pattern);
	mutex_unlock(&lock);
	for (const char *c = words; *c; c++) {
		if (*c == '%') {
			if (!*++c)
				break;
			put_letter(&name, *c, signal);
		} else {
			one[0] = *c;
			put(&name, one);
		}
	}
	if (uses_pid_get() && !name.has_pid) {
		put(&name, ".");
		put_number(&name, (uint32_t)process_current()->id);
	}
	to[name.length] = '\0';
}
