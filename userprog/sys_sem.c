/* SPDX-License-Identifier: MIT */
/*
 * semget(2), semop(2), semctl(2): arrays of semaphores.
 *
 *     process.undos ---- undo ---- undo ----     what SEM_UNDO has to give back at the end, one
 *                          |         |           record for each array that the process used so
 *     array A.undos -------+---------)---- ...
 *     array B.undos -----------------+---- ...
 *
 * The kind's lock guards all of it. Who cannot go on sleeps on its array's condition, and tries
 * all its operations again at each change: none is done unless all can be.
 */
#include <asm/sembuf.h>
#include <linux/sem.h>

#include "kernel/charge.h"
#include "kernel/fs/procfs.h"
#include "kernel/mem/slab.h"
#include "kernel/rights.h"
#include "kernel/sync/condition.h"
#include "userprog/ipc.h"
#include "userprog/process.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/page.h"
#include "vm/usercopy.h"

struct semaphore {
	uint16_t value;
	pid_t last;                /* who changed it, or tried and waited for zero */
};

#define ADJUST_SIZE sizeof(int16_t)

_Static_assert(sizeof(struct semaphore) == 8, "none lies across two pages");

/* What a sleeper waits for: told by GETNCNT and GETZCNT. */
struct sleeper {
	struct list_link link;
	uint16_t number;
	bool for_zero;
};

struct array {
	struct ipc_object object;
	struct bulk *semaphores;
	uint32_t count, uid;       /* how many; whom their memory is charged to */
	uint64_t operated;         /* seconds since 1970 */
	struct list undos, sleepers;
	struct condition changed;
};

struct undo {
	struct list_link of_process, of_array;
	struct process *process;
	struct array *array;
	struct bulk *adjust;       /* of int16_t, one for each semaphore */
	uint32_t uid;
};

static int array_make(const struct ipc_request *, struct ipc_object **);
static int array_fits(const struct ipc_object *, const struct ipc_request *);

static struct ipc_kind sem = IPC_KIND_INIT(sem, SEMMNI, array_make, array_fits);
static uint32_t semaphores;        /* in all arrays; sem.lock */

static struct array *of(struct ipc_object *object)
{
	return LIST_ENTRY(object, struct array, object);
}

static struct semaphore *semaphore_at(const struct array *array, uint32_t number)
{
	return bulk_at(array->semaphores, number * sizeof(struct semaphore));
}

static int16_t *adjust_at(const struct undo *undo, uint32_t number)
{
	return bulk_at(undo->adjust, number * ADJUST_SIZE);
}

/* ---- semget(2) ---- */

static uint32_t array_charge(uint32_t count)
{
	return sizeof(struct array) + count * sizeof(struct semaphore);
}

static int array_make(const struct ipc_request *request, struct ipc_object **made)
{
	uint32_t uid = rights_caller()->uid;
	if (!request->size || semaphores > SEMMNS - request->size)
		return request->size ? -ENOSPC : -EINVAL;
	int error = charge_user(uid, array_charge(request->size));
	if (error)
		return error;
	struct array *array = kmalloc_zeroed(sizeof *array);
	struct bulk *bulk = bulk_make(request->size * sizeof(struct semaphore));
	if (!array || !bulk) {
		kfree(array);
		bulk_free(bulk);
		charge_return(uid, array_charge(request->size));
		return -ENOMEM;
	}
	array->semaphores = bulk;
	array->count = request->size;
	array->uid = uid;
	list_init(&array->undos);
	list_init(&array->sleepers);
	condition_init(&array->changed);
	semaphores += request->size;
	*made = &array->object;
	return 0;
}

static int array_fits(const struct ipc_object *object, const struct ipc_request *request)
{
	return request->size > LIST_ENTRY(object, struct array, object)->count ? -EINVAL : 0;
}

static void array_free(struct array *array)
{
	charge_return(array->uid, array_charge(array->count));
	bulk_free(array->semaphores);
	kfree(array);
}

int32_t ipc_semget(int key, int count, int flags)
{
	if (count < 0 || count > SEMMSL)
		return -EINVAL;
	return ipc_get(&sem, &(struct ipc_request){key, flags, (uint32_t)count});
}

static int32_t sys_semget(int key, int count, int flags)
{
	return ipc_semget(key, count, flags);
}

