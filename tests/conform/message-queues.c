/* SPDX-License-Identifier: MIT */
/* mq_open(2) and its kin, mq_overview(7): names, flags and rights, attributes, order by priority,
 * what blocks and for how long, mq_notify, poll, and RLIMIT_MSGQUEUE. */
#include "case.h"

#include <mqueue.h>

static struct mq_attr attributes(long most, long size)
{
	return (struct mq_attr){.mq_maxmsg = most, .mq_msgsize = size};
}

static void tell(mqd_t queue, const char *when)
{
	struct mq_attr now;
	GIVES(mq_getattr(queue, &now), "%s", when);
	say("  flags %lx most %ld size %ld holds %ld", now.mq_flags, now.mq_maxmsg, now.mq_msgsize,
	    now.mq_curmsgs);
}

static void names(void)
{
	char longest[300];
	memset(longest, 'n', sizeof longest);
	longest[0] = '/';
	longest[256] = '\0';
	SUCCEEDS(mq_open(longest, O_RDWR | O_CREAT, 0600, NULL), "255 bytes");
	GIVES(mq_unlink(longest), "and gone");
	longest[256] = 'n';
	longest[257] = '\0';
	SUCCEEDS(mq_open(longest, O_RDWR | O_CREAT, 0600, NULL), "256 bytes");
	SUCCEEDS(mq_open("/a/b", O_RDWR | O_CREAT, 0600, NULL), "a slash within");
	SUCCEEDS(syscall(SYS_mq_open, "", O_RDWR | O_CREAT, 0600, NULL), "no name");
	SUCCEEDS(syscall(SYS_mq_open, ".", O_RDWR | O_CREAT, 0600, NULL), "a dot");
	SUCCEEDS(syscall(SYS_mq_open, (char *)8, O_RDWR | O_CREAT, 0600, NULL), "a bad address");
	SUCCEEDS(mq_open("/none", O_RDWR), "not there");
	GIVES(mq_unlink("/none"), "not there");
	SUCCEEDS(mq_open("/q", O_RDWR | O_CREAT | O_EXCL, 0640, NULL), "made");
	SUCCEEDS(mq_open("/q", O_RDWR | O_CREAT | O_EXCL, 0640, NULL), "made again");
	SUCCEEDS(mq_open("/q", O_RDWR | O_CREAT, 0640, NULL), "opened");
	SUCCEEDS(mq_open("/q", O_RDWR | O_WRONLY), "both modes");
	tell(mq_open("/q", O_RDONLY | O_NONBLOCK), "as it is by itself");
	GIVES(fcntl(mq_open("/q", O_RDONLY), F_GETFD), "close-on-exec");
	GIVES(mq_unlink("/q"), "removed");
	SUCCEEDS(mq_open("/q", O_RDWR), "it has no name");
}

/* As a user: root of the machine that runs this may have less than all rights. */
static void sizes(void *unused)
{
	(void)unused;
	setuid(1000);
	static const long values[][2] = {{1, 1}, {10, 8192}, {11, 1}, {0, 1}, {1, 0}, {-1, 1},
	                                 {1, -1}, {65537, 1}, {1, (16 << 20) + 1}};
	for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct mq_attr wanted = attributes(values[i][0], values[i][1]);
		SUCCEEDS(mq_open("/s", O_RDWR | O_CREAT, 0600, &wanted), "%ld of %ld", values[i][0],
		         values[i][1]);
		mq_unlink("/s");
	}
}

static void order(void)
{
	struct mq_attr wanted = attributes(4, 16);
	mqd_t queue = mq_open("/o", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &wanted);
	static const struct { const char *text; unsigned priority; } posts[] = {
		{"low", 1}, {"high", 9}, {"low too", 1}, {"", 5}};
	char text[17];
	unsigned priority;
	for (int i = 0; i < 4; i++)
		GIVES(mq_send(queue, posts[i].text, strlen(posts[i].text), posts[i].priority),
		      "send '%s'", posts[i].text);
	GIVES(mq_send(queue, "x", 1, 0), "full");
	GIVES(mq_send(queue, "x", 1, 32768), "no such priority");
	GIVES(mq_send(queue, "0123456789abcdefg", 17, 0), "too long");
	tell(queue, "full");
	for (int i = 0; i < 5; i++) {
		memset(text, 0, sizeof text);
		priority = 77;
		GIVES(mq_receive(queue, text, 16, &priority), "received");
		say("  '%s' %u", text, priority);
	}
	GIVES(mq_receive(queue, text, 15, &priority), "no room");
	GIVES(mq_send(queue, "", 0, 32767), "empty, the highest");
	GIVES(mq_receive(queue, text, 16, NULL), "without its priority");
	GIVES(mq_send(queue, (char *)8, 4, 0), "a bad address");
	mq_send(queue, "lost", 4, 0);
	GIVES(mq_receive(queue, (char *)8, 16, NULL), "to a bad address");
	tell(queue, "then");
	mq_unlink("/o");
	mq_close(queue);
}

