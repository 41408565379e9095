/* SPDX-License-Identifier: MIT */
/*
 * Sockets of the family AF_UNIX, unix(7): streams, datagrams, and packets in sequence. Other
 * families are not there.
 *
 * A socket is an open file (read, write, poll, ioctl as vfs.h has them); what only sockets can do
 * is below, of a file for which socket_of() is not NULL. All may sleep. Errors are those that the
 * manual pages of the calls name.
 */
#pragma once

#include <linux/socket.h>
#include <linux/un.h>

#include "lib/types.h"

struct dentry;
struct file;
struct socket;
struct transfer;

/* linux/socket.h leaves these to the C library. */
#define AF_UNSPEC 0
#define AF_UNIX 1
enum socket_type { SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_SEQPACKET = 5 };
enum { SHUT_RD, SHUT_WR, SHUT_RDWR };
#define SOCKET_FILES_MOST 253u /* descriptors in one message: unix(7), SCM_RIGHTS */

/* Who somebody is: struct ucred of unix(7). */
struct socket_credentials {
	int32_t pid;
	uint32_t uid, gid;
};

/* The door for userprog: the process that runs; the effective ids, or the real ones. */
void socket_set_caller_door(struct socket_credentials (*caller)(bool real));

/* A name: none (length 0), a path without its NUL, or bytes of which the first is 0. */
struct socket_name {
	uint32_t length;
	char bytes[UNIX_PATH_MAX + 1]; /* NUL-ended */
};

struct socket *socket_of(const struct file *);
/* flags: O_NONBLOCK. The file is open for both. */
int socket_create(enum socket_type, uint32_t flags, struct file **opened);
int socket_pair(enum socket_type, uint32_t flags, struct file *opened[2]);
/* No name: it gets one. A path starts at `at`; its node gets the mode, and is the caller's. */
int socket_bind(struct socket *, const struct socket_name *, struct dentry *at, uint32_t mode);
int socket_listen(struct socket *, uint32_t backlog);
/* flags: O_NONBLOCK of the new file. */
int socket_accept(struct socket *, bool nonblock, uint32_t flags, struct file **opened);
/* to NULL: a datagram socket has no peer from now on. */
int socket_connect(struct socket *, const struct socket_name *to, struct dentry *at,
                   bool nonblock);
int socket_shutdown(struct socket *, int how);
void socket_name_own(struct socket *, struct socket_name *);
int socket_name_peer(struct socket *, struct socket_name *); /* -ENOTCONN */

/* What goes along with bytes. */
struct socket_message {
	uint32_t flags;            /* MSG_... */
	bool named;                /* out: there is a name; in: send there */
	struct socket_name name;
	struct dentry *at;         /* send: where its path starts */
	bool credited;             /* credentials are there */
	struct socket_credentials credentials;
	struct file **files;       /* from kmalloc, each with a reference; NULL: none */
	uint32_t file_count;
	size_t length;             /* receive: how long the packet was (MSG_TRUNC) */
};

/* The transfer's flags (O_NONBLOCK) count. A send takes over the files, in any case; a receive
 * leaves files to the caller. transfer->broken: SIGPIPE is due. */
ssize_t socket_send(struct socket *, struct transfer *, struct socket_message *);
ssize_t socket_receive(struct socket *, struct transfer *, struct socket_message *);
void socket_files_put(struct socket_message *);

/* SOL_SOCKET options that are numbers, SO_... of asm/socket.h; times in ns, 0: for ever. */
int socket_option(struct socket *, int option, int *value);       /* -ENOPROTOOPT */
int socket_set_option(struct socket *, int option, int value);    /* -ENOPROTOOPT, -EPERM */
uint64_t *socket_timeout(struct socket *, bool sending);
int socket_peer_credentials(struct socket *, struct socket_credentials *);
