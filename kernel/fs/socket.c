/* SPDX-License-Identifier: MIT */
/* Sockets: making, naming, connecting and closing them. socket_inside.h tells of the parts. */
#include "kernel/fs/socket_inside.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <asm/socket.h>
#include <linux/signal.h>

#include "kernel/fs/fs.h"
#include "kernel/mem/slab.h"
#include "kernel/owner.h"
#include "kernel/panic.h"
#include "kernel/rights.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/page.h"

#define BUFFER_SIZE 212992u       /* /proc/sys/net/core/wmem_default and wmem_max: socket(7) */
#define SEND_SIZE_LEAST 4608u
#define RECEIVE_SIZE_LEAST 2304u
#define BACKLOG_MOST 4096u        /* /proc/sys/net/core/somaxconn: listen(2) */
#define NAME_BUCKETS 64u
#define AUTOMATIC_NAMES 0x100000u /* unix(7), "Autobind feature": five hexadecimal digits */

static struct slab_cache socket_slab = SLAB_CACHE("socket", sizeof(struct socket));
static struct slab_cache inode_slab = SLAB_CACHE("socket_inode", sizeof(struct inode));
struct mutex sockets_lock = MUTEX_INIT(sockets_lock, "sockets");
struct list sockets_all = LIST_INIT(sockets_all);
static struct list accounts = LIST_INIT(accounts);
static struct list names[NAME_BUCKETS];
static struct file_system *socket_fs;
static uint32_t last_number, last_name;
static struct socket_credentials (*caller_door)(bool real);

void socket_set_caller_door(struct socket_credentials (*caller)(bool real))
{
	caller_door = caller;
}

struct socket_credentials socket_caller(bool real)
{
	return caller_door(real);
}

struct socket *socket_of(const struct file *file)
{
	return file->ops == &socket_file_ops ? file->private : NULL;
}

bool socket_connects(const struct socket *socket)
{
	return socket->type != SOCK_DGRAM;
}

/* --- life ------------------------------------------------------------------------------- */

/* The account of the user, with one socket more. */
static struct socket_account *account_get(uint32_t uid)
{
	SCOPED_MUTEX(&sockets_lock);
	LIST_FOR(&accounts, struct socket_account, known, link) {
		if (known->uid == uid) {
			known->sockets++;
			return known;
		}
	}
	struct socket_account *account = kmalloc(sizeof *account);
	if (!account)
		return NULL;
	*account = (struct socket_account){.uid = uid, .sockets = 1};
	list_append(&accounts, &account->link);
	return account;
}

static void account_put(struct socket_account *account)
{
	SCOPED_MUTEX(&sockets_lock);
	if (--account->sockets)
		return;
	ASSERT_SAYING(!account->charged, "bytes are charged to a user without sockets");
	list_remove(&account->link);
	kfree(account);
}

static struct socket *socket_new(enum socket_type type, uint32_t uid)
{
	struct socket *socket = slab_alloc_zeroed(&socket_slab);

	if (!socket)
		return NULL;
	socket->account = account_get(uid);
	if (!socket->account) {
		slab_free(&socket_slab, socket);
		return NULL;
	}
	socket->references = 1;
	socket->type = type;
	socket->send_size = socket->receive_size = BUFFER_SIZE;
	list_link_init(&socket->link);
	list_link_init(&socket->client);
	list_link_init(&socket->bound);
	list_link_init(&socket->next_waiting);
	list_init(&socket->clients);
	list_init(&socket->received);
	list_init(&socket->waiting);
	mutex_init(&socket->read_lock, "socket");
	condition_init(&socket->changed);
	list_init(&socket->owners);
	return socket;
}

struct socket *socket_get(struct socket *socket)
{
	__atomic_fetch_add(&socket->references, 1, __ATOMIC_RELAXED);
	return socket;
}

/* Frees it, if that was the last; the lock is not held. */
void socket_put(struct socket *socket)
{
	if (!socket || __atomic_sub_fetch(&socket->references, 1, __ATOMIC_ACQ_REL))
		return;
	ASSERT(list_empty(&socket->received) && list_empty(&socket->clients) && !socket->peer &&
	       !socket->charged);
	account_put(socket->account);
	slab_free(&socket_slab, socket);
}