/* ---- undoing ---- */

static uint32_t undo_charge(const struct array *array)
{
	return sizeof(struct undo) + array->count * ADJUST_SIZE;
}

static void undo_free(struct undo *undo)
{
	list_remove(&undo->of_process);
	list_remove(&undo->of_array);
	charge_return(undo->uid, undo_charge(undo->array));
	bulk_free(undo->adjust);
	kfree(undo);
}

static struct undo *undo_find(const struct array *array, const struct process *process)
{
	LIST_FOR(&array->undos, struct undo, undo, of_array)
		if (undo->process == process)
			return undo;
	return NULL;
}

/* The caller's record for the array, also a new one. */
static int undo_get(struct array *array, struct undo **found)
{
	struct process *self = process_current();
	uint32_t uid = self->credentials.uid;
	*found = undo_find(array, self);
	if (*found)
		return 0;
	int error = charge_user(uid, undo_charge(array));
	if (error)
		return error;
	struct undo *undo = kmalloc_zeroed(sizeof *undo);
	struct bulk *adjust = bulk_make(array->count * ADJUST_SIZE);
	if (!undo || !adjust) {
		kfree(undo);
		bulk_free(adjust);
		charge_return(uid, undo_charge(array));
		return -ENOMEM;
	}
	*undo = (struct undo){.process = self, .array = array, .adjust = adjust, .uid = uid};
	list_append(&array->undos, &undo->of_array);
	list_append(&self->semaphore_undos, &undo->of_process);
	*found = undo;
	return 0;
}

/* Values stay within what a semaphore can have, as on Linux. */
static void undo_all(const struct undo *undo)
{
	for (uint32_t i = 0; i < undo->array->count; i++) {
		struct semaphore *semaphore = semaphore_at(undo->array, i);
		int value = semaphore->value + *adjust_at(undo, i);
		if (!*adjust_at(undo, i))
			continue;
		semaphore->value = (uint16_t)(value < 0 ? 0 : value > SEMVMX ? SEMVMX : value);
		semaphore->last = undo->process->id;
	}
	undo->array->operated = ipc_now();
	condition_broadcast(&undo->array->changed);
}

void sem_process_ends(struct process *process)
{
	if (list_empty(&process->semaphore_undos))
		return;
	SCOPED_MUTEX(&sem.lock);
	LIST_FOR_SAFE(&process->semaphore_undos, struct undo, undo, of_process) {
		undo_all(undo);
		undo_free(undo);
	}
}

/* A value was set anew: nobody gives back what he took of the old one. */
static void forget_adjustments(const struct array *array, uint32_t number)
{
	LIST_FOR(&array->undos, struct undo, undo, of_array)
		*adjust_at(undo, number) = 0;
}

/* ---- semop(2) ---- */

struct operations {
	struct sembuf *all;
	uint32_t count;
	uint64_t deadline;
};

/* Adds what one operation says, or with `sign` -1 takes that back. */
static void change(const struct array *array, const struct sembuf *operation,
                   const struct undo *undo, int sign)
{
	struct semaphore *semaphore = semaphore_at(array, operation->sem_num);
	semaphore->value = (uint16_t)(semaphore->value + sign * operation->sem_op);
	if (operation->sem_flg & SEM_UNDO) {
		int16_t *adjust = adjust_at(undo, operation->sem_num);
		*adjust = (int16_t)(*adjust - sign * operation->sem_op);
	}
}

/* Whether the operation can be done now: 0, -EAGAIN, -ERANGE. */
static int can(const struct array *array, const struct sembuf *operation, const struct undo *undo)
{
	int value = semaphore_at(array, operation->sem_num)->value, by = operation->sem_op;
	if (by == 0)
		return value ? -EAGAIN : 0;
	if (value + by < 0)
		return -EAGAIN;
	if (value + by > SEMVMX)
		return -ERANGE;
	if (operation->sem_flg & SEM_UNDO) {
		int adjust = *adjust_at(undo, operation->sem_num) - by;
		if (adjust < -SEMAEM - 1 || adjust > SEMAEM)
			return -ERANGE;
	}
	return 0;
}

