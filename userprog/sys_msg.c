/* SPDX-License-Identifier: MIT */
/*
 * msgget(2), msgsnd(2), msgrcv(2), msgctl(2): queues of messages that have types.
 *
 * The kind's lock guards all queues; bytes move to and from programs without it: a message is
 * made before it is queued, and taken off before it is told. What lies in queues is charged to
 * who sent it.
 */
#include <asm/msgbuf.h>
#include <linux/msg.h>

#include "kernel/charge.h"
#include "kernel/fs/procfs.h"
#include "kernel/mem/slab.h"
#include "kernel/rights.h"
#include "kernel/sync/condition.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "userprog/ipc.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define SIZE_LIMIT 65536u /* what msgmax and msgmnb can be set to */

struct message {
	struct list_link link;
	int type;                  /* above 0 */
	uint32_t uid;              /* whom it is charged to */
	struct bulk *bytes;
};

struct queue {
	struct ipc_object object;
	struct list messages;
	uint32_t uid;              /* whom the queue itself is charged to */
	uint32_t count, bytes, bytes_most;
	uint64_t sent, received;   /* seconds since 1970 */
	pid_t last_sender, last_receiver;
	struct condition changed;
};

static int queue_make(const struct ipc_request *, struct ipc_object **);
static int queue_fits(const struct ipc_object *, const struct ipc_request *);

static struct ipc_kind msg = IPC_KIND_INIT(msg, MSGMNI, queue_make, queue_fits);
static uint32_t size_most = MSGMAX, queue_most = MSGMNB;

static struct queue *of(struct ipc_object *object)
{
	return LIST_ENTRY(object, struct queue, object);
}

/* ---- msgget(2) ---- */

static int queue_make(const struct ipc_request *request, struct ipc_object **made)
{
	uint32_t uid = rights_caller()->uid;
	int error = charge_user(uid, sizeof(struct queue));
	(void)request;
	if (error)
		return error;
	struct queue *queue = kmalloc_zeroed(sizeof *queue);
	if (!queue) {
		charge_return(uid, sizeof *queue);
		return -ENOMEM;
	}
	list_init(&queue->messages);
	condition_init(&queue->changed);
	queue->uid = uid;
	queue->bytes_most = queue_most;
	*made = &queue->object;
	return 0;
}

static int queue_fits(const struct ipc_object *object, const struct ipc_request *request)
{
	(void)object, (void)request;
	return 0;
}

int32_t ipc_msgget(int key, int flags)
{
	return ipc_get(&msg, &(struct ipc_request){key, flags, 0});
}

static int32_t sys_msgget(int key, int flags)
{
	return ipc_msgget(key, flags);
}

/* ---- messages ---- */

static uint32_t message_charge(uint32_t size)
{
	return sizeof(struct message) + sizeof(struct bulk) + size;
}

static int message_make(size_t size, int type, struct message **made)
{
	uint32_t uid = rights_caller()->uid;
	int error = charge_user(uid, message_charge(size));
	if (error)
		return error == -ENOSPC ? -EAGAIN : error;
	struct message *message = kmalloc(sizeof *message);
	struct bulk *bytes = bulk_make(size);
	if (!message || !bytes) {
		kfree(message);
		bulk_free(bytes);
		charge_return(uid, message_charge(size));
		return -ENOMEM;
	}
	*message = (struct message){.type = type, .uid = uid, .bytes = bytes};
	list_link_init(&message->link);
	*made = message;
	return 0;
}

static void message_free(struct message *message)
{
	if (!message)
		return;
	charge_return(message->uid, message_charge(message->bytes->size));
	bulk_free(message->bytes);
	kfree(message);
}

static void queue_free(struct queue *queue)
{
	for (struct list_link *link; (link = list_pop(&queue->messages)) != NULL;)
		message_free(LIST_ENTRY(link, struct message, link));
	charge_return(queue->uid, sizeof *queue);
	kfree(queue);
}

/* Sleeps until the queue changes: 0, -EINTR, -EIDRM. */
static int wait_for_change(struct queue *queue)
{
	int error = condition_wait(&queue->changed, &msg.lock);
	return queue->object.removed ? -EIDRM : error;
}

