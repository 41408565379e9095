/* SPDX-License-Identifier: MIT */
/*
 * shmget(2), shmat(2), shmdt(2), shmctl(2): memory that programs share by a key.
 *
 * A segment is a nameless file of tmpfs, as shared anonymous memory is, and what an area that
 * maps it has behind it is the segment (struct backing): an area that comes, by shmat, fork or a
 * split, counts as attached, and one that goes, by shmdt, munmap, exec or exit, no more.
 *
 * Areas come and go with their space locked, so attach_lock, a spinlock, guards what counts them;
 * the rest is under the kind's lock. Order: spt->lock -> the kind's lock -> attach_lock.
 */
#include <asm/shmbuf.h>
#include <linux/mman.h>
#include <linux/shm.h>

#include "kernel/fs/procfs.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/rights.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "userprog/ipc.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "vm/mmap.h"
#include "vm/page.h"
#include "vm/shmem.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

/* shmctl(2), "mode flags"; Linux's header has them for the kernel alone. */
#define SHM_DEST 01000u
#define SHM_LOCKED 02000u

#define SIZE_MOST (UINT32_MAX - (1u << 24)) /* SHMMAX of Linux */

struct segment {
	struct ipc_object object;
	struct backing backing;
	struct file *file;
	uint32_t size;             /* bytes */
	pid_t creator;
	uint32_t attached;         /* attach_lock, down to here */
	pid_t last;
	uint64_t attach_time, detach_time;
};

static int segment_make(const struct ipc_request *, struct ipc_object **);
static int segment_fits(const struct ipc_object *, const struct ipc_request *);

static struct ipc_kind shm = IPC_KIND_INIT(shm, SHMMNI, segment_make, segment_fits);
static struct spinlock attach_lock = SPINLOCK_INIT("shm attach");
static uint32_t bytes_most = SIZE_MOST;
static uint32_t pages_most;    /* of all segments: half of RAM, as of a tmpfs */
static uint32_t pages;         /* shm.lock */

static struct segment *of(struct ipc_object *object)
{
	return LIST_ENTRY(object, struct segment, object);
}

static uint32_t segment_pages(const struct segment *segment)
{
	return page_number(page_round_up(segment->size));
}

/* ---- what areas see ---- */

static struct segment *of_backing(struct backing *backing)
{
	return LIST_ENTRY(backing, struct segment, backing);
}

static pid_t caller(void)
{
	const struct process *self = process_current();
	return self ? self->id : 0;
}

static void attach(struct backing *backing)
{
	struct segment *segment = of_backing(backing);
	spin_lock(&attach_lock);
	segment->attached++;
	segment->last = caller();
	segment->attach_time = ipc_now();
	spin_unlock(&attach_lock);
}

static bool is_attached(const struct segment *segment)
{
	spin_lock(&attach_lock);
	bool attached = segment->attached;
	spin_unlock(&attach_lock);
	return attached;
}

static void segment_free(struct segment *segment)
{
	file_put(segment->file);
	kfree(segment);
}

/* What IPC_RMID found in use goes when nobody has it any more. Who came here found that; whether
 * it still is so, and has not been seen by another meanwhile, is looked at again. */
static void free_if_unused(int id)
{
	struct ipc_object *object;
	mutex_lock(&shm.lock);
	bool unused = !ipc_find(&shm, id, &object) && object->mode & SHM_DEST &&
	              !is_attached(of(object));
	if (unused) {
		pages -= segment_pages(of(object));
		ipc_remove(&shm, object);
	}
	mutex_unlock(&shm.lock);
	if (unused)
		segment_free(of(object));
}

static void detach(struct backing *backing)
{
	struct segment *segment = of_backing(backing);
	spin_lock(&attach_lock);
	int id = segment->object.id;
	segment->last = caller();
	segment->detach_time = ipc_now();
	bool unused = --segment->attached == 0 && segment->object.mode & SHM_DEST;
	spin_unlock(&attach_lock);
	if (unused)
		free_if_unused(id);
}

