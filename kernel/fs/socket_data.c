/* SPDX-License-Identifier: MIT */
/*
 * Messages: what is sent is copied into one before the lock is taken, and hangs in the queue of
 * the socket it was sent to until it was read. It is charged to its sender and to the sender's
 * user, so that a program's buffer, and all that a user's programs have, is bounded.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <linux/signal.h>

#include "kernel/fs/socket_inside.h"
#include "kernel/fs/transfer.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/owner.h"
#include "kernel/panic.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define MSG_OOB 1u
#define MSG_PEEK 2u
#define MSG_TRUNC 0x20u
#define MSG_DONTWAIT 0x40u
#define MSG_WAITALL 0x100u
#define MSG_NOSIGNAL 0x4000u
#define PACKETS_MOST 10u       /* /proc/sys/net/unix/max_dgram_qlen */
#define PACKET_HEADER 32u      /* what a packet must leave of SO_SNDBUF */
#define FILE_CHARGE 256u       /* an open file that only a message holds */
#define NOBODY 65534u          /* who sent without telling: unix(7) */
#define USER_SHARE 8           /* a user's messages: that part of memory */

static struct list dropped = LIST_INIT(dropped);
static bool sweeping;

/* --- messages --------------------------------------------------------------------------- */

static uint32_t piece_count(uint32_t length)
{
	return (length + PAGE_SIZE - 1) / PAGE_SIZE;
}

static uint32_t piece_length(const struct message *message, uint32_t i)
{
	uint32_t left = message->length - i * PAGE_SIZE;

	return left < PAGE_SIZE ? left : PAGE_SIZE;
}

void socket_files_put(struct socket_message *told)
{
	for (uint32_t i = 0; i < told->file_count; i++)
		file_put(told->files[i]);
	kfree(told->files);
	told->files = NULL;
	told->file_count = 0;
}

/* The lock is not held. */
static void message_free(struct message *message)
{
	for (uint32_t i = 0; i < piece_count(message->length); i++)
		kfree(message->pieces[i]);
	for (uint32_t i = 0; i < message->file_count; i++)
		file_put(message->files[i]);
	kfree(message->files);
	socket_put(message->sender);
	kfree(message);
}

/* Takes the next n bytes of the transfer. */
static int message_fill(struct message *message, struct transfer *transfer, uint32_t n)
{
	while (message->length < n) {
		uint32_t left = n - message->length;
		uint32_t piece = left < PAGE_SIZE ? left : PAGE_SIZE;
		char *bytes = kmalloc(piece);

		if (!bytes)
			return -ENOMEM;
		message->pieces[message->length / PAGE_SIZE] = bytes;
		message->length += piece;
		if (transfer_take(transfer, bytes, piece) < piece)
			return -EFAULT;
	}
	return 0;
}

/* Of n bytes, without the files that go along. */
static int message_make(struct socket *sender, struct transfer *transfer, uint32_t n,
                        struct message **made)
{
	uint32_t size = sizeof(struct message) + piece_count(n) * sizeof(char *);
	struct message *message = kmalloc_zeroed(size);

	if (!message)
		return -ENOMEM;
	list_link_init(&message->link);
	message->sender = socket_get(sender);
	message->charge = size + n;
	int error = message_fill(message, transfer, n);
	if (error)
		message_free(message);
	else
		*made = message;
	return error;
}

/* The files, which are the message's then, and who sent it. */
static void message_attach(struct message *message, struct socket_message *told)
{
	message->files = told->files;
	message->file_count = told->file_count;
	message->charge += told->file_count * FILE_CHARGE;
	message->credited = told->credited;
	message->credentials = told->credentials;
	told->files = NULL;
	told->file_count = 0;
}

/* --- queues, with the lock -------------------------------------------------------------- */

bool socket_is_full(const struct socket *socket)
{
	return socket->received_count > PACKETS_MOST;
}

bool socket_has_room(const struct socket *socket)
{
	return socket->charged * 4 <= socket->send_size;
}

/* A pair of datagram sockets is bounded by its buffers alone. */
static bool is_choked(const struct socket *socket, const struct socket *to)
{
	return socket->type == SOCK_DGRAM && socket_is_full(to) && to->peer != socket;
}

void socket_tell_clients(struct socket *socket)
{
	LIST_FOR(&socket->clients, struct socket, client, client) {
		client->choked = !socket->closed && is_choked(client, socket);
		condition_broadcast(&client->changed);
	}
}

