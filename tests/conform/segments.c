/* SPDX-License-Identifier: MIT */
/* Selectors of a local descriptor table, where there is none: loaded by a program, and by a debugger
 * into a program's registers. And a thread's own segments. */
#include "case.h"
#include <asm/ldt.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

static void handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d, code %d, address %d", number, info->si_code, info->si_addr != NULL);
	_exit(1);
}

static void load(void *selector)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
	sigaction(SIGSEGV, &action, NULL);
	__asm__ volatile("movw %w0, %%fs" : : "r"(*(int *)selector));
	say("loaded");
}

/* A tracee goes on with this selector there. Linux leaves it none, or lets it die; Pagoda gives it
 * the usual one, but for fs and gs. */
static void give(const char *name, long where, long selector)
{
	int status;
	pid_t child = fork();
	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		for (;;)
			syscall(SYS_exit, 5);
	}
	waitpid(child, &status, 0);
	GIVES(ptrace(PTRACE_POKEUSER, child, where, selector), "%s %lx", name, selector);
	ptrace(PTRACE_CONT, child, NULL, NULL);
	waitpid(child, &status, 0);
	if (where != offsetof(struct user, regs.xfs))
		say("  it comes to an end or a stop");
	else
		say("  it ends with %x", status);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}

/* set_thread_area(2): segments that are no use for a thread's data. */
static void storage(void)
{
	struct user_desc d = {.entry_number = -1, .base_addr = 4096, .limit = 1, .seg_32bit = 1};
	d.contents = 2;
	GIVES(syscall(SYS_set_thread_area, &d), "code");
	d.contents = 0;
	d.seg_not_present = 1;
	GIVES(syscall(SYS_set_thread_area, &d), "one that is not there");
	d.seg_not_present = d.seg_32bit = 0;
	GIVES(syscall(SYS_set_thread_area, &d), "of 16 bits");
	d.seg_32bit = 1;
	GIVES(syscall(SYS_set_thread_area, &d), "data");
}

int main(void)
{
	storage();

	static const int selectors[] = {4, 7, 0xff, 0x7f7, 0xfff7, 0xffff};
	static const struct {
		const char *name;
		long where;
	} registers[] = {
		{"fs", offsetof(struct user, regs.xfs)}, {"ds", offsetof(struct user, regs.xds)},
		{"es", offsetof(struct user, regs.xes)}, {"cs", offsetof(struct user, regs.xcs)},
		{"ss", offsetof(struct user, regs.xss)},
	};
	for (unsigned i = 0; i < sizeof selectors / sizeof selectors[0]; i++) {
		int selector = selectors[i];
		say("selector %x", selector);
		child_status(load, &selector);
		for (unsigned k = 0; k < 5; k++)
			give(registers[k].name, registers[k].where, selector);
	}
	return 0;
}
