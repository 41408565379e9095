/* SPDX-License-Identifier: MIT */
/*
 * What shared memory segments, semaphore arrays and message queues of sysvipc(7) have in common:
 * keys and identifiers, rights, and where a user's data lies meanwhile.
 *
 * An identifier is an index, the lowest free one, and above it a sequence number, so that one of
 * an object that is gone is not soon another's. Each kind has a mutex; it guards its tables and
 * all of its objects. Nothing is copied from or to programs under it.
 */
#pragma once

#include <linux/ipc.h>

#include "kernel/sync/mutex.h"
#include "lib/tree.h"
#include "lib/types.h"

struct text;

#define IPC_INDEX_BITS 15
#define IPC_INDEX_LIMIT (1u << IPC_INDEX_BITS)

struct ipc_object {
	struct tree_node by_index, by_key; /* the latter, unless it is IPC_PRIVATE */
	int id, key;
	uint32_t uid, gid, creator_uid, creator_gid;
	uint32_t mode;
	uint64_t changed;       /* seconds since 1970 */
	bool removed;           /* by IPC_RMID: found no more, but some still use it */
	uint32_t users;         /* threads that wait with it; the last frees it when it is removed */
};

/* What one of the get calls asks for. */
struct ipc_request {
	int key, flags;
	uint32_t size;          /* bytes or semaphores; of a queue 0 */
};

struct ipc_kind {
	struct mutex lock;
	struct tree by_index, by_key;
	uint32_t count, most;   /* objects; most: that there may be */
	uint32_t first_free;    /* no index below it is free */
	uint32_t last_index, sequence;
	int next_id;            /* that the next object is to have; -1: whichever comes */
	/* Both with the lock. A new object, which is zero but for its own part; whether one that is
	 * there is large enough: 0, -EINVAL. */
	int (*make)(const struct ipc_request *, struct ipc_object **);
	int (*fits)(const struct ipc_object *, const struct ipc_request *);
};

#define IPC_KIND_INIT(name_, most_, make_, fits_) \
	{.lock = MUTEX_INIT((name_).lock, #name_), .most = (most_), .next_id = -1, \
	 .make = (make_), .fits = (fits_)}

/* shmget(2) and its kin: the identifier, or an error. */
int ipc_get(struct ipc_kind *, const struct ipc_request *);
/* All below: with the lock. The object with this identifier: -EINVAL. */
int ipc_find(struct ipc_kind *, int id, struct ipc_object **);
/* The same, where the caller has these rights, ACCESS_READ, ...: -EACCES. */
int ipc_find_for(struct ipc_kind *, int id, uint32_t wanted, struct ipc_object **);
/* The same, where the caller may change or remove it: -EPERM. */
int ipc_find_to_control(struct ipc_kind *, int id, struct ipc_object **);
/* The same by index, or by an id, of which the index is a part: for SHM_STAT and its kin. `any`:
 * whatever the rights. */
int ipc_find_index(struct ipc_kind *, int index, bool any, struct ipc_object **);
int ipc_highest_index(const struct ipc_kind *);
/* Whether the caller may change or remove it: 0, -EPERM. */
int ipc_may_control(const struct ipc_object *);
/* Its key leads to it no more. */
void ipc_forget_key(struct ipc_kind *, struct ipc_object *);
/* It is found no more. Whether nobody uses it, and the caller is to free it without the lock;
 * else the last user does. */
bool ipc_remove(struct ipc_kind *, struct ipc_object *);
/* A thread begins and ends to use it; end: as ipc_remove. */
void ipc_use(struct ipc_object *);
bool ipc_use_end(struct ipc_object *);
struct ipc64_perm;
void ipc_tell(const struct ipc_object *, struct ipc64_perm *);
/* IPC_SET: owner, group and mode. */
void ipc_set(struct ipc_object *, const struct ipc64_perm *);
/* /proc/sys/kernel/msg_next_id and its like (proc_sys_kernel(5)). store: 0, -EINVAL. */
void ipc_show_next(struct ipc_kind *, struct text *);
int ipc_store_next(struct ipc_kind *, const char *text);
/* A line of /proc/sysvipc begins with these. */
void ipc_show_start(const struct ipc_object *, const char *key_and_id_format, struct text *);
uint64_t ipc_now(void); /* seconds since 1970 */

/* Bytes in as many pages as they need. */
struct bulk {
	size_t size;
	char *pages[];
};

/* Zeroed. NULL: no memory. */
struct bulk *bulk_make(size_t size);
void bulk_free(struct bulk *); /* may be NULL */
/* The bytes at `offset`; an object whose size is a power of two lies in one piece. */
void *bulk_at(const struct bulk *, size_t offset);
/* All of it from the program's memory; the first n bytes to it: 0, -EFAULT. */
int bulk_from_user(struct bulk *, const void *user_from);
int bulk_to_user(const struct bulk *, void *user_to, size_t n);

/* sys_shm.c, sys_sem.c, sys_msg.c: for the old call ipc(2), which has them all. */
int32_t ipc_shmget(int key, uint32_t size, int flags);
int32_t ipc_shmat(int id, uintptr_t address, int flags);
int32_t ipc_shmdt(uintptr_t address);
int32_t ipc_shmctl(int id, int command, void *user_buffer);
int32_t ipc_semget(int key, int count, int flags);
struct sembuf;
int32_t ipc_semop(int id, const struct sembuf *user_operations, uint32_t count, uint64_t deadline);
int32_t ipc_semctl(int id, int number, int command, uintptr_t argument);
int32_t ipc_msgget(int key, int flags);
int32_t ipc_msgsnd(int id, const void *user_message, size_t size, int flags);
int32_t ipc_msgrcv(int id, void *user_message, size_t size, int type, int flags);
int32_t ipc_msgctl(int id, int command, void *user_buffer);
/* Registers files of /proc. */
void ipc_init(void);
void shm_init(void);
void sem_init(void);
void msg_init(void);
/* The same of sys_mqueue.c. */
void mqueue_init(void);
struct process;
/* The process ends: what SEM_UNDO asked for is done. */
void sem_process_ends(struct process *);
