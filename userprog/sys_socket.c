/* SPDX-License-Identifier: MIT */
/* Sockets: socket(2), bind(2), send(2), recv(2) and their kin, by numbers of their own and through
 * socketcall(2). What they do is in kernel/fs/socket.h; here are their structures. */
#include <asm/socket.h>
#include <linux/fcntl.h>
#include <linux/net.h>
#include <linux/signal.h>
#include <linux/time_types.h>
#include <linux/uio.h>

#include "kernel/fs/socket.h"
#include "kernel/fs/transfer.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "kernel/sync/wait_queue.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/path.h"
#include "userprog/places.h"
#include "userprog/process.h"
#include "userprog/signal.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

/* What the C library defines: socket(2), send(2), recv(2), cmsg(3). */
#define FAMILIES 46
#define SOL_SOCKET_ 1
#define TYPE_MASK 0xfu
#define TYPES 11
#define SOCK_RAW_ 3
#define SOCK_NONBLOCK_ ((uint32_t)O_NONBLOCK)
#define SOCK_CLOEXEC_ ((uint32_t)O_CLOEXEC)
#define MSG_CTRUNC_ 0x8u
#define MSG_TRUNC_ 0x20u
#define MSG_CMSG_CLOEXEC_ 0x40000000u
#define SCM_RIGHTS_ 1
#define SCM_CREDENTIALS_ 2
#define VECTOR_MOST 1024u
#define MESSAGES_MOST 1024u
#define MSG_DONTWAIT_ 0x40u
#define MSG_WAITFORONE_ 0x10000u
#define NAME_START offsetof(struct sockaddr_un, sun_path)

struct user_message { /* struct msghdr */
	void *name;
	int32_t name_length;
	struct iovec *vector;
	uint32_t vector_count;
	char *control;
	uint32_t control_length;
	uint32_t flags;
};

struct user_message_of_many { /* struct mmsghdr */
	struct user_message message;
	uint32_t length;
};

struct control_header { /* struct cmsghdr */
	uint32_t length;
	int32_t level, type;
};

#define CONTROL_ALIGN(n) (((n) + 3) & ~3u)

/* The door: who the process that runs is. */
static struct socket_credentials caller(bool real)
{
	const struct credentials *own = &process_current()->credentials;
	return (struct socket_credentials){process_current()->id, real ? own->uid : own->euid,
	                                   real ? own->gid : own->egid};
}

void sys_socket_init(void)
{
	socket_set_caller_door(caller);
}

/* ---- descriptors ---- */

/* The socket of the descriptor, with a reference on *file. -EBADF, -ENOTSOCK. */
static int get(int number, struct file **file, struct socket **socket)
{
	*file = descriptor_file(process_current()->files, number);
	if (!*file)
		return -EBADF;
	*socket = socket_of(*file);
	if (*socket)
		return 0;
	file_put(*file);
	return -ENOTSOCK;
}

/* One that was interrupted begins again, unless it had a time limit: signal(7). */
static int32_t interrupted(struct socket *socket, bool sending, int32_t result)
{
	if (result == -EINTR && !*socket_timeout(socket, sending))
		return -ERESTARTSYS;
	return result;
}

static int check_type(int family, uint32_t type, int protocol)
{
	uint32_t kind = type & TYPE_MASK;
	if (type & ~(TYPE_MASK | SOCK_NONBLOCK_ | SOCK_CLOEXEC_))
		return -EINVAL;
	if (family < 0 || family >= FAMILIES)
		return -EAFNOSUPPORT;
	if (kind >= TYPES)
		return -EINVAL;
	if (family != AF_UNIX)
		return -EAFNOSUPPORT;
	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (kind != SOCK_STREAM && kind != SOCK_DGRAM && kind != SOCK_SEQPACKET &&
	    kind != SOCK_RAW_)
		return -ESOCKTNOSUPPORT;
	return 0;
}

/* As on Linux a raw one is one of datagrams. */
static enum socket_type kind_of(uint32_t type)
{
	uint32_t kind = type & TYPE_MASK;
	return kind == SOCK_RAW_ ? SOCK_DGRAM : (enum socket_type)kind;
}

