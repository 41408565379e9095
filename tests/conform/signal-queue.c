/* SPDX-License-Identifier: MIT */
/* sigqueue(3), rt_tgsigqueueinfo(2), signal(7): ordinary signals are pending once and tell what
 * the first told, real-time ones queue and come in the order of their numbers, each number in the
 * order of its sending; RLIMIT_SIGPENDING; who may claim to be whom. */
#include "case.h"

static struct seen {
	int signal, code, value;
	bool own_pid, own_uid;
} seen[64];
static int count;

static void note(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (count < 64)
		seen[count++] = (struct seen){signal, info->si_code, info->si_value.sival_int,
		                              info->si_pid == getpid(), info->si_uid == getuid()};
}

static const char *name_of(int signal)
{
	static char text[32];
	if (signal < SIGRTMIN)
		return sigabbrev_np(signal);
	snprintf(text, sizeof text, "RTMIN+%d", signal - SIGRTMIN);
	return text;
}

static void catch(int signal, bool one_at_a_time)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
	if (one_at_a_time)
		sigfillset(&action.sa_mask);
	sigaction(signal, &action, NULL);
}

static void block_all(bool block)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(block ? SIG_BLOCK : SIG_UNBLOCK, &all, NULL);
}

static void release(const char *what)
{
	count = 0;
	block_all(false);
	say("%s: %d came", what, count);
	for (int i = 0; i < count; i++)
		say("  %s code %d value %d own %d %d", name_of(seen[i].signal), seen[i].code,
		    seen[i].code == SI_QUEUE ? seen[i].value : 0, seen[i].own_pid,
		    seen[i].own_uid);
}

static void send(int signal, int value)
{
	GIVES(sigqueue(getpid(), signal, (union sigval){value}), "sigqueue %s", name_of(signal));
}

static void order(void)
{
	static const int numbers[] = {3, 0, 1, 3, 0, 0, 2};
	block_all(true);
	for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		send(SIGRTMIN + numbers[i], (int)i);
	send(SIGUSR2, 70);
	send(SIGUSR1, 71);
	send(SIGUSR2, 72);
	kill(getpid(), SIGRTMIN + 1);
	raise(SIGRTMIN);
	release("in order");
}

static void first_tells(void)
{
	block_all(true);
	kill(getpid(), SIGUSR1);
	send(SIGUSR1, 5);
	send(SIGUSR2, 6);
	kill(getpid(), SIGUSR2);
	release("the first tells");
}

static void taken_one_by_one(void)
{
	sigset_t set;
	siginfo_t info;
	struct timespec now = {0, 0};
	block_all(true);
	for (int i = 0; i < 4; i++)
		send(SIGRTMIN + i % 2, i);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	while (sigtimedwait(&set, &info, &now) > 0)
		say("taken: %s value %d", name_of(info.si_signo), info.si_int);
	say("%s", error_name(errno));
	release("the rest");
}

static void forgotten_when_ignored(void)
{
	sigset_t pending;
	block_all(true);
	send(SIGRTMIN, 1);
	send(SIGRTMIN, 2);
	signal(SIGRTMIN, SIG_IGN);
	sigpending(&pending);
	say("pending after SIG_IGN: %d", sigismember(&pending, SIGRTMIN));
	send(SIGRTMIN, 3);
	sigpending(&pending);
	say("ignored, but blocked: pending %d", sigismember(&pending, SIGRTMIN));
	catch(SIGRTMIN, true);
	release("what came while ignored");
}

static void limit(unsigned most)
{
	struct rlimit limit = {most, most};
	block_all(true);
	setrlimit(RLIMIT_SIGPENDING, &limit);
	say("-- RLIMIT_SIGPENDING %u", most);
	send(SIGUSR1, 1);
	send(SIGRTMIN, 2);
	send(SIGRTMIN, 3);
	GIVES(kill(getpid(), SIGRTMIN + 1), "kill");
	GIVES(kill(getpid(), SIGRTMIN + 1), "kill again");
	GIVES(syscall(SYS_tkill, getpid(), SIGRTMIN + 2), "tkill");
	GIVES(kill(getpid(), SIGUSR2), "kill USR2");
	release("with the limit");
}

