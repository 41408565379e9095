/* SPDX-License-Identifier: MIT */
/* ptrace(2): which requests are refused with what, what each stop tells, and what wait(2) and
 * waitid(2) say of tracees. */
#include "case.h"
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>

static long request(long what, pid_t pid, unsigned long address, unsigned long data)
{
	return syscall(SYS_ptrace, what, pid, address, data);
}

static pid_t child;

/* The next stop or end of the child, of whatever kind. */
static void next(const char *what)
{
	int status = 0;
	if (waitpid(child, &status, __WALL) != child)
		say("%s: nothing", what);
	else if (WIFSTOPPED(status))
		say("%s: stopped by %d, event %d", what, WSTOPSIG(status), status >> 16);
	else if (WIFEXITED(status))
		say("%s: exited with %d", what, WEXITSTATUS(status));
	else
		say("%s: killed by %d", what, WTERMSIG(status));
}

static void information(const char *what)
{
	siginfo_t info = {0};
	GIVES(request(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info), "%s", what);
	say("  signal %d, code %#x", info.si_signo, (unsigned)info.si_code);
}

static void trace_me(void)
{
	if ((child = fork()))
		return;
	GIVES(request(PTRACE_TRACEME, 0, 0, 0), "trace me");
	GIVES(request(PTRACE_TRACEME, 0, 0, 0), "again");
	raise(SIGSTOP);
	raise(SIGWINCH);
	_exit(3);
}

static void refused(void)
{
	unsigned long word;
	struct iovec piece = {&word, 3};
	GIVES(request(PTRACE_ATTACH, 0, 0, 0), "attach to nobody");
	GIVES(request(PTRACE_ATTACH, getpid(), 0, 0), "to itself");
	GIVES(request(PTRACE_PEEKDATA, getpid(), 0, 0), "peek at itself");
	trace_me();
	next("the first stop");
	information("its information");
	GIVES(request(PTRACE_ATTACH, child, 0, 0), "attach twice");
	GIVES(request(PTRACE_SEIZE, child, 0, 0), "seize too");
	GIVES(request(PTRACE_INTERRUPT, child, 0, 0), "interrupt what was not seized");
	GIVES(request(PTRACE_LISTEN, child, 0, 0), "listen");
	GIVES(request(PTRACE_SETOPTIONS, child, 0, 1 << 29), "an option that is none");
	GIVES(request(PTRACE_PEEKDATA, child, 8, (unsigned long)&word), "peek where nothing is");
	GIVES(request(PTRACE_PEEKDATA, child, (unsigned long)&word, 8), "to a bad place");
	GIVES(request(PTRACE_PEEKUSER, child, 2, (unsigned long)&word), "an odd word");
	GIVES(request(PTRACE_POKEUSER, child, 100000, 0), "a far one");
	GIVES(request(PTRACE_GETREGS, child, 0, 8), "registers to a bad place");
	GIVES(request(PTRACE_GETREGSET, child, 4711, (unsigned long)&piece), "no such set");
	GIVES(request(PTRACE_GETREGSET, child, 1, (unsigned long)&piece), "a third of a word");
	GIVES(request(PTRACE_GETSIGMASK, child, 4, (unsigned long)&word), "a mask too short");
	GIVES(request(PTRACE_CONT, child, 0, 65), "a signal that is none");
	GIVES(request(4711, child, 0, 0), "a request that is none");
	GIVES(request(PTRACE_CONT, child, 0, 0), "go on");
	next("an ignored signal");
	GIVES(request(PTRACE_DETACH, child, 0, 0), "let go");
	GIVES(request(PTRACE_DETACH, child, 0, 0), "again");
	next("the end");
}

static void told_by_waitid(void)
{
	siginfo_t info = {0};
	trace_me();
	GIVES(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), "waitid asks for ends only");
	say("  code %d, status %d", info.si_code, info.si_status);
	GIVES(waitid(P_PID, (id_t)child, &info, WEXITED | WSTOPPED), "and for stops");
	say("  code %d, status %d", info.si_code, info.si_status);
	GIVES(waitid(P_PID, (id_t)child, &info, WEXITED | WSTOPPED | WNOHANG), "once");
	GIVES(request(PTRACE_KILL, child, 0, 0), "kill");
	next("the end");
}

static void seized(void)
{
	if (!(child = fork()))
		for (;;)
			pause();
	GIVES(request(PTRACE_SEIZE, child, 8, 0), "seize with an address");
	GIVES(request(PTRACE_SEIZE, child, 0, 1 << 29), "an option that is none");
	GIVES(request(PTRACE_SEIZE, child, 0, PTRACE_O_TRACESYSGOOD), "seize");
	GIVES(request(PTRACE_CONT, child, 0, 0), "it is not stopped");
	GIVES(request(PTRACE_INTERRUPT, child, 0, 0), "interrupt");
	next("interrupted");
	information("its information");
	GIVES(request(PTRACE_CONT, child, 0, 0), "go on");
	kill(child, SIGTSTP);
	next("a signal that stops");
	GIVES(request(PTRACE_CONT, child, 0, SIGSTOP), "as another");
	next("the group-stop");
	information("its information");
	GIVES(request(PTRACE_LISTEN, child, 0, 0), "listen");
	GIVES(request(PTRACE_GETREGS, child, 0, 0), "no access now");
	GIVES(request(PTRACE_INTERRUPT, child, 0, 0), "but interrupt");
	next("the group-stop again");
	GIVES(request(PTRACE_LISTEN, child, 0, 0), "listen");
	kill(child, SIGCONT);
	next("continued");
	GIVES(request(PTRACE_SYSCALL, child, 0, 0), "go on");
	next("the signal");
	GIVES(request(PTRACE_SYSCALL, child, 0, 0), "go on");
	next("a call");
	information("its information");
	kill(child, SIGKILL);
	next("the end");
}