static int32_t sys_socket(int family, uint32_t type, int protocol)
{
	struct file *file;
	int error = check_type(family, type, protocol);
	if (!error)
		error = socket_create(kind_of(type), type & SOCK_NONBLOCK_, &file);
	return error ? error : descriptor_new(file, 0, type & SOCK_CLOEXEC_);
}

static int32_t sys_socketpair(int family, uint32_t type, int protocol, int *user_numbers)
{
	struct descriptor_table *files = process_current()->files;
	struct file *ends[2];
	int numbers[2];
	int error = check_type(family, type, protocol);
	if (!error)
		error = socket_pair(kind_of(type), type & SOCK_NONBLOCK_, ends);
	if (error)
		return error;
	numbers[0] = descriptor_new(ends[0], 0, type & SOCK_CLOEXEC_);
	if (numbers[0] < 0) {
		file_put(ends[1]);
		return numbers[0];
	}
	numbers[1] = descriptor_new(ends[1], 0, type & SOCK_CLOEXEC_);
	error = numbers[1] < 0 ? numbers[1] : copy_to_user(user_numbers, numbers, sizeof numbers);
	if (!error)
		return 0;
	descriptor_close(files, numbers[0]);
	if (numbers[1] >= 0)
		descriptor_close(files, numbers[1]);
	return error;
}

/* ---- names ---- */

/* *family: which the address is of. A path ends at its NUL. */
static int name_from_user(const void *user_address, int length, struct socket_name *name,
                          uint16_t *family)
{
	struct sockaddr_un address = {0};
	if (length < (int)sizeof *family || length > (int)sizeof address)
		return -EINVAL;
	if (copy_from_user(&address, user_address, (size_t)length))
		return -EFAULT;
	*family = address.sun_family;
	*name = (struct socket_name){.length = (uint32_t)length - NAME_START};
	memcpy(name->bytes, address.sun_path, name->length);
	if (name->length && name->bytes[0])
		name->length = strlen(name->bytes);
	return 0;
}

/* One of the family AF_UNIX, which may be empty where that means something. */
static int unix_name(const void *user_address, int length, bool may_be_empty,
                     struct socket_name *name)
{
	uint16_t family;
	int error = name_from_user(user_address, length, name, &family);
	if (error)
		return error;
	return family != AF_UNIX || (!name->length && !may_be_empty) ? -EINVAL : 0;
}

/* A path's NUL counts. */
static uint32_t address_length(const struct socket_name *name)
{
	return NAME_START + name->length + (name->length && name->bytes[0]);
}

/* As much of the address as there is room for, and its full length. */
static int address_to_user(const struct socket_name *name, void *user_address, int room,
                           int *user_length)
{
	struct {
		uint16_t family;
		char path[UNIX_PATH_MAX + 1];
	} address = {.family = AF_UNIX};
	int length = (int)address_length(name);
	if (room < 0)
		return -EINVAL;
	memcpy(address.path, name->bytes, name->length);
	if (copy_to_user(user_address, &address, (size_t)(room < length ? room : length)))
		return -EFAULT;
	return copy_to_user(user_length, &length, sizeof length);
}

static int give_address(const struct socket_name *name, void *user_address, int *user_length)
{
	int room;
	if (copy_from_user(&room, user_length, sizeof room))
		return -EFAULT;
	return address_to_user(name, user_address, room, user_length);
}

static int bind_socket(struct socket *socket, const void *user_address, int length)
{
	struct socket_name name;
	struct dentry *at;
	int error = unix_name(user_address, length, true, &name);
	if (!error)
		error = place_directory(AT_FDCWD, &at);
	if (error)
		return error;
	error = socket_bind(socket, &name, at, 0777 & ~process_current()->places->umask);
	dentry_put(at);
	return error;
}

static int32_t sys_bind(int number, const void *user_address, int length)
{
	struct socket *socket;
	struct file *file;
	int error = get(number, &file, &socket);
	if (error)
		return error;
	error = bind_socket(socket, user_address, length);
	file_put(file);
	return error;
}

static int32_t sys_listen(int number, int backlog)
{
	struct socket *socket;
	struct file *file;
	int error = get(number, &file, &socket);
	if (error)
		return error;
	error = socket_listen(socket, (uint32_t)backlog);
	file_put(file);
	return error;
}