/* Does all or none: 0, -ERANGE, or -EAGAIN: *stopped cannot be done yet. */
static int try_all(const struct array *array, const struct operations *operations,
                   const struct undo *undo, const struct sembuf **stopped)
{
	uint32_t done = 0;
	int error = 0;
	while (done < operations->count) {
		error = can(array, &operations->all[done], undo);
		if (error)
			break;
		change(array, &operations->all[done++], undo, 1);
	}
	if (!error) {
		for (uint32_t i = 0; i < done; i++)
			semaphore_at(array, operations->all[i].sem_num)->last =
				process_current()->id;
		return 0;
	}
	*stopped = &operations->all[done];
	while (done > 0)
		change(array, &operations->all[--done], undo, -1);
	return error;
}

/* Sleeps until something changes. -EINTR, -EAGAIN: the time is over, -EIDRM. */
static int wait_for(struct array *array, const struct sembuf *stopped, uint64_t deadline)
{
	struct sleeper sleeper = {.number = stopped->sem_num, .for_zero = !stopped->sem_op};
	list_append(&array->sleepers, &sleeper.link);
	int error = condition_wait_until(&array->changed, &sem.lock, deadline);
	list_remove(&sleeper.link);
	if (array->object.removed)
		return -EIDRM;
	return error == -ETIMEDOUT ? -EAGAIN : error;
}

static int operate(struct array *array, const struct operations *operations)
{
	const struct sembuf *stopped = NULL;
	struct undo *undo = NULL;
	int error = 0;
	bool undoes = false;
	for (uint32_t i = 0; i < operations->count; i++)
		undoes |= operations->all[i].sem_flg & SEM_UNDO;
	for (;;) {
		/* While it slept another may have let go of the record. */
		error = undoes ? undo_get(array, &undo) : 0;
		if (error)
			break;
		error = try_all(array, operations, undo, &stopped);
		if (error != -EAGAIN || stopped->sem_flg & IPC_NOWAIT)
			break;
		error = wait_for(array, stopped, operations->deadline);
		if (error)
			break;
	}
	if (!error) {
		array->operated = ipc_now();
		condition_broadcast(&array->changed);
	}
	return error;
}

/* Which rights the operations want; -EFBIG: a number that the array has not. */
static int check(const struct array *array, const struct operations *operations)
{
	for (uint32_t i = 0; i < operations->count; i++)
		if (operations->all[i].sem_num >= array->count)
			return -EFBIG;
	return 0;
}

static uint32_t wanted(const struct operations *operations)
{
	for (uint32_t i = 0; i < operations->count; i++)
		if (operations->all[i].sem_op)
			return ACCESS_WRITE;
	return ACCESS_READ;
}

static int find_for(int id, const struct operations *operations, struct array **array)
{
	struct ipc_object *object;
	int error = ipc_find(&sem, id, &object);
	if (error)
		return error;
	*array = of(object);
	error = check(*array, operations);
	return error ? error : ipc_find_for(&sem, id, wanted(operations), &object);
}

static int operate_on(int id, const struct operations *operations)
{
	struct array *array;
	mutex_lock(&sem.lock);
	int error = find_for(id, operations, &array);
	bool unused = false;
	if (!error) {
		ipc_use(&array->object);
		error = operate(array, operations);
		unused = ipc_use_end(&array->object);
	}
	mutex_unlock(&sem.lock);
	if (unused)
		array_free(array);
	return error;
}

int32_t ipc_semop(int id, const struct sembuf *user_operations, uint32_t count, uint64_t deadline)
{
	if (count < 1 || id < 0)
		return -EINVAL;
	if (count > SEMOPM)
		return -E2BIG;
	struct operations operations = {kmalloc(count * sizeof(struct sembuf)), count, deadline};
	if (!operations.all)
		return -ENOMEM;
	int error = copy_from_user(operations.all, user_operations, count * sizeof(struct sembuf));
	if (!error)
		error = operate_on(id, &operations);
	kfree(operations.all);
	return error;
}

static int32_t sys_semtimedop_time64(int id, const struct sembuf *user_operations,
                                     uint32_t count, const void *user_time)
{
	uint64_t deadline;
	int error = deadline_from_user(user_time, time_from_user64, &deadline);
	return error ? error : ipc_semop(id, user_operations, count, deadline);
}

/* ---- semctl(2) ---- */