static int name(struct backing *backing, char *to, size_t size)
{
	struct backing *file = &of_backing(backing)->file->backing;
	return file->ops->name(file, to, size);
}

static int punch(struct backing *backing, uint64_t offset, uint64_t bytes)
{
	struct backing *file = &of_backing(backing)->file->backing;
	return file->ops->punch(file, offset, bytes);
}

static const struct backing_ops segment_backing_ops = {
	.get = attach, .put = detach, .name = name, .punch = punch};

/* ---- shmget(2) ---- */

static int segment_make(const struct ipc_request *request, struct ipc_object **made)
{
	uint32_t needed = page_number(page_round_up(request->size));
	char shown[32];
	if (request->size < SHMMIN || request->size > bytes_most)
		return -EINVAL;
	if (request->flags & SHM_HUGETLB)
		return -ENOMEM;
	if (needed > pages_most || pages > pages_most - needed)
		return -ENOSPC;
	struct segment *segment = kmalloc_zeroed(sizeof *segment);
	if (!segment)
		return -ENOMEM;
	snprintf(shown, sizeof shown, "/SYSV%08x (deleted)", (uint32_t)request->key);
	int error = tmpfs_open_nameless(shown, request->size, &segment->file);
	if (error) {
		kfree(segment);
		return error;
	}
	segment->backing = (struct backing){&segment_backing_ops, segment->file->backing.source};
	segment->size = request->size;
	segment->creator = caller();
	pages += needed;
	*made = &segment->object;
	return 0;
}

static int segment_fits(const struct ipc_object *object, const struct ipc_request *request)
{
	return request->size > LIST_ENTRY(object, struct segment, object)->size ? -EINVAL : 0;
}

int32_t ipc_shmget(int key, uint32_t size, int flags)
{
	return ipc_get(&shm, &(struct ipc_request){key, flags, size});
}

static int32_t sys_shmget(int key, uint32_t size, int flags)
{
	return ipc_shmget(key, size, flags);
}

/* ---- shmat(2), shmdt(2) ---- */

static uintptr_t map(struct segment *segment, uintptr_t address, int flags)
{
	struct spt *spt = process_space_limited();
	bool read_only = flags & SHM_RDONLY;
	struct mmap_object object = {.backing = &segment->backing, .has_pages = true,
	                             .may_read = true, .may_write = !read_only,
	                             .may_execute = true};
	int prot = PROT_READ | (read_only ? 0 : PROT_WRITE) | (flags & SHM_EXEC ? PROT_EXEC : 0);
	int how = MAP_SHARED;
	if (address)
		how |= flags & SHM_REMAP ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	uintptr_t place = vm_mmap(spt, address, segment->size, prot, how, &object, 0);
	return place == (uintptr_t)-EEXIST ? (uintptr_t)-EINVAL : place;
}

/* Finds it, and holds on to it as one that is attached does. */
static int find_to_attach(int id, int flags, struct segment **segment)
{
	uint32_t wanted = ACCESS_READ | (flags & SHM_RDONLY ? 0 : ACCESS_WRITE) |
	                  (flags & SHM_EXEC ? ACCESS_EXECUTE : 0);
	struct ipc_object *object;
	SCOPED_MUTEX(&shm.lock);
	int error = ipc_find_for(&shm, id, wanted, &object);
	if (error)
		return error;
	*segment = of(object);
	attach(&(*segment)->backing);
	return 0;
}

int32_t ipc_shmat(int id, uintptr_t address, int flags)
{
	struct segment *segment;
	if (flags & SHM_RND && address) {
		address &= ~(uintptr_t)(PAGE_SIZE - 1);
		if (!address && flags & SHM_REMAP)
			return -EINVAL;
	}
	if (page_offset(address) || (!address && flags & SHM_REMAP) || id < 0)
		return -EINVAL;
	int error = find_to_attach(id, flags, &segment);
	if (error)
		return error;
	uintptr_t place = map(segment, address, flags);
	detach(&segment->backing);
	return (int32_t)place;
}

