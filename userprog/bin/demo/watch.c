/* SPDX-License-Identifier: MIT */
/*
 * Row 24: watching a variable without a debugger. Its page is made read-only. A write to it
 * faults; the handler lets that one instruction pass, with the processor's trap flag set, and
 * when it has run takes the right away again.
 */
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "userprog/bin/demo/demo.h"

#define TRAP_FLAG 0x100
#define CHANGES_MAX 16u

/* On a page of its own, with a neighbour that is not watched. */
static struct {
	volatile int watched, neighbour;
	char rest[PAGE - 2 * sizeof(int)]; /* of the page: nobody else lives there */
} page __attribute__((aligned(PAGE)));

struct change {
	uintptr_t instruction;
	int before, after;
};

static struct change changes[CHANGES_MAX];
static unsigned count, steps;
static uintptr_t writer; /* the instruction that is allowed to write just now */
static int value_before;

static void protect(int rights)
{
	mprotect(&page, PAGE, rights);
}

static void on_write(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal, (void)info;
	writer = (uintptr_t)registers[REG_EIP];
	value_before = page.watched;
	protect(PROT_READ | PROT_WRITE);
	registers[REG_EFL] |= TRAP_FLAG;
}

static void on_step(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal, (void)info;
	registers[REG_EFL] &= ~TRAP_FLAG;
	steps++;
	if (page.watched != value_before && count < CHANGES_MAX)
		changes[count++] = (struct change){writer, value_before, page.watched};
	protect(PROT_READ);
}

static volatile unsigned traps;

static void on_trap(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
	traps++;
}

/* Whether this processor stops after an instruction at all; some emulators' do not. */
static bool single_steps(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};

	action.sa_sigaction = on_trap;
	sigaction(SIGTRAP, &action, NULL);
	__asm__ volatile("pushfl\n orl %0, (%%esp)\n popfl\n nop\n"
	                 : : "i"(TRAP_FLAG) : "cc", "memory");
	__asm__ volatile("pushfl\n andl %0, (%%esp)\n popfl" : : "i"(~TRAP_FLAG) : "cc", "memory");
	return traps > 0;
}

static void watch(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};

	action.sa_sigaction = on_write;
	sigaction(SIGSEGV, &action, NULL);
	action.sa_sigaction = on_step;
	sigaction(SIGTRAP, &action, NULL);
	protect(PROT_READ);
}

static void unwatch(void)
{
	protect(PROT_READ | PROT_WRITE);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
}

static __attribute__((noinline)) void innocent(void)
{
	page.neighbour++;
}

static __attribute__((noinline)) void culprit(int value)
{
	page.watched = value;
}

static bool inside_culprit(uintptr_t instruction)
{
	return instruction >= (uintptr_t)culprit && instruction < (uintptr_t)culprit + 64;
}

void demo_watch(void)
{
	if (!single_steps())
		give_up("the processor does not stop after one instruction");
	say("Who changes the variable at %p? Its page is made read-only, and the program runs on.",
	    (void *)&page.watched);
	step("the program runs");
	watch();
	culprit(10);
	innocent();
	innocent();
	culprit(20);
	culprit(20); /* written, not changed */
	unwatch();
	for (unsigned i = 0; i < count; i++)
		say("  the instruction at %#lx changed it from %d to %d",
		    (unsigned long)changes[i].instruction, changes[i].before, changes[i].after);
	claim(count == 2 && changes[0].after == 10 && changes[1].before == 10 &&
	              changes[1].after == 20,
	      "two changes seen");
	claim(inside_culprit(changes[0].instruction) && inside_culprit(changes[1].instruction),
	      "both by culprit(), which begins at %#lx", (unsigned long)(uintptr_t)culprit);
	claim(steps == 5 && page.neighbour == 2,
	      "%u writes to the page were let through one by one: a page is the smallest thing "
	      "that can be watched so",
	      steps);
	try_next("  demo gdb       the processor's own watchpoints, by a debugger from outside\n"
	         "  nm build/programs/userprog/bin/demo | grep culprit\n");
}
