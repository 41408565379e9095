/* SPDX-License-Identifier: MIT */
/* sigaltstack(2): what it takes and tells, SS_AUTODISARM, a stack that is too short, nested
 * handlers, fork, vfork and exec; and what sigreturn gives back of it. */
#include "case.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

static char stack[65536], other[65536];
static sigjmp_buf back;

static void tell(const char *when)
{
	stack_t now;
	GIVES(sigaltstack(NULL, &now), "%s", when);
	say("  flags %x size %d place %d", now.ss_flags, (int)now.ss_size,
	    now.ss_sp == stack ? 1 : now.ss_sp == other ? 2 : now.ss_sp ? 3 : 0);
}

static int set(void *place, size_t size, unsigned flags)
{
	stack_t new = {.ss_sp = place, .ss_size = size, .ss_flags = (int)flags};
	return sigaltstack(&new, NULL);
}

static void arguments(void)
{
	static const size_t sizes[] = {0, 1, 2047, 2048, 65536};
	static const unsigned flags[] = {0, 1, 2, 3, 4, 7, 1u << 31, 1u << 31 | 1, 1u << 31 | 2,
	                                 1u << 31 | 3, 1u << 30};
	tell("at first");
	for (unsigned i = 0; i < 5; i++)
		GIVES(set(stack, sizes[i], 0), "size %zu", sizes[i]);
	for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		GIVES(set(stack, sizeof stack, flags[i]), "flags %x", flags[i]);
		tell("then");
	}
	GIVES(set(NULL, 0, SS_DISABLE), "off");
	tell("then");
	GIVES(sigaltstack((void *)8, NULL), "a bad new one");
	GIVES(sigaltstack(NULL, (void *)8), "a bad place for the old one");
}

static bool inside(const char *place, const char *which)
{
	return place >= which && place < which + sizeof stack;
}

static void handler(int signal)
{
	char here;
	say("%s: inside %d %d", sigabbrev_np(signal), inside(&here, stack), inside(&here, other));
	tell("in the handler");
	GIVES(set(other, sizeof other, 0), "another, meanwhile");
	if (signal == SIGUSR1)
		raise(SIGUSR2);
}

static void catch(int signal, int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
	sigaction(signal, &action, NULL);
}

/* The old frame keeps no stack, the one of SA_SIGINFO does. */
static void handlers(unsigned stack_flags)
{
	static const int flags[] = {0, SA_ONSTACK, SA_ONSTACK | SA_SIGINFO};
	for (int i = 0; i < 3; i++) {
		set(stack, sizeof stack, stack_flags);
		say("-- stack %x handler %x", stack_flags, flags[i]);
		catch(SIGUSR1, flags[i]);
		catch(SIGUSR2, flags[i]);
		raise(SIGUSR1);
		tell("afterwards");
	}
}

static void change_in_frame(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info;
	ucontext_t *frame = context;
	say("the frame has flags %x size %d", frame->uc_stack.ss_flags,
	    (int)frame->uc_stack.ss_size);
	frame->uc_stack.ss_sp = other;
	frame->uc_stack.ss_size = 4096;
}

static void by_the_frame(void)
{
	struct sigaction action = {.sa_sigaction = change_in_frame, .sa_flags = SA_SIGINFO};
	set(stack, sizeof stack, 0);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	tell("changed in the frame");
}

/* Too deep for it: the program is ended, by SIGSEGV. What lies below must not take the pushes, or
 * a program whose stack pointer is below the stack when the signal comes begins at its top again. */
static void overflow(int signal)
{
	(void)signal;
	volatile char room[1500];
	room[0] = 1;
	raise(SIGUSR1);
	room[1] = 1;
}

static void too_short(void *handled)
{
	struct sigaction action = {.sa_handler = overflow, .sa_flags = SA_ONSTACK | SA_NODEFER};
	char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(pages, 4096, PROT_NONE);
	set(pages + 4096, 8192, 0);
	sigaction(SIGUSR1, &action, NULL);
	if (handled) {
		action.sa_flags = SA_ONSTACK;
		sigaction(SIGSEGV, &action, NULL);
	}
	raise(SIGUSR1);
}

static void out_of_it(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

static void left_by_jump(void)
{
	struct sigaction action = {.sa_handler = out_of_it, .sa_flags = SA_ONSTACK};
	static const unsigned flags[] = {0, SS_AUTODISARM};
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 2; i++) {
		set(stack, sizeof stack, flags[i]);
		if (!sigsetjmp(back, 1))
			raise(SIGUSR1);
		tell("after a jump out");
	}
}

int main(int count, char **words)
{
	if (count > 1) {
		tell("after exec");
		return 0;
	}
	arguments();
	handlers(0);
	handlers(SS_AUTODISARM);
	by_the_frame();
	say("too short: signal %d", signal_of(too_short, NULL));
	say("the same with a handler: signal %d", signal_of(too_short, stack));
	left_by_jump();
	set(stack, sizeof stack, SS_AUTODISARM);
	if (!fork()) {
		tell("in a child");
		_exit(0);
	}
	wait(NULL);
	execl(words[0], words[0], "again", NULL);
	return 1;
}
