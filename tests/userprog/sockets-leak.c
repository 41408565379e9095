/* SPDX-License-Identifier: MIT */
/*
 * What sockets hold comes back: descriptors in messages that nobody received, sockets that hold
 * each other in a cycle or in a long chain, connections that nobody accepted, names. A user's
 * messages are bounded; a full machine gets an error, not a panic.
 */
#include "tests/test.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static void send_descriptor(int to, int number)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec piece = {"x", 1};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control,
	                         .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	*header = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(header), &number, sizeof(int));
	CHECK(sendmsg(to, &message, 0) == 1, "a descriptor is sent");
}

static void pair(int ends[2])
{
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "a pair");
}

/* Each end lies in the other's queue, with 150 KiB behind it; then nobody has any. */
static void cycle(void)
{
	static char bytes[150 * 1024];
	int ends[2];

	pair(ends);
	send_descriptor(ends[0], ends[0]);
	send_descriptor(ends[1], ends[1]);
	CHECK(send(ends[0], bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes), "150 KiB");
	close(ends[0]);
	close(ends[1]);
}

/* Each pair holds the pair before it: 300 closings that follow from one. */
static void chain(void)
{
	int before[2], ends[2];

	pair(before);
	for (int i = 0; i < 300; i++) {
		pair(ends);
		send_descriptor(ends[0], before[0]);
		send_descriptor(ends[0], before[1]);
		close(before[0]);
		close(before[1]);
		memcpy(before, ends, sizeof(ends));
	}
	close(before[0]);
	close(before[1]);
}

/* A pipe whose only reader lies in a message: it is open as long as the message is there. */
static void held_by_message(void)
{
	int ends[2], pipe_ends[2];

	signal(SIGPIPE, SIG_IGN);
	pair(ends);
	CHECK(pipe(pipe_ends) == 0, "a pipe");
	send_descriptor(ends[0], pipe_ends[0]);
	close(pipe_ends[0]);
	close(ends[0]);
	CHECK(write(pipe_ends[1], "x", 1) == 1, "the pipe has a reader");
	close(ends[1]);
	CHECK_ERRNO(write(pipe_ends[1], "x", 1), EPIPE);
	close(pipe_ends[1]);
}

static void not_accepted(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "leak-socket"};
	int clients[20], server = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(name.sun_path);
	CHECK(bind(server, (void *)&name, sizeof(name)) == 0 && listen(server, 30) == 0, "listens");
	for (int i = 0; i < 20; i++) {
		clients[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		CHECK(connect(clients[i], (void *)&name, sizeof(name)) == 0, "connects");
		CHECK(send(clients[i], clients, sizeof(clients), 0) == sizeof(clients), "sends");
	}
	close(server);
	for (int i = 0; i < 20; i++)
		close(clients[i]);
	CHECK(unlink(name.sun_path) == 0, "the node goes");
}

/* As much as may be: the sum over many sockets ends with an error long before memory does. */
static void fill(void)
{
	static char bytes[64 * 1024];
	int ends[2], all = 0, error = 0;
	struct rlimit limit = {1024, 1024};

	setrlimit(RLIMIT_NOFILE, &limit);
	while (!error && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0) {
		ssize_t n;
		while ((n = send(ends[0], bytes, sizeof(bytes), 0)) > 0)
			all += n / 1024;
		if (errno != EAGAIN)
			error = errno;
		errno = 0;
	}
	CHECK(error == ENOBUFS || error == ENOMEM, "the user's share has an end: error %d", error);
	CHECK(all > 1024 && all < meminfo("MemTotal") / 4, "%d KiB are no more than the share", all);
}

static void run(void *part)
{
	((void (*)(void))part)();
}

int main(void)
{
	static void (*const parts[])(void) = {cycle, chain, held_by_message, not_accepted};
	int ends[2];

	for (int i = 0; i < 4; i++)
		in_child(run, (void *)parts[i]);
	if (machine_is_ours())
		in_child(run, (void *)fill);
	long before = meminfo("MemFree");
	for (int i = 0; i < 80; i++)
		in_child(run, (void *)parts[i % 4]);
	pair(ends);
	close(ends[0]);
	close(ends[1]);
	long lost = before - meminfo("MemFree");
	CHECK(!machine_is_ours() || !pages_stay() || lost < 1024,
	      "no memory is lost: %ld KiB, where twenty cycles hold 3,000", lost);
	say("sockets give back what they held");
	return 0;
}