static int32_t sys_shmat(int id, uintptr_t address, int flags)
{
	return ipc_shmat(id, address, flags);
}

int32_t ipc_shmdt(uintptr_t address)
{
	return vm_unmap_backed(process_current()->spt, address, &segment_backing_ops);
}

static int32_t sys_shmdt(uintptr_t address)
{
	return ipc_shmdt(address);
}

/* ---- shmctl(2) ---- */

static void tell(const struct segment *segment, struct shmid64_ds *to)
{
	*to = (struct shmid64_ds){.shm_segsz = segment->size, .shm_cpid = segment->creator};
	ipc_tell(&segment->object, &to->shm_perm);
	to->shm_ctime = (unsigned long)segment->object.changed;
	spin_lock(&attach_lock);
	to->shm_atime = (unsigned long)segment->attach_time;
	to->shm_dtime = (unsigned long)segment->detach_time;
	to->shm_lpid = segment->last;
	to->shm_nattch = segment->attached;
	spin_unlock(&attach_lock);
}

static int32_t stat(int id, int command, void *user_buffer)
{
	struct ipc_object *object;
	struct shmid64_ds told;
	mutex_lock(&shm.lock);
	int error = command == IPC_STAT ? ipc_find_for(&shm, id, ACCESS_READ, &object)
	                    : ipc_find_index(&shm, id, command == SHM_STAT_ANY, &object);
	if (!error)
		tell(of(object), &told);
	int result = error ? error : command == IPC_STAT ? 0 : object->id;
	mutex_unlock(&shm.lock);
	return error || !copy_to_user(user_buffer, &told, sizeof told) ? result : -EFAULT;
}

static int highest_index(void)
{
	SCOPED_MUTEX(&shm.lock);
	return ipc_highest_index(&shm);
}

static int32_t limits(void *user_buffer)
{
	struct shminfo64 told = {.shmmax = bytes_most, .shmmin = SHMMIN, .shmmni = shm.most,
	                         .shmseg = shm.most, .shmall = pages_most};
	return copy_to_user(user_buffer, &told, sizeof told) ? -EFAULT : highest_index();
}

static int32_t usage(void *user_buffer)
{
	struct shm_info told = {.used_ids = (int)shm.count, .shm_tot = pages};
	mutex_lock(&shm.lock);
	for (struct tree_node *n = tree_first(&shm.by_index); n; n = tree_next(n)) {
		struct inode *inode = LIST_ENTRY(n, struct segment, object.by_index)->file->inode;
		told.shm_rss += inode->source.cached;
		told.shm_swp += shmem_swapped(inode->source.shmem);
	}
	mutex_unlock(&shm.lock);
	return copy_to_user(user_buffer, &told, sizeof told) ? -EFAULT : highest_index();
}

static int32_t set(int id, const void *user_buffer)
{
	struct ipc_object *object;
	struct shmid64_ds wanted;
	if (copy_from_user(&wanted, user_buffer, sizeof wanted))
		return -EFAULT;
	SCOPED_MUTEX(&shm.lock);
	int error = ipc_find_to_control(&shm, id, &object);
	if (!error)
		ipc_set(object, &wanted.shm_perm);
	return error;
}

static int32_t remove(int id)
{
	struct ipc_object *object;
	mutex_lock(&shm.lock);
	int error = ipc_find_to_control(&shm, id, &object);
	if (!error) {
		ipc_forget_key(&shm, object);
		spin_lock(&attach_lock);
		object->mode |= SHM_DEST;
		spin_unlock(&attach_lock);
	}
	mutex_unlock(&shm.lock);
	if (!error)
		free_if_unused(id);
	return error;
}

