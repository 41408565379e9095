/* SPDX-License-Identifier: MIT */
/*
 * A program that dies of its own doing leaves one line in the log; with print-fatal-signals
 * set, a report below it: the row of the fault table, registers, the calls by name, the areas
 * around the address. Words and switch are of Pagoda alone.
 *
 * guest: pagoda-only
 */
#include "tests/nx.h"

#define SWITCH "/proc/sys/kernel/print-fatal-signals"
#define MARK 0x600dcafeu /* in a register, to be found in the report */

static char log_text[64 * 1024];

/* What the kernel has said, all of it. */
static void read_log(void)
{
	FILE *file = fopen("/proc/kmsg", "r");
	CHECK(file, "the log can be read");
	size_t n = fread(log_text, 1, sizeof(log_text) - 1, file);
	log_text[n] = '\0';
	fclose(file);
}

static void set_switch(const char *value)
{
	int fd = open(SWITCH, O_WRONLY);
	CHECK(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value),
	      "the switch takes %s", value);
	close(fd);
}

/* The functions are found again by name: they must not be inlined, nor call at their end. */
static __attribute__((noinline)) void inner(volatile char *address)
{
	__asm__ volatile("movl %0, %%esi" : : "i"(MARK) : "esi");
	*address = 1;
	__asm__ volatile("");
}

static __attribute__((noinline)) void outer(volatile char *address)
{
	inner(address);
	__asm__ volatile("");
}

/* A child dies of writing there: what the log says from its line on. */
static const char *story_of(void (*dies)(volatile char *), volatile char *address)
{
	char who[32];
	pid_t child = fork_checked();
	if (!child) {
		dies(address);
		_exit(0);
	}
	int status = wait_status(child);
	CHECK(WIFSIGNALED(status), "it dies");
	snprintf(who, sizeof(who), "fatal-report[%d]: ", child);
	read_log();
	const char *story = strstr(log_text, who);
	CHECK(story, "the log has a line about %s", who);
	return story;
}

static void has(const char *story, const char *words)
{
	CHECK(strstr(story, words), "the report says '%s':\n%s", words, story);
}

static void jump(volatile char *address)
{
	((void (*)(void))(uintptr_t)address)();
	__asm__ volatile("");
}

static void divide(volatile char *zero)
{
	volatile int one = 1;
	one = one / (int)(uintptr_t)zero;
}

/* Calls itself until the stack ends. */
static __attribute__((noinline)) void descend(volatile char *caller)
{
	volatile char much[1024];
	much[0] = 1;
	if (caller != much)
		descend(much);
	much[1] = much[0];
}

int main(void)
{
	char *page = memory_map(3 * PAGE, PROT_READ);
	char words[64];

	munmap(page, PAGE);
	munmap(page + 2 * PAGE, PAGE);
	page += PAGE;

	set_switch("0");
	const char *line = story_of(outer, page);
	has(line, "segmentation fault: write to");
	CHECK(!strstr(line, "\n[") || !strstr(line, "innermost"), "nothing below the line: %s",
	      line);

	set_switch("1");
	const char *story = story_of(outer, page);
	has(story, "row FORBIDDEN of vm/fault.c");
	has(story, "esi 600dcafe");
	has(story, "of /tests/userprog/fatal-report:");
	const char *calls = strstr(story, " inner+0x");
	CHECK(calls, "the function that died is named: %s", story);
	calls = strstr(calls, " outer+0x");
	CHECK(calls, "and who called it");
	calls = strstr(calls, " story_of+0x");
	CHECK(calls && strstr(calls, " main+0x") && strstr(calls, "_start+0x"), "up to the first");
	snprintf(words, sizeof(words), "at     %08lx-%08lx r--p", (unsigned long)page,
	         (unsigned long)(page + PAGE));
	has(story, words);
	has(story, "scripts/where /tests/userprog/fatal-report ");
	say("a forbidden write is told with its calls");

	story = story_of(outer, (char *)16);
	has(story, "row NO_AREA of vm/fault.c");
	has(story, "a null pointer");
	has(story, "at     none");
	has(story, "above  0804");

	story = story_of(jump, (char *)0x1000);
	has(story, "it jumped there");
	has(story, " jump+0x");
	if (nx_here()) {
		story = story_of(jump, page);
		has(story, "segmentation fault: execution at");
		has(story, "the mapping holds no code");
		has(story, "row NOT_CODE of vm/fault.c");
	}
	story = story_of(outer, (char *)0xc0100000);
	has(story, "the kernel's half");
	story = story_of(descend, NULL);
	has(story, "a recursion without end?");
	has(story, " times");
	has(story, " story_of+0x");
	story = story_of(divide, NULL);
	has(story, "arithmetic exception");
	has(story, " divide+0x");
	say("so are a null pointer, a wild jump, the kernel's half, a recursion and a division "
	    "by zero");

	set_switch("0");
	line = story_of(outer, page);
	CHECK(!strstr(line, "innermost"), "switched off it is one line again");
	CHECK_ERRNO(write(open(SWITCH, O_WRONLY), "x", 1), EINVAL);
	return 0;
}
