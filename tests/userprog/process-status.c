/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/status: every line that programs look for is there, and what it says is so: the most that
 * was mapped, resident pages by their kind, queued signals, capabilities, and that there will be no
 * new privileges.
 */
#include "tests/test.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <linux/prctl.h>

#define BYTES (64 * PAGE)

static char text[8192];

static void read_status(void)
{
	int fd = open("/proc/self/status", O_RDONLY);
	size_t length = 0;
	ssize_t n;

	CHECK(fd >= 0, "status");
	text[length++] = '\n';
	while ((n = read(fd, text + length, sizeof text - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	close(fd);
}

/* What stands behind "\nNAME:\t". */
static const char *line(const char *name)
{
	char start[40];

	snprintf(start, sizeof start, "\n%s:\t", name);
	const char *found = strstr(text, start);
	CHECK(found, "%s is told", name);
	return found + strlen(start);
}

static uint32_t kib(const char *name)
{
	return strtoul(line(name), NULL, 10);
}

static void touch(char *memory)
{
	CHECK(memory != MAP_FAILED, "mapped");
	for (uint32_t at = 0; at < BYTES; at += PAGE)
		memory[at] = 1;
}

static void check_memory(void)
{
	uint32_t anonymous, shared, size;

	read_status();
	anonymous = kib("RssAnon");
	shared = kib("RssShmem");
	size = kib("VmSize");
	touch(mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	char *own = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	touch(own);
	read_status();
	CHECK(kib("RssShmem") >= shared + BYTES / 1024 || !pages_stay(), "shared memory: %u, %u before",
	      kib("RssShmem"), shared);
	CHECK(kib("RssAnon") >= anonymous + BYTES / 1024 || !pages_stay(), "anonymous memory");
	CHECK(kib("RssAnon") + kib("RssFile") + kib("RssShmem") == kib("VmRSS"), "the sum");
	CHECK(kib("VmPeak") >= kib("VmSize") && kib("VmSize") >= size + 2 * BYTES / 1024, "sizes");
	CHECK(kib("VmExe") > 0 && kib("VmExe") < 1024 && kib("VmPin") == 0, "the program's code");
	uint32_t peak = kib("VmPeak");
	CHECK(munmap(own, BYTES) == 0, "unmapped");
	read_status();
	CHECK(kib("VmPeak") >= peak && kib("VmSize") <= peak - BYTES / 1024, "the most stays");
	line("VmLib");
}

static void check_signals(void)
{
	sigset_t set;
	siginfo_t info = {.si_code = -1};

	read_status();
	uint32_t before = strtoul(line("SigQ"), NULL, 10);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, 40);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 5; i++)
		CHECK(syscall(SYS_rt_sigqueueinfo, getpid(), 40, &info) == 0, "queued");
	read_status();
	CHECK(strtoul(line("SigQ"), NULL, 10) >= before + 5, "five more: %u, %u before",
	      (uint32_t)strtoul(line("SigQ"), NULL, 10), before);
	CHECK(strchr(line("SigQ"), '/') && strtoul(strchr(line("SigQ"), '/') + 1, NULL, 10) > 5,
	      "and the limit");
}

static void check_rights(void)
{
	CHECK(strncmp(line("NoNewPrivs"), "0\n", 2) == 0, "none given up");
	CHECK(syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "prctl");
	read_status();
	CHECK(strncmp(line("NoNewPrivs"), "1\n", 2) == 0, "given up");
	CHECK(strlen(line("CapEff")) > 16 && strncmp(line("CapEff"), line("CapPrm"), 17) == 0,
	      "all that are permitted are effective");
	for (const char *const *name = (const char *const[]){"CapInh", "CapBnd", "CapAmb", "Seccomp",
	     "Cpus_allowed", "Cpus_allowed_list", NULL}; *name; name++)
		line(*name);
}

int main(void)
{
	check_memory();
	check_signals();
	check_rights();
	say("status tells what is so");
	return 0;
}