static int connect_file(struct file *file, const void *user_address, int length)
{
	struct socket *socket = socket_of(file);
	struct socket_name name;
	struct dentry *at;
	uint16_t family;
	int error = name_from_user(user_address, length, &name, &family);
	if (error)
		return error;
	if (family == AF_UNSPEC)
		return socket_connect(socket, NULL, NULL, false);
	if (family != AF_UNIX || !name.length)
		return -EINVAL;
	error = place_directory(AT_FDCWD, &at);
	if (error)
		return error;
	error = socket_connect(socket, &name, at, file->flags & O_NONBLOCK);
	dentry_put(at);
	return interrupted(socket, true, error);
}

static int32_t sys_connect(int number, const void *user_address, int length)
{
	struct socket *socket;
	struct file *file;
	int error = get(number, &file, &socket);
	if (error)
		return error;
	error = connect_file(file, user_address, length);
	file_put(file);
	return error;
}

static int accept_file(struct file *listener, void *user_address, int *user_length, uint32_t flags)
{
	struct descriptor_table *files = process_current()->files;
	struct socket *socket = socket_of(listener);
	struct socket_name name;
	struct file *file;
	int error = socket_accept(socket, listener->flags & O_NONBLOCK, flags & SOCK_NONBLOCK_,
	                          &file);
	if (error)
		return interrupted(socket, false, error);
	if (socket_name_peer(socket_of(file), &name))
		name.length = 0;
	int number = descriptor_new(file, 0, flags & SOCK_CLOEXEC_);
	if (number < 0 || !user_address)
		return number;
	error = give_address(&name, user_address, user_length);
	if (error)
		descriptor_close(files, number);
	return error ? error : number;
}

static int32_t sys_accept4(int number, void *user_address, int *user_length, uint32_t flags)
{
	struct socket *socket;
	struct file *file;
	if (flags & ~(SOCK_NONBLOCK_ | SOCK_CLOEXEC_))
		return -EINVAL;
	int error = get(number, &file, &socket);
	if (error)
		return error;
	int result = accept_file(file, user_address, user_length, flags);
	file_put(file);
	return result;
}

static int32_t name_call(int number, void *user_address, int *user_length, bool peer)
{
	struct socket *socket;
	struct socket_name name;
	struct file *file;
	int error = get(number, &file, &socket);
	if (error)
		return error;
	if (peer)
		error = socket_name_peer(socket, &name);
	else
		socket_name_own(socket, &name);
	file_put(file);
	return error ? error : give_address(&name, user_address, user_length);
}

static int32_t sys_getsockname(int number, void *user_address, int *user_length)
{
	return name_call(number, user_address, user_length, false);
}

static int32_t sys_getpeername(int number, void *user_address, int *user_length)
{
	return name_call(number, user_address, user_length, true);
}

static int32_t sys_shutdown(int number, int how)
{
	struct socket *socket;
	struct file *file;
	int error = get(number, &file, &socket);
	if (error)
		return error;
	error = socket_shutdown(socket, how);
	file_put(file);
	return error;
}

/* ---- options ---- */

static int timeout_from_user(uint64_t *timeout, const void *user_value, int length, bool wide)
{
	struct __kernel_sock_timeval time;
	if (length < (int)(wide ? sizeof time : sizeof(struct __kernel_old_timeval)))
		return -EINVAL;
	if (!wide)
		return timeval_from_user(user_value, timeout) == -EFAULT ? -EFAULT : 0;
	if (copy_from_user(&time, user_value, sizeof time))
		return -EFAULT;
	if (time.tv_usec < 0 || time.tv_usec >= 1000000)
		return -EDOM;
	*timeout = time.tv_sec < 0 ? 1 : (uint64_t)time.tv_sec * NS_PER_SECOND +
	                                         (uint64_t)time.tv_usec * NS_PER_MICROSECOND;
	return 0;
}

static int set_option(struct socket *socket, int option, const void *user_value, int length)
{
	int value;
	if (option == SO_RCVTIMEO_OLD || option == SO_SNDTIMEO_OLD || option == SO_RCVTIMEO_NEW ||
	    option == SO_SNDTIMEO_NEW)
		return timeout_from_user(
			socket_timeout(socket, option == SO_SNDTIMEO_OLD ||
		                                       option == SO_SNDTIMEO_NEW),
			user_value, length, option == SO_RCVTIMEO_NEW || option == SO_SNDTIMEO_NEW);
	if (length < (int)sizeof value)
		return -EINVAL;
	if (copy_from_user(&value, user_value, sizeof value))
		return -EFAULT;
	return socket_set_option(socket, option, value);
}

