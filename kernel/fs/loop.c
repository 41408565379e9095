/* SPDX-License-Identifier: MIT */
/*
 * Loop devices, loop(4): disks whose bytes lie in a file, or on another disk. /dev/loop-control says
 * which is free, and adds and removes them.
 *
 *   block_submit --> the device's queue --> its worker, a thread --> the file's pages in the cache
 *
 * The worker is there as long as the device is bound to a file.
 *
 * The worker does to the file what a shared mapping of it does: it reads and dirties pages between
 * the file's beginning and end, and takes none of the locks that guard its size. A flush of the
 * device makes the file durable (pagecache.h).
 *
 * Memory. Dirty pages of such a device get clean by pages of the file that get dirty, for which the
 * worker may have to wait, and it takes the locks of the file's file system. So nobody who may hold
 * one of these waits for such a page to be written in order to get memory: the page-out thread does
 * it alone (vm/evict.c), and the worker may use the reserve. If it finds no memory all the same, what
 * it was to do fails, and the page stays dirty.
 *
 * A file that lies on a loop device may be the file of another; `depth` counts, and decreases
 * from each to the next, so that no circle comes about.
 *
 * Locks, outermost first: loops_lock (which there are) -> a loop's lock (whether it is bound, and
 * its flags) -> its job_lock (one job at a time) -> the device's lock (whether there is a worker, and
 * the job that it has). `binding` is changed by the worker, at the wish of who has the lock.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <linux/stat.h>

#include "kernel/dev/block.h"
#include "kernel/fs/fs.h"
#include "kernel/mem/slab.h"
#include "kernel/rights.h"
#include "kernel/sched/thread.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/pagecache.h"
#include "vm/usercopy.h"

#define LOOPS_MOST 256u
#define LOOPS_AT_START 8u
#define RUN_MOST 32u      /* requests that are done before others may go */
#define MEMORY_TRIES 3u   /* each of them has waited for some seconds */

/* Where the device's bytes are. file NULL: nowhere. */
struct binding {
	struct file *file;
	uint64_t offset, limit; /* in bytes; 0: all of the file */
	uint32_t sectors;
	bool read_only;
};

struct loop {
	struct block_device device;
	struct inode *node;
	uint32_t number;
	struct mutex lock;
	struct binding binding;
	uint32_t flags;          /* LO_FLAGS_... */
	uint8_t file_name[LO_NAME_SIZE], crypt_name[LO_NAME_SIZE]; /* kept, and told */

	bool has_worker;         /* device.lock; read without */
	struct wait_queue work;
	bool waiting;            /* atomic: something may be in the queue */
	struct mutex job_lock;
	int (*job)(struct loop *, const struct binding *); /* device.lock; read without */
	const struct binding *job_argument;
	int job_result;
	struct wait_queue job_done; /* also: the worker ends */
};

static struct loop *loops[LOOPS_MOST]; /* those there ever were */
static struct mutex loops_lock = MUTEX_INIT(loops_lock, "loops");

/* --- the worker ------------------------------------------------------------------------- */

static int fill_page(void *from, void *to, uint32_t n)
{
	memcpy(to, from, n);
	return 0;
}

static int write_bytes(struct inode *inode, uint64_t position, void *data, uint32_t n)
{
	int error = inode_check_content_writable(inode);

	if (!error)
		error = inode_check_seals(inode, inode->source.size, true);
	if (!error)
		error = pagecache_throttle(&inode->source);
	if (error)
		return error;
	if (n == PAGE_SIZE && position % PAGE_SIZE == 0)
		return pagecache_overwrite(&inode->source, position >> PAGE_SHIFT, fill_page, data,
		                           n);
	return pagecache_write(&inode->source, position, data, n);
}

/* The file may have become shorter since the device was told how long it is. */
static int carry_out(const struct loop *loop, const struct block_request *request)
{
	const struct binding *binding = &loop->binding;
	uint64_t position = binding->offset + (uint64_t)request->sector * SECTOR_SIZE;
	uint32_t n = request->sectors * SECTOR_SIZE;
	int error = -ENOMEM;

	if (!binding->file || position + n > binding->file->inode->source.size)
		return -EIO;
	struct inode *inode = binding->file->inode;
	for (uint32_t i = 0; i < MEMORY_TRIES && error == -ENOMEM; i++)
		error = request->write
		                ? write_bytes(inode, position, request->data, n)
		                : pagecache_read(&inode->source, position, request->data, n);
	return error ? -EIO : 0;
}

