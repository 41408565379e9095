/* SPDX-License-Identifier: MIT */
/*
 * Virtio block devices through the legacy interface, which transitional devices have
 * in I/O space. One queue a disk:
 *
 *   descriptors   a pool; a transfer is a chain of them:
 *                 header -> page -> page -> ... -> status byte
 *   available     ring of chain heads for the device; we write, it reads
 *   used          ring of chain heads that are done; it writes, we read
 *
 * A transfer is a run of requests for adjoining sectors, one page each. As many are
 * under way as the pool has descriptors for; two are kept back for a flush. The device's
 * lock (struct block_device, irq) guards the rings and all of struct disk.
 * Source: Virtual I/O Device (VIRTIO) 1.1, 2.6 (split virtqueues), 4.1.4.8 (legacy
 * interface), 5.2 (block device); uapi linux/virtio_*.h.
 */
#include "kernel/dev/virtio_blk.h"

#include <asm/errno.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>

#include "kernel/cpu/io.h"
#include "kernel/cpu/irq.h"
#include "kernel/cpu/paging.h"
#include "kernel/dev/block.h"
#include "kernel/dev/pci.h"
#include "kernel/log.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sync/mutex.h"
#include "lib/printf.h"

#define VENDOR_VIRTIO 0x1af4u
#define DEVICE_BLOCK_MODERN (0x1040u + VIRTIO_ID_BLOCK)
#define DISKS_MAX 26u
#define RUN_MOST 32u          /* requests (pages) a transfer */
#define FLUSH_DESCRIPTORS 2u  /* header and status */
#define NO_DESCRIPTOR 0xffffu

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
	struct vring ring;
	struct transfer *transfers;

	/* Guarded by block.lock. */
	uint16_t free_first, free_count; /* descriptors in no chain, linked by `next` */
	uint16_t used_seen;              /* used ring read up to here */

	struct mutex flush_lock;         /* one flush at a time */
	struct wait_queue flush_waiters;
	volatile bool flushing;          /* guarded by block.lock */
	int flush_error;                 /* the same */
};

static struct disk *disks[DISKS_MAX]; /* set at start-up */
static unsigned disk_count;

/* --- chains of descriptors; the lock is held ------------------------------------ */

static uint16_t descriptor_take(struct disk *disk)
{
	uint16_t index = disk->free_first;

	ASSERT_SAYING(disk->free_count, "a virtio chain longer than the pool");
	disk->free_first = disk->ring.desc[index].next;
	disk->free_count--;
	return index;
}

/* Adds a piece of memory to the end of a chain; returns its descriptor. */
static uint16_t chain_add(struct disk *disk, uint16_t previous, const void *data, uint32_t size,
                          bool device_writes)
{
	uint16_t index = descriptor_take(disk);
	struct vring_desc *descriptor = &disk->ring.desc[index];

	descriptor->addr = virt_to_phys(data);
	descriptor->len = size;
	descriptor->flags = device_writes ? VRING_DESC_F_WRITE : 0;
	if (previous != NO_DESCRIPTOR) {
		disk->ring.desc[previous].flags |= VRING_DESC_F_NEXT;
		disk->ring.desc[previous].next = index;
	}
	return index;
}

static void chain_free(struct disk *disk, uint16_t head)
{
	struct vring_desc *descriptors = disk->ring.desc;
	uint16_t last = head, count = 1;

	while (descriptors[last].flags & VRING_DESC_F_NEXT) {
		last = descriptors[last].next;
		count++;
	}
	descriptors[last].next = disk->free_first;
	disk->free_first = head;
	disk->free_count += count;
}

/* Makes the chain of a transfer whose data is `run`, which moves into it, and puts it
 * into the available ring. The device is told later, once for many. */
static void transfer_add(struct disk *disk, uint32_t type, uint32_t sector, struct list *run)
{
	struct transfer *transfer = &disk->transfers[disk->free_first];
	uint16_t head = chain_add(disk, NO_DESCRIPTOR, &transfer->header,
	                          sizeof(transfer->header), false);
	uint16_t last = head;
	struct list_link *link;

	transfer->header = (struct virtio_blk_outhdr){.type = type, .sector = sector};
	transfer->status = VIRTIO_BLK_S_IOERR;
	list_init(&transfer->run);
	while ((link = list_pop(run))) {
		struct block_request *request = LIST_ENTRY(link, struct block_request, link);

		last = chain_add(disk, last, request->data, request->sectors * SECTOR_SIZE,
		                 !request->write);
		list_append(&transfer->run, link);
	}
	chain_add(disk, last, &transfer->status, sizeof(transfer->status), true);

	struct vring_avail *available = disk->ring.avail;
	available->ring[available->idx % disk->ring.num] = head;
	/* The chain and its place in the ring must be there before the index says so. */
	__atomic_store_n(&available->idx, (uint16_t)(available->idx + 1), __ATOMIC_RELEASE);
}