static int32_t sys_setsockopt(int number, int level, int option, const void *user_value,
                              int length)
{
	struct socket *socket;
	struct file *file;
	int error = get(number, &file, &socket);
	if (error)
		return error;
	error = level == SOL_SOCKET_ ? set_option(socket, option, user_value, length)
	                             : -EOPNOTSUPP;
	file_put(file);
	return error;
}

union option_value {
	int number;
	struct socket_credentials credentials;
	struct __kernel_old_timeval time;
	struct __kernel_sock_timeval wide_time;
};

/* Its size, or an error. */
static int get_option(struct socket *socket, int option, union option_value *value)
{
	uint64_t ns = *socket_timeout(socket, option == SO_SNDTIMEO_OLD || option == SO_SNDTIMEO_NEW);
	uint64_t seconds = ns / NS_PER_SECOND;
	uint32_t rest = (uint32_t)(ns % NS_PER_SECOND) / NS_PER_MICROSECOND;
	int error;
	switch (option) {
	case SO_PEERCRED:
		error = socket_peer_credentials(socket, &value->credentials);
		return error ? error : (int)sizeof value->credentials;
	case SO_RCVTIMEO_OLD:
	case SO_SNDTIMEO_OLD:
		value->time = (struct __kernel_old_timeval){(long)seconds, (long)rest};
		return sizeof value->time;
	case SO_RCVTIMEO_NEW:
	case SO_SNDTIMEO_NEW:
		value->wide_time = (struct __kernel_sock_timeval){(int64_t)seconds, rest};
		return sizeof value->wide_time;
	default:
		error = socket_option(socket, option, &value->number);
		return error ? error : (int)sizeof value->number;
	}
}

static int give_option(struct socket *socket, int option, void *user_value, int *user_length)
{
	union option_value value;
	int room;
	if (copy_from_user(&room, user_length, sizeof room))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	int size = get_option(socket, option, &value);
	if (size < 0)
		return size;
	if (size > room)
		size = room;
	if (copy_to_user(user_value, &value, (size_t)size))
		return -EFAULT;
	return copy_to_user(user_length, &size, sizeof size);
}

static int32_t sys_getsockopt(int number, int level, int option, void *user_value,
                              int *user_length)
{
	struct socket *socket;
	struct file *file;
	int error = get(number, &file, &socket);
	if (error)
		return error;
	error = level == SOL_SOCKET_ ? give_option(socket, option, user_value, user_length)
	                             : -EOPNOTSUPP;
	file_put(file);
	return error;
}

/* ---- what goes along with a message that is sent ---- */

static int take_descriptors(struct socket_message *told, const int *user_numbers, uint32_t count)
{
	if (told->file_count + count > SOCKET_FILES_MOST)
		return -EINVAL;
	if (!told->files)
		told->files = kmalloc(SOCKET_FILES_MOST * sizeof *told->files);
	if (!told->files)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		int number;
		if (copy_from_user(&number, &user_numbers[i], sizeof number))
			return -EFAULT;
		struct file *file = descriptor_place(process_current()->files, number);
		if (!file)
			return -EBADF;
		told->files[told->file_count++] = file;
	}
	return 0;
}

static bool is_one_of(uint32_t id, uint32_t a, uint32_t b, uint32_t c)
{
	return id == a || id == b || id == c;
}

/* Credentials that are not the caller's may be told by who could have them: unix(7). */
static int check_credentials(const struct socket_credentials *told)
{
	const struct credentials *own = &process_current()->credentials;
	if (told->uid == ID_UNCHANGED || told->gid == ID_UNCHANGED)
		return -EINVAL;
	bool is_own = told->pid == process_current()->id ||
	              has_capability(own, CAP_SYS_ADMIN);
	bool user = is_one_of(told->uid, own->uid, own->euid, own->suid) ||
	            has_capability(own, CAP_SETUID);
	bool group = is_one_of(told->gid, own->gid, own->egid, own->sgid) ||
	             has_capability(own, CAP_SETGID);
	if (!is_own || !user || !group)
		return -EPERM;
	struct process *process = process_find(told->pid);
	if (!process)
		return -ESRCH;
	process_put(process);
	return 0;
}