/* ---- msgsnd(2) ---- */

static bool has_room(const struct queue *queue, size_t size)
{
	return queue->bytes + size <= queue->bytes_most && queue->count < queue->bytes_most;
}

static int put(struct queue *queue, struct message *message, int flags)
{
	size_t size = message->bytes->size;
	int error = 0;
	while (!error && !has_room(queue, size))
		error = flags & IPC_NOWAIT ? -EAGAIN : wait_for_change(queue);
	if (error)
		return error;
	list_append(&queue->messages, &message->link);
	queue->count++;
	queue->bytes += size;
	queue->sent = ipc_now();
	queue->last_sender = process_current()->id;
	condition_broadcast(&queue->changed);
	return 0;
}

static int send(int id, struct message *message, int flags)
{
	struct ipc_object *object;
	mutex_lock(&msg.lock);
	int error = ipc_find_for(&msg, id, ACCESS_WRITE, &object);
	bool unused = false;
	if (!error) {
		ipc_use(object);
		error = put(of(object), message, flags);
		unused = ipc_use_end(object);
	}
	mutex_unlock(&msg.lock);
	if (unused)
		queue_free(of(object));
	return error;
}

int32_t ipc_msgsnd(int id, const void *user_message, size_t size, int flags)
{
	struct message *message;
	int type;
	if (copy_from_user(&type, user_message, sizeof type))
		return -EFAULT;
	if (size > size_most || id < 0 || type < 1)
		return -EINVAL;
	int error = message_make(size, type, &message);
	if (error)
		return error;
	error = bulk_from_user(message->bytes, (const char *)user_message + sizeof type);
	if (!error)
		error = send(id, message, flags);
	if (error)
		message_free(message);
	return error;
}

static int32_t sys_msgsnd(int id, const void *user_message, size_t size, int flags)
{
	return ipc_msgsnd(id, user_message, size, flags);
}

/* ---- msgrcv(2) ---- */

struct wish {
	size_t size;
	int type, flags;
};

/* Counted from 0; a number below that, which a program may give, is beyond the end of any queue. */
static struct message *nth(const struct queue *queue, uint32_t n)
{
	LIST_FOR(&queue->messages, struct message, message, link)
		if (n-- == 0)
			return message;
	return NULL;
}

/* The first with the lowest type that is at most this one. */
static struct message *lowest(const struct queue *queue, uint32_t most)
{
	struct message *best = NULL;
	LIST_FOR(&queue->messages, struct message, message, link)
		if ((uint32_t)message->type <= most && (!best || message->type < best->type))
			best = message;
	return best;
}

static struct message *choose(const struct queue *queue, const struct wish *wish)
{
	if (wish->flags & MSG_COPY)
		return nth(queue, (uint32_t)wish->type);
	if (wish->type < 0)
		return lowest(queue, -(uint32_t)wish->type);
	LIST_FOR(&queue->messages, struct message, message, link)
		if (!wish->type || (message->type == wish->type) == !(wish->flags & MSG_EXCEPT))
			return message;
	return NULL;
}

/* A copy of it, charged to the caller until it is told. */
static int copy(const struct message *from, struct message **made)
{
	int error = message_make(from->bytes->size, from->type, made);
	for (size_t at = 0; !error && at < from->bytes->size; at += PAGE_SIZE) {
		size_t left = from->bytes->size - at;
		memcpy(bulk_at((*made)->bytes, at), bulk_at(from->bytes, at),
		       left < PAGE_SIZE ? left : PAGE_SIZE);
	}
	return error;
}

static void take(struct queue *queue, struct message *message)
{
	list_remove(&message->link);
	queue->count--;
	queue->bytes -= message->bytes->size;
	queue->received = ipc_now();
	queue->last_receiver = process_current()->id;
	condition_broadcast(&queue->changed);
}

