/* SPDX-License-Identifier: MIT */
/*
 * Six processes do random things to sockets that they share and to such as they make: connect,
 * accept, send descriptors to and fro, receive, close. Nothing may panic or hang, and the audit at
 * the end finds nothing leaked. No call waits.
 */
#include "tests/test.h"

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SOCKETS 24u
#define STEPS 4000
#define RIGHTS 2u /* descriptors in a message */

static uint32_t random_state = 1;
static int sockets[SOCKETS];
static char bytes[50000];

static uint32_t below(uint32_t n)
{
	return next_random(&random_state) % n;
}

static int any(void)
{
	return sockets[below(SOCKETS)];
}

static int any_type(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	return types[below(3)] | SOCK_NONBLOCK;
}

/* In the place of one that is closed. */
static void keep(int fd)
{
	uint32_t i = below(SOCKETS);

	if (fd < 0)
		return;
	close(sockets[i]);
	sockets[i] = fd;
	fcntl(fd, F_SETFL, O_NONBLOCK);
}

/* One of five abstract names. */
static socklen_t any_name(struct sockaddr_un *name)
{
	*name = (struct sockaddr_un){.sun_family = AF_UNIX};
	name->sun_path[1] = 'a' + below(5);
	return offsetof(struct sockaddr_un, sun_path) + 2;
}

static void make(void)
{
	int ends[2];

	if (below(2))
		keep(socket(AF_UNIX, any_type(), 0));
	else if (socketpair(AF_UNIX, any_type(), 0, ends) == 0) {
		keep(ends[0]);
		keep(ends[1]);
	}
}

static void name_or_connect(void)
{
	struct sockaddr_un name, nobody = {.sun_family = AF_UNSPEC};
	socklen_t length = any_name(&name);

	switch (below(6)) {
	case 0:
		bind(any(), (void *)&name, length);
		break;
	case 1:
		listen(any(), below(4));
		break;
	case 2:
		connect(any(), (void *)&nobody, 2);
		break;
	case 3:
		keep(accept(any(), NULL, NULL));
		break;
	default:
		connect(any(), (void *)&name, length);
	}
}

static void send_some(void)
{
	char control[CMSG_SPACE(RIGHTS * sizeof(int))] = {0};
	struct iovec piece = {bytes, below(2) ? below(200) : below(sizeof(bytes))};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control,
	                         .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int numbers[RIGHTS] = {any(), any()};

	*header = (struct cmsghdr){CMSG_LEN(sizeof(numbers)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(header), numbers, sizeof(numbers));
	if (below(2))
		message.msg_controllen = 0;
	sendmsg(any(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void receive_some(void)
{
	char control[CMSG_SPACE(RIGHTS * sizeof(int))] = {0};
	struct iovec piece = {bytes, below(2) ? below(200) : sizeof(bytes)};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control,
	                         .msg_controllen = sizeof(control)};
	int flags = MSG_DONTWAIT | (below(4) ? 0 : MSG_PEEK), numbers[RIGHTS];

	if (recvmsg(any(), &message, flags) < 0)
		return;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return;
	uint32_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	CHECK(count <= RIGHTS, "no more than %u descriptors come", RIGHTS);
	memcpy(numbers, CMSG_DATA(header), count * sizeof(int));
	for (uint32_t i = 0; i < count; i++)
		keep(numbers[i]);
}

static void look(void)
{
	struct pollfd looks[SOCKETS];

	for (uint32_t i = 0; i < SOCKETS; i++)
		looks[i] = (struct pollfd){sockets[i], POLLIN | POLLOUT, 0};
	CHECK(poll(looks, SOCKETS, !below(8)) >= 0, "poll");
}

static void step(void)
{
	switch (below(12)) {
	case 0:
		make();
		break;
	case 1:
	case 2:
	case 3:
		name_or_connect();
		break;
	case 4:
		look();
		break;
	case 5:
		if (!below(8))
			shutdown(any(), below(3));
		break;
	case 6:
	case 7:
	case 8:
		send_some();
		break;
	default:
		receive_some();
	}
}

static void act(void *seed)
{
	random_state = *(uint32_t *)seed;
	for (int i = 0; i < STEPS; i++)
		step();
}

int main(void)
{
	pid_t children[6];

	for (uint32_t i = 0; i < SOCKETS; i++)
		sockets[i] = socket(AF_UNIX, any_type(), 0);
	for (uint32_t i = 0; i < 6; i++) {
		uint32_t seed = 77 + i * 1000;
		children[i] = fork_checked();
		if (!children[i]) {
			act(&seed);
			_exit(0);
		}
	}
	for (uint32_t i = 0; i < 6; i++)
		wait_success(children[i]);
	for (uint32_t i = 0; i < SOCKETS; i++)
		close(sockets[i]);
	close(socket(AF_UNIX, SOCK_STREAM, 0));
	say("%u random steps on sockets", 6 * STEPS);
	return 0;
}