static void charge(struct message *message)
{
	message->sender->charged += message->charge;
	message->sender->account->charged += message->charge;
}

static void uncharge(struct message *message)
{
	struct socket *sender = message->sender;

	sender->charged -= message->charge;
	sender->account->charged -= message->charge;
	message->charge = 0;
	condition_broadcast(&sender->changed);
	if (socket_has_room(sender))
		owners_tell_room(&sender->owners, &sender->cut_short);
}

static void enqueue(struct socket *to, struct message *message)
{
	bool full = socket_is_full(to);

	if (!message->credited && (message->sender->pass_credentials || to->pass_credentials ||
	                           !to->file)) {
		message->credited = true;
		message->credentials = socket_caller(true);
	}
	charge(message);
	socket_count_files(message, 1);
	list_append(&to->received, &message->link);
	to->received_count++;
	to->received_bytes += message->length;
	condition_broadcast(&to->changed);
	owners_tell(&to->owners, POLL_IN);
	if (socket_is_full(to) != full)
		socket_tell_clients(to);
}

/* The message, which is in the socket's queue, is out of it. */
static void dequeue(struct socket *socket, struct message *message)
{
	bool full = socket_is_full(socket);

	list_remove(&message->link);
	socket->received_count--;
	socket->received_bytes -= message->length - message->offset;
	socket_count_files(message, -1);
	uncharge(message);
	if (full) {
		condition_broadcast(&socket->changed);
		socket_tell_clients(socket);
	}
}

void message_drop(struct message *message)
{
	socket_count_files(message, -1);
	uncharge(message);
	list_append(&dropped, &message->link);
}

void socket_drop_messages(struct socket *socket)
{
	for (struct list_link *link; (link = list_pop(&socket->received));)
		message_drop(LIST_ENTRY(link, struct message, link));
	socket->received_count = 0;
	socket->received_bytes = 0;
}

void socket_set_peer(struct socket *socket, struct socket *peer)
{
	struct socket *old = socket->peer;

	if (old == peer)
		return;
	list_remove(&socket->client);
	if (old && !list_empty(&socket->received)) {
		socket_drop_messages(socket);
		if (!old->closed && old->peer == socket)
			old->error = ECONNRESET;
		condition_broadcast(&old->changed);
	}
	socket->peer = peer ? socket_get(peer) : NULL;
	socket->choked = peer && is_choked(socket, peer);
	if (peer && !socket_connects(socket))
		list_append(&peer->clients, &socket->client);
	condition_broadcast(&socket->changed);
	if (old) {
		mutex_unlock(&sockets_lock);
		socket_put(old);
		mutex_lock(&sockets_lock);
	}
}

/* Files that are closed here may be sockets with messages of their own: these wait for their turn
 * in the list, so that a chain of any length needs no deep stack. */
void socket_sweep(void)
{
	mutex_lock(&sockets_lock);
	if (sweeping) {
		mutex_unlock(&sockets_lock);
		return;
	}
	sweeping = true;
	for (struct list_link *link; (link = list_pop(&dropped));) {
		mutex_unlock(&sockets_lock);
		message_free(LIST_ENTRY(link, struct message, link));
		mutex_lock(&sockets_lock);
	}
	sweeping = false;
	mutex_unlock(&sockets_lock);
}

/* --- sending ---------------------------------------------------------------------------- */

uint64_t socket_deadline(uint64_t timeout)
{
	return timeout ? clock_now() + timeout : WAIT_FOREVER;
}

static bool user_has_too_much(const struct socket *socket, const struct message *message)
{
	return socket->account->charged + message->charge >
	       (size_t)physmem_total() / USER_SHARE * PAGE_SIZE;
}

/* What keeps the message from being sent: 0, or an error; *waits: for a while only. */
static int obstacle(struct socket *socket, struct socket *to, const struct message *message,
                    bool *waits)
{
	int error = socket_take_error(socket);

	*waits = false;
	if (error)
		return error;
	if (socket->write_shut)
		return -EPIPE;
	if (to->closed)
		return socket_connects(socket) ? -EPIPE : -ECONNREFUSED;
	if (to->type == SOCK_DGRAM && to->peer && to->peer != socket)
		return -EPERM;
	if (to->read_shut)
		return -EPIPE;
	if (user_has_too_much(socket, message))
		return -ENOBUFS;
	*waits = socket->charged >= socket->send_size || is_choked(socket, to);
	return 0;
}