/* Kept and told; the pages go to swap as any. */
static int32_t lock(int id, bool locked)
{
	struct ipc_object *object;
	SCOPED_MUTEX(&shm.lock);
	int error = ipc_find(&shm, id, &object);
	if (!error && !right_has(MAY_LOCK_MEMORY, NULL))
		error = ipc_may_control(object);
	if (!error && locked && !process_current()->limits[RLIMIT_MEMLOCK].rlim_cur)
		error = right_check(MAY_LOCK_MEMORY, NULL);
	if (!error)
		object->mode = (object->mode & ~SHM_LOCKED) | (locked ? SHM_LOCKED : 0);
	return error;
}

int32_t ipc_shmctl(int id, int command, void *user_buffer)
{
	if (id < 0 || command < 0)
		return -EINVAL;
	switch (command) {
	case IPC_INFO:
		return limits(user_buffer);
	case SHM_INFO:
		return usage(user_buffer);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		return stat(id, command, user_buffer);
	case IPC_SET:
		return set(id, user_buffer);
	case IPC_RMID:
		return remove(id);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return lock(id, command == SHM_LOCK);
	default:
		return -EINVAL;
	}
}

static int32_t sys_shmctl(int id, int command, void *user_buffer)
{
	return ipc_shmctl(id, command, user_buffer);
}

/* ---- /proc ---- */

static void show(struct text *text)
{
	struct shmid64_ds s;
	text_print(text, "       key      shmid perms       size  cpid  lpid nattch   uid   gid  "
	                 "cuid  cgid      atime      dtime      ctime        rss       swap\n");
	SCOPED_MUTEX(&shm.lock);
	for (struct tree_node *n = tree_first(&shm.by_index); n; n = tree_next(n)) {
		struct segment *segment = LIST_ENTRY(n, struct segment, object.by_index);
		struct inode *inode = segment->file->inode;
		tell(segment, &s);
		ipc_show_start(&segment->object, "%10d %10d  %4o", text);
		text_print(text, " %10lu %5u %5u  %5lu %5u %5u %5u %5u %10lu %10lu %10lu",
		           (unsigned long)s.shm_segsz, s.shm_cpid, s.shm_lpid, s.shm_nattch,
		           s.shm_perm.uid, s.shm_perm.gid, s.shm_perm.cuid, s.shm_perm.cgid,
		           s.shm_atime, s.shm_dtime, s.shm_ctime);
		text_print(text, " %10u %10u\n", inode->source.cached * PAGE_SIZE,
		           shmem_swapped(inode->source.shmem) * PAGE_SIZE);
	}
}

static uint32_t get_bytes_most(void) { return bytes_most; }
static uint32_t get_pages_most(void) { return pages_most; }
static uint32_t get_most(void) { return shm.most; }

static int set_bytes_most(uint32_t value)
{
	bytes_most = value;
	return 0;
}

static int set_pages_most(uint32_t value)
{
	pages_most = value;
	return 0;
}

static int set_most(uint32_t value)
{
	if (value > IPC_INDEX_LIMIT)
		return -EINVAL;
	shm.most = value;
	return 0;
}

static const struct procfs_number numbers[] = {
	{"sys/kernel/shmmax", get_bytes_most, set_bytes_most},
	{"sys/kernel/shmall", get_pages_most, set_pages_most},
	{"sys/kernel/shmmni", get_most, set_most},
};

static void next_show(struct text *text) { ipc_show_next(&shm, text); }

static int next_store(const char *words, size_t length)
{
	(void)length;
	return ipc_store_next(&shm, words);
}

void shm_init(void)
{
	pages_most = physmem_total() / 2;
	procfs_register("sysvipc/shm", show, NULL);
	procfs_register("sys/kernel/shm_next_id", next_show, next_store);
	procfs_register_numbers(numbers, sizeof numbers / sizeof numbers[0]);
}

const struct system_call shm_calls[] = {
	CALL(shmget, 3),
	CALL(shmat, 3),
	CALL(shmdt, 1),
	CALL(shmctl, 3),
	CALLS_END,
};