static int take_control(struct socket_message *told, const struct control_header *header,
                        const char *user_data)
{
	uint32_t length = header->length - sizeof *header;
	if (header->level != SOL_SOCKET_)
		return 0;
	if (header->type == SCM_RIGHTS_)
		return length / sizeof(int) ? take_descriptors(told, (const int *)user_data,
		                                               length / sizeof(int)) : 0;
	if (header->type != SCM_CREDENTIALS_ || length != sizeof told->credentials)
		return -EINVAL;
	if (copy_from_user(&told->credentials, user_data, sizeof told->credentials))
		return -EFAULT;
	told->credited = true;
	return check_credentials(&told->credentials);
}

static int take_controls(struct socket_message *told, const struct user_message *message)
{
	uint32_t at = 0, all = message->control ? message->control_length : 0;
	if (all > (uint32_t)INT32_MAX)
		return -ENOBUFS;
	while (all >= sizeof(struct control_header) &&
	       at <= all - (uint32_t)sizeof(struct control_header)) {
		struct control_header header;
		if (copy_from_user(&header, message->control + at, sizeof header))
			return -EFAULT;
		if (header.length < sizeof header || header.length > all - at)
			return -EINVAL;
		int error = take_control(told, &header, message->control + at + sizeof header);
		if (error)
			return error;
		at += CONTROL_ALIGN(header.length);
	}
	return 0;
}

/* ---- sending and receiving ---- */

static ssize_t send_file(struct file *file, struct transfer *transfer, struct socket_message *told,
                         const void *user_address, int length)
{
	struct socket *socket = socket_of(file);
	int error = 0;
	transfer->flags |= file->flags;
	told->named = user_address && length;
	if (told->named)
		error = unix_name(user_address, length, false, &told->name);
	if (!error)
		error = place_directory(AT_FDCWD, &told->at);
	if (error) {
		socket_files_put(told);
		return error;
	}
	ssize_t n = socket_send(socket, transfer, told);
	dentry_put(told->at);
	if (transfer->broken)
		signal_send_self(SIGPIPE);
	return interrupted(socket, true, n);
}

static int32_t sys_sendto(int number, const void *user, size_t n, uint32_t flags,
                          const void *user_address, int length)
{
	struct socket_message told = {.flags = flags};
	struct transfer transfer;
	struct socket *socket;
	struct file *file;
	int error = get(number, &file, &socket);
	if (error)
		return error;
	transfer_user(&transfer, user, n);
	ssize_t done = send_file(file, &transfer, &told, user_address, length);
	file_put(file);
	return done;
}

static int message_from_user(struct user_message *message, const void *user_message,
                             struct transfer *transfer)
{
	if (copy_from_user(message, user_message, sizeof *message))
		return -EFAULT;
	if (message->vector_count > VECTOR_MOST)
		return -EMSGSIZE;
	if (message->name && message->name_length < 0)
		return -EINVAL;
	return transfer_vector(transfer, message->vector, message->vector_count);
}

static ssize_t send_message(struct file *file, const void *user_message, uint32_t flags)
{
	struct socket_message told = {.flags = flags};
	struct user_message message;
	struct transfer transfer;
	ssize_t done = message_from_user(&message, user_message, &transfer);
	if (done)
		return done;
	done = take_controls(&told, &message);
	if (done)
		socket_files_put(&told);
	else
		done = send_file(file, &transfer, &told, message.name, message.name_length);
	transfer_release(&transfer);
	return done;
}

static int32_t sys_sendmsg(int number, const void *user_message, uint32_t flags)
{
	struct socket *socket;
	struct file *file;
	int error = get(number, &file, &socket);
	if (error)
		return error;
	ssize_t done = send_message(file, user_message, flags);
	file_put(file);
	return done;
}

/* What is returned of a packet that was longer: with MSG_TRUNC its length. */
static ssize_t received(struct socket *socket, const struct socket_message *told, uint32_t asked,
                        ssize_t n)
{
	if (n >= 0 && asked & MSG_TRUNC_ && told->length > (size_t)n)
		return (ssize_t)told->length;
	return interrupted(socket, false, n);
}