static void waits(void)
{
	struct mq_attr wanted = attributes(1, 16), blocking = {0};
	mqd_t queue = mq_open("/w", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &wanted);
	struct timespec past = {1, 0}, bad = {1, 1000000000}, soon;
	char text[16];
	GIVES(mq_setattr(queue, &blocking, NULL), "blocking");
	blocking.mq_flags = O_APPEND;
	GIVES(mq_setattr(queue, &blocking, NULL), "another flag");
	tell(queue, "blocking");
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 20000000;
	if (soon.tv_nsec >= 1000000000) {
		soon.tv_nsec -= 1000000000;
		soon.tv_sec++;
	}
	GIVES(mq_timedreceive(queue, text, 16, NULL, &past), "nothing, past");
	GIVES(mq_timedreceive(queue, text, 16, NULL, &bad), "nothing, bad");
	GIVES(mq_timedreceive(queue, text, 16, NULL, &soon), "nothing, soon");
	GIVES(mq_timedsend(queue, "a", 1, 0, &past), "room, past");
	GIVES(mq_timedsend(queue, "b", 1, 0, &past), "full, past");
	GIVES(mq_timedsend(queue, "b", 1, 0, &bad), "full, bad");
	int child = fork();
	if (!child) {
		usleep(20000);
		mq_receive(queue, text, 16, NULL);
		usleep(20000);
		mq_send(queue, "from the child", 14, 3);
		_exit(0);
	}
	GIVES(mq_send(queue, "c", 1, 0), "waited for room");
	GIVES(mq_receive(queue, text, 16, NULL), "what was sent");
	GIVES(mq_receive(queue, text, 16, NULL), "waited for one");
	waitpid(child, NULL, 0);
	mq_unlink("/w");
	mq_close(queue);
}

static volatile int signals, code, value;

static void note(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	signals++;
	code = info->si_code;
	value = info->si_value.sival_int;
}

static void notices(void)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
	                         .sigev_value.sival_int = 42};
	struct mq_attr wanted = attributes(3, 16);
	mqd_t queue = mq_open("/n", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &wanted);
	char text[16];
	sigaction(SIGUSR1, &action, NULL);
	GIVES(mq_notify(queue, &event), "to be told");
	GIVES(mq_notify(queue, &event), "again");
	mq_send(queue, "a", 1, 0);
	say("told %d code %d value %d", signals, code, value);
	mq_send(queue, "b", 1, 0);
	GIVES(mq_notify(queue, &event), "with messages there");
	mq_send(queue, "c", 1, 0);
	say("told %d", signals);
	while (mq_receive(queue, text, 16, NULL) >= 0)
		;
	GIVES(mq_notify(queue, NULL), "no more");
	mq_send(queue, "d", 1, 0);
	say("told %d", signals);
	mq_receive(queue, text, 16, NULL);
	event.sigev_notify = SIGEV_NONE;
	GIVES(mq_notify(queue, &event), "silently");
	int child = fork();
	if (!child) {
		event.sigev_notify = SIGEV_SIGNAL;
		GIVES(mq_notify(queue, &event), "another process");
		GIVES(mq_notify(queue, NULL), "it has none to end");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	mqd_t second = mq_open("/n", O_RDWR);
	mq_close(second);
	event.sigev_notify = SIGEV_SIGNAL;
	GIVES(mq_notify(queue, &event), "a close has ended it");
	event.sigev_notify = 77;
	GIVES(mq_notify(queue, &event), "no such way");
	event = (struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65};
	GIVES(mq_notify(queue, &event), "no such signal");
	mq_unlink("/n");
	mq_close(queue);
}

static void files(void)
{
	struct mq_attr wanted = attributes(2, 16);
	mqd_t queue = mq_open("/f", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &wanted);
	struct pollfd look = {.fd = queue, .events = POLLIN | POLLOUT};
	char text[100] = "";
	GIVES(poll(&look, 1, 0), "poll");
	say("  empty %x", look.revents);
	mq_send(queue, "abc", 3, 0);
	poll(&look, 1, 0);
	say("  one %x", look.revents);
	mq_send(queue, "de", 2, 0);
	poll(&look, 1, 0);
	say("  full %x", look.revents);
	GIVES(read(queue, text, sizeof text), "read");
	say("%s", text);
	GIVES(read(queue, text, sizeof text), "read on");
	GIVES(write(queue, "x", 1), "write");
	GIVES(mq_send(0, "x", 1, 0), "no queue");
	GIVES(mq_getattr(99, &wanted), "not open");
	mqd_t only = mq_open("/f", O_RDONLY), other = mq_open("/f", O_WRONLY);
	GIVES(mq_send(only, "x", 1, 0), "to be read alone");
	GIVES(mq_receive(other, text, 16, NULL), "to be written alone");
	mq_unlink("/f");
	GIVES(mq_receive(only, text, 16, NULL), "without a name");
	mq_close(queue);
}

static void rights(void)
{
	mqd_t queue = mq_open("/r", O_RDWR | O_CREAT, 0644, NULL);
	struct rlimit limit;
	struct mq_attr large = attributes(10, 8192);
	int made = 0;
	char name[20];
	if (!fork()) {
		setgid(1000);
		setuid(1000);
		SUCCEEDS(mq_open("/r", O_RDONLY), "to read");
		SUCCEEDS(mq_open("/r", O_WRONLY), "to write");
		GIVES(mq_unlink("/r"), "to remove");
		getrlimit(RLIMIT_MSGQUEUE, &limit);
		say("limit %lu", (unsigned long)limit.rlim_cur);
		for (; made < 100; made++) {
			snprintf(name, sizeof name, "/many%d", made);
			if (mq_open(name, O_RDWR | O_CREAT, 0600, &large) < 0)
				break;
		}
		say("%d queues, then %s", made, error_name(errno));
		large.mq_maxmsg = 11;
		SUCCEEDS(mq_open("/more", O_RDWR | O_CREAT, 0600, &large), "11 messages");
		while (made-- > 0) {
			snprintf(name, sizeof name, "/many%d", made);
			mq_unlink(name);
		}
		_exit(0);
	}
	wait(NULL);
	mq_unlink("/r");
	mq_close(queue);
}

int main(void)
{
	names();
	child_status(sizes, NULL);
	order();
	waits();
	notices();
	files();
	rights();
	return 0;
}