static void notify(struct disk *disk)
{
	/* Our index must be visible before its flag is read, or both may look away. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(&disk->ring.used->flags, __ATOMIC_RELAXED) & VRING_USED_F_NO_NOTIFY))
		outw(disk->port + VIRTIO_PCI_QUEUE_NOTIFY, 0);
}

/* --- the driver's side of block.h ----------------------------------------------- */

static void start(struct block_device *block)
{
	struct disk *disk = block->driver;
	struct list run = LIST_INIT(run);
	bool added = false;

	/* A chain is the run's pages, a header and a status. */
	while (disk->free_count > FLUSH_DESCRIPTORS + 2) {
		uint32_t most = disk->free_count - FLUSH_DESCRIPTORS - 2u;
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
		notify(disk);
}

static int flush(struct block_device *block)
{
	struct disk *disk = block->driver;
	struct list none = LIST_INIT(none);
	SCOPED_MUTEX(&disk->flush_lock);

	uint32_t flags = spin_lock_irq(&block->lock);
	disk->flushing = true;
	transfer_add(disk, VIRTIO_BLK_T_FLUSH, 0, &none);
	notify(disk);
	spin_unlock_irq(&block->lock, flags);

	WAIT_UNTIL(&disk->flush_waiters, !disk->flushing);
	return disk->flush_error;
}

/* --- completion ----------------------------------------------------------------- */

/* Takes the next transfer that is done: its requests into `run`, its outcome into
 * *error. False if there is none. */
static bool take_done(struct disk *disk, struct list *run, int *error)
{
	struct vring_used *used = disk->ring.used;
	struct list_link *link;
	bool flushed;

	uint32_t flags = spin_lock_irq(&disk->block.lock);
	if (disk->used_seen == __atomic_load_n(&used->idx, __ATOMIC_ACQUIRE)) {
		spin_unlock_irq(&disk->block.lock, flags);
		return false;
	}
	uint16_t head = (uint16_t)used->ring[disk->used_seen % disk->ring.num].id;
	disk->used_seen++;
	ASSERT_SAYING(head < disk->ring.num, "the virtio device returned a wrong number");

	struct transfer *transfer = &disk->transfers[head];
	*error = transfer->status == VIRTIO_BLK_S_OK ? 0 : -EIO;
	while ((link = list_pop(&transfer->run)))
		list_append(run, link);
	flushed = transfer->header.type == VIRTIO_BLK_T_FLUSH;
	if (flushed) {
		disk->flush_error = *error;
		disk->flushing = false;
	}
	chain_free(disk, head);
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

static void set_status(struct disk *disk, uint8_t status)
{
	outb(disk->port + VIRTIO_PCI_STATUS, status);
}

/* Agrees with the device on what both can: returns the features. */
static uint32_t negotiate(struct disk *disk)
{
	uint32_t features = inl(disk->port + VIRTIO_PCI_HOST_FEATURES);

	features &= 1u << VIRTIO_BLK_F_FLUSH | 1u << VIRTIO_BLK_F_RO;
	outl(disk->port + VIRTIO_PCI_GUEST_FEATURES, features);
	return features;
}

/* Gives the device its queue. The legacy interface fixes its size. */
static bool make_queue(struct disk *disk)
{
	outw(disk->port + VIRTIO_PCI_QUEUE_SEL, 0);
	uint16_t size = inw(disk->port + VIRTIO_PCI_QUEUE_NUM);
	if (size <= FLUSH_DESCRIPTORS + 2)
		return false;

	uint32_t bytes = vring_size(size, VIRTIO_PCI_VRING_ALIGN);
	void *memory = physmem_boot_take((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
	vring_init(&disk->ring, size, memory, VIRTIO_PCI_VRING_ALIGN);
	disk->transfers = physmem_boot_take(
		(size * sizeof(struct transfer) + PAGE_SIZE - 1) / PAGE_SIZE);
	for (uint16_t i = 0; i < size; i++)
		disk->ring.desc[i].next = (uint16_t)(i + 1);
	disk->free_count = size;
	outl(disk->port + VIRTIO_PCI_QUEUE_PFN,
	     virt_to_phys(memory) >> VIRTIO_PCI_QUEUE_ADDR_SHIFT);
	return true;
}

static void listen(struct disk *disk)
{
	bool heard = false;

	for (unsigned i = 0; i < disk_count; i++)
		heard |= disks[i]->irq == disk->irq;
	disks[disk_count++] = disk;
	if (!heard)
		irq_register(disk->irq, interrupt, (void *)(uintptr_t)disk->irq);
}

static uint32_t read_capacity(struct disk *disk)
{
	uint16_t config = disk->port + VIRTIO_PCI_CONFIG_OFF(0);

	_Static_assert(offsetof(struct virtio_blk_config, capacity) == 0, "capacity first");
	uint32_t low = inl(config), high = inl(config + 4);
	return high ? UINT32_MAX : low;
}

/* Brings the device up in the steps of VIRTIO 3.1.1. False: it cannot be used. */
static bool set_up(struct disk *disk, const struct pci_device *pci)
{
	pci_enable(pci);
	set_status(disk, 0);
	set_status(disk, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	set_status(disk, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	uint32_t features = negotiate(disk);
	if (!make_queue(disk)) {
		set_status(disk, VIRTIO_CONFIG_S_FAILED);
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
	set_status(disk, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
	                         VIRTIO_CONFIG_S_DRIVER_OK);
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
		if (pci->vendor != VENDOR_VIRTIO)
			continue;
		if (pci->device == VIRTIO_TRANS_ID_BLOCK)
			probe(pci);
		else if (pci->device == DEVICE_BLOCK_MODERN)
			log_print("virtio-blk: disk without legacy interface; not used");
	}
}