static void tell(const struct array *array, struct semid64_ds *to)
{
	*to = (struct semid64_ds){.sem_nsems = array->count,
	                          .sem_otime = (unsigned long)array->operated,
	                          .sem_ctime = (unsigned long)array->object.changed};
	ipc_tell(&array->object, &to->sem_perm);
}

static int32_t stat(int id, int command, void *user_buffer)
{
	struct ipc_object *object;
	struct semid64_ds told;
	mutex_lock(&sem.lock);
	int error = command == IPC_STAT ? ipc_find_for(&sem, id, ACCESS_READ, &object)
	                    : ipc_find_index(&sem, id, command == SEM_STAT_ANY, &object);
	if (!error)
		tell(of(object), &told);
	int result = error ? error : command == IPC_STAT ? 0 : object->id;
	mutex_unlock(&sem.lock);
	return error || !copy_to_user(user_buffer, &told, sizeof told) ? result : -EFAULT;
}

static int32_t limits(int command, void *user_buffer)
{
	mutex_lock(&sem.lock);
	struct seminfo told = {.semmap = SEMMAP, .semmni = (int)sem.most, .semmns = SEMMNS,
	                       .semmnu = SEMMNU, .semmsl = SEMMSL, .semopm = SEMOPM,
	                       .semume = SEMUME, .semusz = SEMUSZ, .semvmx = SEMVMX,
	                       .semaem = SEMAEM};
	if (command == SEM_INFO) {
		told.semusz = (int)sem.count;
		told.semaem = (int)semaphores;
	}
	int highest = ipc_highest_index(&sem);
	mutex_unlock(&sem.lock);
	return copy_to_user(user_buffer, &told, sizeof told) ? -EFAULT : highest;
}

static int32_t set(int id, const void *user_buffer)
{
	struct ipc_object *object;
	struct semid64_ds from;
	if (copy_from_user(&from, user_buffer, sizeof from))
		return -EFAULT;
	SCOPED_MUTEX(&sem.lock);
	int error = ipc_find_to_control(&sem, id, &object);
	if (!error)
		ipc_set(object, &from.sem_perm);
	return error;
}

static int32_t remove(int id)
{
	struct ipc_object *object;
	mutex_lock(&sem.lock);
	int error = ipc_find_to_control(&sem, id, &object);
	bool unused = false;
	if (!error) {
		struct array *array = of(object);
		LIST_FOR_SAFE(&array->undos, struct undo, undo, of_array)
			undo_free(undo);
		semaphores -= array->count;
		unused = ipc_remove(&sem, object);
		condition_broadcast(&array->changed);
	}
	mutex_unlock(&sem.lock);
	if (unused)
		array_free(of(object));
	return error;
}

static int sleepers(const struct array *array, uint32_t number, bool for_zero)
{
	int count = 0;
	LIST_FOR(&array->sleepers, struct sleeper, sleeper, link)
		count += sleeper->number == number && sleeper->for_zero == for_zero;
	return count;
}

static void set_value(struct array *array, uint32_t number, uint16_t value)
{
	struct semaphore *semaphore = semaphore_at(array, number);
	semaphore->value = value;
	semaphore->last = process_current()->id;
	forget_adjustments(array, number);
}

static void was_set(struct array *array)
{
	array->object.changed = ipc_now();
	condition_broadcast(&array->changed);
}

/* The calls about one semaphore. */
static int32_t one(int id, int number, int command, int value)
{
	struct ipc_object *object;
	if (command == SETVAL && (value < 0 || value > SEMVMX))
		return -ERANGE;
	SCOPED_MUTEX(&sem.lock);
	int error = ipc_find_for(&sem, id, command == SETVAL ? ACCESS_WRITE : ACCESS_READ, &object);
	if (error)
		return error;
	struct array *array = of(object);
	if (number < 0 || (uint32_t)number >= array->count)
		return -EINVAL;
	switch (command) {
	case GETVAL:
		return semaphore_at(array, (uint32_t)number)->value;
	case GETPID:
		return semaphore_at(array, (uint32_t)number)->last;
	case GETNCNT:
	case GETZCNT:
		return sleepers(array, (uint32_t)number, command == GETZCNT);
	default:
		set_value(array, (uint32_t)number, (uint16_t)value);
		was_set(array);
		return 0;
	}
}

