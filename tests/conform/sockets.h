/* SPDX-License-Identifier: MIT */
/* What the cases of sockets share. */
#pragma once

#include "case.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The address of a path, or of an abstract name ("@name"), and its length. */
static inline socklen_t address(struct sockaddr_un *to, const char *name)
{
	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(to->sun_path, name, strlen(name));
	if (*name == '@')
		to->sun_path[0] = '\0';
	return offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name != '@');
}

static inline int bind_to(int fd, const char *name)
{
	struct sockaddr_un to;
	socklen_t length = address(&to, name);
	return bind(fd, (void *)&to, length);
}

static inline int connect_to(int fd, const char *name)
{
	struct sockaddr_un to;
	socklen_t length = address(&to, name);
	return connect(fd, (void *)&to, length);
}

static inline ssize_t send_to(int fd, const char *text, const char *name, int flags)
{
	struct sockaddr_un to;
	socklen_t length = address(&to, name);
	return sendto(fd, text, strlen(text), flags, (void *)&to, length);
}

static inline int listener(int type, const char *name, int backlog)
{
	int fd = socket(AF_UNIX, type, 0);
	SUCCEEDS(bind_to(fd, name), "bind %s", name);
	SUCCEEDS(listen(fd, backlog), "listen %d", backlog);
	return fd;
}

static inline int events_of(int fd)
{
	struct pollfd look = {fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
	return poll(&look, 1, 0) < 0 ? -1 : look.revents;
}

static inline int option_of(int fd, int option)
{
	int value = -1;
	socklen_t length = sizeof value;
	return getsockopt(fd, SOL_SOCKET, option, &value, &length) ? -errno : value;
}

static inline void say_name(const char *what, int error, const struct sockaddr_un *name,
                            socklen_t length)
{
	char text[120] = "";
	if (error) {
		say("%s: %s", what, error_name(errno));
		return;
	}
	for (socklen_t i = 2; i < length && i < sizeof *name; i++)
		text[i - 2] = ((char *)name)[i] ? ((char *)name)[i] : '@';
	say("%s: %d bytes, %s", what, (int)length, text);
}

static inline void say_names(const char *what, int fd)
{
	struct sockaddr_un name;
	socklen_t length = sizeof name;
	char words[100];
	snprintf(words, sizeof words, "%s, own", what);
	int error = getsockname(fd, (void *)&name, &length);
	say_name(words, error, &name, length);
	length = sizeof name;
	snprintf(words, sizeof words, "%s, peer", what);
	error = getpeername(fd, (void *)&name, &length);
	say_name(words, error, &name, length);
}
