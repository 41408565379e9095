/* SPDX-License-Identifier: MIT */
/* getsockopt(2) and setsockopt(2) of a socket of unix(7): what is told, what is kept, wrong sizes
 * and levels; what bind(2) says of a socket that has a name already. */
#include "case.h"
#include <sys/socket.h>
#include <sys/un.h>

static const struct {
	int number;
	const char *name;
} options[] = {
	{SO_REUSEADDR, "reuse"}, {SO_DONTROUTE, "dont route"}, {SO_BROADCAST, "broadcast"},
	{SO_KEEPALIVE, "keep alive"}, {SO_OOBINLINE, "in line"},
	{SO_PASSCRED, "credentials"},
	{SO_RCVLOWAT, "least to receive"}, {SO_SNDLOWAT, "least to send"}, {SO_TYPE, "type"},
	{SO_ERROR, "error"}, {SO_ACCEPTCONN, "listens"}, {SO_DOMAIN, "domain"},
	{SO_PROTOCOL, "protocol"}, {99, "99"}, {-1, "-1"}, {1000, "1000"},
};

static void tell(int fd, unsigned i)
{
	int value = -7;
	socklen_t length = sizeof value;
	GIVES(getsockopt(fd, SOL_SOCKET, options[i].number, &value, &length), "%s", options[i].name);
	say("  %d, %u bytes", value, length);
}

static void each_option(int fd)
{
	static const int values[] = {1, 77, 0};
	for (unsigned i = 0; i < sizeof options / sizeof options[0]; i++) {
		tell(fd, i);
		if (options[i].number == SO_RCVLOWAT)
			continue; /* it is for who waits, and there is no such wait here */
		for (unsigned k = 0; k < sizeof values / sizeof values[0]; k++) {
			GIVES(setsockopt(fd, SOL_SOCKET, options[i].number, &values[k], 4),
			      "set to %d", values[k]);
			tell(fd, i);
		}
	}
}

static void wrong(int fd)
{
	int value = 1;
	socklen_t length = 2;
	GIVES(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length), "two bytes");
	say("  %u", length);
	length = -1;
	GIVES(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length), "-1 bytes");
	GIVES(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, 2), "set two bytes");
	GIVES(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, (void *)8, 4), "from a bad place");
	GIVES(getsockopt(fd, 6, 1, &value, &length), "another level");
	GIVES(setsockopt(fd, 6, 1, &value, 4), "set of another level");
	GIVES(setsockopt(0, SOL_SOCKET, SO_KEEPALIVE, &value, 4), "no socket");
}

static void names(void)
{
	struct sockaddr_un here = {AF_UNIX, "here"}, there = {AF_UNIX, "there"};
	struct sockaddr_un none = {AF_UNIX, "no/no"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	GIVES(bind(fd, (void *)&here, sizeof here), "bind");
	GIVES(bind(fd, (void *)&here, sizeof here), "the same again");
	GIVES(bind(fd, (void *)&there, sizeof there), "another");
	GIVES(access("there", F_OK), "it is left");
	GIVES(bind(fd, (void *)&none, sizeof none), "where there is nothing");
	there.sun_path[0] = 0;
	GIVES(bind(fd, (void *)&there, sizeof there), "an abstract one");
}

int main(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	each_option(fd);
	wrong(fd);
	names();
	return 0;
}
