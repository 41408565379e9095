/* SPDX-License-Identifier: MIT */
/*
 * mq_overview(7): queues of messages with priorities, which have names of their own. A queue lives
 * until it has neither a name nor anybody who has it open.
 *
 * One mutex guards all queues; bytes move to and from programs without it: a message is made before
 * it is queued, and taken off before it is told. What a queue may hold at most counts against
 * RLIMIT_MSGQUEUE of who makes it, and is charged to the user, from when it is made.
 */
#include <linux/fcntl.h>
#include <linux/mqueue.h>
#include <linux/signal.h>
#include <linux/stat.h>
#include <linux/time_types.h>

#include <asm/poll.h>

#include "kernel/charge.h"
#include "kernel/fs/procfs.h"
#include "kernel/fs/transfer.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "kernel/rights.h"
#include "kernel/sync/condition.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/ipc.h"
#include "userprog/places.h"
#include "userprog/process.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define MESSAGES_HIGHEST 65536       /* that anybody may ask for */
#define SIZE_HIGHEST (16 << 20)
#define PRIORITY_BYTES 48u           /* what Linux counts for a priority in use */

struct post {
	struct list_link link;
	uint32_t priority;
	struct bulk *bytes;
};

/* Who hears of a message that comes to an empty queue: mq_notify(3). */
struct notice {
	struct process *process;   /* with a reference; NULL: nobody */
	const void *owner;         /* the descriptors by which it has the queue */
	int notify, signal;
	uint32_t value;
};

/* All fields: queues_lock. */
struct post_queue {
	struct list_link link;     /* queues; not linked: it has no name any more */
	char name[256];
	uint32_t references;       /* open files */
	struct object object;      /* mode, owner */
	struct mq_attr attributes; /* mq_flags: 0, that is the open file's */
	uint32_t uid, bytes;       /* what is charged, to whom */
	struct list posts;         /* of struct post: highest priority first, then oldest */
	uint32_t size;             /* bytes in all posts */
	uint32_t receivers;        /* that wait */
	struct notice notice;
	struct condition changed;
};

static struct mutex queues_lock = MUTEX_INIT(queues_lock, "message queues");
static struct list queues = LIST_INIT(queues);
static uint32_t queue_count;
static uint32_t queues_most = 256, messages_most = 10, size_most = 8192; /* of a user's */

static const struct file_ops queue_file_ops;

/* ---- posts ---- */

static void post_free(struct post *post)
{
	if (post)
		bulk_free(post->bytes);
	kfree(post);
}

static int post_make(const void *user_bytes, uint32_t size, uint32_t priority, struct post **made)
{
	struct post *post = kmalloc(sizeof *post);
	struct bulk *bytes = bulk_make(size);
	int error = post && bytes ? bulk_from_user(bytes, user_bytes) : -ENOMEM;
	if (error) {
		kfree(post);
		bulk_free(bytes);
		return error;
	}
	*post = (struct post){.priority = priority, .bytes = bytes};
	list_link_init(&post->link);
	*made = post;
	return 0;
}

/* Behind those of its priority. */
static void post_enter(struct post_queue *queue, struct post *post)
{
	struct list_link *place = &queue->posts.head;
	LIST_FOR(&queue->posts, struct post, other, link)
		if (other->priority < post->priority) {
			place = &other->link;
			break;
		}
	list_insert_before(place, &post->link);
	queue->attributes.mq_curmsgs++;
	queue->size += post->bytes->size;
}

static struct post *post_take(struct post_queue *queue)
{
	struct list_link *link = list_pop(&queue->posts);
	struct post *post = link ? LIST_ENTRY(link, struct post, link) : NULL;
	if (!post)
		return NULL;
	queue->attributes.mq_curmsgs--;
	queue->size -= post->bytes->size;
	return post;
}

/* ---- mq_notify(3) ---- */

static void notice_end(struct notice *notice)
{
	if (notice->process)
		process_put(notice->process);
	notice->process = NULL;
}

/* A message has come to a queue that was empty, and nobody waits for it. */
static void notice_give(struct post_queue *queue)
{
	struct notice *notice = &queue->notice;
	struct signal_info info = {.code = SI_MESGQ, .value = {
		(uint32_t)process_current()->id, rights_caller()->uid, notice->value}};
	if (notice->process && notice->notify == SIGEV_SIGNAL)
		signal_send(notice->process, notice->signal, &info);
	notice_end(notice);
}

/* ---- queues ---- */

