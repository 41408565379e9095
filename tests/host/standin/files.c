/* SPDX-License-Identifier: MIT */
/*
 * Around kernel/fs, the page cache and the block queue, which run as they are: few frames
 * at the address of the direct map, so that pages are evicted all the time, and a disk
 * whose transfers end when somebody waits, the last one first.
 */
#include "tests/host/standin/files.h"

#include <asm/errno.h>
#include <stdlib.h>

#include "kernel/cpu/wide.h"
#include "kernel/dev/block.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/procfs.h"
#include "kernel/mem/physmem.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "tests/host/standin/oracle.h"
#include "vm/truncate.h"
#include "vm/audit.h"
#include "vm/chaos.h"
#include "vm/commit.h"
#include "vm/frame.h"
#include "vm/mmap.h"
#include "vm/pagecache.h"
#include "vm/pagedir.h"
#include "vm/swapon.h"
#include "vm/usercopy.h"
#include "vm/vm.h"
#include "vm/writeback.h"

#define FRAMES 400u

static void expect_no_spinlock(void)
{
	ASSERT_SAYING(thread_may_sleep(), "sleeping under a spinlock");
}

/* --- locks of interrupt handlers, waiting, time ----------------------------------------- */

void spinlock_init(struct spinlock *lock, const char *name)
{
	*lock = (struct spinlock)SPINLOCK_INIT(name);
}

uint32_t spin_lock_irq(struct spinlock *lock)
{
	spin_lock(lock);
	return 0;
}

void spin_unlock_irq(struct spinlock *lock, uint32_t flags)
{
	(void)flags;
	spin_unlock(lock);
}

void mutex_lock_nested(struct mutex *mutex, unsigned level)
{
	(void)level;
	mutex_lock(mutex);
}

static bool disk_step(void);
static struct timer *pending; /* there is one at most: the disk's */

void wait_queue_init(struct wait_queue *queue)
{
	spinlock_init(&queue->lock, "wait queue");
	list_init(&queue->waiters);
}

void wait_prepare(struct wait_queue *queue, struct waiter *waiter)
{
	(void)queue, (void)waiter;
}

/* The time in which transfers end. */
int wait_sleep(bool interruptible, uint64_t deadline)
{
	(void)deadline;
	expect_no_spinlock();
	struct timer *timer = pending;
	if (disk_step())
		return 0;
	if (timer) {
		pending = NULL;
		timer->expire(timer);
		return 0;
	}
	ASSERT_SAYING(interruptible, "somebody waits for ever");
	return -EINTR;
}

void wait_finish(struct waiter *waiter)
{
	(void)waiter;
}

bool wait_any(const struct wait_queue *queue)
{
	(void)queue;
	return true;
}

void wait_watch(struct wait_queue *queue, struct waiter *waiter,
                bool (*woken)(struct waiter *, bool taken))
{
	(void)queue, (void)waiter, (void)woken;
}

void wait_unwatch(struct waiter *waiter)
{
	(void)waiter;
}

/* Nothing here is watched. */
void epoll_forget(struct file *file)
{
	(void)file;
}

void thread_forget_wake(void)
{
}

void thread_wake(struct thread *thread, uint8_t reason)
{
	(void)thread, (void)reason;
}

void wait_wake_all(struct wait_queue *queue)
{
	(void)queue;
}

void wait_wake_one(struct wait_queue *queue)
{
	(void)queue;
}

uint64_t clock_now(void)
{
	static uint64_t now;
	return now += 1000;
}

uint64_t clock_realtime(void)
{
	return 1700000000ull * NS_PER_SECOND + clock_now();
}

uint32_t clock_seconds(void)
{
	return clock_realtime() / NS_PER_SECOND;
}

void timer_init(struct timer *timer, void (*expire)(struct timer *))
{
	timer->expire = expire;
}

void timer_set(struct timer *timer, uint64_t deadline)
{
	(void)deadline;
	pending = timer;
}

void timer_cancel(struct timer *timer)
{
	if (pending == timer)
		pending = NULL;
}

void random_stir(void)
{
}

size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t length = strlen(from), n = length < size ? length : size - 1;

	memcpy(to, from, n);
	to[n] = '\0';
	return length;
}