/* What tells of room: the full receiver, unless that tells its clients. */
static struct condition *room_of(struct socket *socket, struct socket *to)
{
	bool client = socket->peer == to;

	return is_choked(socket, to) && !client ? &to->changed : &socket->changed;
}

/* Puts the message, which is the queue's then, as soon as there is room. With the lock. */
static int put_message(struct socket *socket, struct socket *to, struct message *message,
                       bool nonblock, uint64_t deadline)
{
	for (;;) {
		bool waits;
		int error = obstacle(socket, to, message, &waits);
		if (!error && !waits) {
			enqueue(to, message);
			return 0;
		}
		if (waits)
			__atomic_store_n(&socket->cut_short, true, __ATOMIC_SEQ_CST);
		if (!error)
			error = nonblock ? -EAGAIN
			                 : condition_wait_until(room_of(socket, to), &sockets_lock,
			                                        deadline);
		if (error)
			return error == -ETIMEDOUT ? -EAGAIN : error;
	}
}

/* The next n bytes, with what goes along. */
static int send_piece(struct socket *socket, struct socket *to, struct transfer *transfer,
                      struct socket_message *told, uint32_t n, uint64_t deadline)
{
	struct message *message;
	bool nonblock = transfer->flags & O_NONBLOCK || told->flags & MSG_DONTWAIT;
	int error = message_make(socket, transfer, n, &message);

	if (error)
		return error;
	message_attach(message, told);
	mutex_lock(&sockets_lock);
	error = put_message(socket, to, message, nonblock, deadline);
	mutex_unlock(&sockets_lock);
	if (error)
		message_free(message);
	return error;
}

/* Whether a stream can be sent to at all, before anything is copied. */
static int check_stream(struct socket *socket, const struct socket *to)
{
	SCOPED_MUTEX(&sockets_lock);
	return socket->write_shut || to->closed || to->read_shut ? -EPIPE : 0;
}

static ssize_t send_stream(struct socket *socket, struct socket *to, struct transfer *transfer,
                           struct socket_message *told)
{
	size_t all = transfer->left, done = 0;
	uint64_t deadline = socket_deadline(socket->send_timeout);
	int error = check_stream(socket, to);

	while (!error && done < all) {
		size_t n = all - done < PAGE_SIZE ? all - done : PAGE_SIZE;
		error = send_piece(socket, to, transfer, told, n, deadline);
		if (!error)
			done += n;
	}
	transfer->broken = error == -EPIPE && !done && !(told->flags & MSG_NOSIGNAL);
	return done ? (ssize_t)done : error;
}

static ssize_t send_packet(struct socket *socket, struct socket *to, struct transfer *transfer,
                           struct socket_message *told)
{
	uint32_t n = transfer->left;

	if (transfer->left > socket->send_size - PACKET_HEADER)
		return -EMSGSIZE;
	int error = send_piece(socket, to, transfer, told, n,
	                       socket_deadline(socket->send_timeout));
	if (error == -ECONNREFUSED && !told->named) {
		mutex_lock(&socket->read_lock);
		mutex_lock(&sockets_lock);
		if (socket->peer == to)
			socket_set_peer(socket, NULL);
		mutex_unlock(&sockets_lock);
		mutex_unlock(&socket->read_lock);
		socket_sweep();
	}
	return error ? error : (ssize_t)n;
}

/* Where it goes, with a reference. */
static int find_receiver(struct socket *socket, const struct socket_message *told,
                         struct socket **to)
{
	if (told->named && socket->type == SOCK_STREAM)
		return socket->state == SOCKET_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (told->named && socket->type == SOCK_DGRAM)
		return socket_find(&told->name, told->at, SOCK_DGRAM, to);
	SCOPED_MUTEX(&sockets_lock);
	if (!socket->peer)
		return -ENOTCONN;
	*to = socket_get(socket->peer);
	return 0;
}

ssize_t socket_send(struct socket *socket, struct transfer *transfer, struct socket_message *told)
{
	struct socket *to;
	int error = told->flags & MSG_OOB ? -EOPNOTSUPP : 0;

	if (!error && socket->pass_credentials && socket->type == SOCK_DGRAM)
		error = socket_autobind(socket);
	if (!error)
		error = find_receiver(socket, told, &to);
	ssize_t done = error;
	if (!error) {
		done = socket->type == SOCK_STREAM ? send_stream(socket, to, transfer, told)
		                                   : send_packet(socket, to, transfer, told);
		socket_put(to);
	}
	socket_files_put(told);
	return done;
}