static int32_t sys_recvfrom(int number, void *user, size_t n, uint32_t flags, void *user_address,
                            int *user_length)
{
	struct socket_message told = {.flags = flags};
	struct transfer transfer;
	struct socket *socket;
	struct file *file;
	int error = get(number, &file, &socket);
	if (error)
		return error;
	transfer_user(&transfer, user, n);
	transfer.flags = file->flags;
	ssize_t done = received(socket, &told, flags, socket_receive(socket, &transfer, &told));
	socket_files_put(&told);
	file_put(file);
	if (done < 0 || !user_address)
		return done;
	int zero = 0;
	if (told.named)
		error = give_address(&told.name, user_address, user_length);
	else
		error = copy_to_user(user_length, &zero, sizeof zero);
	return error ? error : done;
}

/* The rest of a program's buffer for what comes along. */
struct control_room {
	char *at;
	uint32_t left, used;
	bool cut;
};

/* A header for n bytes of data, which are written already; as much as there was room for. */
static int put_header(struct control_room *room, int type, uint32_t n)
{
	struct control_header header = {sizeof header + n, SOL_SOCKET_, type};
	if (copy_to_user(room->at, &header, sizeof header))
		return -EFAULT;
	uint32_t space = CONTROL_ALIGN(header.length);
	if (space > room->left)
		space = room->left;
	room->at += space;
	room->left -= space;
	room->used += space;
	return 0;
}

static int put_credentials(struct control_room *room, const struct socket_credentials *told)
{
	uint32_t n = sizeof *told;
	if (room->left < sizeof(struct control_header)) {
		room->cut = true;
		return 0;
	}
	if (n > room->left - sizeof(struct control_header)) {
		room->cut = true;
		n = room->left - sizeof(struct control_header);
	}
	if (copy_to_user(room->at + sizeof(struct control_header), told, n))
		return -EFAULT;
	return put_header(room, SCM_CREDENTIALS_, n);
}

/* As many as there is room for get numbers. */
static int put_descriptors(struct control_room *room, const struct socket_message *told,
                           bool close_on_exec)
{
	int *user_numbers = (int *)(room->at + sizeof(struct control_header));
	uint32_t most = room->left < sizeof(struct control_header)
	                        ? 0
	                        : (room->left - sizeof(struct control_header)) / sizeof(int);
	uint32_t done = 0;
	while (done < told->file_count && done < most) {
		int number = descriptor_new(file_get(told->files[done]), 0, close_on_exec);
		if (number < 0)
			break;
		if (copy_to_user(&user_numbers[done], &number, sizeof number)) {
			descriptor_close(process_current()->files, number);
			break;
		}
		done++;
	}
	room->cut |= done < told->file_count;
	return done ? put_header(room, SCM_RIGHTS_, done * sizeof(int)) : 0;
}

static int put_controls(struct user_message *message, const struct socket_message *told,
                        bool close_on_exec)
{
	struct control_room room = {message->control, message->control_length, 0, false};
	int error = 0;
	if (!room.at)
		room.left = 0;
	if (told->credited)
		error = put_credentials(&room, &told->credentials);
	if (!error && told->file_count)
		error = put_descriptors(&room, told, close_on_exec);
	message->control_length = room.used;
	message->flags = room.cut ? MSG_CTRUNC_ : 0;
	return error;
}

/* The fields of a struct msghdr that recvmsg(2) changes. */
static int message_to_user(struct user_message *message, const struct socket_message *told,
                           struct user_message *user_message)
{
	int error = 0, length = 0;
	if (message->name && told->named)
		error = address_to_user(&told->name, message->name, message->name_length,
		                        &user_message->name_length);
	else if (message->name)
		error = copy_to_user(&user_message->name_length, &length, sizeof length);
	if (!error)
		error = copy_to_user(&user_message->control_length, &message->control_length,
		                     sizeof message->control_length);
	if (!error)
		error = copy_to_user(&user_message->flags, &message->flags, sizeof message->flags);
	return error;
}