void shrinker_register(uint32_t (*shrink)(uint32_t frames))
{
	(void)shrink;
}

/* --- frames ----------------------------------------------------------------------------- */

static bool taken[FRAMES] = {true, true}; /* none, and the frame of zeros */
static uint32_t free_frames = FRAMES - 2;

uint32_t physmem_end(void)
{
	return FRAMES;
}

uint32_t physmem_total(void)
{
	return FRAMES;
}

uint32_t physmem_free(void)
{
	return free_frames;
}

/* What must lie in a frame is the page of zeros, which is asked for as one page. */
void *physmem_boot_take(uint32_t pages)
{
	static bool zeros_taken;

	if (pages == 1 && !zeros_taken) {
		zeros_taken = true;
		return phys_to_virt(PAGE_SIZE);
	}
	return calloc(pages, PAGE_SIZE);
}

void page_clear(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

uint32_t physmem_take_many(uint32_t reserve, uint32_t *numbers, uint32_t count, uint32_t *cleared)
{
	(void)reserve, (void)numbers, (void)count;
	*cleared = 0;
	return 0;
}

uint32_t physmem_take_cleared(enum physmem_holder holder, uint32_t reserve, bool *cleared)
{
	(void)holder, (void)reserve;
	*cleared = false;
	for (uint32_t i = 0; i < FRAMES; i++) {
		if (taken[i])
			continue;
		taken[i] = true;
		free_frames--;
		return i;
	}
	return 0;
}

void physmem_give(uint32_t frame)
{
	ASSERT_SAYING(taken[frame], "a frame is freed twice");
	memset(phys_to_virt(frame * PAGE_SIZE), 0xcc, PAGE_SIZE);
	taken[frame] = false;
	free_frames++;
}

void physmem_give_many(const uint32_t *numbers, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		physmem_give(numbers[i]);
}

/* --- eviction: a hand goes round, and any page will do ---------------------------------- */

static bool evictable(const struct frame *frame)
{
	return frame->state == FRAME_FILE && !frame->pins && !frame_has(frame, FRAME_BUSY);
}

static uint32_t evict(uint32_t wanted)
{
	static uint32_t hand;
	struct writeback batch = {0};
	uint32_t freed = 0;

	for (uint32_t i = 0; i < FRAMES && freed < wanted && batch.count < WRITEBACK_MAX; i++) {
		struct frame *frame = &frames[hand = (hand + 1) % FRAMES];

		spin_lock(&vm_lock);
		if (evictable(frame) && !frame_has(frame, FRAME_DIRTY)) {
			pagecache_remove(frame);
			freed++;
		} else if (evictable(frame)) {
			writeback_add(&batch, frame);
		}
		spin_unlock(&vm_lock);
	}
	freed += batch.count; /* clean now: the caller's next round gets them */
	writeback_run(&batch);
	return freed;
}

static bool reclaim(bool memory_short)
{
	return evict(memory_short ? 32 : 1) > 0;
}

static bool no(void)
{
	return false;
}

static const struct frame_reclaimer reclaimer = {
	.privileged = no, .reclaim = reclaim, .out_of_memory = no,
};

void replace_enter(struct frame *frame)
{
	(void)frame;
}

void replace_leave(struct frame *frame)
{
	(void)frame;
}

bool chaos_on;

bool chaos_chance(uint32_t one_in)
{
	(void)one_in;
	return false;
}

void frame_unmap(struct frame *frame)
{
	(void)frame;
}

void frame_write_protect(struct frame *frame)
{
	(void)frame;
}

void truncate_copies(struct page_source *source, uint32_t first)
{
	(void)source, (void)first;
}

/* --- the disk --------------------------------------------------------------------------- */

static struct block_device disk = {.name = "vda"};
static struct list running = LIST_INIT(running);

static void disk_start(struct block_device *device)
{
	while (block_take_run(device, &running, 16))
		;
}

/* Ends the transfer that was started last; false if none is under way. */
static bool disk_step(void)
{
	struct list run = LIST_INIT(run);
	struct block_request *request;

	if (list_empty(&running))
		return false;
	request = LIST_ENTRY(running.head.previous, struct block_request, link);
	list_remove(&request->link);
	list_append(&run, &request->link);
	image_transfer(request->write, (uint64_t)request->sector * SECTOR_SIZE, request->data,
	               request->sectors * SECTOR_SIZE);
	block_end_run(&disk, &run, 0);
	return true;
}

/* --- what kernel/fs refers to and these tests do not use -------------------------------- */

size_t copy_from_user_some(void *to, const void *user_from, size_t n)
{
	memcpy(to, user_from, n);
	return n;
}

size_t copy_to_user_some(void *user_to, const void *from, size_t n)
{
	memcpy(user_to, from, n);
	return n;
}

size_t clear_user_some(void *user_to, size_t n)
{
	memset(user_to, 0, n);
	return n;
}

int copy_from_user(void *to, const void *user_from, size_t n)
{
	memcpy(to, user_from, n);
	return 0;
}

int copy_to_user(void *user_to, const void *from, size_t n)
{
	memcpy(user_to, from, n);
	return 0;
}

bool swap_uses_disk(const struct block_device *device)
{
	(void)device;
	return false;
}

bool swap_slot_on(uint32_t slot, uint32_t area)
{
	(void)slot, (void)area;
	return false;
}

void swap_slot_retire(uint32_t slot)
{
	(void)slot;
}

uint32_t swap_total(void)
{
	return 0;
}

uint32_t swap_slot_alloc(void)
{
	return 0;
}

void swap_slot_free(uint32_t slot)
{
	(void)slot;
}

void swap_read(uint32_t slot, struct frame *frame)
{
	(void)slot;
	frame_io_done(frame, -EIO);
}

void swap_write(uint32_t slot, struct frame *frame)
{
	(void)slot;
	frame_io_done(frame, -EIO);
}

void thread_sleep_until(uint64_t deadline)
{
	(void)deadline;
}

struct thread *thread_create(const char *name, void (*start)(void *), void *argument)
{
	(void)name, (void)start, (void)argument;
	return NULL;
}

bool commit_allows(uint32_t pages)
{
	(void)pages;
	return true;
}

void commit_add_shared(int32_t pages)
{
	(void)pages;
}

void evict_set_shortage_hook(void (*give_back)(void))
{
	(void)give_back;
}

void vm_set_shared_memory_hook(struct backing *(*make)(uint64_t bytes))
{
	(void)make;
}

void text_print(struct text *text, const char *format, ...)
{
	(void)text, (void)format;
}

void procfs_register_memory(void)
{
}

void procfs_register_frames(void)
{
}

void procfs_register_system(void)
{
}

void procfs_register_sys(void)
{
}

void procfs_register_processor(void)
{
}

int devfs_populate(struct dentry *root)
{
	(void)root;
	return 0;
}

static int no_mount(struct file_system *fs, struct inode **root)
{
	(void)fs, (void)root;
	return -ENODEV;
}

const struct file_system_type proc_type = {.name = "proc", .mount = no_mount};
const struct file_system_type sysfs_type = {.name = "sysfs", .mount = no_mount};
const struct file_system_type devpts_type = {.name = "devpts", .mount = no_mount};
const struct file_ops device_file_ops;

/* --- start ------------------------------------------------------------------------------ */

void *mmap(void *, size_t, int, int, int, long); /* the host's, whose header cannot be read here */
#define HOST_READ_WRITE 0x3
#define HOST_PRIVATE_ANONYMOUS_FIXED_NOREPLACE 0x100022

int standin_files_start(void)
{
	void *map = mmap((void *)KERNEL_BASE, FRAMES * PAGE_SIZE, HOST_READ_WRITE,
	                 HOST_PRIVATE_ANONYMOUS_FIXED_NOREPLACE, -1, 0);

	ASSERT_SAYING(map == (void *)KERNEL_BASE, "the address of the direct map is free");
	frame_init();
	frame_set_reclaimer(&reclaimer);
	pagecache_init();
	vfs_caches_init();
	disk.sectors = image_sectors();
	disk.start = disk_start;
	block_register(&disk);
	return vfs_init("vda");
}

int loop_init(void)
{
	return 0;
}

int socket_init(void)
{
	return 0;
}
