/* SPDX-License-Identifier: MIT */
/* The common part of System V IPC (ipc.h), and the old call that has all of it, ipc(2). */
#include "userprog/ipc.h"

#include <asm/ipcbuf.h>

#include "kernel/fs/procfs.h"
#include "kernel/mem/slab.h"
#include "kernel/rights.h"
#include "kernel/time/clock.h"
#include "lib/number.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/page.h"
#include "vm/usercopy.h"

uint64_t ipc_now(void)
{
	return clock_realtime() / NS_PER_SECOND;
}

/* ---- rights ---- */

static struct object as_object(const struct ipc_object *object)
{
	return (struct object){.mode = object->mode, .uid = object->uid, .gid = object->gid,
	                       .creator_uid = object->creator_uid,
	                       .creator_gid = object->creator_gid};
}

static int may_use(const struct ipc_object *object, uint32_t wanted)
{
	struct object asked = as_object(object);
	return right_ipc_access(&asked, wanted);
}

int ipc_may_control(const struct ipc_object *object)
{
	struct object asked = as_object(object);
	return right_check(MAY_CONTROL_IPC, &asked);
}

/* ---- the tables ---- */

static struct ipc_object *of_index(struct tree_node *node)
{
	return node ? TREE_ENTRY(node, struct ipc_object, by_index) : NULL;
}

static struct ipc_object *find_key(const struct ipc_kind *kind, int key)
{
	struct tree_node *node = tree_find(&kind->by_key, (uint32_t)key);
	return node ? TREE_ENTRY(node, struct ipc_object, by_key) : NULL;
}

/* The lowest free index from there on; IPC_INDEX_LIMIT: there is none. */
static uint32_t free_index(struct ipc_kind *kind, uint32_t from)
{
	while (from < IPC_INDEX_LIMIT && tree_find(&kind->by_index, from))
		from++;
	return from;
}

/* An identifier nobody has, and its index. There is one: fewer are in use than there are. */
static int new_id(struct ipc_kind *kind, uint32_t *index)
{
	*index = free_index(kind, kind->first_free);
	if (*index <= kind->last_index)
		kind->sequence = (kind->sequence + 1) & 0xffff;
	kind->last_index = *index;
	kind->first_free = *index + 1;
	return (int)(kind->sequence << IPC_INDEX_BITS | *index);
}

/* The one that was asked for; if its index is in use, with the next that is free. */
static int asked_id(struct ipc_kind *kind, uint32_t *index)
{
	uint32_t sequence = (uint32_t)kind->next_id >> IPC_INDEX_BITS;
	*index = free_index(kind, (uint32_t)kind->next_id & (IPC_INDEX_LIMIT - 1));
	if (*index == IPC_INDEX_LIMIT)
		*index = free_index(kind, kind->first_free);
	kind->next_id = -1;
	return (int)(sequence << IPC_INDEX_BITS | *index);
}

static void enter(struct ipc_kind *kind, struct ipc_object *object,
                  const struct ipc_request *request)
{
	const struct credentials *caller = rights_caller();
	uint32_t index;
	object->id = kind->next_id < 0 ? new_id(kind, &index) : asked_id(kind, &index);
	kind->count++;
	object->key = request->key;
	object->uid = object->creator_uid = caller->euid;
	object->gid = object->creator_gid = caller->egid;
	object->mode |= (uint32_t)request->flags & 0777;
	object->changed = ipc_now();
	object->by_index.key = index;
	tree_insert(&kind->by_index, &object->by_index);
	object->by_key.key = (uint32_t)request->key;
	if (request->key != IPC_PRIVATE)
		tree_insert(&kind->by_key, &object->by_key);
}

static int make(struct ipc_kind *kind, const struct ipc_request *request)
{
	struct ipc_object *object;
	if (kind->count >= kind->most)
		return -ENOSPC;
	int error = kind->make(request, &object);
	if (error)
		return error;
	enter(kind, object, request);
	return object->id;
}

int ipc_get(struct ipc_kind *kind, const struct ipc_request *request)
{
	int flags = request->flags;
	SCOPED_MUTEX(&kind->lock);
	struct ipc_object *object =
		request->key == IPC_PRIVATE ? NULL : find_key(kind, request->key);
	if (!object)
		return request->key == IPC_PRIVATE || flags & IPC_CREAT ? make(kind, request)
		                                                        : -ENOENT;
	if (flags & IPC_CREAT && flags & IPC_EXCL)
		return -EEXIST;
	int error = kind->fits(object, request);
	if (!error)
		error = may_use(object, (uint32_t)(flags >> 6 | flags >> 3 | flags) & 7);
	return error ? error : object->id;
}

