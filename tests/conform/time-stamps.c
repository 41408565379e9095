/* SPDX-License-Identifier: MIT */
/* prctl(2), PR_SET_TSC: whether the time-stamp counter may be read; who has it of whom. */
#include "case.h"
#include <pthread.h>
#include <sys/prctl.h>

static unsigned long long stamp(void)
{
	unsigned low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (unsigned long long)high << 32 | low;
}

static void read_stamp(void *unused)
{
	(void)unused;
	stamp();
}

static int state(void)
{
	int now = -1;
	prctl(PR_GET_TSC, &now);
	return now;
}

static void *in_thread(void *unused)
{
	(void)unused;
	say("a thread has %d", state());
	prctl(PR_SET_TSC, PR_TSC_ENABLE);
	say("and then %d", state());
	stamp();
	return NULL;
}

static void handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d, code %d, address %p", number, info->si_code, info->si_addr);
	prctl(PR_SET_TSC, PR_TSC_ENABLE);
}

int main(int count, char **arguments)
{
	pthread_t thread;
	if (count > 1) {
		say("after exec %d", state());
		say("it ends by signal %d", signal_of(read_stamp, NULL));
		return 0;
	}
	say("at first %d", state());
	say("it counts %d", stamp() < stamp());
	GIVES(prctl(PR_SET_TSC, 0), "set 0");
	GIVES(prctl(PR_SET_TSC, 3), "set 3");
	GIVES(prctl(PR_GET_TSC, 8), "a bad place");
	GIVES(prctl(PR_SET_TSC, PR_TSC_SIGSEGV), "hide it");
	say("now %d", state());
	say("a child ends by signal %d", signal_of(read_stamp, NULL));
	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
	say("the first has %d", state());
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
	sigaction(SIGSEGV, &action, NULL);
	stamp();
	say("again after the handler %d", state());
	signal(SIGSEGV, SIG_DFL);
	prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
	execl(arguments[0], arguments[0], "again", NULL);
	return 1;
}
