/* SPDX-License-Identifier: MIT */
/*
 * Inside of sockets, for socket.c (who is connected to whom), socket_data.c (messages and their
 * way) and socket_garbage.c (sockets that only messages hold).
 *
 *     send                                              receive
 *   socket A --- message, message (charged to A) ---> A.peer = B: B.received
 *   connect                                           accept
 *   socket A --- an unaccepted socket, A's peer -----> listener: waiting
 *
 * sockets_lock guards all fields that do not say otherwise. It is never held while bytes move or
 * files are closed. A reader holds its socket's read_lock, outside of that, so that the message
 * at the front stays; it sleeps for more with neither.
 */
#pragma once

#include "kernel/fs/socket.h"
#include "kernel/fs/vfs.h"
#include "kernel/sync/condition.h"

/* What all sockets of a user have sent and nobody has received: one user's may not fill memory. */
struct socket_account {
	struct list_link link;
	uint32_t uid, sockets;
	size_t charged;
};

enum socket_state { SOCKET_ALONE, SOCKET_LISTENING, SOCKET_CONNECTED };

struct socket {
	uint32_t references;         /* its file or listener, peers, messages that it sent */
	struct list_link link;       /* all that are open or wait for accept */
	struct file *file;           /* without a reference; NULL: not accepted, or closed */
	enum socket_type type;       /* constant */
	enum socket_state state;
	bool closed, read_shut, write_shut;
	bool pass_credentials;
	uint32_t kept_options;       /* one bit each: told as they were set, without effect */
	bool choked;                 /* the peer of a datagram socket takes no more for now */
	int error;                   /* positive; told once */
	struct socket *peer;         /* with a reference */
	struct list_link client;     /* of the peer's clients, for a datagram socket */
	struct list clients;
	struct socket_name name;
	struct inode *node;          /* of a path that it is bound to, with a reference */
	struct list_link bound;      /* in the table of names, if it is bound itself */

	struct mutex read_lock;
	struct list received;        /* of struct message */
	uint32_t received_count;
	size_t received_bytes;
	struct list waiting;         /* of sockets that connected, by next_waiting */
	struct list_link next_waiting;
	uint32_t waiting_count, backlog;
	struct condition changed;    /* anything that one waits for */
	struct list owners;          /* who is told by signals: kernel/owner.h */
	bool cut_short;              /* atomic: ROOM_OR_MARK's, of who sent or asked by poll */

	struct socket_account *account;
	size_t charged;              /* of what it sent and nobody has received */
	uint32_t send_size, receive_size;
	uint64_t send_timeout, receive_timeout; /* ns; 0: none */
	struct socket_credentials peer_credentials; /* of a listener: its own, for who connects */

	uint32_t in_flight;          /* references to its file that messages hold */
	bool reachable;              /* garbage collection's */
	struct list_link scan;
};

/* The bytes lie in pieces of a page, the last one as long as it must be. */
struct message {
	struct list_link link;
	struct socket *sender;       /* with a reference */
	size_t charge;
	uint32_t length, offset;     /* read_lock: how far a stream's was read */
	bool credited;
	struct socket_credentials credentials;
	struct file **files;         /* until they were received */
	uint32_t file_count;
	char *pieces[];
};

extern struct mutex sockets_lock;
extern struct list sockets_all;
extern const struct file_ops socket_file_ops;

struct socket *socket_get(struct socket *);
void socket_put(struct socket *);
struct socket_credentials socket_caller(bool real);
bool socket_connects(const struct socket *); /* its type is one that connects and accepts */
/* The caller may send there: with a reference. -ECONNREFUSED, -EPROTOTYPE, -EACCES ... */
int socket_find(const struct socket_name *, struct dentry *at, enum socket_type,
                struct socket **found);
/* Gives the socket a name of its own if it has none. */
int socket_autobind(struct socket *);
/* Until when a call with this timeout (ns; 0: none) waits. */
uint64_t socket_deadline(uint64_t timeout);
/* With the lock: takes the pending error, as a negative errno or 0. */
int socket_take_error(struct socket *);
/* With the lock, and read_lock if it may be read by others: the peer is another now (NULL: none). What
 * was sent to a datagram socket by the old one is lost. */
void socket_set_peer(struct socket *, struct socket *peer);

/* socket_data.c. With the lock: */
bool socket_is_full(const struct socket *); /* its queue of packets is */
bool socket_has_room(const struct socket *); /* to send: less than a quarter of its buffer is sent.
                                                A hint without the lock */
void socket_tell_clients(struct socket *);  /* that it is, or is no more, or is closed */
void socket_drop_messages(struct socket *); /* to be freed by socket_sweep */
/* Without it: frees what was dropped, which may close files and sockets. */
void socket_sweep(void);
void message_drop(struct message *); /* with the lock, not in a queue */
ssize_t socket_read(struct file *, struct transfer *, loff_t *);
ssize_t socket_write(struct file *, struct transfer *, loff_t *);
int socket_ioctl(struct file *, uint32_t command, uintptr_t argument);

/* socket_garbage.c: drops messages that nobody can ever receive. With the lock. */
void socket_collect(void);
/* With the lock: the files of a message that is in a queue now (1), or no more (-1). */
void socket_count_files(const struct message *, int change);