/* Does what the queue has next. Whether there was anything. */
static bool do_run(struct loop *loop)
{
	struct block_device *device = &loop->device;
	struct list run = LIST_INIT(run);
	int error = 0;

	uint32_t flags = spin_lock_irq(&device->lock);
	uint32_t count = block_take_run(device, &run, RUN_MOST);
	spin_unlock_irq(&device->lock, flags);
	if (!count)
		return false;
	LIST_FOR(&run, const struct block_request, request, link) {
		error = carry_out(loop, request);
		if (error)
			break;
	}
	block_end_run(device, &run, error);
	return true;
}

static bool do_job(struct loop *loop)
{
	int (*job)(struct loop *, const struct binding *) =
		__atomic_load_n(&loop->job, __ATOMIC_ACQUIRE);

	if (!job)
		return false;
	loop->job_result = job(loop, loop->job_argument);
	__atomic_store_n(&loop->job, NULL, __ATOMIC_RELEASE);
	wait_wake_all(&loop->job_done);
	return true;
}

/* Whether the worker ends: no request and no job can come to it any more. */
static bool is_over(struct loop *loop)
{
	uint32_t flags = spin_lock_irq(&loop->device.lock);
	bool over = !loop->binding.file && !loop->job && list_empty(&loop->device.queue);
	if (over)
		__atomic_store_n(&loop->has_worker, false, __ATOMIC_RELEASE);
	spin_unlock_irq(&loop->device.lock, flags);
	return over;
}

static void work(void *argument)
{
	struct loop *loop = argument;

	thread_current()->writes_out = true;
	do {
		WAIT_UNTIL(&loop->work, __atomic_load_n(&loop->waiting, __ATOMIC_ACQUIRE) ||
		                                __atomic_load_n(&loop->job, __ATOMIC_ACQUIRE));
		__atomic_store_n(&loop->waiting, false, __ATOMIC_SEQ_CST);
		bool more = true;
		while (more) {
			more = do_run(loop);
			more |= do_job(loop);
		}
	} while (!is_over(loop));
	wait_wake_all(&loop->job_done);
}

/* Lets the worker do it, between two runs; its answer. 0: there is none, and nothing is bound. */
static int in_worker(struct loop *loop, int (*job)(struct loop *, const struct binding *),
                     const struct binding *argument)
{
	SCOPED_MUTEX(&loop->job_lock);
	uint32_t flags = spin_lock_irq(&loop->device.lock);
	bool there = loop->has_worker;
	loop->job_argument = argument;
	if (there)
		__atomic_store_n(&loop->job, job, __ATOMIC_RELEASE);
	spin_unlock_irq(&loop->device.lock, flags);
	if (!there)
		return 0;
	wait_wake_one(&loop->work);
	WAIT_UNTIL(&loop->job_done, !__atomic_load_n(&loop->job, __ATOMIC_ACQUIRE));
	return loop->job_result;
}

static void device_start(struct block_device *device)
{
	struct loop *loop = device->driver;

	__atomic_store_n(&loop->waiting, true, __ATOMIC_RELEASE);
	wait_wake_one(&loop->work);
}

static int make_durable(struct loop *loop, const struct binding *unused)
{
	struct file *file = loop->binding.file;

	(void)unused;
	if (!file)
		return 0;
	uint32_t told = file->inode->source.write_errors;
	return pagecache_make_durable(&file->inode->source, 0, UINT32_MAX, true, &told);
}

static int device_flush(struct block_device *device)
{
	return in_worker(device->driver, make_durable, NULL);
}

/* --- binding ---------------------------------------------------------------------------- */

static int bind(struct loop *loop, const struct binding *binding)
{
	loop->binding = *binding;
	loop->device.read_only = binding->read_only;
	if (binding->file)
		loop->device.depth = binding->file->inode->source.depth + 1;
	loop->device.sectors = binding->sectors;
	block_node_resized(loop->node);
	return 0;
}

/* How large the device is. -EFBIG. */
static int measure(struct binding *binding)
{
	uint64_t size = binding->file->inode->source.size;

	size = binding->offset < size ? size - binding->offset : 0;
	if (binding->limit && binding->limit < size)
		size = binding->limit;
	if (size / SECTOR_SIZE > UINT32_MAX)
		return -EFBIG;
	binding->sectors = size / SECTOR_SIZE;
	return 0;
}

