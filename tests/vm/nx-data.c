/* SPDX-License-Identifier: MIT */
/*
 * What holds no code is not executed, if the page tables can say so (make PAGING=pae): a fetch from
 * data, the stack, the heap, a mapping or the frame of zeros is SIGSEGV with SEGV_ACCERR at that
 * address. A right to execute that comes or goes is in force at once. Without NX there is nothing to
 * see, and the test says so.
 *
 * guest: pagoda-only
 */
#include "tests/test.h"

#define RETURN 0xC3 /* the instruction */
#define ELSEWHERE 99
#define ACCESS (PROT_READ | PROT_WRITE)

static unsigned char data[] = {RETURN};
static unsigned char zeros_first[PAGE];
static void *called;

static void tell(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	_exit(info->si_addr == called ? info->si_code : ELSEWHERE);
}

/* The code of the SIGSEGV that calling the address brings; 0: it returned. */
static int call(void *address)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};
	int status;
	pid_t child = fork();

	if (child == 0) {
		called = address;
		action.sa_sigaction = tell;
		sigaction(SIGSEGV, &action, NULL);
		((void (*)(void))(uintptr_t)address)();
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status), "the child ends");
	return WEXITSTATUS(status);
}

static bool nx_here(void)
{
	char text[1024] = "";
	int fd = open("/proc/cpuinfo", O_RDONLY);

	CHECK(read(fd, text, sizeof(text) - 1) > 0, "/proc/cpuinfo");
	close(fd);
	return strstr(text, " nx") != NULL;
}

int main(void)
{
	unsigned char on_stack[] = {RETURN}, *heap = malloc(64);
	unsigned char *mapped = (void *)memory_map(PAGE, ACCESS);
	unsigned char *zeros = (void *)memory_map(PAGE, PROT_READ);
	long before = proc_number("/proc/vmstat", "fault_not_code");

	heap[0] = mapped[0] = zeros_first[0] = RETURN;
	if (!nx_here()) {
		CHECK(call(data) == 0, "data is executed");
		say("these page tables cannot forbid execution: nothing to see here");
		return 0;
	}
	CHECK(call(data) == SEGV_ACCERR, "not from data");
	CHECK(call(zeros_first) == SEGV_ACCERR, "nor from bss");
	CHECK(call(on_stack) == SEGV_ACCERR, "nor from the stack");
	CHECK(call(heap) == SEGV_ACCERR, "nor from the heap");
	CHECK(call(mapped) == SEGV_ACCERR, "nor from a mapping");
	CHECK(*zeros == 0 && call(zeros) == SEGV_ACCERR, "nor from the frame of zeros");
	CHECK(proc_number("/proc/vmstat", "fault_not_code") - before == 6, "row NOT_CODE, each time");

	CHECK(mprotect(mapped, PAGE, PROT_READ | PROT_EXEC) == 0 && call(mapped) == 0,
	      "what may be executed is, though its entry said no");
	mapped = (void *)memory_map(PAGE, ACCESS | PROT_EXEC);
	mapped[0] = RETURN;
	CHECK(call(mapped) == 0, "memory for code");
	CHECK(mprotect(mapped, PAGE, ACCESS) == 0 && call(mapped) == SEGV_ACCERR,
	      "no more, though its entry allowed it");
	say("data, bss, stack, heap, a mapping and zeros: none was executed");
	return 0;
}