static struct post_queue *find_queue(const char *name)
{
	LIST_FOR(&queues, struct post_queue, queue, link)
		if (!strcmp(queue->name, name))
			return queue;
	return NULL;
}

static void queue_free(struct post_queue *queue)
{
	struct post *post;
	while ((post = post_take(queue)))
		post_free(post);
	notice_end(&queue->notice);
	charge_return(queue->uid, queue->bytes);
	kfree(queue);
}

/* Frees it if nobody can reach it any more. */
static void queue_let_go(struct post_queue *queue)
{
	if (!queue->references && !list_linked(&queue->link)) {
		queue_count--;
		queue_free(queue);
	}
}

/* What RLIMIT_MSGQUEUE counts: getrlimit(2). */
static uint64_t bytes_of(const struct mq_attr *attributes)
{
	uint64_t messages = (uint64_t)attributes->mq_maxmsg;
	uint64_t priorities = messages < MQ_PRIO_MAX ? messages : MQ_PRIO_MAX;
	return messages * (sizeof(void *) + (uint64_t)attributes->mq_msgsize) +
	       priorities * PRIORITY_BYTES;
}

static int check_attributes(const struct mq_attr *attributes)
{
	bool beyond = right_has(MAY_EXCEED_LIMITS, NULL);
	long messages = beyond ? MESSAGES_HIGHEST : (long)messages_most;
	long size = beyond ? SIZE_HIGHEST : (long)size_most;
	if (attributes->mq_maxmsg <= 0 || attributes->mq_msgsize <= 0 ||
	    attributes->mq_maxmsg > messages || attributes->mq_msgsize > size)
		return -EINVAL;
	return 0;
}

/* -EMFILE: more than the limit of the user, whose queues have so much. */
static int check_limit(uint64_t bytes)
{
	uint32_t uid = rights_caller()->uid;
	LIST_FOR(&queues, struct post_queue, queue, link)
		bytes += queue->uid == uid ? queue->bytes : 0;
	return bytes > process_current()->limits[RLIMIT_MSGQUEUE].rlim_cur ? -EMFILE : 0;
}

static int queue_make(const char *name, uint32_t mode, const struct mq_attr *attributes,
                      struct post_queue **made)
{
	const struct credentials *c = rights_caller();
	int error = check_attributes(attributes);
	if (!error && queue_count >= queues_most && !right_has(MAY_EXCEED_LIMITS, NULL))
		error = -ENOSPC;
	uint64_t bytes = bytes_of(attributes);
	if (!error)
		error = check_limit(bytes);
	if (!error && charge_user(c->uid, (uint32_t)bytes))
		error = -EMFILE;
	if (error)
		return error;
	struct post_queue *queue = kmalloc_zeroed(sizeof *queue);
	if (!queue) {
		charge_return(c->uid, (uint32_t)bytes);
		return -ENOMEM;
	}
	strlcpy(queue->name, name, sizeof queue->name);
	queue->object = (struct object){.mode = S_IFREG | mode, .uid = c->fsuid, .gid = c->fsgid};
	queue->attributes.mq_maxmsg = attributes->mq_maxmsg;
	queue->attributes.mq_msgsize = attributes->mq_msgsize;
	queue->uid = c->uid;
	queue->bytes = (uint32_t)bytes;
	list_init(&queue->posts);
	condition_init(&queue->changed);
	list_append(&queues, &queue->link);
	queue_count++;
	*made = queue;
	return 0;
}

/* ---- mq_open(3), mq_unlink(3) ---- */

/* The name, without the slash that the C library takes away. */
static int name_from_user(char *to, size_t size, const char *user_name)
{
	ssize_t length = copy_string_from_user(to, user_name, size);
	if (length < 0)
		return (int)length;
	if (!length)
		return -ENOENT;
	if (!strcmp(to, ".") || !strcmp(to, "..") || strchr(to, '/'))
		return -EACCES;
	return 0;
}