/* The open file under the number, with a reference, if a device can lie on it that is at most so
 * deep. */
static int file_for(struct loop *loop, int number, uint32_t depth_most, struct file **found)
{
	struct file *file = file_by_number(number);
	int error = file ? file_may_read(file, false) : -EBADF;

	if (!error) {
		const struct inode *inode = file->inode;
		bool is_disk = S_ISBLK(inode->mode);

		if (inode == loop->node)
			error = -EBADF;
		else if ((!S_ISREG(inode->mode) && !is_disk) || !inode->source.ops->read ||
		         (is_disk && !inode->source.size) || inode->source.depth >= depth_most)
			error = -EINVAL;
		else if (inode->source.carries_swap)
			error = -ETXTBSY;
	}
	if (error && file)
		file_put(file);
	*found = error ? NULL : file;
	return error;
}

/* A worker for the file. Locked: there is none. */
static int worker_start(struct loop *loop, struct file *file)
{
	loop->binding.file = file; /* it would end without */
	loop->has_worker = true;
	if (thread_create(loop->device.name, work, loop))
		return 0;
	loop->has_worker = false;
	loop->binding.file = NULL;
	return -ENOMEM;
}

static bool sector_size_possible(uint32_t size)
{
	return size >= SECTOR_SIZE && size <= PAGE_SIZE && !(size & (size - 1));
}

static int info_possible(const struct loop_info64 *info)
{
	if (info->lo_encrypt_type != LO_CRYPT_NONE || info->lo_encrypt_key_size > LO_KEY_SIZE)
		return -EINVAL;
	return info->lo_offset > INT64_MAX || info->lo_sizelimit > INT64_MAX ? -EOVERFLOW : 0;
}

static void names_keep(struct loop *loop, const struct loop_info64 *info)
{
	memcpy(loop->file_name, info->lo_file_name, LO_NAME_SIZE);
	memcpy(loop->crypt_name, info->lo_crypt_name, LO_NAME_SIZE);
	loop->file_name[LO_NAME_SIZE - 1] = loop->crypt_name[LO_NAME_SIZE - 1] = '\0';
}

/* LOOP_CONFIGURE, and LOOP_SET_FD, which says no more than the number. Locked. */
static int configure_locked(struct loop *loop, const struct loop_config *config, bool writable)
{
	struct binding binding = {.offset = config->info.lo_offset,
	                          .limit = config->info.lo_sizelimit};
	int error = loop->device.gone ? -ENXIO : loop->binding.file ? -EBUSY : 0;

	if (!error)
		error = info_possible(&config->info);
	if (!error && ((config->block_size && !sector_size_possible(config->block_size)) ||
	               config->info.lo_flags & ~LOOP_CONFIGURE_SETTABLE_FLAGS))
		error = -EINVAL;
	if (!error)
		error = file_for(loop, config->fd, BLOCK_DEPTH_MOST, &binding.file);
	if (error)
		return error;
	binding.read_only = config->info.lo_flags & LO_FLAGS_READ_ONLY || !writable ||
	                    file_may_write(binding.file, false);
	error = measure(&binding);
	if (!error)
		error = worker_start(loop, binding.file);
	if (error) {
		file_put(binding.file);
		return error;
	}
	loop->flags = (config->info.lo_flags & LOOP_SET_STATUS_SETTABLE_FLAGS) |
	              (binding.read_only ? LO_FLAGS_READ_ONLY : 0);
	loop->device.sector_size = config->block_size;
	names_keep(loop, &config->info);
	return in_worker(loop, bind, &binding);
}

static int configure(struct loop *loop, const struct loop_config *config, bool writable)
{
	SCOPED_MUTEX(&loop->lock);
	return configure_locked(loop, config, writable);
}

/* Locked. Returns the file, which the caller puts when the lock is let go: its own device may be
 * unused then. */
static struct file *unbind(struct loop *loop)
{
	struct file *file = loop->binding.file;
	const struct binding none = {0};