/* The other end of a connection sees that this one is gone. With the lock. */
static void part_from_peer(struct socket *socket, bool was_accepted)
{
	struct socket *peer = socket->peer;

	if (!socket_connects(socket) || !peer)
		return;
	peer->read_shut = peer->write_shut = true;
	if (!was_accepted || !list_empty(&socket->received))
		peer->error = ECONNRESET;
	condition_broadcast(&peer->changed);
	owners_tell(&peer->owners, POLL_HUP);
}

/* Nobody has the socket open any more. With the lock; afterwards without it: after_closing. */
static void close_locked(struct socket *socket, bool was_accepted)
{
	socket->closed = true;
	socket->file = NULL;
	list_remove(&socket->bound);
	list_remove(&socket->link);
	part_from_peer(socket, was_accepted);
	socket_tell_clients(socket);
	socket_drop_messages(socket);
	condition_broadcast(&socket->changed);
}

static void after_closing(struct socket *socket)
{
	struct socket *peer = NULL;

	mutex_lock(&sockets_lock);
	if (socket_connects(socket)) {
		peer = socket->peer;
		socket->peer = NULL;
	} else {
		socket_set_peer(socket, NULL);
	}
	mutex_unlock(&sockets_lock);
	if (socket->node)
		inode_put(socket->node);
	socket->node = NULL;
	socket_put(peer);
	socket_put(socket);
}

/* Those that connected and were not accepted go with the listener. */
static void close_waiting(struct socket *listener)
{
	for (;;) {
		mutex_lock(&sockets_lock);
		struct list_link *link = list_pop(&listener->waiting);
		struct socket *waiting = link ? LIST_ENTRY(link, struct socket, next_waiting) : NULL;
		if (waiting) {
			listener->waiting_count--;
			close_locked(waiting, false);
		}
		mutex_unlock(&sockets_lock);
		if (!waiting)
			return;
		after_closing(waiting);
	}
}

static void socket_close(struct file *file)
{
	struct socket *socket = file->private;

	mutex_lock(&sockets_lock);
	close_locked(socket, true);
	mutex_unlock(&sockets_lock);
	close_waiting(socket);
	after_closing(socket);
	mutex_lock(&sockets_lock);
	socket_collect();
	mutex_unlock(&sockets_lock);
	socket_sweep();
}

/* --- their files ------------------------------------------------------------------------ */

static void socket_inode_release(struct inode *inode)
{
	slab_free(&inode_slab, inode);
}

static const struct inode_ops socket_inode_ops = {.release = socket_inode_release};
static const struct page_source_ops no_pages;
static const struct file_system_ops socket_fs_ops;
static const struct file_system_type socket_fs_type = {.name = "sockfs"};

int socket_init(void)
{
	for (uint32_t i = 0; i < NAME_BUCKETS; i++)
		list_init(&names[i]);
	socket_fs = file_system_create(&socket_fs_type, "socket");
	if (!socket_fs)
		return -ENOMEM;
	socket_fs->ops = &socket_fs_ops;
	return 0;
}

/* Its inode opens once: /proc/PID/fd/N cannot be opened. */
static int socket_open(struct file *file)
{
	if (!file->inode->private)
		return -ENXIO;
	file->private = file->inode->private;
	file->inode->private = NULL;
	file->stream = true;
	return 0;
}

/* A file for the socket, whose reference it takes over if it succeeds. */
static int socket_file(struct socket *socket, uint32_t flags, struct file **opened)
{
	struct inode *inode = slab_alloc(&inode_slab);
	char name[24];

	if (!inode)
		return -ENOMEM;
	inode_init(inode, socket_fs, &socket_inode_ops, &no_pages, S_IFSOCK | 0777);
	inode->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	inode->file_ops = &socket_file_ops;
	inode->private = socket;
	inode_own(inode, NULL);
	snprintf(name, sizeof(name), "socket:[%u]", inode->number);
	struct dentry *dentry = dentry_create_nameless(inode, name);
	if (!dentry)
		return -ENOMEM;
	int error = file_open_dentry(dentry, O_RDWR | flags, opened);
	dentry_put(dentry);
	if (error)
		return error;
	mutex_lock(&sockets_lock);
	socket->file = *opened;
	if (!list_linked(&socket->link))
		list_append(&sockets_all, &socket->link);
	mutex_unlock(&sockets_lock);
	return 0;
}

