/* SPDX-License-Identifier: MIT */
/*
 * Row 21: may data be executed? The program puts instructions on its own stack and jumps there, as
 * somebody does who has made a program write past the end of an array. In an entry of 32 bits nothing
 * speaks against it; PAE's has bit 63, NX.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "userprog/bin/demo/demo.h"

#define ANSWER 42
#define EXECUTE (PROT_READ | PROT_WRITE | PROT_EXEC)

static const unsigned char instructions[] = {
	0xb8, ANSWER, 0, 0, 0, /* mov $42, %eax */
	0xc3,                  /* ret */
};

static volatile int answer;

static void jump(void *address)
{
	answer = ((int (*)(void))(uintptr_t)address)();
}

/* Jumps there, and says what came of it. */
static struct trap try_jump(const char *where, void *address)
{
	answer = 0;
	struct trap trap = trap_of(jump, address);

	if (trap.signal)
		say("  %-28s SIGSEGV at %08lx  %s", where, (unsigned long)trap.address, trap.why);
	else
		say("  %-28s returned %d", where, answer);
	return trap;
}

static bool refused(struct trap trap, const void *address)
{
	return trap.signal == SIGSEGV && trap.code == SEGV_ACCERR &&
	       trap.address == (uintptr_t)address;
}

static struct walk show(const char *what, const void *address)
{
	struct walk walk = walk_of(0, address);

	say("  %-20s frame %#6x  P %c U %c %c  %s", what, walk.frame, walk.writable ? 'W' : '-',
	    walk.accessed ? 'A' : '-', walk.dirty ? 'D' : '-',
	    walk.no_code        ? "bit 63 (NX): 1, no code"
	    : walk.three_levels ? "bit 63 (NX): 0, code"
	                        : "(32 bits: there is no more)");
	return walk;
}

/* How a compiler does it that makes code while the program runs: no page is ever both. */
static void write_then_execute(bool forbids)
{
	unsigned char *code = (unsigned char *)memory_map(PAGE);

	memcpy(code, instructions, sizeof(instructions));
	struct walk before = show("while written", code);
	mprotect(code, PAGE, PROT_READ | PROT_EXEC);
	struct trap trap = try_jump("a jump into it", code);
	struct walk after = show("while executed", code);
	claim(!trap.signal && answer == ANSWER && before.writable && before.no_code == forbids &&
	      !after.writable && !after.no_code,
	      "%s", forbids ? "first W and NX, then neither: W or X, never both"
	                    : "first W, then not: what was written is executed. W or X, by habit only");
}

void demo_nx(void)
{
	unsigned char on_stack[16] __attribute__((aligned(16)));
	bool forbids = can_forbid_execution();
	long before = vmstat("fault_not_code");
	void *page = (void *)((uintptr_t)on_stack & ~(uintptr_t)(PAGE - 1));

	memcpy(on_stack, instructions, sizeof(instructions));
	say("Six bytes on the stack are two instructions: mov $42, %%eax; ret. Is that code?");
	step("the entries");
	struct walk text = show("this program's code", (const void *)(uintptr_t)demo_nx);
	struct walk stack = show("its stack", on_stack);
	claim(!text.writable && !text.no_code && stack.writable && stack.no_code == forbids,
	      "%s", forbids ? "the stack's has NX, and code's has not"
	                    : "they differ in W alone: PROT_EXEC is in none of them");

	step("a jump into the stack");
	struct trap trap = try_jump("as it is", on_stack);
	long faults = vmstat("fault_not_code") - before;
	if (forbids)
		claim(refused(trap, on_stack) && faults == 1,
		      "the fetch was refused: a page fault, row NOT_CODE, SEGV_ACCERR");
	else
		claim(!trap.signal && answer == ANSWER && faults == 0,
		      "the bytes ran, and nobody noticed: what can be read can be run");

	step("mprotect gives the stack's page PROT_EXEC, and takes it back");
	mprotect(page, PAGE, EXECUTE);
	trap = try_jump("executable", on_stack);
	claim(!trap.signal && answer == ANSWER && !show("its stack", on_stack).no_code,
	      "now the bytes are code");
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
	trap = try_jump("as before", on_stack);
	claim(forbids ? refused(trap, on_stack) : !trap.signal, "%s",
	      forbids ? "no more" : "and still are: the right was only written down, in maps");

	step("code that is made while the program runs");
	write_then_execute(forbids);
	try_next(forbids ? "  make qemu                    (PAGING=two-level) the same demo, where it runs\n"
	                   "  grep stack /proc/self/maps   rw-p: no x\n"
	                   "  demo segv                    other things that are refused\n"
	                 : "  make qemu PAGING=pae         the same demo, where the entry has a bit for it\n"
	                   "  grep stack /proc/self/maps   rw-p: no x, for all the good it does\n"
	                   "  demo segv                    what is refused here, too\n");
}