	(void)block_node_clear(loop->node); /* what failed is lost, and was told */
	(void)in_worker(loop, bind, &none);
	WAIT_UNTIL(&loop->job_done, !__atomic_load_n(&loop->has_worker, __ATOMIC_ACQUIRE));
	pagecache_truncate(&loop->node->source, 0);
	loop->flags = 0;
	loop->device.sector_size = 0;
	return file;
}

/* The last who had it open or mounted is gone. */
static void device_unused(struct block_device *device)
{
	struct loop *loop = device->driver;
	struct file *file = NULL;

	mutex_lock(&loop->lock);
	if (loop->binding.file && loop->flags & LO_FLAGS_AUTOCLEAR && !block_node_users(loop->node))
		file = unbind(loop);
	mutex_unlock(&loop->lock);
	if (file)
		file_put(file);
}

/* While somebody else uses it, it stays until he does no longer. */
static int clear(struct loop *loop)
{
	struct file *file = NULL;
	int error = 0;

	mutex_lock(&loop->lock);
	if (!loop->binding.file)
		error = -ENXIO;
	else if (block_node_users(loop->node) > 1)
		loop->flags |= LO_FLAGS_AUTOCLEAR;
	else
		file = unbind(loop);
	mutex_unlock(&loop->lock);
	if (file)
		file_put(file);
	return error;
}

/* The device's bytes are to be elsewhere, or another number of them. Locked. */
static int rebind(struct loop *loop, struct binding *binding)
{
	const struct binding *old = &loop->binding;
	bool moves = binding->offset != old->offset;
	int error = measure(binding);

	if (!error && moves && block_node_claimed(loop->node))
		error = -EBUSY;
	if (!error)
		error = block_node_clear(loop->node);
	if (error)
		return error;
	uint32_t sectors = old->sectors < binding->sectors ? old->sectors : binding->sectors;
	(void)in_worker(loop, bind, binding);
	if (!block_node_claimed(loop->node)) /* what lies behind, or elsewhere, or in the last page */
		pagecache_truncate(&loop->node->source, moves ? 0 : sectors / SECTORS_PER_PAGE);
	return 0;
}

static int set_status(struct loop *loop, const struct loop_info64 *info)
{
	SCOPED_MUTEX(&loop->lock);
	struct binding binding = loop->binding;
	uint32_t before = loop->flags;
	int error = binding.file ? info_possible(info) : -ENXIO;

	binding.offset = info->lo_offset;
	binding.limit = info->lo_sizelimit;
	if (!error && (binding.offset != loop->binding.offset ||
	               binding.limit != loop->binding.limit))
		error = rebind(loop, &binding);
	if (error)
		return error;
	loop->flags = (info->lo_flags & LOOP_SET_STATUS_SETTABLE_FLAGS) |
	              (before & ~(uint32_t)LOOP_SET_STATUS_CLEARABLE_FLAGS);
	names_keep(loop, info);
	return 0;
}

static int set_capacity(struct loop *loop)
{
	SCOPED_MUTEX(&loop->lock);
	struct binding binding = loop->binding;

	return binding.file ? rebind(loop, &binding) : -ENXIO;
}

/* Another file of the same length, for a device that is only read. */
static int change_file(struct loop *loop, int number)
{
	struct file *file = NULL;
	int error = 0;

	mutex_lock(&loop->lock);
	struct binding binding = loop->binding;
	if (!binding.file)
		error = -ENXIO;
	else if (!(loop->flags & LO_FLAGS_READ_ONLY))
		error = -EINVAL;
	if (!error)
		error = file_for(loop, number, loop->device.depth, &file);
	if (!error) {
		binding.file = file;
		error = measure(&binding);
		if (!error && binding.sectors != loop->binding.sectors)
			error = -EINVAL;
	}
	if (!error) {
		file = loop->binding.file;
		uint32_t depth = loop->device.depth; /* others may count on it */
		(void)in_worker(loop, bind, &binding);
		loop->device.depth = loop->node->source.depth = depth;
		pagecache_drop_clean_of(&loop->node->source);
	}
	mutex_unlock(&loop->lock);
	if (file)
		file_put(file);
	return error;
}

/* --- what it tells ---------------------------------------------------------------------- */