/* --- receiving -------------------------------------------------------------------------- */

/* Why there is nothing to wait for: 1 at the end, an error, or 0: wait. With the lock. */
static int nothing_comes(struct socket *socket, bool nonblock)
{
	int error = socket_take_error(socket);

	if (error)
		return error;
	if (socket->read_shut && !(nonblock && socket->type == SOCK_DGRAM))
		return 1;
	return nonblock ? -EAGAIN : 0;
}

/* Waits for one behind `after` (NULL: the first). With read_lock, and with it again, which is
 * given up only while it sleeps. 0, or as nothing_comes. */
static int next_message(struct socket *socket, struct message *after, bool nonblock,
                        uint64_t deadline, struct message **found)
{
	for (;;) {
		mutex_lock(&sockets_lock);
		struct list_link *link = after ? after->link.next : socket->received.head.next;
		bool error_first = socket->error && socket->type != SOCK_STREAM;
		if (link != &socket->received.head && !error_first) {
			*found = LIST_ENTRY(link, struct message, link);
			mutex_unlock(&sockets_lock);
			return 0;
		}
		int error = after ? -EAGAIN : nothing_comes(socket, nonblock);
		if (!error) {
			mutex_unlock(&socket->read_lock);
			error = condition_wait_until(&socket->changed, &sockets_lock, deadline);
			mutex_unlock(&sockets_lock);
			mutex_lock(&socket->read_lock);
		} else {
			mutex_unlock(&sockets_lock);
		}
		if (error)
			return error == -ETIMEDOUT ? -EAGAIN : error;
	}
}

/* Gives up to n bytes from where the message was read to; how many. */
static uint32_t give_bytes(const struct message *message, struct transfer *transfer, uint32_t n)
{
	uint32_t done = 0;

	while (done < n) {
		uint32_t at = message->offset + done, i = at / PAGE_SIZE;
		uint32_t piece = piece_length(message, i) - at % PAGE_SIZE;
		if (piece > n - done)
			piece = n - done;
		uint32_t given = transfer_give(transfer, message->pieces[i] + at % PAGE_SIZE, piece);
		done += given;
		if (given < piece)
			break;
	}
	return done;
}

static void tell_sender(struct socket *socket, const struct message *message,
                        struct socket_message *told)
{
	static const struct socket_credentials nobody = {0, NOBODY, NOBODY};

	SCOPED_MUTEX(&sockets_lock);
	told->named = message->sender->name.length;
	told->name = message->sender->name;
	told->credited = socket->pass_credentials;
	told->credentials = message->credited ? message->credentials : nobody;
}

/* A receiver that looks gets copies of the files. */
static int copy_files(const struct message *message, struct socket_message *told)
{
	if (!message->file_count)
		return 0;
	told->files = kmalloc(message->file_count * sizeof *told->files);
	if (!told->files)
		return -ENOMEM;
	SCOPED_MUTEX(&sockets_lock);
	told->file_count = message->file_count;
	for (uint32_t i = 0; i < message->file_count; i++)
		told->files[i] = file_get(message->files[i]);
	return 0;
}

static void take_files(struct message *message, struct socket_message *told)
{
	SCOPED_MUTEX(&sockets_lock);
	socket_count_files(message, -1);
	told->files = message->files;
	told->file_count = message->file_count;
	message->files = NULL;
	message->file_count = 0;
}

static void remove_message(struct socket *socket, struct message *message)
{
	mutex_lock(&sockets_lock);
	dequeue(socket, message);
	mutex_unlock(&sockets_lock);
	message_free(message);
}

/* Bytes of one message of a stream; -EFAULT, -ENOMEM. *barrier: nothing behind it may be read by
 * the same call. It is gone if it was read to its end. */
static int read_message(struct socket *socket, struct message *message, struct transfer *transfer,
                        struct socket_message *told, bool *barrier)
{
	bool peek = told->flags & MSG_PEEK;
	uint32_t left = message->length - message->offset;
	uint32_t n = left < transfer->left ? left : transfer->left;
	uint32_t given = give_bytes(message, transfer, n);

	if (n && !given)
		return -EFAULT;
	*barrier = message->file_count || given < n;
	int error = peek ? copy_files(message, told) : 0;
	if (error || peek)
		return error ? error : (int)given;
	if (message->file_count)
		take_files(message, told);
	mutex_lock(&sockets_lock);
	message->offset += given;
	socket->received_bytes -= given;
	mutex_unlock(&sockets_lock);
	if (message->offset == message->length)
		remove_message(socket, message);
	return (int)given;
}

