/* SPDX-License-Identifier: MIT */
/*
 * Rows 20 and 21: areas have rights. What is forbidden is answered by a signal that says where
 * and why; a handler may repair the page and go on. And what i386 cannot forbid.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define FILE_NAME "/root/demo-segv"
#define KERNEL ((char *)0xc0100000)

static const char constant[] = "read-only data";

static void call(void *address)
{
	((void (*)(void))(uintptr_t)address)();
}

static void must_fail(const char *what, void (*access)(void *), const void *address, int signal,
                      int code)
{
	struct trap trap = trap_of(access, (void *)(uintptr_t)address);

	say("  %-34s %-8s at %08lx  %s", what,
	    trap.signal == SIGSEGV  ? "SIGSEGV"
	    : trap.signal == SIGBUS ? "SIGBUS"
	    : trap.signal           ? "signal"
	                            : "nothing",
	    (unsigned long)trap.address, trap.why);
	if (trap.signal != signal || trap.code != code || trap.address != (uintptr_t)address)
		claim(false, "%s at %p is answered by signal %d, code %d", what, address, signal,
		      code);
}

static void violations(void)
{
	char *readable = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *nothing = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = file_on_disk(FILE_NAME, 1, 0);
	char *file = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	char *unmapped = memory_map(PAGE);

	munmap(unmapped, PAGE);
	must_fail("read through a null pointer", read_byte, NULL, SIGSEGV, SEGV_MAPERR);
	must_fail("write through it", write_byte, NULL, SIGSEGV, SEGV_MAPERR);
	must_fail("read what was unmapped", read_byte, unmapped, SIGSEGV, SEGV_MAPERR);
	must_fail("write to the program's code", write_byte, (void *)(uintptr_t)call, SIGSEGV,
	          SEGV_ACCERR);
	must_fail("write to a constant", write_byte, constant, SIGSEGV, SEGV_ACCERR);
	must_fail("write to a read-only mapping", write_byte, readable, SIGSEGV, SEGV_ACCERR);
	must_fail("read from PROT_NONE", read_byte, nothing, SIGSEGV, SEGV_ACCERR);
	must_fail("read the kernel", read_byte, KERNEL, SIGSEGV, SEGV_MAPERR);
	must_fail("write to the kernel", write_byte, KERNEL, SIGSEGV, SEGV_MAPERR);
	must_fail("jump into the kernel", call, KERNEL, SIGSEGV, SEGV_MAPERR);
	must_fail("read past the end of a file", read_byte, file + PAGE, SIGBUS, BUS_ADRERR);
	close(fd);
	unlink(FILE_NAME);
}

/* The handler that repairs: it gives the page the right it lacked, and returns; then the
 * instruction runs again. */
static volatile unsigned repairs;

static void repair(int signal, siginfo_t *info, void *context)
{
	uintptr_t page = (uintptr_t)info->si_addr & ~(PAGE - 1);

	(void)signal, (void)context;
	mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE);
	repairs++;
}

static void repaired(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO}, old;
	char *memory = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	action.sa_sigaction = repair;
	sigaction(SIGSEGV, &action, &old);
	for (unsigned i = 0; i < 4; i++)
		memory[i * PAGE] = (char)(i + 1);
	sigaction(SIGSEGV, &old, NULL);
	claim(repairs == 4 && memory[3 * PAGE] == 4,
	      "4 pages without any right: %u repairs, and the "
	      "program went on",
	      repairs);
}

void demo_segv(void)
{
	unsigned before = failures;

	say("Each line is an access that a correct program would not do, tried in earnest.");
	step("what                                 answer");
	violations();
	claim(failures == before, "each was stopped, with the address and the reason");

	step("a handler that repairs the page");
	repaired();

	step("what i386 cannot forbid without PAE");
	unsigned char *code = (unsigned char *)memory_map(PAGE); /* no PROT_EXEC */
	code[0] = 0xc3;                                          /* ret */
	struct trap trap = trap_of(call, code);
	if (can_forbid_execution())
		claim(trap.signal == SIGSEGV && trap.code == SEGV_ACCERR,
		      "an instruction in a data page was not run: entries have 64 bits here (PAE), "
		      "and bit 63 forbids it");
	else
		claim(trap.signal == 0,
		      "an instruction in a data page was run: entries of 32 bits have no bit "
		      "to forbid it (with PAE they have 64, and bit 63 does)");
	try_next(
		"  /tests/vm/null-page          what the console says when a program dies\n"
		"  demo watch                   the handler as a tool\n"
		"  cat /proc/self/maps          rights, area by area\n");
}