static int get_status(struct loop *loop, struct loop_info64 *info)
{
	struct statx stat;

	SCOPED_MUTEX(&loop->lock);
	if (!loop->binding.file)
		return -ENXIO;
	inode_stat(loop->binding.file->inode, &stat);
	*info = (struct loop_info64){
		.lo_device = DEVICE(stat.stx_dev_major, stat.stx_dev_minor),
		.lo_inode = stat.stx_ino,
		.lo_rdevice = DEVICE(stat.stx_rdev_major, stat.stx_rdev_minor),
		.lo_offset = loop->binding.offset,
		.lo_sizelimit = loop->binding.limit,
		.lo_number = loop->number,
		.lo_flags = loop->flags,
	};
	memcpy(info->lo_file_name, loop->file_name, LO_NAME_SIZE);
	memcpy(info->lo_crypt_name, loop->crypt_name, LO_NAME_SIZE);
	return 0;
}

/* The same in the older form, whose numbers are smaller. */
static int get_status_old(struct loop *loop, void *user_to)
{
	struct loop_info64 info;
	int error = get_status(loop, &info);

	if (error)
		return error;
	struct loop_info old = {
		.lo_number = (int)info.lo_number,
		.lo_device = info.lo_device,
		.lo_inode = info.lo_inode,
		.lo_rdevice = info.lo_rdevice,
		.lo_offset = (int)info.lo_offset,
		.lo_flags = (int)info.lo_flags,
	};
	memcpy(old.lo_name, info.lo_file_name, LO_NAME_SIZE);
	if (old.lo_device != info.lo_device || old.lo_rdevice != info.lo_rdevice ||
	    old.lo_inode != info.lo_inode || (uint64_t)old.lo_offset != info.lo_offset)
		return -EOVERFLOW;
	return copy_to_user(user_to, &old, sizeof(old));
}

static int set_status_old(struct loop *loop, const void *user_from)
{
	struct loop_info old;
	int error = copy_from_user(&old, user_from, sizeof(old));

	if (error)
		return error;
	struct loop_info64 info = {
		.lo_offset = (uint64_t)(int64_t)old.lo_offset,
		.lo_encrypt_type = (uint32_t)old.lo_encrypt_type,
		.lo_encrypt_key_size = (uint32_t)old.lo_encrypt_key_size,
		.lo_flags = (uint32_t)old.lo_flags,
	};
	memcpy(info.lo_file_name, old.lo_name, LO_NAME_SIZE);
	return set_status(loop, &info);
}

/* --- commands --------------------------------------------------------------------------- */

static int set_status_64(struct loop *loop, const void *user_from)
{
	struct loop_info64 info;
	int error = copy_from_user(&info, user_from, sizeof(info));

	return error ? error : set_status(loop, &info);
}

static int get_status_64(struct loop *loop, void *user_to)
{
	struct loop_info64 info;
	int error = get_status(loop, &info);

	return error ? error : copy_to_user(user_to, &info, sizeof(info));
}

static int configure_from_user(struct loop *loop, const void *user_from, bool writable)
{
	struct loop_config config;
	int error = copy_from_user(&config, user_from, sizeof(config));

	return error ? error : configure(loop, &config, writable);
}

static int set_file(struct loop *loop, uint32_t number, bool writable)
{
	const struct loop_config config = {.fd = number};

	return configure(loop, &config, writable);
}

/* Pages go through the cache always: `direct` cannot be. */
static int set_direct(struct loop *loop, uintptr_t direct)
{
	SCOPED_MUTEX(&loop->lock);
	if (!loop->binding.file)
		return -ENXIO;
	return direct ? -EINVAL : 0;
}

static int set_sector_size(struct loop *loop, uintptr_t size)
{
	SCOPED_MUTEX(&loop->lock);
	if (!loop->binding.file)
		return -ENXIO;
	if (!sector_size_possible(size))
		return -EINVAL;
	loop->device.sector_size = size;
	return 0;
}