static int get(struct queue *queue, const struct wish *wish, struct message **taken)
{
	struct message *message;
	int error = 0;
	while (!(message = choose(queue, wish)) && !error)
		error = wish->flags & IPC_NOWAIT ? -ENOMSG : wait_for_change(queue);
	if (error)
		return error;
	if (message->bytes->size > wish->size && !(wish->flags & MSG_NOERROR))
		return -E2BIG;
	if (wish->flags & MSG_COPY)
		return copy(message, taken);
	take(queue, message);
	*taken = message;
	return 0;
}

static int receive(int id, const struct wish *wish, struct message **taken)
{
	struct ipc_object *object;
	mutex_lock(&msg.lock);
	int error = ipc_find_for(&msg, id, ACCESS_READ, &object);
	bool unused = false;
	if (!error) {
		ipc_use(object);
		error = get(of(object), wish, taken);
		unused = ipc_use_end(object);
	}
	mutex_unlock(&msg.lock);
	if (unused)
		queue_free(of(object));
	return error;
}

int32_t ipc_msgrcv(int id, void *user_message, size_t size, int type, int flags)
{
	struct wish wish = {size, type, flags};
	struct message *message = NULL;
	if (id < 0 || (int)size < 0)
		return -EINVAL;
	if (flags & MSG_COPY && (flags & MSG_EXCEPT || !(flags & IPC_NOWAIT)))
		return -EINVAL;
	int error = receive(id, &wish, &message);
	if (error)
		return error;
	size_t told = message->bytes->size < size ? message->bytes->size : size;
	error = copy_to_user(user_message, &message->type, sizeof message->type);
	if (!error)
		error = bulk_to_user(message->bytes, (char *)user_message + sizeof message->type,
		                     told);
	message_free(message);
	return error ? error : (int32_t)told;
}

static int32_t sys_msgrcv(int id, void *user_message, size_t size, int type, int flags)
{
	return ipc_msgrcv(id, user_message, size, type, flags);
}

/* ---- msgctl(2) ---- */

static void tell(const struct queue *queue, struct msqid64_ds *to)
{
	*to = (struct msqid64_ds){.msg_stime = (unsigned long)queue->sent,
	                          .msg_rtime = (unsigned long)queue->received,
	                          .msg_ctime = (unsigned long)queue->object.changed,
	                          .msg_cbytes = queue->bytes, .msg_qnum = queue->count,
	                          .msg_qbytes = queue->bytes_most,
	                          .msg_lspid = queue->last_sender,
	                          .msg_lrpid = queue->last_receiver};
	ipc_tell(&queue->object, &to->msg_perm);
}

static int32_t stat(int id, int command, void *user_buffer)
{
	struct ipc_object *object;
	struct msqid64_ds told;
	mutex_lock(&msg.lock);
	int error = command == IPC_STAT ? ipc_find_for(&msg, id, ACCESS_READ, &object)
	                    : ipc_find_index(&msg, id, command == MSG_STAT_ANY, &object);
	if (!error)
		tell(of(object), &told);
	int result = error ? error : command == IPC_STAT ? 0 : object->id;
	mutex_unlock(&msg.lock);
	return error || !copy_to_user(user_buffer, &told, sizeof told) ? result : -EFAULT;
}

static int32_t limits(int command, void *user_buffer)
{
	struct msginfo told = {.msgpool = MSGPOOL, .msgmap = MSGMAP, .msgmax = (int)size_most,
	                       .msgmnb = (int)queue_most, .msgmni = (int)msg.most,
	                       .msgssz = MSGSSZ, .msgtql = MSGTQL, .msgseg = (unsigned short)MSGSEG};
	mutex_lock(&msg.lock);
	if (command == MSG_INFO) {
		told.msgpool = (int)msg.count;
		told.msgmap = told.msgtql = 0;
		for (struct tree_node *n = tree_first(&msg.by_index); n; n = tree_next(n)) {
			const struct queue *queue = LIST_ENTRY(n, struct queue, object.by_index);
			told.msgmap += (int)queue->count;
			told.msgtql += (int)queue->bytes;
		}
	}
	int highest = ipc_highest_index(&msg);
	mutex_unlock(&msg.lock);
	return copy_to_user(user_buffer, &told, sizeof told) ? -EFAULT : highest;
}

