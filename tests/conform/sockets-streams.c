/* SPDX-License-Identifier: MIT */
/* unix(7), streams: pairs, what ends say as they close and shut down, flags of send and recv. */
#include "sockets.h"

static int ends[2];

static void new_pair(int type)
{
	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends) != 0)
		say("socketpair: %s", error_name(errno));
}

static void done(void)
{
	close(ends[0]);
	close(ends[1]);
}

static void arguments(void)
{
	int two[2];

	GIVES(socket(AF_UNIX, SOCK_STREAM | 0x10, 0), "unknown flag");
	GIVES(socket(AF_UNIX, 0, 0), "type 0");
	GIVES(socket(AF_UNIX, SOCK_RDM, 0), "type SOCK_RDM");
	GIVES(socket(AF_UNIX, 12, 0), "type 12");
	SUCCEEDS(socket(AF_UNIX, SOCK_RAW, 0), "type SOCK_RAW");
	GIVES(socket(AF_UNIX, SOCK_STREAM, 6), "protocol 6");
	SUCCEEDS(socket(AF_UNIX, SOCK_STREAM, AF_UNIX), "protocol 1");
	GIVES(socket(-1, SOCK_STREAM, 0), "family -1");
	GIVES(socket(46, SOCK_STREAM, 0), "family 46");
	GIVES(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, 16), "socketpair to a bad address");
	GIVES(socketpair(46, SOCK_STREAM, 0, two), "socketpair, family 46");
	GIVES(listen(0, 1), "listen, no socket");
	GIVES(listen(99, 1), "listen, no descriptor");
	GIVES(syscall(SYS_socketcall, 0, two), "socketcall 0");
	GIVES(syscall(SYS_socketcall, 1, 16), "socketcall, bad address");
	int fd = syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	say("flags %x %x", fcntl(fd, F_GETFD), fcntl(fd, F_GETFL));
	struct stat status;
	fstat(fd, &status);
	say("mode %o", status.st_mode);
	GIVES(lseek(fd, 0, SEEK_SET), "lseek");
	GIVES(fsync(fd), "fsync");
	GIVES(pread(fd, two, 1, 0), "pread");
	GIVES((int)(long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0), "mmap");
	GIVES(open("/proc/self/fd/0", O_PATH) < 0, "open");
	say("new: %x", events_of(fd));
	GIVES(send(fd, "x", 1, MSG_NOSIGNAL), "send, not connected");
	GIVES(recv(fd, two, 1, 0), "recv, not connected");
	GIVES(shutdown(fd, 3), "shutdown 3");
	GIVES(shutdown(fd, SHUT_RDWR), "shutdown, not connected");
	GIVES(accept(fd, NULL, NULL), "accept, not listening");
	close(fd);
}

static void bytes(int type)
{
	char text[40] = "";

	new_pair(type);
	say("new: %x %x", events_of(ends[0]), events_of(ends[1]));
	GIVES(recv(ends[0], text, 10, 0), "nothing there");
	GIVES(send(ends[0], "hello", 5, 0), "send");
	GIVES(write(ends[0], "world", 5), "write");
	say("bytes there: %d; %x", waiting(ends[1]), events_of(ends[1]));
	GIVES(recv(ends[1], text, 3, MSG_PEEK), "peek 3");
	GIVES(recv(ends[1], text, sizeof text, MSG_PEEK), "peek");
	GIVES(recv(ends[1], text, 3, 0), "recv 3");
	say("%s", text);
	GIVES(recv(ends[1], text, sizeof text, MSG_WAITALL), "recv, all");
	say("%s", text);
	GIVES(recv(ends[1], text, sizeof text, 0), "recv");
	GIVES(send(ends[0], "x", 1, MSG_OOB | MSG_DONTWAIT) == 1 ? 0 : 0, "done");
	GIVES(recv(ends[1], (void *)16, 1, MSG_DONTWAIT) < 1, "to a bad address");
	GIVES(send(ends[0], (void *)16, 1, 0), "from a bad address");
	done();
}