static int device_command(struct block_device *device, uint32_t command, uintptr_t argument,
                          bool writable)
{
	struct loop *loop = device->driver;
	void *user = (void *)argument;
	bool may_set = writable || right_has(MAY_MOUNT, NULL);

	switch (command) {
	case LOOP_SET_FD: return set_file(loop, argument, writable);
	case LOOP_CONFIGURE: return configure_from_user(loop, user, writable);
	case LOOP_CHANGE_FD: return change_file(loop, (int)argument);
	case LOOP_CLR_FD: return clear(loop);
	case LOOP_GET_STATUS: return get_status_old(loop, user);
	case LOOP_GET_STATUS64: return get_status_64(loop, user);
	case LOOP_SET_STATUS: return may_set ? set_status_old(loop, user) : -EPERM;
	case LOOP_SET_STATUS64: return may_set ? set_status_64(loop, user) : -EPERM;
	case LOOP_SET_CAPACITY: return may_set ? set_capacity(loop) : -EPERM;
	case LOOP_SET_DIRECT_IO: return may_set ? set_direct(loop, argument) : -EPERM;
	case LOOP_SET_BLOCK_SIZE: return may_set ? set_sector_size(loop, argument) : -EPERM;
	default: return -ENOTTY;
	}
}

/* --- which there are -------------------------------------------------------------------- */

static struct loop *loop_create(uint32_t number)
{
	struct loop *loop = kmalloc_zeroed(sizeof(*loop));

	if (!loop)
		return NULL;
	snprintf(loop->device.name, sizeof(loop->device.name), "loop%u", number);
	loop->device.start = device_start;
	loop->device.flush = device_flush;
	loop->device.unused = device_unused;
	loop->device.command = device_command;
	loop->device.driver = loop;
	loop->device.depth = 1;
	loop->number = number;
	mutex_init(&loop->lock, "loop");
	mutex_init(&loop->job_lock, "loop job");
	wait_queue_init(&loop->work);
	wait_queue_init(&loop->job_done);
	if (block_node_add(&loop->device, DEVICE(LOOP_MAJOR, number))) {
		kfree(loop);
		return NULL;
	}
	loop->node = block_node_by_number(DEVICE(LOOP_MAJOR, number));
	block_register(&loop->device);
	loops[number] = loop;
	return loop;
}

static bool is_there(uint32_t number)
{
	return loops[number] && !loops[number]->device.gone;
}

static void path_of(uint32_t number, char *to, size_t size)
{
	snprintf(to, size, "/dev/loop%u", number);
}

/* loops_lock held. The number, or -EEXIST, -ENOSPC, -ENOMEM. */
static int add(uint32_t number)
{
	char path[16];

	if (number >= LOOPS_MOST)
		return -ENOSPC;
	if (is_there(number))
		return -EEXIST;
	if (!loops[number] && !loop_create(number))
		return -ENOMEM;
	loops[number]->device.gone = false;
	path_of(number, path, sizeof(path));
	int error = vfs_mknod(NULL, path, S_IFBLK | 0600, DEVICE(LOOP_MAJOR, number));
	if (error && error != -EEXIST)
		loops[number]->device.gone = true;
	return error && error != -EEXIST ? error : (int)number;
}

/* The lowest number that has no device. loops_lock held. */
static int add_any(void)
{
	uint32_t number = 0;

	while (number < LOOPS_MOST && is_there(number))
		number++;
	return add(number);
}

static int remove(uint32_t number)
{
	char path[16];

	if (number >= LOOPS_MOST || !is_there(number))
		return -ENODEV;
	struct loop *loop = loops[number];
	mutex_lock(&loop->lock);
	bool in_use = loop->binding.file || block_node_users(loop->node);
	loop->device.gone = !in_use;
	mutex_unlock(&loop->lock);
	if (in_use)
		return -EBUSY;
	path_of(number, path, sizeof(path));
	(void)vfs_unlink(NULL, path); /* somebody may have done that already */
	return 0;
}

/* One that nobody has bound, or another. loops_lock held. */
static int find_free(void)
{
	for (uint32_t number = 0; number < LOOPS_MOST; number++)
		if (is_there(number) && !loops[number]->binding.file)
			return (int)number;
	return add_any();
}

static int control(struct file *file, uint32_t command, uintptr_t argument)
{
	(void)file;
	SCOPED_MUTEX(&loops_lock);
	switch (command) {
	case LOOP_CTL_ADD: return (int)argument < 0 ? add_any() : add(argument);
	case LOOP_CTL_REMOVE: return (int)argument < 0 ? -EINVAL : remove(argument);
	case LOOP_CTL_GET_FREE: return find_free();
	default: return -ENOSYS;
	}
}

const struct file_ops loop_control_ops = {.ioctl = control};

int loop_init(void)
{
	for (uint32_t number = 0; number < LOOPS_AT_START; number++)
		if (!loop_create(number))
			return -ENOMEM;
	return 0;
}
