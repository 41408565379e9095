/* SPDX-License-Identifier: MIT */
/*
 * Stops before and after each system call, where the tracer changes the call, its result, or
 * leaves it out; the events of fork, vfork, exec and exit, with the child followed.
 */
#include "ptrace.h"

static void registers(pid_t child, uint32_t *words)
{
	CHECK(trace(PTRACE_GETREGS, child, 0, (uintptr_t)words) == 0, "registers");
}

static void set_registers(pid_t child, const uint32_t *words)
{
	CHECK(trace(PTRACE_SETREGS, child, 0, (uintptr_t)words) == 0, "set registers");
}

#define CALL_STOP (SIGTRAP | 0x80)

/* On to the next call's entry or exit. */
static void next_call_stop(pid_t child, uint32_t *words)
{
	resume(PTRACE_SYSCALL, child, 0);
	expect_stop(child, CALL_STOP);
	registers(child, words);
}

static void calls(void)
{
	uint32_t words[WORDS];
	struct ptrace_syscall_info info;
	pid_t child = traced_child();
	if (!child) {
		if (syscall(__NR_getppid) != 4711) /* its result is changed */
			_exit(1);
		if (syscall(__NR_dup, 99) != -1 || errno != ENOSYS) /* left out */
			_exit(2);
		_exit(syscall(__NR_getppid) == getpid() ? 3 : 4); /* another call */
	}
	CHECK(trace(PTRACE_SETOPTIONS, child, 0, 1 << 30) == -1 && errno == EINVAL, "no option");
	CHECK(trace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD) == 0, "options");
	next_call_stop(child, words);
	CHECK(words[WORD_ORIG_EAX] == __NR_getppid, "the call %u", words[WORD_ORIG_EAX]);
	CHECK((int)words[WORD_EAX] == -ENOSYS, "no result yet");
	CHECK(trace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, (uintptr_t)&info) ==
	      offsetof(struct ptrace_syscall_info, entry) + sizeof info.entry, "its size");
	CHECK(info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == __NR_getppid, "entry");
	next_call_stop(child, words);
	CHECK(words[WORD_EAX] == (uint32_t)getpid(), "the result");
	words[WORD_EAX] = 4711;
	set_registers(child, words);
	next_call_stop(child, words);
	CHECK(words[WORD_ORIG_EAX] == __NR_dup && words[WORD_EBX] == 99, "the next one");
	words[WORD_ORIG_EAX] = (uint32_t)-1;
	set_registers(child, words);
	next_call_stop(child, words);
	next_call_stop(child, words);
	words[WORD_ORIG_EAX] = __NR_getpid;
	set_registers(child, words);
	next_call_stop(child, words);
	CHECK(words[WORD_EAX] == (uint32_t)child, "what the other call gives");
	resume(PTRACE_CONT, child, 0);
	expect_exit(child, 3);
}

static uint32_t message(pid_t child)
{
	unsigned long number = 0;
	CHECK(trace(PTRACE_GETEVENTMSG, child, 0, (uintptr_t)&number) == 0, "its message");
	return number;
}

static void fork_and_exit(void)
{
	unsigned long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXIT;
	pid_t child = traced_child(), grandchild;
	int status;
	if (!child) {
		grandchild = fork();
		if (!grandchild)
			_exit(5);
		_exit(waitpid(grandchild, &status, 0) == grandchild ? WEXITSTATUS(status) : 1);
	}
	CHECK(trace(PTRACE_SETOPTIONS, child, 0, options) == 0, "options");
	resume(PTRACE_CONT, child, 0);
	expect_stop(child, SIGTRAP | PTRACE_EVENT_FORK << 8);
	grandchild = (pid_t)message(child);
	expect_stop(grandchild, SIGSTOP);
	resume(PTRACE_CONT, child, 0);
	resume(PTRACE_CONT, grandchild, 0);
	expect_stop(grandchild, SIGTRAP | PTRACE_EVENT_EXIT << 8);
	CHECK(message(grandchild) == 5 << 8, "its status before its end");
	resume(PTRACE_CONT, grandchild, 0);
	expect_exit(grandchild, 5);
	expect_stop(child, SIGCHLD);
	resume(PTRACE_CONT, child, 0);
	expect_stop(child, SIGTRAP | PTRACE_EVENT_EXIT << 8);
	resume(PTRACE_CONT, child, 0);
	expect_exit(child, 5);
}

static void execution(unsigned long options, int expected, char *program)
{
	char *const arguments[] = {program, "program", NULL};
	pid_t child = traced_child();
	if (!child) {
		execve(program, arguments, NULL);
		_exit(1);
	}
	CHECK(trace(PTRACE_SETOPTIONS, child, 0, options) == 0, "options");
	resume(PTRACE_CONT, child, 0);
	expect_stop(child, expected);
	if (options)
		CHECK(message(child) == (uint32_t)child, "its number before");
	resume(PTRACE_CONT, child, 0);
	expect_exit(child, 9);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return 9;
	calls();
	fork_and_exit();
	execution(0, SIGTRAP, argv[0]);
	execution(PTRACE_O_TRACEEXEC, SIGTRAP | PTRACE_EVENT_EXEC << 8, argv[0]);
	say("calls changed and left out; fork, exec and exit seen");
	return 0;
}
