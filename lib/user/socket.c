/* SPDX-License-Identifier: MIT */
/* Sockets. */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int socket(int family, int type, int protocol)
{
	return syscall(SYS_socket, family, type, protocol);
}

int socketpair(int family, int type, int protocol, int ends[2])
{
	return syscall(SYS_socketpair, family, type, protocol, ends);
}

int bind(int fd, const struct sockaddr *name, socklen_t length)
{
	return syscall(SYS_bind, fd, name, length);
}

int listen(int fd, int backlog)
{
	return syscall(SYS_listen, fd, backlog);
}

int accept(int fd, struct sockaddr *name, socklen_t *length)
{
	return syscall(SYS_accept4, fd, name, length, 0);
}

int connect(int fd, const struct sockaddr *name, socklen_t length)
{
	return syscall(SYS_connect, fd, name, length);
}

int shutdown(int fd, int how)
{
	return syscall(SYS_shutdown, fd, how);
}

ssize_t send(int fd, const void *bytes, size_t n, int flags)
{
	return syscall(SYS_sendto, fd, bytes, n, flags, NULL, 0);
}

ssize_t recv(int fd, void *bytes, size_t n, int flags)
{
	return syscall(SYS_recvfrom, fd, bytes, n, flags, NULL, NULL);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	return syscall(SYS_recvmsg, fd, message, flags);
}
