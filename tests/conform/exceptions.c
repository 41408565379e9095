/* SPDX-License-Identifier: MIT */
/* What an exception of the processor is as a signal: its code, whether it tells the instruction's
 * address, and the trap number and error code of the context; a program that single-steps itself;
 * flags that pass through a system call. */
#include "case.h"
#include <setjmp.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile int traps, last_code;

static void caught(int signal, siginfo_t *info, void *context)
{
	const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	say("  %s code %d, address %s, trap %d, error %x", sigabbrev_np(signal), info->si_code,
	    !info->si_addr ? "0" : (greg_t)info->si_addr == registers[REG_EIP] ? "its own" : "other",
	    (int)registers[REG_TRAPNO],
	    (unsigned)registers[REG_ERR] & 15); /* above it NX, which not all have */
	siglongjmp(back, 1);
}

#define TRY(what, ...) \
	do { \
		say("%s", what); \
		if (!sigsetjmp(back, 1)) { \
			__VA_ARGS__; \
			say("  nothing"); \
		} \
	} while (0)

static void integers(void)
{
	TRY("int3", __asm__ volatile("int3"));
	TRY("divide by 0", __asm__ volatile("xorl %%ecx, %%ecx; divl %%ecx" ::: "eax", "ecx", "edx"));
	TRY("divide too large",
	    __asm__ volatile("movl $9, %%edx; movl $1, %%ecx; divl %%ecx" ::: "eax", "ecx", "edx"));
	TRY("ud2", __asm__ volatile("ud2"));
	TRY("hlt", __asm__ volatile("hlt"));
	TRY("cli", __asm__ volatile("cli"));
	TRY("in", __asm__ volatile("inb $0x80, %%al" ::: "eax"));
	TRY("int 0x0d", __asm__ volatile("int $0x0d"));
	TRY("int 0x20", __asm__ volatile("int $0x20"));
	TRY("int 0x81", __asm__ volatile("int $0x81"));
	TRY("into", __asm__ volatile("movb $0x7f, %%al; addb $1, %%al; into" ::: "eax"));
	TRY("bound", { int pair[2] = {1, 2}; __asm__ volatile("boundl %0, %1" :: "r"(5), "m"(pair)); });
	TRY("mov to cr3", __asm__ volatile("movl %%eax, %%cr3" ::: "memory"));
	TRY("a selector beyond the table",
	    __asm__ volatile("movl $0xfff8, %%eax; movl %%eax, %%gs" ::: "eax"));
	TRY("read of page 0", read_byte((void *)64));
	TRY("write of page 0", write_byte((void *)64));
	TRY("write of text", write_byte((void *)integers));
	TRY("jump to nowhere", ((void (*)(void))64)());
}

static void floating_point(void)
{
	static const struct {
		const char *name;
		unsigned mask;
	} causes[] = {{"invalid", 0x01}, {"zero", 0x04}, {"overflow", 0x08}, {"inexact", 0x20}};
	static const double tops[] = {0, 1, 1e308, 1}, bottoms[] = {0, 0, 1e-308, 3};
	for (int i = 0; i < 4; i++) {
		unsigned short control = (unsigned short)(0x37f & ~causes[i].mask);
		unsigned mxcsr = 0x1f80 & ~(causes[i].mask << 7);
		volatile double top = tops[i], bottom = bottoms[i], result;
		say("%s", causes[i].name);
		TRY("x87", __asm__ volatile("fninit; fldcw %0; fldl %2; fdivl %3; fstpl %1; fwait"
		                            : : "m"(control), "m"(result), "m"(top), "m"(bottom)));
		__asm__ volatile("fninit");
		TRY("sse", __asm__ volatile("ldmxcsr %0; movsd %1, %%xmm0; divsd %2, %%xmm0"
		                            : : "m"(mxcsr), "m"(top), "m"(bottom)));
		mxcsr = 0x1f80;
		__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	}
}

static void step(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	traps++;
	last_code = info->si_code;
	if (traps == 5) /* the handler may end it as well */
		((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~0x100;
}

static void single_step(void)
{
	struct sigaction action = {.sa_sigaction = step, .sa_flags = SA_SIGINFO};
	sigaction(SIGTRAP, &action, NULL);
	__asm__ volatile("pushfl; orl $0x100, (%%esp); popfl; nop; nop; nop;"
	                 "pushfl; andl $~0x100, (%%esp); popfl" ::: "cc", "memory");
	say("single steps: %d, code %d", traps, last_code);
	traps = 0;
	__asm__ volatile("pushfl; orl $0x100, (%%esp); popfl; movl $20, %%eax; int $0x80; nop;"
	                 "nop; nop; nop; nop; nop" ::: "eax", "cc", "memory");
	say("over a system call, until the handler ends it: %d", traps);
	traps = 100;
	pid_t child;
	__asm__ volatile("pushfl; orl $0x100, (%%esp); popfl" ::: "cc", "memory");
	child = (pid_t)syscall(SYS_fork);
	__asm__ volatile("pushfl; andl $~0x100, (%%esp); popfl" ::: "cc", "memory");
	if (child == 0) {
		say("a child steps on: %d", traps > 105);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	signal(SIGTRAP, SIG_DFL);
}

static void step_alone(void *unused)
{
	(void)unused;
	__asm__ volatile("pushfl; orl $0x100, (%%esp); popfl; nop; nop" ::: "cc", "memory");
}

static void flags(void)
{
	static const unsigned bits[] = {0x4000, 0x400, 0x40000, 0x200000, 0x1, 0x40};
	for (unsigned i = 0; i < sizeof bits / sizeof bits[0]; i++) {
		unsigned now;
		__asm__ volatile("pushfl; orl %1, (%%esp); popfl; movl $20, %%eax; int $0x80;"
		                 "pushfl; popl %0; pushfl; andl %2, (%%esp); popfl; cld"
		                 : "=&d"(now) : "b"(bits[i]), "c"(~bits[i]) : "eax", "cc", "memory");
		say("flag %x after a system call: %d", bits[i], (now & bits[i]) != 0);
	}
}

int main(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
	struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
	for (int i = 0; i < 5; i++)
		sigaction(signals[i], &action, NULL);
	integers();
	floating_point();
	single_step();
	say("without a handler: %d", signal_of(step_alone, NULL));
	flags();
	return 0;
}
