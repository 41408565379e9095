/* SPDX-License-Identifier: MIT */
/* Sockets of the family AF_UNIX: socket(2), unix(7), cmsg(3). */
#pragma once

#include <asm/socket.h>
#include <linux/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#define AF_UNSPEC 0
#define AF_UNIX 1
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_SEQPACKET 5
#define SOCK_NONBLOCK 04000
#define SOCK_CLOEXEC 02000000
#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2
#define MSG_PEEK 2
#define MSG_TRUNC 0x20
#define MSG_DONTWAIT 0x40
#define MSG_NOSIGNAL 0x4000
#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2

typedef unsigned int socklen_t;
struct sockaddr;

struct msghdr {
	void *msg_name;
	socklen_t msg_namelen;
	struct iovec *msg_iov;
	size_t msg_iovlen;
	void *msg_control;
	size_t msg_controllen;
	int msg_flags;
};

struct cmsghdr {
	size_t cmsg_len;
	int cmsg_level, cmsg_type;
};

#define CMSG_ALIGN(n) (((n) + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1))
#define CMSG_LEN(n) (sizeof(struct cmsghdr) + (n))
#define CMSG_SPACE(n) (sizeof(struct cmsghdr) + CMSG_ALIGN(n))
#define CMSG_DATA(header) ((unsigned char *)((header) + 1))
#define CMSG_FIRSTHDR(message)                                                             \
	((message)->msg_controllen < sizeof(struct cmsghdr)                                \
	         ? NULL                                                                    \
	         : (struct cmsghdr *)(message)->msg_control)

int socket(int family, int type, int protocol);
int socketpair(int family, int type, int protocol, int ends[2]);
int bind(int fd, const struct sockaddr *, socklen_t);
int listen(int fd, int backlog);
int accept(int fd, struct sockaddr *, socklen_t *);
int connect(int fd, const struct sockaddr *, socklen_t);
int shutdown(int fd, int how);
ssize_t send(int fd, const void *, size_t, int flags);
ssize_t recv(int fd, void *, size_t, int flags);
ssize_t sendmsg(int fd, const struct msghdr *, int flags);
ssize_t recvmsg(int fd, struct msghdr *, int flags);