int ipc_find(struct ipc_kind *kind, int id, struct ipc_object **found)
{
	*found = id < 0 ? NULL : of_index(tree_find(&kind->by_index, id & (IPC_INDEX_LIMIT - 1)));
	return *found && (*found)->id == id ? 0 : -EINVAL;
}

int ipc_find_for(struct ipc_kind *kind, int id, uint32_t wanted, struct ipc_object **found)
{
	int error = ipc_find(kind, id, found);
	return error ? error : may_use(*found, wanted);
}

int ipc_find_to_control(struct ipc_kind *kind, int id, struct ipc_object **found)
{
	int error = ipc_find(kind, id, found);
	return error ? error : ipc_may_control(*found);
}

int ipc_find_index(struct ipc_kind *kind, int index, bool any, struct ipc_object **found)
{
	*found = index < 0 ? NULL : of_index(tree_find(&kind->by_index, index % IPC_INDEX_LIMIT));
	return !*found ? -EINVAL : any ? 0 : may_use(*found, ACCESS_READ);
}

int ipc_highest_index(const struct ipc_kind *kind)
{
	struct tree_node *last = tree_last(&kind->by_index);
	return last ? (int)last->key : 0;
}

void ipc_forget_key(struct ipc_kind *kind, struct ipc_object *object)
{
	if (object->key != IPC_PRIVATE)
		tree_remove(&kind->by_key, &object->by_key);
	object->key = IPC_PRIVATE;
}

bool ipc_remove(struct ipc_kind *kind, struct ipc_object *object)
{
	ipc_forget_key(kind, object);
	tree_remove(&kind->by_index, &object->by_index);
	if (object->by_index.key < kind->first_free)
		kind->first_free = object->by_index.key;
	kind->count--;
	object->removed = true;
	return !object->users;
}

void ipc_use(struct ipc_object *object)
{
	object->users++;
}

bool ipc_use_end(struct ipc_object *object)
{
	return --object->users == 0 && object->removed;
}

void ipc_tell(const struct ipc_object *object, struct ipc64_perm *to)
{
	*to = (struct ipc64_perm){
		.key = object->key, .uid = object->uid, .gid = object->gid,
		.cuid = object->creator_uid, .cgid = object->creator_gid,
		.mode = (__kernel_mode_t)object->mode,
		.seq = (unsigned short)(object->id >> IPC_INDEX_BITS)};
}

void ipc_set(struct ipc_object *object, const struct ipc64_perm *from)
{
	object->uid = from->uid;
	object->gid = from->gid;
	object->mode = (object->mode & ~0777u) | (from->mode & 0777);
	object->changed = ipc_now();
}

void ipc_show_start(const struct ipc_object *object, const char *format, struct text *text)
{
	text_print(text, format, object->key, object->id, object->mode);
}

void ipc_show_next(struct ipc_kind *kind, struct text *text)
{
	SCOPED_MUTEX(&kind->lock);
	text_print(text, "%d\n", kind->next_id);
}

int ipc_store_next(struct ipc_kind *kind, const char *text)
{
	char *end;
	struct number number = number_parse(text, &end, 10);
	if (end == text || number.negative || number.magnitude > INT32_MAX)
		return -EINVAL;
	SCOPED_MUTEX(&kind->lock);
	kind->next_id = (int)number.magnitude;
	return 0;
}

/* ---- bytes in pages ---- */

static size_t pages_of(size_t size)
{
	return (size + PAGE_SIZE - 1) / PAGE_SIZE;
}

static size_t piece(size_t size, size_t offset)
{
	return size - offset < PAGE_SIZE ? size - offset : PAGE_SIZE;
}

struct bulk *bulk_make(size_t size)
{
	struct bulk *bulk = kmalloc_zeroed(sizeof *bulk + pages_of(size) * sizeof *bulk->pages);
	if (!bulk)
		return NULL;
	bulk->size = size;
	for (size_t i = 0; i < pages_of(size); i++) {
		bulk->pages[i] = kmalloc_zeroed(piece(size, i * PAGE_SIZE));
		if (!bulk->pages[i]) {
			bulk_free(bulk);
			return NULL;
		}
	}
	return bulk;
}

void bulk_free(struct bulk *bulk)
{
	if (!bulk)
		return;
	for (size_t i = 0; i < pages_of(bulk->size); i++)
		kfree(bulk->pages[i]);
	kfree(bulk);
}