static void limits(void *unused)
{
	(void)unused;
	if (setresuid(4321, 4321, 4321))
		say("no other user");
	limit(3);
	limit(1);
	limit(0);
}

static int raw(int call, pid_t group, pid_t to, int signal, int code)
{
	siginfo_t info = {.si_code = code, .si_signo = 77, .si_errno = 0};
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_int = 9;
	return call == SYS_rt_sigqueueinfo
	               ? (int)syscall(call, to, signal, &info)
	               : (int)syscall(call, group, to, signal, &info);
}

static void claims(void)
{
	static const int codes[] = {SI_USER, SI_KERNEL, SI_QUEUE, SI_TIMER, SI_MESGQ, SI_TKILL, -60};
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		GIVES(raw(SYS_rt_sigqueueinfo, 0, child, 0, codes[i]), "to another, %d", codes[i]);
		GIVES(raw(SYS_rt_sigqueueinfo, 0, getpid(), SIGUSR1, codes[i]), "to itself");
		GIVES(raw(SYS_rt_tgsigqueueinfo, child, child, 0, codes[i]), "tg, to another");
		GIVES(raw(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR2, codes[i]), "tg");
	}
	release("claimed");
	GIVES(raw(SYS_rt_tgsigqueueinfo, getpid(), child, 0, SI_QUEUE), "another's group");
	GIVES(raw(SYS_rt_tgsigqueueinfo, 0, child, 0, SI_QUEUE), "group 0");
	GIVES(raw(SYS_rt_tgsigqueueinfo, child, -1, 0, SI_QUEUE), "thread -1");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void wrong(void)
{
	static const int signals[] = {-1, 0, 64, 65, 1000};
	static const int ids[] = {0x7ffffff0, 1 << 30};
	for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		block_all(true);
		signal(signals[i], SIG_IGN);
		GIVES(raw(SYS_rt_sigqueueinfo, 0, getpid(), signals[i], SI_QUEUE), "signal %d",
		      signals[i]);
		GIVES(kill(getpid(), signals[i]), "kill %d", signals[i]);
		GIVES(syscall(SYS_tgkill, getpid(), getpid(), signals[i]), "tgkill");
		GIVES(kill(ids[0], signals[i]), "kill nobody");
		GIVES(raw(SYS_rt_sigqueueinfo, 0, ids[1], signals[i], SI_QUEUE), "queue nobody");
		block_all(false);
	}
	GIVES(raw(SYS_rt_sigqueueinfo, 0, 0, SIGUSR1, SI_QUEUE), "queue to 0");
	GIVES(raw(SYS_rt_sigqueueinfo, 0, -1, SIGUSR1, SI_QUEUE), "queue to -1");
	GIVES(syscall(SYS_tkill, 0, SIGUSR1), "tkill 0");
	GIVES(syscall(SYS_tgkill, -1, getpid(), SIGUSR1), "tgkill -1");
	GIVES(syscall(SYS_tgkill, 1, getpid(), SIGUSR1), "tgkill of another's group");
	GIVES(kill((pid_t)0x80000000, 0), "kill INT_MIN");
	GIVES(kill(-0x7ffffff0, 0), "kill no group");
	GIVES(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, (void *)8), "a bad address");
}

int main(void)
{
	for (int i = 0; i < 4; i++)
		catch(SIGRTMIN + i, true);
	catch(SIGUSR1, true);
	catch(SIGUSR2, true);
	order();
	first_tells();
	taken_one_by_one();
	forgotten_when_ignored();
	claims();
	wrong();
	child_status(limits, NULL);
	return 0;
}
