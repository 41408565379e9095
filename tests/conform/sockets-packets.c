/* SPDX-License-Identifier: MIT */
/* unix(7), datagrams and packets in sequence: limits, truncation, who may send to whom. */
#include "sockets.h"

static void packets(int type)
{
	char text[20] = "";
	int ends[2], n;

	socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends);
	send(ends[0], "first", 5, 0);
	send(ends[0], "", 0, 0);
	send(ends[0], "third", 5, MSG_EOR);
	say("there: %d", waiting(ends[1]));
	GIVES(recv(ends[1], text, 3, MSG_PEEK | MSG_TRUNC), "peek 3");
	struct iovec piece = {text, 3};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_flags = 77};
	GIVES(recvmsg(ends[1], &message, 0), "recvmsg 3");
	say("flags %x, %s", message.msg_flags, text);
	GIVES(recv(ends[1], text, sizeof text, 0), "the empty one");
	GIVES(recv(ends[1], text, sizeof text, MSG_WAITALL), "recv");
	GIVES(recv(ends[1], text, sizeof text, 0), "recv");
	GIVES(send(ends[1], "back", 4, 0), "send back");
	GIVES(recv(ends[0], text, 2, MSG_TRUNC), "recv 2");
	static char large[300000];
	GIVES(send(ends[0], large, sizeof large, 0), "too long");
	GIVES(send(ends[0], large, 150000, 0), "long");
	GIVES(recv(ends[1], large, sizeof large, 0), "recv");
	for (n = 0; send(ends[0], large, 30000, 0) == 30000; n++)
		;
	say("full: %s, some: %d; %d", error_name(errno), n > 2, events_of(ends[0]) & POLLOUT);
	while (recv(ends[1], large, sizeof large, 0) == 30000)
		n--;
	say("as many came: %d; %d", n == 0, events_of(ends[0]) & POLLOUT);
	close(ends[0]);
	close(ends[1]);
}

static void datagrams(void)
{
	int server = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int one = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct sockaddr_un from, nobody = {.sun_family = AF_UNSPEC};
	socklen_t length = sizeof from;
	char text[20];
	int n;

	say("new: %x", events_of(one));
	bind_to(server, "@server");
	bind_to(one, "@one");
	GIVES(send(one, "x", 1, 0), "no peer");
	GIVES(send_to(one, "x", "@nobody", 0), "nobody there");
	GIVES(send_to(one, "hello", "@server", 0), "sendto");
	GIVES(recvfrom(server, text, 5, 0, (void *)&from, &length), "recvfrom");
	say_name("from", 0, &from, length);
	GIVES(send_to(other, "hello", "@server", 0), "sendto");
	length = sizeof from;
	GIVES(recvfrom(server, text, 5, 0, (void *)&from, &length), "recvfrom");
	say("length of no name: %d", (int)length);
	for (n = 0; send_to(one, "x", "@server", 0) == 1; n++)
		;
	say("%d, then %s", n, error_name(errno));
	GIVES(connect_to(one, "@server"), "connect");
	say("%x", events_of(one));
	GIVES(send(one, "x", 1, 0), "send");
	recv(server, text, 1, 0);
	say("%x", events_of(one));
	GIVES(send(one, "x", 1, 0), "send");
	while (recv(server, text, 1, 0) == 1)
		;
	GIVES(connect_to(server, "@one"), "connect back");
	GIVES(send_to(other, "x", "@server", 0), "another sends");
	GIVES(connect_to(other, "@server"), "another connects");
	GIVES(connect(server, (void *)&nobody, sizeof nobody), "disconnect");
	say_names("disconnected", server);
	GIVES(send_to(other, "x", "@server", 0), "another sends");
	close(server);
	say("%x", events_of(one));
	GIVES(send(one, "x", 1, MSG_NOSIGNAL), "send, peer gone");
	GIVES(send(one, "x", 1, MSG_NOSIGNAL), "send again");
	close(one);
	close(other);
}

/* A sender waits for room in the receiver's queue. */
static void waits(void)
{
	int server = socket(AF_UNIX, SOCK_DGRAM, 0), status, n;
	char byte;

	bind_to(server, "@waits");
	pid_t child = fork();
	if (child == 0) {
		int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
		connect_to(fd, "@waits");
		for (n = 0; n < 100; n++)
			if (n % 2 ? send(fd, "x", 1, 0) != 1 : send_to(fd, "x", "@waits", 0) != 1)
				_exit(1);
		_exit(0);
	}
	for (n = 0; n < 100; n++)
		if (recv(server, &byte, 1, 0) != 1)
			break;
	waitpid(child, &status, 0);
	say("%d came, status %x", n, status);
	close(server);
}

int main(void)
{
	packets(SOCK_DGRAM);
	packets(SOCK_SEQPACKET);
	datagrams();
	waits();
	return 0;
}
