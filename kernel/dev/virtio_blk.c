/* SPDX-License-Identifier: MIT */
/*
 * Virtio block devices. One queue a disk (virtio.h); a transfer is a chain
 *
 *   header -> page -> page -> ... -> status byte
 *
 * of a run of requests for adjoining sectors, one page each. As many are under way as the
 * queue has descriptors for; two are kept back for a flush. The device's lock (struct
 * block_device, irq) guards the queue and all of struct disk.
 * Source: Virtual I/O Device (VIRTIO) 1.1, 5.2 (block device); uapi linux/virtio_*.h.
 */
#include "kernel/dev/virtio_blk.h"

#include <asm/errno.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_pci.h>

#include "kernel/cpu/io.h"
#include "kernel/cpu/irq.h"
#include "kernel/dev/block.h"
#include "kernel/dev/pci.h"
#include "kernel/dev/virtio.h"
#include "kernel/log.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sync/mutex.h"
#include "lib/printf.h"

#define DISKS_MAX 26u
#define RUN_MOST 224u         /* requests (pages) a transfer; QEMU's queues have 256 descriptors */
#define FLUSH_DESCRIPTORS 2u  /* header and status */

/* One transfer, by the number of its chain's first descriptor. The device reads the
 * header and writes the status. */
struct transfer {
	struct virtio_blk_outhdr header;
	struct list run; /* its requests; none: a flush */
	uint8_t status;
};

struct disk {
	struct block_device block;
	uint16_t port;
	uint8_t irq;
	struct virtqueue queue;          /* guarded by block.lock, as are the transfers */
	struct transfer *transfers;

	struct mutex flush_lock;         /* one flush at a time */
	struct wait_queue flush_waiters;
	volatile bool flushing;          /* guarded by block.lock */
	int flush_error;                 /* the same */
};

static struct disk *disks[DISKS_MAX]; /* set at start-up */
static unsigned disk_count;

/* Makes the chain of a transfer whose data is `run`, which moves into it, and offers it to
 * the device, which is told later, once for many. The lock is held. */
static void transfer_add(struct disk *disk, uint32_t type, uint32_t sector, struct list *run)
{
	struct transfer *transfer = &disk->transfers[disk->queue.free_first];
	uint16_t head = virtqueue_add(&disk->queue, VIRTQUEUE_NONE, &transfer->header,
	                              sizeof(transfer->header), false);
	uint16_t last = head;
	struct list_link *link;

	transfer->header = (struct virtio_blk_outhdr){.type = type, .sector = sector};
	transfer->status = VIRTIO_BLK_S_IOERR;
	list_init(&transfer->run);
	while ((link = list_pop(run))) {
		struct block_request *request = LIST_ENTRY(link, struct block_request, link);

		last = virtqueue_add(&disk->queue, last, request->data,
		                     request->sectors * SECTOR_SIZE, !request->write);
		list_append(&transfer->run, link);
	}
	virtqueue_add(&disk->queue, last, &transfer->status, sizeof(transfer->status), true);
	virtqueue_offer(&disk->queue, head);
}

/* --- the driver's side of block.h ----------------------------------------------- */

static void start(struct block_device *block)
{
	struct disk *disk = block->driver;
	struct list run = LIST_INIT(run);
	bool added = false;

	/* A chain is the run's pages, a header and a status. */
	while (disk->queue.free_count > FLUSH_DESCRIPTORS + 2) {
		uint32_t most = disk->queue.free_count - FLUSH_DESCRIPTORS - 2u;
		uint32_t count = block_take_run(block, &run, most < RUN_MOST ? most : RUN_MOST);
		if (!count)
			break;
		struct block_request *first =
			LIST_ENTRY(list_first(&run), struct block_request, link);
		transfer_add(disk, first->write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN,
		             first->sector, &run);
		added = true;
	}
	if (added)
		virtqueue_notify(&disk->queue);
}

static int flush(struct block_device *block)
{
	struct disk *disk = block->driver;
	struct list none = LIST_INIT(none);
	SCOPED_MUTEX(&disk->flush_lock);

	uint32_t flags = spin_lock_irq(&block->lock);
	disk->flushing = true;
	transfer_add(disk, VIRTIO_BLK_T_FLUSH, 0, &none);
	virtqueue_notify(&disk->queue);
	spin_unlock_irq(&block->lock, flags);

	WAIT_UNTIL(&disk->flush_waiters, !disk->flushing);
	return disk->flush_error;
}

/* --- completion ----------------------------------------------------------------- */

/* Takes the next transfer that is done: its requests into `run`, its outcome into
 * *error. False if there is none. */
