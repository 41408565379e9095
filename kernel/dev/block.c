/* SPDX-License-Identifier: MIT */
/*
 * The queue of requests in front of every disk.
 *
 *   block_submit --> queue, sorted by sector --> block_take_run --> the driver
 *                    [8..15][16..23] [80..87]     the first two, as one transfer
 *
 * The elevator goes one way: the next run begins at the first request at or behind the
 * place where the last one ended, or, where there is none, at the lowest sector.
 * The device's lock (irq) guards its queue and counters. `done` is called without it.
 * Source: the one-way elevator (C-LOOK) as in Tanenbaum, "Modern Operating Systems", 5.4.
 */
#include "kernel/dev/block.h"

#include <asm/errno.h>

#include "kernel/boot_args.h"
#include "kernel/cpu/paging.h"
#include "kernel/dev/random.h"
#include "kernel/log.h"
#include "kernel/mem/layout.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/trace.h"
#include "lib/string.h"

#define PLUG_QUEUED_MOST 224u /* waiting requests that no plug holds back */
#define PLUG_TIME (NS_PER_SECOND / TICKS_PER_SECOND)
#define PIECES_MOST 8u        /* requests that one block_transfer has under way */

/* Grows only, at its end, where a device is whole before it can be found: walked without a lock. */
static struct list devices = LIST_INIT(devices);
static bool merge_off;        /* block.merge=0: each request goes by itself */

/* --- the trace ------------------------------------------------------------------ */

static uint32_t frame_at(const struct block_request *request)
{
	return virt_to_phys(request->data) >> PAGE_SHIFT;
}

static void trace_start(const struct block_device *device, const struct block_request *request)
{
	trace_disk_start(device, request, request->write, request->sector, request->sectors,
	                 frame_at(request));
}

static void trace_done(const struct block_device *device, const struct block_request *request,
                       int error)
{
	trace_disk_done(device, request, request->write, request->sector, request->sectors,
	                frame_at(request), error);
}

/* --- the queue ------------------------------------------------------------------ */

/* Sorted insertion, from the end, where the next of a row of requests belongs. */
static void queue_insert(struct block_device *device, struct block_request *request)
{
	struct list_link *place = &device->queue.head;

	while (place->previous != &device->queue.head &&
	       LIST_ENTRY(place->previous, struct block_request, link)->sector >
	               request->sector)
		place = place->previous;
	list_insert_before(place, &request->link);
	device->queued++;
}

/* Starts transfers, unless a plug says that more is about to come. Lock held. */
static void dispatch(struct block_device *device)
{
	ASSERT(spin_held(&device->lock));
	if (device->queued && (!device->plugs || device->queued >= PLUG_QUEUED_MOST))
		device->start(device);
}

/* Starts transfers in spite of a plug. Returns whether there is one. */
static bool dispatch_plugged(struct block_device *device)
{
	uint32_t flags = spin_lock_irq(&device->lock);
	if (device->queued)
		device->start(device);
	bool plugged = device->plugs;
	spin_unlock_irq(&device->lock, flags);
	return plugged;
}

static void plug_expired(struct timer *timer)
{
	struct block_device *device = LIST_ENTRY(timer, struct block_device, plug_timer);

	if (dispatch_plugged(device))
		timer_set(timer, clock_now() + PLUG_TIME);
}

static struct list_link *elevator_next(struct block_device *device)
{
	LIST_FOR(&device->queue, struct block_request, request, link)
		if (request->sector >= device->head)
			return &request->link;
	return list_first(&device->queue);
}

/* A request that goes alone is in flight alone: else the device might join it with others
 * after all (QEMU's virtio does) and fail them together. */
static bool may_start(const struct block_device *device, const struct list_link *next)
{
	if (!next || device->exclusive)
		return false;
	return !LIST_ENTRY(next, struct block_request, link)->alone || device->in_flight == 0;
}