/* Room for all values of the array; its size may be another's by the time it is used. */
static int room_for_all(int id, uint32_t rights, struct bulk **values)
{
	struct ipc_object *object;
	mutex_lock(&sem.lock);
	int error = ipc_find_for(&sem, id, rights, &object);
	uint32_t count = error ? 0 : of(object)->count;
	mutex_unlock(&sem.lock);
	if (error)
		return error;
	*values = bulk_make(count * sizeof(uint16_t));
	return *values ? 0 : -ENOMEM;
}

static int get_or_set_all(int id, struct bulk *values, bool set)
{
	uint32_t count = values->size / sizeof(uint16_t);
	struct ipc_object *object;
	SCOPED_MUTEX(&sem.lock);
	int error = ipc_find(&sem, id, &object);
	if (error || of(object)->count != count)
		return -EIDRM;
	for (uint32_t i = 0; i < count; i++) {
		uint16_t *value = bulk_at(values, i * sizeof *value);
		if (set)
			set_value(of(object), i, *value);
		else
			*value = semaphore_at(of(object), i)->value;
	}
	if (set)
		was_set(of(object));
	return 0;
}

static int32_t get_all(int id, void *user_values)
{
	struct bulk *values = NULL;
	int error = room_for_all(id, ACCESS_READ, &values);
	if (!error)
		error = get_or_set_all(id, values, false);
	if (!error)
		error = bulk_to_user(values, user_values, values->size);
	bulk_free(values);
	return error;
}

static int32_t set_all(int id, const void *user_values)
{
	struct bulk *values = NULL;
	int error = room_for_all(id, ACCESS_WRITE, &values);
	if (!error)
		error = bulk_from_user(values, user_values);
	for (size_t i = 0; !error && i < values->size; i += sizeof(uint16_t))
		error = *(uint16_t *)bulk_at(values, i) > SEMVMX ? -ERANGE : 0;
	if (!error)
		error = get_or_set_all(id, values, true);
	bulk_free(values);
	return error;
}

int32_t ipc_semctl(int id, int number, int command, uintptr_t argument)
{
	if (id < 0)
		return -EINVAL;
	switch (command) {
	case IPC_INFO:
	case SEM_INFO:
		return limits(command, (void *)argument);
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
		return stat(id, command, (void *)argument);
	case IPC_SET:
		return set(id, (const void *)argument);
	case IPC_RMID:
		return remove(id);
	case GETALL:
		return get_all(id, (void *)argument);
	case SETALL:
		return set_all(id, (const void *)argument);
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
	case SETVAL:
		return one(id, number, command, (int)argument);
	default:
		return -EINVAL;
	}
}

static int32_t sys_semctl(int id, int number, int command, uintptr_t argument)
{
	return ipc_semctl(id, number, command, argument);
}

/* ---- /proc ---- */

static void show(struct text *text)
{
	struct semid64_ds s;
	text_print(text, "       key      semid perms      nsems   uid   gid  cuid  cgid      otime"
	                 "      ctime\n");
	SCOPED_MUTEX(&sem.lock);
	for (struct tree_node *n = tree_first(&sem.by_index); n; n = tree_next(n)) {
		struct array *array = LIST_ENTRY(n, struct array, object.by_index);
		tell(array, &s);
		ipc_show_start(&array->object, "%10d %10d  %4o", text);
		text_print(text, " %10lu %5u %5u %5u %5u %10lu %10lu\n", s.sem_nsems,
		           s.sem_perm.uid, s.sem_perm.gid, s.sem_perm.cuid, s.sem_perm.cgid,
		           s.sem_otime, s.sem_ctime);
	}
}

static void limits_show(struct text *text)
{
	text_print(text, "%u\t%u\t%u\t%u\n", SEMMSL, SEMMNS, SEMOPM, sem.most);
}

static void next_show(struct text *text) { ipc_show_next(&sem, text); }

static int next_store(const char *words, size_t length)
{
	(void)length;
	return ipc_store_next(&sem, words);
}

void sem_init(void)
{
	procfs_register("sysvipc/sem", show, NULL);
	procfs_register("sys/kernel/sem_next_id", next_show, next_store);
	procfs_register("sys/kernel/sem", limits_show, NULL);
}

const struct system_call sem_calls[] = {
	CALL(semget, 3),
	CALL(semctl, 4),
	CALL(semtimedop_time64, 4),
	CALLS_END,
};