void *bulk_at(const struct bulk *bulk, size_t offset)
{
	return bulk->pages[offset / PAGE_SIZE] + offset % PAGE_SIZE;
}

int bulk_from_user(struct bulk *bulk, const void *user_from)
{
	int error = 0;
	for (size_t at = 0; at < bulk->size && !error; at += PAGE_SIZE)
		error = copy_from_user(bulk_at(bulk, at), (const char *)user_from + at,
		                       piece(bulk->size, at));
	return error;
}

int bulk_to_user(const struct bulk *bulk, void *user_to, size_t n)
{
	int error = 0;
	for (size_t at = 0; at < n && !error; at += PAGE_SIZE)
		error = copy_to_user((char *)user_to + at, bulk_at(bulk, at), piece(n, at));
	return error;
}

/* ---- ipc(2) ---- */

enum ipc_call {
	IPC_SEMOP = 1, IPC_SEMGET, IPC_SEMCTL, IPC_SEMTIMEDOP,
	IPC_MSGSND = 11, IPC_MSGRCV, IPC_MSGGET, IPC_MSGCTL,
	IPC_SHMAT = 21, IPC_SHMDT, IPC_SHMGET, IPC_SHMCTL,
};

/* The structures of libc 5, without this flag, are nobody's any more. */
#define NEW_STRUCTURES 0x0100

static int new_command(int command)
{
	return command & NEW_STRUCTURES ? command & ~NEW_STRUCTURES : -1;
}

static int32_t semtimedop(int id, const void *operations, uint32_t count, const void *user_time)
{
	uint64_t deadline;
	int error = deadline_from_user(user_time, time_from_user32, &deadline);
	return error ? error : ipc_semop(id, operations, count, deadline);
}

static int32_t semctl_by_pointer(int id, int number, int command, const void *user_argument)
{
	uintptr_t argument;
	if (copy_from_user(&argument, user_argument, sizeof argument))
		return -EFAULT;
	return ipc_semctl(id, number, command, argument);
}

/* Without a version the buffer and the type are in memory. */
static int32_t msgrcv(uint32_t version, int id, size_t size, int flags, void *user_pointer,
                      int type)
{
	struct { void *message; int type; } both = {user_pointer, type};
	if (!version && copy_from_user(&both, user_pointer, sizeof both))
		return -EFAULT;
	return ipc_msgrcv(id, both.message, size, both.type, flags);
}

/* An address is told in memory. */
static int32_t shmat_told(int id, uintptr_t address, int flags, uintptr_t *user_address)
{
	int32_t result = ipc_shmat(id, address, flags);
	if ((uint32_t)result >= (uint32_t)-4095)
		return result;
	return copy_to_user(user_address, &result, sizeof result);
}

static int32_t sys_ipc(uint32_t call, int first, uint32_t second, uint32_t third, void *pointer,
                       uint32_t fifth)
{
	uint32_t version = call >> 16;
	switch (call & 0xffff) {
	case IPC_SEMOP:
		return ipc_semop(first, pointer, second, WAIT_FOREVER);
	case IPC_SEMTIMEDOP:
		return semtimedop(first, pointer, second, (const void *)fifth);
	case IPC_SEMGET:
		return ipc_semget(first, (int)second, (int)third);
	case IPC_SEMCTL:
		return semctl_by_pointer(first, (int)second, new_command((int)third), pointer);
	case IPC_MSGSND:
		return ipc_msgsnd(first, pointer, second, (int)third);
	case IPC_MSGRCV:
		return msgrcv(version, first, second, (int)third, pointer, (int)fifth);
	case IPC_MSGGET:
		return ipc_msgget(first, (int)second);
	case IPC_MSGCTL:
		return ipc_msgctl(first, new_command((int)second), pointer);
	case IPC_SHMAT:
		return version == 1 ? -EINVAL : shmat_told(first, (uintptr_t)pointer, (int)second,
		                                           (uintptr_t *)third);
	case IPC_SHMDT:
		return ipc_shmdt((uintptr_t)pointer);
	case IPC_SHMGET:
		return ipc_shmget(first, second, (int)third);
	case IPC_SHMCTL:
		return ipc_shmctl(first, new_command((int)second), pointer);
	default:
		return -ENOSYS;
	}
}

void ipc_init(void)
{
	shm_init();
	sem_init();
	msg_init();
	mqueue_init();
}

const struct system_call ipc_calls[] = {
	CALL(ipc, 6),
	CALLS_END,
};