int socket_create(enum socket_type type, uint32_t flags, struct file **opened)
{
	struct socket *socket = socket_new(type, socket_caller(false).uid);

	if (!socket)
		return -ENOMEM;
	int error = socket_file(socket, flags, opened);
	if (error)
		socket_put(socket);
	mutex_lock(&sockets_lock);
	socket_collect();
	mutex_unlock(&sockets_lock);
	socket_sweep();
	return error;
}

/* With the lock. */
static void connect_both(struct socket *one, struct socket *other)
{
	socket_set_peer(one, other);
	socket_set_peer(other, one);
	if (socket_connects(one))
		one->state = other->state = SOCKET_CONNECTED;
}

int socket_pair(enum socket_type type, uint32_t flags, struct file *opened[2])
{
	int error = socket_create(type, flags, &opened[0]);

	if (error)
		return error;
	error = socket_create(type, flags, &opened[1]);
	if (error) {
		file_put(opened[0]);
		return error;
	}
	struct socket *one = socket_of(opened[0]), *other = socket_of(opened[1]);
	one->peer_credentials = other->peer_credentials = socket_caller(false);
	mutex_lock(&sockets_lock);
	connect_both(one, other);
	mutex_unlock(&sockets_lock);
	return 0;
}

/* --- names ------------------------------------------------------------------------------ */

static struct list *bucket(const struct socket_name *name, const struct inode *node)
{
	uint32_t hash = (uintptr_t)node / sizeof(void *);

	for (uint32_t i = 0; !node && i < name->length; i++)
		hash = hash * 31 + (uint8_t)name->bytes[i];
	return &names[(hash ^ hash >> 6) % NAME_BUCKETS];
}

static bool is_abstract(const struct socket_name *name)
{
	return !name->bytes[0];
}

/* The one bound to the node, or (node NULL) to the abstract name. With the lock. */
static struct socket *find_bound(const struct socket_name *name, const struct inode *node)
{
	LIST_FOR(bucket(name, node), struct socket, socket, bound)
		if (node ? socket->node == node
		         : !socket->node && socket->name.length == name->length &&
		                   !memcmp(socket->name.bytes, name->bytes, name->length))
			return socket;
	return NULL;
}

/* With the lock: -EINVAL if it has a name, -EADDRINUSE. The node's reference is taken over. */
static int enter_name(struct socket *socket, const struct socket_name *name, struct inode *node)
{
	if (socket->name.length)
		return -EINVAL;
	if (find_bound(name, node))
		return -EADDRINUSE;
	socket->name = *name;
	socket->node = node;
	list_append(bucket(name, node), &socket->bound);
	return 0;
}

int socket_autobind(struct socket *socket)
{
	struct socket_name name = {.length = 6};

	SCOPED_MUTEX(&sockets_lock);
	if (socket->name.length)
		return 0;
	for (uint32_t i = 0; i < AUTOMATIC_NAMES; i++) {
		last_name = (last_name + 1) % AUTOMATIC_NAMES;
		snprintf(name.bytes + 1, 6, "%05x", last_name);
		if (!enter_name(socket, &name, NULL))
			return 0;
	}
	return -ENOSPC;
}

/* Makes the node, which has a reference then. */
static int make_node(const struct socket_name *name, struct dentry *at, uint32_t mode,
                     struct inode **node)
{
	struct dentry *dentry;
	int error = vfs_mknod(at, name->bytes, S_IFSOCK | mode, 0);

	if (error)
		return error == -EEXIST ? -EADDRINUSE : error;
	error = vfs_lookup(at, name->bytes, false, &dentry);
	if (error) {
		vfs_unlink(at, name->bytes);
		return error;
	}
	*node = inode_get(dentry->inode);
	dentry_put(dentry);
	return 0;
}

int socket_bind(struct socket *socket, const struct socket_name *name, struct dentry *at,
                uint32_t mode)
{
	struct inode *node = NULL;
	int error = 0;

	if (!name->length)
		return socket_autobind(socket);
	/* What is wrong with a path is told first, as on Linux; then, by enter_name, that it has a
	 * name already. */
	if (!is_abstract(name))
		error = make_node(name, at, mode, &node);
	if (error)
		return error;
	mutex_lock(&sockets_lock);
	error = enter_name(socket, name, node);
	mutex_unlock(&sockets_lock);
	if (error && node) {
		vfs_unlink(at, name->bytes);
		inode_put(node);
	}
	return error;
}

