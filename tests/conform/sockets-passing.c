/* SPDX-License-Identifier: MIT */
/* unix(7), ancillary messages: descriptors and credentials; socket(7), options. */
#include "sockets.h"

static int ends[2];

/* Sends the text with these descriptors; credentials if given. */
static int send_along(int fd, const char *text, const int *numbers, int count,
                      const struct ucred *who)
{
	char control[CMSG_SPACE(300 * sizeof(int)) + CMSG_SPACE(sizeof *who)];
	struct iovec piece = {(void *)text, strlen(text)};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control,
	                         .msg_controllen = sizeof control};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	uint32_t used = 0;

	memset(control, 0, sizeof control);
	if (count) {
		*header = (struct cmsghdr){CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(header), numbers, count * sizeof(int));
		used = CMSG_SPACE(count * sizeof(int));
		header = CMSG_NXTHDR(&message, header);
	}
	if (who) {
		*header = (struct cmsghdr){CMSG_LEN(sizeof *who), SOL_SOCKET, SCM_CREDENTIALS};
		memcpy(CMSG_DATA(header), who, sizeof *who);
		used += CMSG_SPACE(sizeof *who);
	}
	message.msg_controllen = used;
	return sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* Receives, and says what came along; the descriptors stay in `numbers`. */
static int receive_along(int fd, int room, int flags, int numbers[300])
{
	char control[2000], text[40] = "";
	struct iovec piece = {text, sizeof text - 1};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control,
	                         .msg_controllen = room};
	int n = recvmsg(fd, &message, flags), count = 0;

	if (n < 0) {
		say("recvmsg: %s", error_name(errno));
		return 0;
	}
	say("%d bytes %s, flags %x, %d bytes along", n, text, message.msg_flags,
	    (int)message.msg_controllen);
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h)) {
		struct ucred who;
		if (h->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&who, CMSG_DATA(h), sizeof who);
			say("credentials %s %d %d", who.pid == getpid() ? "own" :
			    who.pid == getppid() ? "parent" : who.pid ? "another" : "none",
			    who.uid, who.gid);
			continue;
		}
		count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(numbers, CMSG_DATA(h), count * sizeof(int));
		say("%d descriptors, close on exec %d", count, fcntl(numbers[0], F_GETFD));
	}
	return count;
}

static void close_all(const int *numbers, int count)
{
	for (int i = 0; i < count; i++)
		close(numbers[i]);
}

static void descriptors(int type)
{
	int pipe_ends[2], got[300], many[300], n;
	char text[10] = "";

	socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends);
	if (pipe(pipe_ends))
		return;
	GIVES(send_along(ends[0], "with", pipe_ends, 2, NULL), "send two");
	close_all(pipe_ends, 2);
	n = receive_along(ends[1], 200, 0, got);
	GIVES(write(got[1], "alive", 5), "write");
	GIVES(read(got[0], text, 5), "read");
	close_all(got, n);
	many[0] = 99;
	GIVES(send_along(ends[0], "x", many, 1, NULL), "no such descriptor");
	for (int i = 0; i < 300; i++)
		many[i] = 1;
	GIVES(send_along(ends[0], "x", many, 254, NULL), "254");
	GIVES(send_along(ends[0], "x", many, 253, NULL), "253");
	n = receive_along(ends[1], CMSG_LEN(3 * sizeof(int)), MSG_CMSG_CLOEXEC, got);
	close_all(got, n);
	send_along(ends[0], "two", many, 2, NULL);
	n = receive_along(ends[1], 200, MSG_PEEK, got);
	close_all(got, n);
	GIVES(recv(ends[1], text, 3, 0), "recv without");
	send_along(ends[0], "cut", many, 2, NULL);
	receive_along(ends[1], 10, 0, got);
	/* A barrier. */
	send(ends[0], "before", 6, 0);
	send_along(ends[0], "with", many, 1, NULL);
	send(ends[0], "behind", 6, 0);
	for (int i = 0; i < 3; i++) {
		n = receive_along(ends[1], 200, 0, got);
		close_all(got, n);
	}
	close_all(ends, 2);
}