static bool same_sender(const struct socket_message *told, const struct message *message)
{
	return !told->credited ||
	       (message->credited && !memcmp(&told->credentials, &message->credentials,
	                                     sizeof told->credentials));
}

/* With read_lock. */
static ssize_t receive_stream(struct socket *socket, struct transfer *transfer,
                              struct socket_message *told, bool nonblock, uint64_t deadline)
{
	size_t all = transfer->left, least = told->flags & MSG_WAITALL ? all : 1, done = 0;
	struct message *message = NULL;
	bool barrier = false, peek = told->flags & MSG_PEEK;
	int result = 0;

	while (done < all && !barrier) {
		result = next_message(socket, peek ? message : NULL, nonblock || done >= least,
		                      deadline, &message);
		if (result || (done && !same_sender(told, message)))
			break;
		if (!done)
			tell_sender(socket, message, told);
		result = read_message(socket, message, transfer, told, &barrier);
		if (result < 0)
			break;
		done += (size_t)result;
	}
	if (done)
		return (ssize_t)done;
	return result < 0 ? result : 0;
}

/* With read_lock. */
static ssize_t receive_packet(struct socket *socket, struct transfer *transfer,
                              struct socket_message *told, bool nonblock, uint64_t deadline)
{
	struct message *message;
	int error = next_message(socket, NULL, nonblock, deadline, &message);

	if (error)
		return error < 0 ? error : 0;
	uint32_t length = message->length;
	uint32_t n = length < transfer->left ? length : transfer->left;
	if (give_bytes(message, transfer, n) < n) {
		if (!(told->flags & MSG_PEEK))
			remove_message(socket, message); /* it is lost, as on Linux */
		return -EFAULT;
	}
	tell_sender(socket, message, told);
	told->length = length;
	if (told->flags & MSG_PEEK) {
		error = copy_files(message, told);
		return error ? error : (ssize_t)n;
	}
	take_files(message, told);
	remove_message(socket, message);
	return n;
}

/* Whether it is in a state to receive. */
static int check_receiver(const struct socket *socket, const struct socket_message *told)
{
	if (told->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (socket_connects(socket) && socket->state != SOCKET_CONNECTED)
		return socket->type == SOCK_STREAM ? -EINVAL : -ENOTCONN;
	return 0;
}

ssize_t socket_receive(struct socket *socket, struct transfer *transfer,
                       struct socket_message *told)
{
	bool nonblock = transfer->flags & O_NONBLOCK || told->flags & MSG_DONTWAIT;
	uint64_t deadline = socket_deadline(socket->receive_timeout);
	int error = check_receiver(socket, told);

	told->named = told->credited = false;
	told->files = NULL;
	told->file_count = 0;
	told->length = 0;
	if (error)
		return error;
	mutex_lock(&socket->read_lock);
	ssize_t n = socket->type == SOCK_STREAM
	                    ? receive_stream(socket, transfer, told, nonblock, deadline)
	                    : receive_packet(socket, transfer, told, nonblock, deadline);
	mutex_unlock(&socket->read_lock);
	return n;
}

/* --- as a file -------------------------------------------------------------------------- */

ssize_t socket_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct socket_message told = {.flags = 0};

	(void)position;
	ssize_t n = socket_receive(file->private, transfer, &told);
	socket_files_put(&told);
	return n;
}

ssize_t socket_write(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct socket_message told = {.flags = 0};

	(void)position;
	return socket_send(file->private, transfer, &told);
}

/* How many bytes a read would give. With the lock. */
static int readable_bytes(const struct socket *socket)
{
	const struct list_link *first = list_first(&socket->received);

	if (socket->type != SOCK_DGRAM || !first)
		return (int)socket->received_bytes;
	return (int)LIST_ENTRY(first, struct message, link)->length;
}

int socket_ioctl(struct file *file, uint32_t command, uintptr_t argument)
{
	struct socket *socket = file->private;
	int bytes;

	if (command != FIONREAD && command != TIOCOUTQ)
		return -ENOTTY;
	mutex_lock(&sockets_lock);
	bytes = command == FIONREAD ? readable_bytes(socket) : (int)socket->charged;
	int error = command == FIONREAD && socket->state == SOCKET_LISTENING ? -EINVAL : 0;
	mutex_unlock(&sockets_lock);
	return error ? error : copy_to_user((void *)argument, &bytes, sizeof(bytes));
}