static ssize_t receive_message(struct file *file, struct user_message *user_message,
                               uint32_t flags)
{
	struct socket_message told = {.flags = flags};
	struct user_message message;
	struct transfer transfer;
	ssize_t done = message_from_user(&message, user_message, &transfer);
	if (done)
		return done;
	transfer.flags = file->flags;
	done = socket_receive(socket_of(file), &transfer, &told);
	transfer_release(&transfer);
	if (done >= 0) {
		int error = put_controls(&message, &told, flags & MSG_CMSG_CLOEXEC_);
		message.flags |= told.length > (size_t)done ? MSG_TRUNC_ : 0;
		message.flags |= flags & MSG_CMSG_CLOEXEC_;
		if (!error)
			error = message_to_user(&message, &told, user_message);
		if (error)
			done = error;
	}
	socket_files_put(&told);
	return received(socket_of(file), &told, flags, done);
}

static int32_t sys_recvmsg(int number, struct user_message *user_message, uint32_t flags)
{
	struct socket *socket;
	struct file *file;
	int error = get(number, &file, &socket);
	if (error)
		return error;
	ssize_t done = receive_message(file, user_message, flags);
	file_put(file);
	return done;
}

/* ---- several messages in one call ---- */

/* Of the messages that went before one that failed the number is returned, of none the error. */
static int32_t sys_sendmmsg(int number, struct user_message_of_many *user_messages, uint32_t count,
                            uint32_t flags)
{
	struct socket *socket;
	struct file *file;
	uint32_t done = 0;
	int error = get(number, &file, &socket);
	if (error)
		return error;
	if (count > MESSAGES_MOST)
		count = MESSAGES_MOST;
	while (done < count) {
		ssize_t n = send_message(file, &user_messages[done].message, flags);
		error = n < 0 ? (int)n : copy_to_user(&user_messages[done].length, &n, sizeof n);
		if (error)
			break;
		done++;
	}
	file_put(file);
	return done ? (int32_t)done : error;
}

/* The time limit is looked at between messages only, as on Linux: recvmmsg(2), BUGS. */
static int32_t receive_many(struct file *file, struct user_message_of_many *user_messages,
                            uint32_t count, uint32_t flags, uint64_t deadline)
{
	uint32_t asked = flags & ~MSG_WAITFORONE_, done = 0;
	int error = 0;
	if (count > MESSAGES_MOST)
		count = MESSAGES_MOST;
	while (done < count) {
		ssize_t n = receive_message(file, &user_messages[done].message, asked);
		error = n < 0 ? (int)n : copy_to_user(&user_messages[done].length, &n, sizeof n);
		if (error)
			break;
		done++;
		if (flags & MSG_WAITFORONE_)
			asked |= MSG_DONTWAIT_;
		if (clock_now() >= deadline)
			break;
	}
	return done ? (int32_t)done : error;
}

typedef int time_reader(const void *user_time, uint64_t *ns);
typedef int time_writer(void *user_time, uint64_t ns);

/* What is left of the time is told, if something came. */
static int32_t receive_in_time(int number, struct user_message_of_many *user_messages,
                               uint32_t count, uint32_t flags, void *user_time, time_reader *read,
                               time_writer *write)
{
	uint64_t ns = 0, deadline = WAIT_FOREVER;
	struct socket *socket;
	struct file *file;
	int error = user_time ? read(user_time, &ns) : 0;
	if (!error)
		error = get(number, &file, &socket);
	if (error)
		return error;
	if (user_time)
		deadline = time_after(clock_now(), ns);
	int32_t done = receive_many(file, user_messages, count, flags, deadline);
	file_put(file);
	if (done <= 0 || !user_time)
		return done;
	uint64_t now = clock_now();
	return write(user_time, deadline > now ? deadline - now : 0) ? -EFAULT : done;
}

static int32_t sys_recvmmsg(int number, void *user_messages, uint32_t count, uint32_t flags,
                            void *user_time)
{
	return receive_in_time(number, user_messages, count, flags, user_time, time_from_user32,
	                       time_to_user32);
}

static int32_t sys_recvmmsg_time64(int number, void *user_messages, uint32_t count, uint32_t flags,
                                   void *user_time)
{
	return receive_in_time(number, user_messages, count, flags, user_time, time_from_user64,
	                       time_to_user64);
}

/* ---- socketcall(2): a number, and the arguments in memory ---- */