static void credentials(int type)
{
	struct ucred who = {getpid(), getuid(), getgid()}, wrong = {999999, 1, 1};
	int got[300], on = 1, status;

	socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends);
	GIVES(send_along(ends[0], "asked", NULL, 0, &who), "own credentials");
	receive_along(ends[1], 200, 0, got);
	send(ends[0], "early", 5, 0);
	GIVES(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), "SO_PASSCRED");
	receive_along(ends[1], 200, 0, got);
	send(ends[0], "plain", 5, 0);
	receive_along(ends[1], 200, 0, got);
	send_along(ends[0], "both", (int[]){1}, 1, &who);
	close_all(got, receive_along(ends[1], 200, 0, got));
	send_along(ends[0], "cut", (int[]){1}, 1, &who);
	receive_along(ends[1], 20, 0, got);
	GIVES(send_along(ends[0], "wrong", NULL, 0, &wrong), "nobody's credentials");
	pid_t child = fork();
	if (child == 0) {
		receive_along(ends[1], 200, 0, got);
		send(ends[0], "child", 5, 0);
		if (setgid(7) || setuid(7))
			_exit(1);
		who.pid = getpid();
		GIVES(send_along(ends[0], "root's", NULL, 0, &who), "credentials of root");
		send(ends[0], "later", 5, 0);
		_exit(0);
	}
	waitpid(child, &status, 0);
	for (int i = 0; i < 3; i++)
		receive_along(ends[1], 200, 0, got);
	close_all(ends, 2);
}

static void peer_credentials(void)
{
	struct ucred who;
	socklen_t length = sizeof who;
	int server = listener(SOCK_STREAM, "@peer", 5), client = socket(AF_UNIX, SOCK_STREAM, 0);

	GIVES(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &length), "nobody's");
	say("%d %d %d", who.pid, who.uid, who.gid);
	connect_to(client, "@peer");
	int end = accept(server, NULL, NULL);
	getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &length);
	say("the server's: %d %d %d, %d bytes", who.pid == getpid(), who.uid, who.gid, length);
	getsockopt(end, SOL_SOCKET, SO_PEERCRED, &who, &length);
	say("the client's: %d %d %d", who.pid == getpid(), who.uid, who.gid);
	close(server);
	close(client);
	close(end);
}

static void options(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	static const int sizes[] = {0, 1000, 5000, 100000};
	char small[4] = {9, 9, 9, 9};

	for (int i = 0; i < 3; i++) {
		int fd = socket(AF_UNIX, types[i], 0);
		say("type %d, domain %d, protocol %d, error %d, accepts %d, credentials %d",
		    option_of(fd, SO_TYPE), option_of(fd, SO_DOMAIN), option_of(fd, SO_PROTOCOL),
		    option_of(fd, SO_ERROR), option_of(fd, SO_ACCEPTCONN),
		    option_of(fd, SO_PASSCRED));
		close(fd);
	}
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	for (int i = 0; i < 4; i++) {
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sizes[i], sizeof sizes[i]);
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &sizes[i], sizeof sizes[i]);
		say("%d: %d %d", sizes[i], option_of(fd, SO_SNDBUF), option_of(fd, SO_RCVBUF));
	}
	socklen_t length = 1;
	GIVES(getsockopt(fd, SOL_SOCKET, SO_TYPE, small, &length), "1 byte");
	say("%d %d %d", small[0], small[1], length);
	length = -1;
	GIVES(getsockopt(fd, SOL_SOCKET, SO_TYPE, small, &length), "-1 bytes");
	GIVES(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, small, 3), "3 bytes");
	GIVES(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, (void *)16, 4), "bad address");
	GIVES(setsockopt(fd, SOL_SOCKET, SO_TYPE, small, 4), "SO_TYPE");
	GIVES(setsockopt(fd, SOL_SOCKET, 9999, small, 4), "unknown");
	GIVES(setsockopt(fd, 6, 1, small, 4), "another level");
	close(fd);
}

int main(void)
{
	descriptors(SOCK_STREAM);
	descriptors(SOCK_DGRAM);
	credentials(SOCK_STREAM);
	credentials(SOCK_SEQPACKET);
	peer_credentials();
	options();
	return 0;
}