static int32_t set(int id, const void *user_buffer)
{
	struct ipc_object *object;
	struct msqid64_ds from;
	if (copy_from_user(&from, user_buffer, sizeof from))
		return -EFAULT;
	SCOPED_MUTEX(&msg.lock);
	int error = ipc_find_to_control(&msg, id, &object);
	if (!error && from.msg_qbytes > queue_most)
		error = right_check(MAY_RAISE_LIMITS, NULL);
	if (error)
		return error;
	ipc_set(object, &from.msg_perm);
	of(object)->bytes_most = from.msg_qbytes;
	condition_broadcast(&of(object)->changed);
	return 0;
}

static int32_t remove(int id)
{
	struct ipc_object *object;
	mutex_lock(&msg.lock);
	int error = ipc_find_to_control(&msg, id, &object);
	bool unused = !error && ipc_remove(&msg, object);
	if (!error)
		condition_broadcast(&of(object)->changed);
	mutex_unlock(&msg.lock);
	if (unused)
		queue_free(of(object));
	return error;
}

int32_t ipc_msgctl(int id, int command, void *user_buffer)
{
	if (id < 0 || command < 0)
		return -EINVAL;
	switch (command) {
	case IPC_INFO:
	case MSG_INFO:
		return limits(command, user_buffer);
	case IPC_STAT:
	case MSG_STAT:
	case MSG_STAT_ANY:
		return stat(id, command, user_buffer);
	case IPC_SET:
		return set(id, user_buffer);
	case IPC_RMID:
		return remove(id);
	default:
		return -EINVAL;
	}
}

static int32_t sys_msgctl(int id, int command, void *user_buffer)
{
	return ipc_msgctl(id, command, user_buffer);
}

/* ---- /proc ---- */

static void show(struct text *text)
{
	struct msqid64_ds s;
	text_print(text, "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid"
	                 "  cuid  cgid      stime      rtime      ctime\n");
	SCOPED_MUTEX(&msg.lock);
	for (struct tree_node *n = tree_first(&msg.by_index); n; n = tree_next(n)) {
		struct queue *queue = LIST_ENTRY(n, struct queue, object.by_index);
		tell(queue, &s);
		ipc_show_start(&queue->object, "%10d %10d  %4o", text);
		text_print(text, "  %10lu %10lu %5u %5u %5u %5u %5u %5u %10lu %10lu %10lu\n",
		           s.msg_cbytes, s.msg_qnum, s.msg_lspid, s.msg_lrpid, s.msg_perm.uid,
		           s.msg_perm.gid, s.msg_perm.cuid, s.msg_perm.cgid, s.msg_stime,
		           s.msg_rtime, s.msg_ctime);
	}
}

static uint32_t get_size_most(void) { return size_most; }
static uint32_t get_queue_most(void) { return queue_most; }
static uint32_t get_most(void) { return msg.most; }

static int set_size_most(uint32_t value)
{
	if (value > SIZE_LIMIT)
		return -EINVAL;
	size_most = value;
	return 0;
}

static int set_queue_most(uint32_t value)
{
	if (value > INT32_MAX)
		return -EINVAL;
	queue_most = value;
	return 0;
}

static int set_most(uint32_t value)
{
	if (value > IPC_INDEX_LIMIT)
		return -EINVAL;
	msg.most = value;
	return 0;
}

static const struct procfs_number numbers[] = {
	{"sys/kernel/msgmax", get_size_most, set_size_most},
	{"sys/kernel/msgmnb", get_queue_most, set_queue_most},
	{"sys/kernel/msgmni", get_most, set_most},
};

static void next_show(struct text *text) { ipc_show_next(&msg, text); }

static int next_store(const char *words, size_t length)
{
	(void)length;
	return ipc_store_next(&msg, words);
}

void msg_init(void)
{
	procfs_register("sysvipc/msg", show, NULL);
	procfs_register("sys/kernel/msg_next_id", next_show, next_store);
	procfs_register_numbers(numbers, sizeof numbers / sizeof numbers[0]);
}

const struct system_call msg_calls[] = {
	CALL(msgget, 2),
	CALL(msgsnd, 4),
	CALL(msgrcv, 5),
	CALL(msgctl, 3),
	CALLS_END,
};