static int open_there(struct post_queue *queue, uint32_t flags)
{
	static const uint32_t wanted[] = {
		[O_RDONLY] = ACCESS_READ, [O_WRONLY] = ACCESS_WRITE,
		[O_RDWR] = ACCESS_READ | ACCESS_WRITE};
	if ((flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	return right_access(&queue->object, wanted[flags & O_ACCMODE]);
}

static int find_or_make(const char *name, uint32_t flags, uint32_t mode,
                        const struct mq_attr *attributes, struct post_queue **found)
{
	*found = find_queue(name);
	if (*found)
		return flags & O_CREAT && flags & O_EXCL ? -EEXIST : open_there(*found, flags);
	return flags & O_CREAT ? queue_make(name, mode, attributes, found) : -ENOENT;
}

static int32_t open_queue(const char *name, uint32_t flags, uint32_t mode,
                          const struct mq_attr *attributes)
{
	struct post_queue *queue;
	struct file *file;
	mutex_lock(&queues_lock);
	int error = find_or_make(name, flags, mode, attributes, &queue);
	if (!error)
		queue->references++;
	mutex_unlock(&queues_lock);
	if (error)
		return error;
	error = nameless_open("mqueue", &queue_file_ops, queue,
	                      flags & (uint32_t)(O_ACCMODE | O_NONBLOCK), &file);
	if (!error)
		return descriptor_new(file, 0, true);
	mutex_lock(&queues_lock);
	queue->references--;
	queue_let_go(queue);
	mutex_unlock(&queues_lock);
	return error;
}

static int32_t sys_mq_open(const char *user_name, uint32_t flags, uint32_t mode,
                           const struct mq_attr *user_attributes)
{
	struct mq_attr attributes = {.mq_maxmsg = 10, .mq_msgsize = 8192};
	char name[256];
	if (flags & O_CREAT && user_attributes &&
	    copy_from_user(&attributes, user_attributes, sizeof attributes))
		return -EFAULT;
	int error = name_from_user(name, sizeof name, user_name);
	mode &= 0777 & ~process_current()->places->umask;
	return error ? error : open_queue(name, flags, mode, &attributes);
}

/* Names lie in a directory of root's that is everybody's, and sticky. */
static int unlink_queue(const char *name)
{
	struct post_queue *queue = find_queue(name);
	if (!queue)
		return -ENOENT;
	if (right_check(MAY_REMOVE_STICKY, &queue->object))
		return -EPERM;
	list_remove(&queue->link);
	queue_let_go(queue);
	return 0;
}

static int32_t sys_mq_unlink(const char *user_name)
{
	char name[256];
	int error = name_from_user(name, sizeof name, user_name);
	if (error)
		return error;
	SCOPED_MUTEX(&queues_lock);
	return unlink_queue(name);
}

/* ---- the open file ---- */

/* The open file of a queue, with a reference: -EBADF. */
static int file_of(int number, struct file **file)
{
	*file = descriptor_file(process_current()->files, number);
	if (*file && (*file)->ops == &queue_file_ops)
		return 0;
	if (*file)
		file_put(*file);
	return -EBADF;
}

static void queue_file_flush(struct file *file, const void *owner)
{
	struct post_queue *queue = file->private;
	SCOPED_MUTEX(&queues_lock);
	if (queue->notice.process && queue->notice.owner == owner)
		notice_end(&queue->notice);
}

static void queue_file_close(struct file *file)
{
	struct post_queue *queue = file->private;
	SCOPED_MUTEX(&queues_lock);
	queue->references--;
	queue_let_go(queue);
}

static uint32_t queue_file_poll(struct file *file, struct poll_table *table)
{
	struct post_queue *queue = file->private;
	poll_wait(table, &queue->changed.waiters);
	SCOPED_MUTEX(&queues_lock);
	const struct mq_attr *attributes = &queue->attributes;
	return (attributes->mq_curmsgs ? POLLIN | POLLRDNORM : 0) |
	       (attributes->mq_curmsgs < attributes->mq_maxmsg ? POLLOUT | POLLWRNORM : 0);
}

/* What cat shows of a queue in /dev/mqueue: mq_overview(7). */
static ssize_t queue_file_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct post_queue *queue = file->private;
	char line[80];
	mutex_lock(&queues_lock);
	const struct notice *notice = &queue->notice;
	int length = snprintf(line, sizeof line,
	                      "QSIZE:%-10u NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", queue->size,
	                      notice->process ? notice->notify : 0,
	                      notice->process && notice->notify == SIGEV_SIGNAL ? notice->signal : 0,
	                      notice->process ? notice->process->id : 0);
	mutex_unlock(&queues_lock);
	if (*position >= length)
		return 0;
	size_t n = transfer_give(transfer, line + *position, (size_t)(length - *position));
	*position += (loff_t)n;
	return n ? (ssize_t)n : -EFAULT;
}

static const struct file_ops queue_file_ops = {
	.read = queue_file_read, .poll = queue_file_poll, .flush = queue_file_flush,
	.close = queue_file_close};

/* ---- mq_send(3), mq_receive(3) ---- */

/* Sleeps until the queue changes: 0, -EINTR, -ETIMEDOUT, -EAGAIN. */
static int wait_for_change(struct post_queue *queue, const struct file *file, uint64_t deadline)
{
	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	return condition_wait_until(&queue->changed, &queues_lock, deadline);
}

static int put(struct post_queue *queue, const struct file *file, struct post *post,
               uint64_t deadline)
{
	SCOPED_MUTEX(&queues_lock);
	while (queue->attributes.mq_curmsgs >= queue->attributes.mq_maxmsg) {
		int error = wait_for_change(queue, file, deadline);
		if (error)
			return error;
	}
	bool first = !queue->attributes.mq_curmsgs && !queue->receivers;
	post_enter(queue, post);
	if (first)
		notice_give(queue);
	condition_broadcast(&queue->changed);
	return 0;
}

static int get(struct post_queue *queue, const struct file *file, uint64_t deadline,
               struct post **taken)
{
	int error = 0;
	SCOPED_MUTEX(&queues_lock);
	while (!(*taken = post_take(queue)) && !error) {
		queue->receivers++;
		error = wait_for_change(queue, file, deadline);
		queue->receivers--;
	}
	if (*taken) {
		condition_broadcast(&queue->changed);
		return 0;
	}
	return error;
}

/* The moment on the wall clock, as one on the clock by which threads sleep. */
static int deadline_of(const void *user_time, time_reader *read, uint64_t *deadline)
{
	uint64_t ns;
	*deadline = WAIT_FOREVER;
	if (!user_time)
		return 0;
	int error = read(user_time, &ns);
	if (!error)
		*deadline = time_of_realtime(ns);
	return error;
}

static int send(const struct file *file, const void *user_bytes, uint32_t size, uint32_t priority,
                uint64_t deadline)
{
	struct post_queue *queue = file->private;
	struct post *post;
	if ((file->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (size > (uint32_t)queue->attributes.mq_msgsize)
		return -EMSGSIZE;
	int error = post_make(user_bytes, size, priority, &post);
	if (error)
		return error;
	error = put(queue, file, post, deadline);
	if (error)
		post_free(post);
	return error;
}

static int32_t timed_send(int number, const void *user_bytes, uint32_t size, uint32_t priority,
                          const void *user_time, time_reader *read)
{
	struct file *file;
	uint64_t deadline;
	if (priority >= MQ_PRIO_MAX)
		return -EINVAL;
	int error = deadline_of(user_time, read, &deadline);
	if (!error)
		error = file_of(number, &file);
	if (error)
		return error;
	error = send(file, user_bytes, size, priority, deadline);
	file_put(file);
	return error == -EINTR ? -ERESTARTSYS : error;
}

static int32_t receive(const struct file *file, void *user_bytes, uint32_t room,
                       uint32_t *user_priority, uint64_t deadline)
{
	struct post_queue *queue = file->private;
	struct post *post;
	if ((file->flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	if (room < (uint32_t)queue->attributes.mq_msgsize)
		return -EMSGSIZE;
	int error = get(queue, file, deadline, &post);
	if (error)
		return error;
	size_t size = post->bytes->size;
	if ((user_priority && copy_to_user(user_priority, &post->priority, sizeof post->priority)) ||
	    bulk_to_user(post->bytes, user_bytes, size))
		error = -EFAULT;
	post_free(post);
	return error ? error : (int32_t)size;
}

static int32_t timed_receive(int number, void *user_bytes, uint32_t room, uint32_t *user_priority,
                             const void *user_time, time_reader *read)
{
	struct file *file;
	uint64_t deadline;
	int error = deadline_of(user_time, read, &deadline);
	if (!error)
		error = file_of(number, &file);
	if (error)
		return error;
	int32_t result = receive(file, user_bytes, room, user_priority, deadline);
	file_put(file);
	return result == -EINTR ? -ERESTARTSYS : result;
}

static int32_t sys_mq_timedsend(int number, const void *user_bytes, uint32_t size,
                                uint32_t priority, const void *user_time)
{
	return timed_send(number, user_bytes, size, priority, user_time, time_from_user32);
}

static int32_t sys_mq_timedsend_time64(int number, const void *user_bytes, uint32_t size,
                                       uint32_t priority, const void *user_time)
{
	return timed_send(number, user_bytes, size, priority, user_time, time_from_user64);
}

static int32_t sys_mq_timedreceive(int number, void *user_bytes, uint32_t room,
                                   uint32_t *user_priority, const void *user_time)
{
	return timed_receive(number, user_bytes, room, user_priority, user_time, time_from_user32);
}

static int32_t sys_mq_timedreceive_time64(int number, void *user_bytes, uint32_t room,
                                          uint32_t *user_priority, const void *user_time)
{
	return timed_receive(number, user_bytes, room, user_priority, user_time, time_from_user64);
}

/* ---- mq_notify(3), mq_getattr(3), mq_setattr(3) ---- */

/* `event` NULL: the caller wants to hear no more. */
static int set_notice(struct post_queue *queue, const struct sigevent *event)
{
	struct process *self = process_current();
	struct notice *notice = &queue->notice;
	SCOPED_MUTEX(&queues_lock);
	if (!event) {
		if (notice->process == self)
			notice_end(notice);
		return 0;
	}
	if (notice->process)
		return -EBUSY;
	*notice = (struct notice){
		.process = process_get(self), .owner = self->files,
		.notify = event->sigev_notify, .signal = event->sigev_signo,
		.value = (uint32_t)event->sigev_value.sival_int};
	return 0;
}

/* By a thread: that the C library makes, for which it wants a socket of AF_NETLINK; there are none. */
static int check_event(const struct sigevent *event)
{
	if (event->sigev_notify == SIGEV_THREAD)
		return -EBADF;
	if (event->sigev_notify != SIGEV_NONE && event->sigev_notify != SIGEV_SIGNAL)
		return -EINVAL;
	if (event->sigev_notify == SIGEV_SIGNAL &&
	    (event->sigev_signo < 0 || event->sigev_signo > SIGNALS))
		return -EINVAL;
	return 0;
}

static int32_t sys_mq_notify(int number, const struct sigevent *user_event)
{
	struct sigevent event;
	struct file *file;
	if (user_event && copy_from_user(&event, user_event, sizeof event))
		return -EFAULT;
	int error = user_event ? check_event(&event) : 0;
	if (!error)
		error = file_of(number, &file);
	if (error)
		return error;
	error = set_notice(file->private, user_event ? &event : NULL);
	file_put(file);
	return error;
}

/* Tells what is, and then changes O_NONBLOCK. */
static void get_and_set(struct file *file, const struct mq_attr *new, struct mq_attr *old)
{
	const struct post_queue *queue = file->private;
	SCOPED_MUTEX(&queues_lock);
	*old = queue->attributes;
	old->mq_flags = (long)(file->flags & O_NONBLOCK);
	if (new)
		file->flags = (file->flags & ~(uint32_t)O_NONBLOCK) | (uint32_t)new->mq_flags;
}

static int32_t sys_mq_getsetattr(int number, const struct mq_attr *user_new,
                                 struct mq_attr *user_old)
{
	struct mq_attr new, old;
	struct file *file;
	if (user_new && copy_from_user(&new, user_new, sizeof new))
		return -EFAULT;
	if (user_new && new.mq_flags & ~O_NONBLOCK)
		return -EINVAL;
	int error = file_of(number, &file);
	if (error)
		return error;
	get_and_set(file, user_new ? &new : NULL, &old);
	file_put(file);
	return user_old && copy_to_user(user_old, &old, sizeof old) ? -EFAULT : 0;
}

/* ---- /proc/sys/fs/mqueue ---- */

static uint32_t get_queues_most(void)
{
	return queues_most;
}

static int set_queues_most(uint32_t value)
{
	queues_most = value;
	return 0;
}

static uint32_t get_messages_most(void)
{
	return messages_most;
}

static int set_messages_most(uint32_t value)
{
	if (value < 1 || value > MESSAGES_HIGHEST)
		return -EINVAL;
	messages_most = value;
	return 0;
}

static uint32_t get_size_most(void)
{
	return size_most;
}

static int set_size_most(uint32_t value)
{
	if (value < 128 || value > SIZE_HIGHEST)
		return -EINVAL;
	size_most = value;
	return 0;
}

static const struct procfs_number numbers[] = {
	{"sys/fs/mqueue/queues_max", get_queues_most, set_queues_most},
	{"sys/fs/mqueue/msg_max", get_messages_most, set_messages_most},
	{"sys/fs/mqueue/msgsize_max", get_size_most, set_size_most},
};

void mqueue_init(void)
{
	procfs_register_numbers(numbers, sizeof numbers / sizeof numbers[0]);
}

const struct system_call mqueue_calls[] = {
	CALL(mq_open, 4),
	CALL(mq_unlink, 1),
	CALL(mq_timedsend, 5),
	CALL(mq_timedsend_time64, 5),
	CALL(mq_timedreceive, 5),
	CALL(mq_timedreceive_time64, 5),
	CALL(mq_notify, 2),
	CALL(mq_getsetattr, 3),
	CALLS_END,
};