static bool take_done(struct disk *disk, struct list *run, int *error)
{
	struct list_link *link;
	bool flushed;

	uint32_t flags = spin_lock_irq(&disk->block.lock);
	uint16_t head = virtqueue_take_done(&disk->queue);
	if (head == VIRTQUEUE_NONE) {
		spin_unlock_irq(&disk->block.lock, flags);
		return false;
	}

	struct transfer *transfer = &disk->transfers[head];
	*error = transfer->status == VIRTIO_BLK_S_OK ? 0 : -EIO;
	while ((link = list_pop(&transfer->run)))
		list_append(run, link);
	flushed = transfer->header.type == VIRTIO_BLK_T_FLUSH;
	if (flushed) {
		disk->flush_error = *error;
		disk->flushing = false;
	}
	virtqueue_free(&disk->queue, head);
	spin_unlock_irq(&disk->block.lock, flags);
	if (flushed)
		wait_wake_all(&disk->flush_waiters);
	return true;
}

static bool disk_interrupt(struct disk *disk)
{
	struct list run = LIST_INIT(run);
	int error;

	/* Reading the register also quietens the interrupt line. */
	if (!inb(disk->port + VIRTIO_PCI_ISR))
		return false;
	while (take_done(disk, &run, &error))
		if (!list_empty(&run))
			block_end_run(&disk->block, &run, error);
	return true;
}

/* One handler for all disks of a line, of which there may be many more than a line has
 * room for handlers. */
static bool interrupt(void *context)
{
	unsigned irq = (uintptr_t)context;
	bool ours = false;

	for (unsigned i = 0; i < disk_count; i++)
		if (disks[i]->irq == irq)
			ours |= disk_interrupt(disks[i]);
	return ours;
}

/* --- start-up ------------------------------------------------------------------- */

/* The queue, and a record for each chain that it can have. */
static bool make_queue(struct disk *disk)
{
	if (!virtqueue_create(&disk->queue, disk->port, 0, FLUSH_DESCRIPTORS + 3))
		return false;
	uint32_t bytes = disk->queue.ring.num * sizeof(struct transfer);
	disk->transfers = physmem_boot_take((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
	return true;
}

static void listen(struct disk *disk)
{
	bool heard = false;

	for (unsigned i = 0; i < disk_count; i++)
		heard |= disks[i]->irq == disk->irq;
	disks[disk_count++] = disk;
	if (!heard)
		irq_register(disk->irq, "virtio", interrupt, (void *)(uintptr_t)disk->irq);
}

static uint32_t read_capacity(struct disk *disk)
{
	uint16_t config = disk->port + VIRTIO_PCI_CONFIG_OFF(0);

	_Static_assert(offsetof(struct virtio_blk_config, capacity) == 0, "capacity first");
	uint32_t low = inl(config), high = inl(config + 4);
	return high ? UINT32_MAX : low;
}

/* Brings the device up. False: it cannot be used. */
static bool set_up(struct disk *disk, const struct pci_device *pci)
{
	pci_enable(pci);
	uint32_t features =
		virtio_start(disk->port, 1u << VIRTIO_BLK_F_FLUSH | 1u << VIRTIO_BLK_F_RO);
	if (!make_queue(disk)) {
		virtio_failed(disk->port);
		return false;
	}
	mutex_init(&disk->flush_lock, "virtio flush");
	wait_queue_init(&disk->flush_waiters);

	struct block_device *block = &disk->block;
	snprintf(block->name, sizeof(block->name), "vd%c", (char)('a' + disk_count));
	block->sectors = read_capacity(disk);
	block->read_only = features & 1u << VIRTIO_BLK_F_RO;
	block->start = start;
	block->flush = features & 1u << VIRTIO_BLK_F_FLUSH ? flush : NULL;
	block->driver = disk;
	block_register(block);
	listen(disk);
	virtio_ready(disk->port);
	return true;
}

static void probe(const struct pci_device *pci)
{
	uint16_t port = pci_io_base(pci, 0);
	if (!port || pci->interrupt > 15) {
		log_print("virtio-blk: no port or no interrupt; not used");
		return;
	}
	struct disk *disk = kmalloc_zeroed(sizeof(*disk));
	if (!disk) {
		log_print("virtio-blk: no memory");
		return;
	}
	disk->port = port;
	disk->irq = pci->interrupt;
	if (!set_up(disk, pci)) {
		log_print("virtio-blk: no queue; not used");
		kfree(disk);
	}
}

void virtio_blk_init(void)
{
	const struct pci_device *pci;

	for (unsigned i = 0; (pci = pci_at(i)) && disk_count < DISKS_MAX; i++) {
		if (pci->vendor != VIRTIO_VENDOR)
			continue;
		if (pci->device == VIRTIO_TRANS_ID_BLOCK)
			probe(pci);
		else if (pci->device == VIRTIO_MODERN_ID(VIRTIO_ID_BLOCK))
			log_print("virtio-blk: disk without legacy interface; not used");
	}
}