/* The node that the path leads to, with a reference, if the caller may write to it. */
static int find_node(const struct socket_name *name, struct dentry *at, struct inode **node)
{
	struct dentry *dentry;
	int error = vfs_lookup(at, name->bytes, true, &dentry);

	if (error)
		return error;
	error = inode_access(dentry->inode, ACCESS_WRITE);
	if (!error && !S_ISSOCK(dentry->inode->mode))
		error = -ECONNREFUSED;
	if (!error)
		*node = inode_get(dentry->inode);
	dentry_put(dentry);
	return error;
}

int socket_find(const struct socket_name *name, struct dentry *at, enum socket_type type,
                struct socket **found)
{
	struct inode *node = NULL;
	int error = is_abstract(name) ? 0 : find_node(name, at, &node);

	if (error)
		return error;
	mutex_lock(&sockets_lock);
	struct socket *socket = find_bound(name, node);
	if (!socket)
		error = -ECONNREFUSED;
	else if (socket->type != type)
		error = -EPROTOTYPE;
	else
		*found = socket_get(socket);
	mutex_unlock(&sockets_lock);
	if (node)
		inode_put(node);
	return error;
}

void socket_name_own(struct socket *socket, struct socket_name *name)
{
	SCOPED_MUTEX(&sockets_lock);
	*name = socket->name;
}

int socket_name_peer(struct socket *socket, struct socket_name *name)
{
	SCOPED_MUTEX(&sockets_lock);
	if (!socket->peer)
		return -ENOTCONN;
	*name = socket->peer->name;
	return 0;
}

/* --- connecting ------------------------------------------------------------------------- */

int socket_listen(struct socket *socket, uint32_t backlog)
{
	if (!socket_connects(socket))
		return -EOPNOTSUPP;
	SCOPED_MUTEX(&sockets_lock);
	if (!socket->name.length || socket->state == SOCKET_CONNECTED)
		return -EINVAL;
	socket->backlog = backlog < BACKLOG_MOST ? backlog : BACKLOG_MOST;
	socket->state = SOCKET_LISTENING;
	socket->peer_credentials = socket_caller(false);
	condition_broadcast(&socket->changed);
	return 0;
}

/* Waits until the listener takes one more. With the lock, which it gives up meanwhile. */
static int wait_for_place(struct socket *listener, bool nonblock, uint64_t deadline)
{
	for (;;) {
		if (listener->closed || listener->state != SOCKET_LISTENING || listener->read_shut)
			return -ECONNREFUSED;
		if (listener->waiting_count <= listener->backlog)
			return 0;
		int error = nonblock ? -EAGAIN
		                     : condition_wait_until(&listener->changed, &sockets_lock,
		                                            deadline);
		if (error)
			return error == -ETIMEDOUT ? -EAGAIN : error;
	}
}

/* With the lock. */
static int connect_locked(struct socket *socket, struct socket *listener, struct socket *end,
                          bool nonblock, uint64_t deadline)
{
	int error = wait_for_place(listener, nonblock, deadline);

	if (error)
		return error;
	if (socket->state != SOCKET_ALONE)
		return socket->state == SOCKET_CONNECTED ? -EISCONN : -EINVAL;
	end->name = listener->name;
	end->pass_credentials = listener->pass_credentials;
	end->peer_credentials = socket_caller(false);
	socket->peer_credentials = listener->peer_credentials;
	connect_both(socket, end);
	list_append(&sockets_all, &end->link);
	list_append(&listener->waiting, &end->next_waiting);
	listener->waiting_count++;
	condition_broadcast(&listener->changed);
	condition_broadcast(&socket->changed);
	owners_tell(&listener->owners, POLL_IN);
	return 0;
}

static int connect_stream(struct socket *socket, struct socket *listener, bool nonblock)
{
	struct socket *end = socket_new(socket->type, listener->account->uid);

	if (!end)
		return -ENOMEM;
	mutex_lock(&sockets_lock);
	int error = connect_locked(socket, listener, end, nonblock,
	                           socket_deadline(socket->send_timeout));
	mutex_unlock(&sockets_lock);
	if (error)
		socket_put(end);
	return error;
}