static void shutting(int type, int how)
{
	char byte;

	new_pair(type);
	send(ends[0], "a", 1, 0);
	GIVES(shutdown(ends[0], how), "type %d, shutdown %d", type, how);
	say("%x %x", events_of(ends[0]), events_of(ends[1]));
	GIVES(send(ends[0], "b", 1, MSG_NOSIGNAL), "send");
	GIVES(send(ends[1], "b", 1, MSG_NOSIGNAL), "other's send");
	GIVES(recv(ends[0], &byte, 1, 0), "recv");
	GIVES(recv(ends[1], &byte, 1, 0), "other's recv");
	GIVES(recv(ends[1], &byte, 1, 0), "other's recv");
	done();
}

static void closing(int type, int unread)
{
	char byte;

	new_pair(type);
	if (unread)
		send(ends[0], "a", 1, 0);
	send(ends[1], "b", 1, 0);
	close(ends[1]);
	say("type %d, other end closed, unread %d: %x", type, unread, events_of(ends[0]));
	GIVES(recv(ends[0], &byte, 1, 0), "recv");
	GIVES(send(ends[0], "b", 1, MSG_NOSIGNAL), "send");
	GIVES(recv(ends[0], &byte, 1, 0), "recv");
	GIVES(send(ends[0], "b", 1, MSG_NOSIGNAL), "send");
	GIVES(recv(ends[0], &byte, 1, 0), "recv");
	say("%x, error %d", events_of(ends[0]), option_of(ends[0], SO_ERROR));
	close(ends[0]);
}

static void write_to_closed(void *flags)
{
	new_pair(SOCK_STREAM);
	close(ends[1]);
	send(ends[0], "x", 1, *(int *)flags);
}

/* A writer waits until there is room, and a reader until there is something. */
static void waiting_ends(void)
{
	enum { BYTES = 1 << 20 };
	static char piece[30000];
	int status, n, all = 0, sum = 0;

	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	pid_t child = fork();
	if (child == 0) {
		close(ends[1]);
		for (int i = 0; i < (int)sizeof piece; i++)
			piece[i] = i % 100;
		for (int sent = 0; sent < BYTES; sent += n) {
			n = BYTES - sent < (int)sizeof piece ? BYTES - sent : (int)sizeof piece;
			if (write(ends[0], piece, n) != n)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[0]);
	while ((n = recv(ends[1], piece, sizeof piece / 7, 0)) > 0) {
		all += n;
		for (int i = 0; i < n; i++)
			sum += piece[i];
	}
	waitpid(child, &status, 0);
	say("%d bytes came, sum %d, the end %d; status %x", all, sum, n, status);
	close(ends[1]);
	struct timeval limit = {0, 20000};
	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	GIVES(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), "limit");
	GIVES(recv(ends[0], piece, 1, 0), "recv with a time limit");
	send(ends[1], "abc", 3, 0);
	GIVES(recv(ends[0], piece, 4, MSG_WAITALL), "all of 4, 3 there");
	done();
}

int main(void)
{
	static int quiet = MSG_NOSIGNAL, loud = 0;

	arguments();
	bytes(SOCK_STREAM);
	for (int how = SHUT_RD; how <= SHUT_RDWR; how++) {
		shutting(SOCK_STREAM, how);
		shutting(SOCK_SEQPACKET, how);
		shutting(SOCK_DGRAM, how);
	}
	for (int unread = 0; unread < 2; unread++) {
		closing(SOCK_STREAM, unread);
		closing(SOCK_SEQPACKET, unread);
		closing(SOCK_DGRAM, unread);
	}
	say("signals %d %d", signal_of(write_to_closed, &loud), signal_of(write_to_closed, &quiet));
	waiting_ends();
	return 0;
}