#define ARGUMENTS_MOST 6u

static int32_t call_names(int call, const uint32_t *a)
{
	switch (call) {
	case SYS_SOCKET:
		return sys_socket((int)a[0], a[1], (int)a[2]);
	case SYS_BIND:
		return sys_bind((int)a[0], (void *)a[1], (int)a[2]);
	case SYS_CONNECT:
		return sys_connect((int)a[0], (void *)a[1], (int)a[2]);
	case SYS_LISTEN:
		return sys_listen((int)a[0], (int)a[1]);
	case SYS_ACCEPT:
		return sys_accept4((int)a[0], (void *)a[1], (void *)a[2], 0);
	case SYS_ACCEPT4:
		return sys_accept4((int)a[0], (void *)a[1], (void *)a[2], a[3]);
	case SYS_GETSOCKNAME:
		return sys_getsockname((int)a[0], (void *)a[1], (void *)a[2]);
	case SYS_GETPEERNAME:
		return sys_getpeername((int)a[0], (void *)a[1], (void *)a[2]);
	case SYS_SOCKETPAIR:
		return sys_socketpair((int)a[0], a[1], (int)a[2], (void *)a[3]);
	default:
		return -EINVAL;
	}
}

static int32_t call_socket(int call, const uint32_t *a)
{
	switch (call) {
	case SYS_SEND:
		return sys_sendto((int)a[0], (void *)a[1], a[2], a[3], NULL, 0);
	case SYS_RECV:
		return sys_recvfrom((int)a[0], (void *)a[1], a[2], a[3], NULL, NULL);
	case SYS_SENDTO:
		return sys_sendto((int)a[0], (void *)a[1], a[2], a[3], (void *)a[4], (int)a[5]);
	case SYS_RECVFROM:
		return sys_recvfrom((int)a[0], (void *)a[1], a[2], a[3], (void *)a[4],
		                    (void *)a[5]);
	case SYS_SHUTDOWN:
		return sys_shutdown((int)a[0], (int)a[1]);
	case SYS_SETSOCKOPT:
		return sys_setsockopt((int)a[0], (int)a[1], (int)a[2], (void *)a[3], (int)a[4]);
	case SYS_GETSOCKOPT:
		return sys_getsockopt((int)a[0], (int)a[1], (int)a[2], (void *)a[3], (void *)a[4]);
	case SYS_SENDMSG:
		return sys_sendmsg((int)a[0], (void *)a[1], a[2]);
	case SYS_RECVMSG:
		return sys_recvmsg((int)a[0], (void *)a[1], a[2]);
	case SYS_SENDMMSG:
		return sys_sendmmsg((int)a[0], (void *)a[1], a[2], a[3]);
	case SYS_RECVMMSG:
		return sys_recvmmsg((int)a[0], (void *)a[1], a[2], a[3], (void *)a[4]);
	default:
		return call_names(call, a);
	}
}

static int32_t sys_socketcall(int call, const uint32_t *user_arguments)
{
	static const uint8_t counts[] = {0, 3, 3, 3, 2, 3, 3, 3, 4, 4, 4, 6, 6, 2, 5, 5, 3, 3, 4, 5, 4};
	uint32_t arguments[ARGUMENTS_MOST] = {0};
	if (call < 1 || call >= (int)sizeof counts)
		return -EINVAL;
	if (copy_from_user(arguments, user_arguments, counts[call] * sizeof arguments[0]))
		return -EFAULT;
	return call_socket(call, arguments);
}

const struct system_call socket_calls[] = {
	CALL(socket, 3),
	CALL(socketpair, 4),
	CALL(bind, 3),
	CALL(connect, 3),
	CALL(listen, 2),
	CALL(accept4, 4),
	CALL(getsockname, 3),
	CALL(getpeername, 3),
	CALL(getsockopt, 5),
	CALL(setsockopt, 5),
	CALL(sendto, 6),
	CALL(sendmsg, 3),
	CALL(recvfrom, 6),
	CALL(recvmsg, 3),
	CALL(sendmmsg, 4),
	CALL(recvmmsg, 5),
	CALL(recvmmsg_time64, 5),
	CALL(shutdown, 2),
	CALL(socketcall, 2),
	CALLS_END,
};