static int connect_datagrams(struct socket *socket, struct socket *peer)
{
	int error = 0;

	mutex_lock(&socket->read_lock);
	mutex_lock(&sockets_lock);
	if (peer && peer->closed)
		error = -ECONNREFUSED;
	else if (peer && peer->peer && peer->peer != socket)
		error = -EPERM;
	else
		socket_set_peer(socket, peer);
	mutex_unlock(&sockets_lock);
	mutex_unlock(&socket->read_lock);
	socket_sweep();
	return error;
}

int socket_connect(struct socket *socket, const struct socket_name *to, struct dentry *at,
                   bool nonblock)
{
	struct socket *found;
	int error = socket->pass_credentials ? socket_autobind(socket) : 0;

	if (!to)
		return socket_connects(socket) ? -EINVAL : connect_datagrams(socket, NULL);
	if (!error)
		error = socket_find(to, at, socket->type, &found);
	if (error)
		return error;
	error = socket_connects(socket) ? connect_stream(socket, found, nonblock)
	                                : connect_datagrams(socket, found);
	socket_put(found);
	return error;
}

/* The longest waiting one. With the lock. */
static int take_waiting(struct socket *listener, bool nonblock, uint64_t deadline,
                        struct socket **taken)
{
	for (;;) {
		if (listener->state != SOCKET_LISTENING)
			return -EINVAL;
		struct list_link *link = list_first(&listener->waiting);
		if (link) {
			*taken = LIST_ENTRY(link, struct socket, next_waiting);
			list_remove(link);
			listener->waiting_count--;
			condition_broadcast(&listener->changed);
			return 0;
		}
		if (listener->read_shut && !nonblock)
			return -EINVAL;
		int error = nonblock ? -EAGAIN
		                     : condition_wait_until(&listener->changed, &sockets_lock,
		                                            deadline);
		if (error)
			return error == -ETIMEDOUT ? -EAGAIN : error;
	}
}

int socket_accept(struct socket *listener, bool nonblock, uint32_t flags, struct file **opened)
{
	struct socket *taken = NULL;

	if (!socket_connects(listener))
		return -EOPNOTSUPP;
	mutex_lock(&sockets_lock);
	int error = take_waiting(listener, nonblock, socket_deadline(listener->receive_timeout),
	                         &taken);
	mutex_unlock(&sockets_lock);
	if (error)
		return error;
	error = socket_file(taken, flags, opened);
	if (!error)
		return 0;
	mutex_lock(&sockets_lock);
	list_prepend(&listener->waiting, &taken->next_waiting);
	listener->waiting_count++;
	mutex_unlock(&sockets_lock);
	return error;
}

int socket_shutdown(struct socket *socket, int how)
{
	bool reading = how != SHUT_WR, writing = how != SHUT_RD;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	SCOPED_MUTEX(&sockets_lock);
	socket->read_shut |= reading;
	socket->write_shut |= writing;
	condition_broadcast(&socket->changed);
	if (socket_connects(socket) && socket->peer) {
		socket->peer->read_shut |= writing;
		socket->peer->write_shut |= reading;
		condition_broadcast(&socket->peer->changed);
		if (writing)
			owners_tell(&socket->peer->owners, reading ? POLL_HUP : POLL_IN);
	}
	return 0;
}

/* --- options and readiness -------------------------------------------------------------- */

int socket_take_error(struct socket *socket)
{
	int error = -socket->error;

	socket->error = 0;
	return error;
}

/* Of protocols that go over a wire: every socket takes and tells them, here without effect. */
static bool is_kept(int option)
{
	const uint32_t options = 1u << SO_REUSEADDR | 1u << SO_DONTROUTE | 1u << SO_BROADCAST |
	                         1u << SO_KEEPALIVE | 1u << SO_OOBINLINE;

	return option >= 0 && option < 32 && options >> option & 1;
}