uint32_t block_take_run(struct block_device *device, struct list *run, uint32_t most)
{
	struct list_link *link = elevator_next(device);
	struct block_request *last = NULL;
	uint32_t count = 0;

	ASSERT(spin_held(&device->lock));
	if (!may_start(device, link))
		return 0;
	if (merge_off)
		most = 1;
	while (count < most && link != &device->queue.head) {
		struct block_request *request = LIST_ENTRY(link, struct block_request, link);
		if (last && (request->sector != last->sector + last->sectors ||
		             request->write != last->write || request->alone || last->alone))
			break;
		link = link->next;
		list_remove(&request->link);
		list_append(run, &request->link);
		last = request;
		count++;
	}
	device->queued -= count;
	device->in_flight += count;
	device->exclusive = last->alone;
	device->head = last->sector + last->sectors;
	return count;
}

/* Puts the requests of a failed run back, each to go alone: also the only one of a run,
 * since the device may have joined runs. Lock held. */
static void queue_again(struct block_device *device, struct list *run)
{
	struct list_link *link;

	while ((link = list_pop(run))) {
		struct block_request *request = LIST_ENTRY(link, struct block_request, link);

		request->alone = true;
		device->in_flight--;
		queue_insert(device, request);
	}
}

static void count_done(struct block_device *device, struct list *run)
{
	bool write = LIST_ENTRY(list_first(run), struct block_request, link)->write;
	struct block_counts *counts = write ? &device->written : &device->read;
	uint32_t requests = 0;

	LIST_FOR(run, const struct block_request, request, link) {
		counts->sectors += request->sectors;
		requests++;
	}
	counts->transfers++;
	counts->joined += requests - 1;
	device->in_flight -= requests;
}

void block_end_run(struct block_device *device, struct list *run, int error)
{
	static struct log_limit errors;
	bool alone = LIST_ENTRY(list_first(run), struct block_request, link)->alone;
	struct list_link *link;

	uint32_t flags = spin_lock_irq(&device->lock);
	device->exclusive = false;
	if (error && !alone)
		queue_again(device, run);
	else
		count_done(device, run);
	dispatch(device);
	spin_unlock_irq(&device->lock, flags);

	random_stir();
	while ((link = list_pop(run))) {
		struct block_request *request = LIST_ENTRY(link, struct block_request, link);

		if (error)
			log_limited(&errors, "%s: error %s sector %u", device->name,
			            request->write ? "writing" : "reading", request->sector);
		trace_done(device, request, error);
		request->done(request, error);
	}
}

void block_restart(struct block_device *device)
{
	uint32_t flags = spin_lock_irq(&device->lock);
	dispatch(device);
	spin_unlock_irq(&device->lock, flags);
}

/* --- the user's side ------------------------------------------------------------ */

static bool is_possible(const struct block_device *device, const struct block_request *request)
{
	return request->sector < device->sectors &&
	       request->sectors <= device->sectors - request->sector &&
	       !(request->write && device->read_only);
}

void block_submit(struct block_device *device, struct block_request *request)
{
	uint32_t offset = (uintptr_t)request->data % PAGE_SIZE;

	ASSERT_SAYING(request->sectors >= 1 &&
	                      offset + request->sectors * SECTOR_SIZE <= PAGE_SIZE,
	              "a block request covers one to eight sectors inside one page");
	if (!is_possible(device, request)) {
		request->done(request, -EIO);
		return;
	}
	request->alone = false;
	trace_start(device, request);
	if (request->write)
		thread_current()->sectors_written += request->sectors;
	else
		thread_current()->sectors_read += request->sectors;

	/* A device may have become shorter this moment: then nothing comes into its queue any more. */
	uint32_t flags = spin_lock_irq(&device->lock);
	bool possible = is_possible(device, request);
	if (possible) {
		queue_insert(device, request);
		dispatch(device);
	}
	spin_unlock_irq(&device->lock, flags);
	if (!possible) {
		trace_done(device, request, -EIO);
		request->done(request, -EIO);
	}
}

void block_plug(struct block_device *device)
{
	uint32_t flags = spin_lock_irq(&device->lock);
	bool first = device->plugs++ == 0;
	spin_unlock_irq(&device->lock, flags);
	if (first)
		timer_set(&device->plug_timer, clock_now() + PLUG_TIME);
}

void block_unplug(struct block_device *device)
{
	uint32_t flags = spin_lock_irq(&device->lock);
	ASSERT_SAYING(device->plugs, "unplugged more often than plugged");
	device->plugs--;
	dispatch(device);
	spin_unlock_irq(&device->lock, flags);
}