/* What one without rights may trace: not root's. */
static void rights(void)
{
	int status;
	pid_t other = fork();
	if (!other)
		for (;;)
			pause();
	if (!fork()) {
		struct iovec here = {&status, sizeof status}, there = here;
		setresuid(1000, 1000, 1000);
		GIVES(request(PTRACE_ATTACH, other, 0, 0), "attach to root's");
		GIVES(request(PTRACE_SEIZE, other, 0, 0), "seize it");
		GIVES(syscall(SYS_process_vm_readv, other, &here, 1, &there, 1, 0), "read it");
		_exit(0);
	}
	wait(&status);
	kill(other, SIGKILL);
	wait(&status);
}

static void other_memory(void)
{
	char here[8] = "here", there[8] = "there";
	struct iovec local = {here, 8}, far = {there, 8}, none = {(void *)8, 8};
	pid_t self = getpid();
	GIVES(syscall(SYS_process_vm_readv, self, &local, 1, &far, 1, 0), "from itself");
	say("  %s", here);
	GIVES(syscall(SYS_process_vm_readv, self, &local, 1, &none, 1, 0), "from nowhere");
	GIVES(syscall(SYS_process_vm_readv, self, &none, 1, &far, 1, 0), "to nowhere");
	GIVES(syscall(SYS_process_vm_readv, self, &local, 1, &far, 1, 1), "with flags");
	GIVES(syscall(SYS_process_vm_readv, 0, &local, 1, &far, 1, 0), "of nobody");
	GIVES(syscall(SYS_process_vm_readv, 0, &local, 0, &far, 0, 0), "nothing of nobody");
	GIVES(syscall(SYS_process_vm_writev, self, &local, 1, &far, 2000, 0), "too many pieces");
	GIVES(syscall(SYS_process_vm_writev, self, 8, 1, &far, 1, 0), "a bad list");
	far.iov_base = pages(1, PROT_READ | PROT_WRITE);
	GIVES(syscall(SYS_process_vm_writev, self, &local, 1, &far, 1, 0), "to a page");
	mprotect(far.iov_base, PAGE, PROT_READ);
	GIVES(syscall(SYS_process_vm_writev, self, &local, 1, &far, 1, 0), "that may only be read");
	far.iov_base = (void *)"constant";
	GIVES(syscall(SYS_process_vm_writev, self, &local, 1, &far, 1, 0), "to a constant");
}

/* As many pieces as there may be, and more than a page holds of their list. */
static void many_pieces(void)
{
	static struct iovec far[1025];
	static char from[1025], to[1025];
	struct iovec local = {to, sizeof to};
	pid_t self = getpid();

	for (unsigned i = 0; i < sizeof from; i++) {
		from[i] = i % 251;
		far[i] = (struct iovec){&from[i], 1};
	}
	GIVES(syscall(SYS_process_vm_readv, self, &local, 1, far, 1024, 0), "1,024 pieces");
	say("  the same: %d", memcmp(from, to, 1024) == 0);
	GIVES(syscall(SYS_process_vm_readv, self, &local, 1, far, 1025, 0), "1,025 pieces");
	GIVES(syscall(SYS_process_vm_writev, self, &local, 1, far, 513, 0), "513 pieces written");
	far[600].iov_base = (void *)8;
	GIVES(syscall(SYS_process_vm_readv, self, &local, 1, far, 1024, 0), "one leads nowhere");
	far[900].iov_len = -1;
	GIVES(syscall(SYS_process_vm_readv, self, &local, 1, far, 1024, 0), "one is too long");
}

/* What is stopped already can be asked as soon as it is attached to. */
static void stopped(void)
{
	long word = 0;
	int status;
	if (!(child = fork())) {
		raise(SIGSTOP);
		_exit(4);
	}
	waitpid(child, &status, WUNTRACED);
	GIVES(request(PTRACE_ATTACH, child, 0, 0), "attach to a stopped one");
	GIVES(request(PTRACE_PEEKUSER, child, 0, (unsigned long)&word), "and ask at once");
	next("its stop");
	GIVES(request(PTRACE_DETACH, child, 0, 0), "let go");
	kill(child, SIGCONT);
	waitpid(child, &status, 0);
	say("it exited with %d", WEXITSTATUS(status));
}

int main(void)
{
	refused();
	stopped();
	told_by_waitid();
	seized();
	rights();
	other_memory();
	many_pieces();
	return 0;
}