int socket_option(struct socket *socket, int option, int *value)
{
	SCOPED_MUTEX(&sockets_lock);
	switch (option) {
	case SO_TYPE:
		*value = socket->type;
		return 0;
	case SO_DOMAIN:
		*value = AF_UNIX;
		return 0;
	case SO_PROTOCOL:
		*value = 0;
		return 0;
	case SO_ERROR:
		*value = -socket_take_error(socket);
		return 0;
	case SO_ACCEPTCONN:
		*value = socket->state == SOCKET_LISTENING;
		return 0;
	case SO_PASSCRED:
		*value = socket->pass_credentials;
		return 0;
	case SO_SNDBUF:
		*value = (int)socket->send_size;
		return 0;
	case SO_RCVBUF:
		*value = (int)socket->receive_size;
		return 0;
	case SO_RCVLOWAT:
	case SO_SNDLOWAT:
		*value = 1;
		return 0;
	default:
		if (!is_kept(option))
			return -ENOPROTOOPT;
		*value = socket->kept_options >> option & 1;
		return 0;
	}
}

/* socket(7), SO_SNDBUF: the kernel doubles it. */
static uint32_t buffer_size(int value, uint32_t least)
{
	uint32_t size = (uint32_t)value < BUFFER_SIZE ? (uint32_t)value : BUFFER_SIZE;

	return 2 * size < least ? least : 2 * size;
}

int socket_set_option(struct socket *socket, int option, int value)
{
	SCOPED_MUTEX(&sockets_lock);
	switch (option) {
	case SO_TYPE:
	case SO_DOMAIN:
	case SO_PROTOCOL:
	case SO_ERROR:
	case SO_ACCEPTCONN:
		return -ENOPROTOOPT;
	case SO_PASSCRED:
		socket->pass_credentials = value;
		return 0;
	case SO_SNDBUF:
		socket->send_size = buffer_size(value, SEND_SIZE_LEAST);
		condition_broadcast(&socket->changed);
		return 0;
	case SO_RCVBUF:
		socket->receive_size = buffer_size(value, RECEIVE_SIZE_LEAST);
		return 0;
	default:
		if (!is_kept(option))
			return -ENOPROTOOPT;
		socket->kept_options &= ~(1u << option);
		socket->kept_options |= (uint32_t)(value != 0) << option;
		return 0;
	}
}

uint64_t *socket_timeout(struct socket *socket, bool sending)
{
	return sending ? &socket->send_timeout : &socket->receive_timeout;
}

int socket_peer_credentials(struct socket *socket, struct socket_credentials *credentials)
{
	SCOPED_MUTEX(&sockets_lock);
	*credentials = (struct socket_credentials){0, ID_UNCHANGED, ID_UNCHANGED};
	if (socket->peer_credentials.pid)
		*credentials = socket->peer_credentials;
	return 0;
}

/* Takes no lock: poll must not sleep, and what changes afterwards wakes. It looks at nothing but
 * the socket itself. */
static uint32_t socket_poll(struct file *file, struct poll_table *table)
{
	struct socket *socket = file->private;
	uint32_t mask = 0;

	poll_wait(table, &socket->changed.waiters);
	if (socket->error)
		mask |= POLLERR;
	if (socket->read_shut && socket->write_shut)
		mask |= POLLHUP;
	if (socket->read_shut)
		mask |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (!list_empty(&socket->received) || !list_empty(&socket->waiting))
		mask |= POLLIN | POLLRDNORM;
	if (socket_connects(socket) && socket->state == SOCKET_ALONE)
		mask |= POLLHUP;
	if (socket->state != SOCKET_LISTENING &&
	    ROOM_OR_MARK(&socket->cut_short, socket_has_room(socket) && !socket->choked))
		mask |= POLLOUT | POLLWRNORM | POLLWRBAND;
	return mask;
}

static struct list *socket_owners(struct file *file)
{
	struct socket *socket = file->private;

	return &socket->owners;
}

/* What it could receive, which its end gives back. */
static size_t socket_held(const struct file *file)
{
	const struct socket *socket = file->private;

	return sizeof(*socket) + socket->received_bytes +
	       socket->received_count * sizeof(struct message);
}

const struct file_ops socket_file_ops = {
	.read = socket_read,
	.write = socket_write,
	.ioctl = socket_ioctl,
	.poll = socket_poll,
	.owners = socket_owners,
	.open = socket_open,
	.close = socket_close,
	.held = socket_held,
};