void block_plug_all(void)
{
	LIST_FOR(&devices, struct block_device, device, link)
		block_plug(device);
}

void block_unplug_all(void)
{
	LIST_FOR(&devices, struct block_device, device, link)
		block_unplug(device);
}

void block_start_all(void)
{
	LIST_FOR(&devices, struct block_device, device, link)
		dispatch_plugged(device);
}

/* A synchronous transfer under way. */
struct transfer {
	struct wait_queue waiters;
	struct spinlock lock; /* irq; guards the rest */
	uint32_t left;        /* pieces not yet done */
	int error;
};

static void piece_done(struct block_request *request, int error)
{
	struct transfer *transfer = request->context;

	uint32_t flags = spin_lock_irq(&transfer->lock);
	if (error)
		transfer->error = error;
	if (--transfer->left == 0)
		wait_wake_all(&transfer->waiters);
	spin_unlock_irq(&transfer->lock, flags);
}

static void transfer_wait(struct block_device *device, struct transfer *transfer)
{
	dispatch_plugged(device);
	WAIT_UNTIL(&transfer->waiters, __atomic_load_n(&transfer->left, __ATOMIC_ACQUIRE) == 0);
	/* Whoever ended it may not be out of piece_done() yet, and this is our stack. */
	uint32_t flags = spin_lock_irq(&transfer->lock);
	spin_unlock_irq(&transfer->lock, flags);
}

/* One round: up to PIECES_MOST pages. Returns the sectors transferred, or -EIO. */
static int transfer_round(struct block_device *device, bool write, uint32_t sector, char *data,
                          uint32_t sectors)
{
	struct transfer transfer = {.waiters = WAIT_QUEUE_INIT(transfer.waiters),
	                            .lock = SPINLOCK_INIT("block transfer")};
	struct block_request pieces[PIECES_MOST];
	uint32_t sent = 0, count = 0;

	for (; count < PIECES_MOST && sent < sectors; count++) {
		uint32_t offset = (uintptr_t)(data + sent * SECTOR_SIZE) % PAGE_SIZE;
		uint32_t room = (PAGE_SIZE - offset) / SECTOR_SIZE;
		uint32_t piece = sectors - sent < room ? sectors - sent : room;

		ASSERT_SAYING(piece > 0, "a sector of a block transfer crosses a page");
		pieces[count] = (struct block_request){
			.write = write, .sector = sector + sent, .sectors = piece,
			.data = data + sent * SECTOR_SIZE, .done = piece_done,
			.context = &transfer,
		};
		sent += piece;
	}
	transfer.left = count;
	block_plug(device);
	for (uint32_t i = 0; i < count; i++)
		block_submit(device, &pieces[i]);
	block_unplug(device);
	transfer_wait(device, &transfer);
	return transfer.error ? transfer.error : (int)sent;
}

int block_transfer(struct block_device *device, bool write, uint32_t sector, void *data,
                   uint32_t sectors)
{
	char *next = data;

	if (sector > device->sectors || sectors > device->sectors - sector)
		return -EIO;
	while (sectors) {
		int sent = transfer_round(device, write, sector, next, sectors);
		if (sent < 0)
			return sent;
		sector += (uint32_t)sent;
		sectors -= (uint32_t)sent;
		next += (uint32_t)sent * SECTOR_SIZE;
	}
	return 0;
}

int block_flush(struct block_device *device)
{
	return device->flush ? device->flush(device) : 0;
}

/* --- the list of devices -------------------------------------------------------- */

void block_register(struct block_device *device)
{
	merge_off = !boot_arg_number("block.merge", 1);
	spinlock_init(&device->lock, device->name);
	list_init(&device->queue);
	timer_init(&device->plug_timer, plug_expired);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	list_append(&devices, &device->link);
	if (device->sectors)
		log_print("%s: %u MiB%s", device->name, device->sectors / 2048,
		          device->read_only ? ", read-only" : "");
}

struct block_device *block_find(const char *name)
{
	LIST_FOR(&devices, struct block_device, device, link)
		if (strcmp(device->name, name) == 0)
			return device;
	return NULL;
}

struct block_device *block_at(unsigned index)
{
	LIST_FOR(&devices, struct block_device, device, link)
		if (index-- == 0)
			return device;
	return NULL;
}
