/* SPDX-License-Identifier: MIT */
/* unix(7), names: paths, abstract and automatic ones; bind, listen, connect, accept. */
#include "sockets.h"

static void binding(int type)
{
	struct sockaddr_un odd = {.sun_family = AF_UNIX, .sun_path = "odd"};
	struct stat status;
	int fd = socket(AF_UNIX, type, 0), other = socket(AF_UNIX, type, 0);

	unlink("name");
	umask(027);
	say_names("new", fd);
	GIVES(bind(fd, (void *)&odd, 1), "bind, 1 byte");
	GIVES(bind(fd, (void *)&odd, sizeof odd + 1), "bind, too long");
	GIVES(bind(fd, (void *)16, sizeof odd), "bind, bad address");
	odd.sun_family = AF_INET;
	GIVES(bind(fd, (void *)&odd, sizeof odd), "bind, AF_INET");
	GIVES(bind_to(fd, "no/where"), "bind, no directory");
	GIVES(bind_to(fd, "name"), "bind");
	GIVES(lstat("name", &status), "lstat");
	say("mode %o", status.st_mode);
	GIVES(bind_to(fd, "another"), "bind again");
	GIVES(bind_to(other, "name"), "bind another");
	GIVES(bind_to(other, "@name"), "bind abstract");
	GIVES(open("name", O_RDWR), "open");
	say_names("bound", fd);
	say_names("abstract", other);
	close(other);
	other = socket(AF_UNIX, type, 0);
	GIVES(bind_to(other, "@name"), "bind abstract again");
	close(fd);
	GIVES(bind_to(socket(AF_UNIX, type, 0), "name"), "bind, the node is left");
	GIVES(connect_to(other, "name"), "connect, nobody there");
	GIVES(unlink("name"), "unlink");
	close(other);
	GIVES(connect_to(socket(AF_UNIX, type, 0), "@name"), "connect, nobody there");
	fd = socket(AF_UNIX, type, 0);
	GIVES(bind(fd, (void *)&(struct sockaddr_un){.sun_family = AF_UNIX}, 2), "automatic");
	struct sockaddr_un own;
	socklen_t length = sizeof own;
	getsockname(fd, (void *)&own, &length);
	say("length %d, %d", (int)length, own.sun_path[0]);
	close(fd);
}

static void connecting(int type)
{
	int mistaken = type == SOCK_STREAM ? SOCK_SEQPACKET : SOCK_STREAM;
	int server = listener(type, "server", 1);
	int one = socket(AF_UNIX, type | SOCK_NONBLOCK, 0), two = socket(AF_UNIX, type, 0);
	int third = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
	struct sockaddr_un name;
	socklen_t length = sizeof name;
	char byte;

	say("listens: %d, %d", option_of(server, SO_ACCEPTCONN), events_of(server));
	GIVES(connect_to(one, "nowhere"), "connect to nothing");
	close(creat("file", 0600));
	GIVES(connect_to(one, "file"), "connect to a file");
	GIVES(connect_to(socket(AF_UNIX, mistaken, 0), "server"), "another type");
	GIVES(connect_to(socket(AF_UNIX, SOCK_DGRAM, 0), "server"), "datagrams");
	GIVES(connect_to(one, "server"), "connect");
	bind_to(two, "client");
	GIVES(connect_to(two, "./server"), "connect");
	GIVES(connect_to(third, "server"), "connect, one more than the backlog and one");
	GIVES(connect_to(one, "server"), "connect again");
	fcntl(server, F_SETFL, O_NONBLOCK);
	GIVES(connect_to(server, "server"), "connect the listener");
	GIVES(send(server, "x", 1, MSG_NOSIGNAL), "send by the listener");
	GIVES(recv(server, &byte, 1, 0), "recv by the listener");
	GIVES(ioctl(server, FIONREAD, &length), "FIONREAD of the listener");
	length = sizeof name;
	say("polled: %x %x %x", events_of(server), events_of(one), events_of(third));
	GIVES(send(one, "early", 5, 0), "send before it was accepted");
	int first = accept(server, (void *)&name, &length);
	say("first: %d", first >= 0);
	say_name("from", 0, &name, length);
	length = sizeof name;
	int second = accept4(server, (void *)&name, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
	say_name("from", 0, &name, length);
	say("%x %x", fcntl(second, F_GETFD), fcntl(second, F_GETFL));
	say_names("accepted", second);
	say_names("client", two);
	say("there: %d", waiting(first));
	GIVES(accept(server, NULL, NULL), "accept, nobody there");
	GIVES(accept4(server, NULL, NULL, 1), "accept, unknown flag");
	GIVES(connect_to(third, "server"), "connect");
	close(server);
	say("not accepted: %x", events_of(third));
	say("error %d", option_of(third, SO_ERROR));
	GIVES(recv(third, &byte, 1, 0), "recv");
	GIVES(send(first, "x", 1, 0), "the others live");
	GIVES(send_to(one, "x", "server", MSG_NOSIGNAL), "sendto, connected");
	unlink("server");
	unlink("client");
	unlink("file");
	close(one);
	close(two);
	close(third);
	close(first);
	close(second);
}

static void not_allowed(void *argument)
{
	(void)argument;
	if (setgid(1000) || setuid(1000))
		return;
	GIVES(connect_to(socket(AF_UNIX, SOCK_STREAM, 0), "server"), "connect, others may not");
	GIVES(bind_to(socket(AF_UNIX, SOCK_STREAM, 0), "mine"), "bind, others may not write");
}

static void rights(void)
{
	umask(0);
	mkdir("dir", 0755);
	if (chdir("dir"))
		return;
	int server = listener(SOCK_STREAM, "server", 5);
	chmod("server", 0755);
	child_status(not_allowed, NULL);
	close(server);
	unlink("server");
	if (chdir("..") == 0)
		rmdir("dir");
}

static void listening(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), packets = socket(AF_UNIX, SOCK_DGRAM, 0);

	GIVES(listen(fd, 1), "listen without a name");
	GIVES(listen(packets, 1), "listen, datagrams");
	GIVES(accept(packets, NULL, NULL), "accept, datagrams");
	bind_to(fd, "@listens");
	GIVES(listen(fd, -1), "listen, backlog -1");
	GIVES(listen(fd, 0), "listen again");
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	GIVES(connect_to(client, "@listens"), "connect");
	GIVES(shutdown(fd, SHUT_RD), "shutdown");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	SUCCEEDS(accept(fd, NULL, NULL), "accept what is there");
	GIVES(accept(fd, NULL, NULL), "accept, shut");
	GIVES(connect_to(socket(AF_UNIX, SOCK_STREAM, 0), "@listens"), "connect, shut");
	GIVES(listen(client, 1), "listen, connected");
	close(fd);
	close(client);
	close(packets);
}

int main(void)
{
	binding(SOCK_STREAM);
	binding(SOCK_DGRAM);
	connecting(SOCK_STREAM);
	connecting(SOCK_SEQPACKET);
	listening();
	rights();
	return 0;
}
