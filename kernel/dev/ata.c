/* SPDX-License-Identifier: MIT */
/*
 * ATA disks behind a PCI IDE controller with bus-master DMA, as Intel's PIIX has it:
 * two channels, each with two disks, one command at a time a channel.
 *
 *   run of requests --> table of physical regions (PRD) --> command --> DMA --> IRQ
 *
 * Where the controller or the disk has no DMA the processor moves the bytes (PIO): a sector goes by
 * the data register each time that the disk asks for it by an IRQ; the first one that is written
 * when the disk is ready for it.
 *
 * A channel's lock (irq) guards what runs on it; a disk's queue lock (struct
 * block_device) is taken outside it. When a command ends, the channel's other disk is
 * asked first, so neither starves. A watchdog turns a lost interrupt into an error.
 * Source: T13 ATA/ATAPI-6; "Programming Interface for Bus Master IDE Controller" 1.0,
 * Intel 1994; commands from the uapi linux/hdreg.h.
 */
#include "kernel/dev/ata.h"

#include <asm/errno.h>
#include <linux/hdreg.h>

#include "kernel/cpu/io.h"
#include "kernel/cpu/irq.h"
#include "kernel/dev/block.h"
#include "kernel/dev/pci.h"
#include "kernel/log.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sync/mutex.h"
#include "lib/printf.h"

#define CLASS_STORAGE 0x01u
#define SUBCLASS_IDE 0x01u
#define INTERFACE_BUS_MASTER 0x80u
#define INTERFACE_NATIVE(channel) (0x01u << 2 * (channel)) /* not at the fixed ports */

/* Task file registers, from the channel's base. */
#define REG_DATA 0u
#define REG_COUNT 2u
#define REG_LBA_LOW 3u
#define REG_LBA_MIDDLE 4u
#define REG_LBA_HIGH 5u
#define REG_DEVICE 6u
#define REG_STATUS 7u  /* reading also ends the interrupt */
#define REG_COMMAND 7u

#define STATUS_ERROR 0x01u
#define STATUS_DATA 0x08u
#define STATUS_FAULT 0x20u
#define STATUS_BUSY 0x80u
#define STATUS_FLOATING 0xffu /* nothing drives the bus */

#define DEVICE_LBA 0xe0u      /* with two bits that were once required */
#define DEVICE_SECOND 0x10u

#define CONTROL_NO_INTERRUPT 0x02u
#define CONTROL_RESET 0x04u

/* Bus master registers, from the channel's part of base address 4. */
#define MASTER_COMMAND 0u
#define MASTER_STATUS 2u
#define MASTER_TABLE 4u
#define COMMAND_START 0x01u
#define COMMAND_TO_MEMORY 0x08u
#define MASTER_ERROR 0x02u     /* written as 1: cleared */
#define MASTER_INTERRUPT 0x04u /* the same */

#define SECTOR_WORDS (SECTOR_SIZE / 2)
#define IDENTIFY_WORDS 256u
#define CAPABILITY_DMA 0x01u
#define CAPABILITY_LBA 0x02u
#define DMA_MODES_THERE 0x07u     /* word 63: multiword DMA modes 0 to 2 */
#define COMMAND_SET_LBA48 0x0400u /* word 83 */
#define LBA28_SECTORS (1u << 28)

#define RUN_MOST 32u             /* requests a transfer; with LBA28, 256 sectors */
#define PRD_LAST 0x8000u
#define PROBE_TIME (NS_PER_SECOND / 10) /* for a drive that is there and busy */
#define RESET_TIME (NS_PER_SECOND / 4)
#define COMMAND_TIME (10 * NS_PER_SECOND)
#define RESET_HOLD 5000u         /* ns */

/* Physical region descriptor: memory that does not cross a 64 KiB boundary. */
struct prd {
	uint32_t address;
	uint16_t size;
	uint16_t flags;
};

enum flush_state { FLUSH_NONE, FLUSH_WANTED, FLUSH_RUNNING };

struct disk {
	struct block_device block;
	struct channel *channel;
	bool second;             /* of the two on the channel */
	bool lba48;
	bool pio;                /* without DMA */

	struct mutex flush_lock; /* one flush at a time */
	struct wait_queue flush_waiters;
	volatile enum flush_state flush; /* guarded by block.lock */
	int flush_error;         /* the same */
};

struct channel {
	/* Set at start-up. */
	uint16_t port, control, master; /* master 0: the controller has no DMA */
	struct disk *disks[2];

	struct spinlock lock;    /* irq; guards all below and the registers */
	struct disk *active;     /* whose command runs; NULL: idle */
	struct list run;         /* its requests; none: a flush */
	struct block_request *moving; /* PIO: whose sectors come next; NULL: all went by, */
	uint32_t moved;          /* and how many of them did */
	uint64_t started;
	struct timer watchdog;
	struct prd table[RUN_MOST] __attribute__((aligned(512))); /* crosses no 64 KiB */
};

static struct channel channels[2];

/* --- registers; the channel's lock is held (or it is start-up) ------------------- */

static uint8_t status_read(const struct channel *channel)
{
	return inb(channel->control); /* the alternate status: ends no interrupt */
}

/* 400 ns, which the drive has to show a new state: each read takes 100 or more. */
static void settle(const struct channel *channel)
{
	for (int i = 0; i < 4; i++)
		status_read(channel);
}

/* Waits, polling, until the drive is not busy. False: it still is. */
static bool wait_ready(const struct channel *channel, uint64_t most)
{
	uint64_t deadline = clock_now() + most;

	while (status_read(channel) & STATUS_BUSY)
		if (clock_now() >= deadline)
			return false;
	return true;
}

static void select_disk(const struct channel *channel, bool second, uint8_t lba_top)
{
	outb(channel->port + REG_DEVICE,
	     (uint8_t)(DEVICE_LBA | (second ? DEVICE_SECOND : 0) | lba_top));
	settle(channel);
}

static void reset(const struct channel *channel)
{
	uint64_t held = clock_now() + RESET_HOLD;

	if (channel->master)
		outb(channel->master + MASTER_COMMAND, 0);
	outb(channel->control, CONTROL_RESET);
	while (clock_now() < held)
		;
	outb(channel->control, 0);
	settle(channel);
	if (!wait_ready(channel, RESET_TIME))
		log_print("ata: the channel at port %x stays busy", channel->port);
}

/* Puts the first sector and the count where the command expects them; LBA48 takes each
 * register twice, the high half first. */
static void write_address(const struct channel *channel, uint32_t sector, uint32_t count,
                          bool lba48)
{
	if (lba48) {
		outb(channel->port + REG_COUNT, (uint8_t)(count >> 8));
		outb(channel->port + REG_LBA_LOW, (uint8_t)(sector >> 24));
		outb(channel->port + REG_LBA_MIDDLE, 0);
		outb(channel->port + REG_LBA_HIGH, 0);
	}
	outb(channel->port + REG_COUNT, (uint8_t)count);
	outb(channel->port + REG_LBA_LOW, (uint8_t)sector);
	outb(channel->port + REG_LBA_MIDDLE, (uint8_t)(sector >> 8));
	outb(channel->port + REG_LBA_HIGH, (uint8_t)(sector >> 16));
}

/* --- commands; the channel's lock is held ---------------------------------------- */

/* Describes the run's memory to the bus master; returns its sectors. */
static uint32_t fill_table(struct channel *channel)
{
	struct prd *entry = channel->table;
	uint32_t sectors = 0;

	LIST_FOR(&channel->run, struct block_request, request, link) {
		*entry++ = (struct prd){.address = virt_to_phys(request->data),
		                        .size = (uint16_t)(request->sectors * SECTOR_SIZE)};
		sectors += request->sectors;
	}
	entry[-1].flags = PRD_LAST;
	return sectors;
}

static void occupy(struct channel *channel, struct disk *disk)
{
	channel->active = disk;
	channel->started = clock_now();
	timer_set(&channel->watchdog, channel->started + COMMAND_TIME);
}

/* PIO: the next sector of the run goes by the data register. */
static void move_sector(struct channel *channel)
{
	struct block_request *request = channel->moving;
	char *at = (char *)request->data + channel->moved * SECTOR_SIZE;

	if (request->write)
		outsw(channel->port + REG_DATA, at, SECTOR_WORDS);
	else
		insw(channel->port + REG_DATA, at, SECTOR_WORDS);
	if (++channel->moved < request->sectors)
		return;
	channel->moved = 0;
	channel->moving = request->link.next == &channel->run.head ? NULL :
	                  LIST_ENTRY(request->link.next, struct block_request, link);
}

/* The command to read or write; `far`: with addresses of LBA48. */
static uint8_t command_of(bool write, bool pio, bool far)
{
	static const uint8_t commands[2][2][2] = {
		{{WIN_READDMA, WIN_READDMA_EXT}, {WIN_READ, WIN_READ_EXT}},
		{{WIN_WRITEDMA, WIN_WRITEDMA_EXT}, {WIN_WRITE, WIN_WRITE_EXT}},
	};
	return commands[write][pio][far];
}

static void start_pio(struct channel *channel, struct disk *disk, struct block_request *first)
{
	uint32_t sectors = 0;
	LIST_FOR(&channel->run, struct block_request, request, link)
		sectors += request->sectors;
	bool far = first->sector + sectors > LBA28_SECTORS;

	channel->moving = first;
	channel->moved = 0;
	select_disk(channel, disk->second, far ? 0 : first->sector >> 24);
	write_address(channel, first->sector, sectors, far);
	outb(channel->port + REG_COMMAND, command_of(first->write, true, far));
	settle(channel);
	/* No IRQ asks for the first sector. A disk that refuses the command tells by one. */
	if (first->write && wait_ready(channel, PROBE_TIME) && status_read(channel) & STATUS_DATA)
		move_sector(channel);
}

static void start_transfer(struct channel *channel, struct disk *disk)
{
	struct block_request *first =
		LIST_ENTRY(list_first(&channel->run), struct block_request, link);

	occupy(channel, disk);
	if (disk->pio) {
		start_pio(channel, disk, first);
		return;
	}
	uint32_t sectors = fill_table(channel);
	uint8_t direction = first->write ? 0 : COMMAND_TO_MEMORY;
	bool far = first->sector + sectors > LBA28_SECTORS;

	outl(channel->master + MASTER_TABLE, virt_to_phys(channel->table));
	outb(channel->master + MASTER_COMMAND, direction);
	outb(channel->master + MASTER_STATUS,
	     inb(channel->master + MASTER_STATUS) | MASTER_ERROR | MASTER_INTERRUPT);
	select_disk(channel, disk->second, far ? 0 : first->sector >> 24);
	write_address(channel, first->sector, sectors, far);
	outb(channel->port + REG_COMMAND, command_of(first->write, false, far));
	outb(channel->master + MASTER_COMMAND, direction | COMMAND_START);
}

static void start_flush(struct channel *channel, struct disk *disk)
{
	occupy(channel, disk);
	select_disk(channel, disk->second, 0);
	outb(channel->port + REG_COMMAND, disk->lba48 ? WIN_FLUSH_CACHE_EXT : WIN_FLUSH_CACHE);
}

/* The block layer's `start`: one command, if the channel is free. */
static void start(struct block_device *block)
{
	struct disk *disk = block->driver;
	struct channel *channel = disk->channel;

	uint32_t flags = spin_lock_irq(&channel->lock);
	if (!channel->active) {
		if (disk->flush == FLUSH_WANTED) {
			disk->flush = FLUSH_RUNNING;
			start_flush(channel, disk);
		} else if (block_take_run(block, &channel->run, RUN_MOST)) {
			start_transfer(channel, disk);
		}
	}
	spin_unlock_irq(&channel->lock, flags);
}

static int flush(struct block_device *block)
{
	struct disk *disk = block->driver;
	SCOPED_MUTEX(&disk->flush_lock);

	uint32_t flags = spin_lock_irq(&block->lock);
	disk->flush = FLUSH_WANTED;
	start(block);
	spin_unlock_irq(&block->lock, flags);

	WAIT_UNTIL(&disk->flush_waiters, disk->flush == FLUSH_NONE);
	return disk->flush_error;
}

/* --- completion ------------------------------------------------------------------ */

static void end_flush(struct disk *disk, int error)
{
	uint32_t flags = spin_lock_irq(&disk->block.lock);
	disk->flush_error = error;
	disk->flush = FLUSH_NONE;
	spin_unlock_irq(&disk->block.lock, flags);
	wait_wake_all(&disk->flush_waiters);
}

/* A flush waits for the channel without being in the queue that block_restart sees. */
static void restart(struct disk *disk)
{
	if (!disk)
		return;
	uint32_t flags = spin_lock_irq(&disk->block.lock);
	if (disk->flush == FLUSH_WANTED)
		start(&disk->block);
	spin_unlock_irq(&disk->block.lock, flags);
	block_restart(&disk->block);
}

/* Takes the command that ended off the channel, whose lock is held. */
static struct disk *take_active(struct channel *channel, struct list *run)
{
	struct disk *disk = channel->active;
	struct list_link *link;

	channel->active = NULL;
	channel->moving = NULL;
	while ((link = list_pop(&channel->run)))
		list_append(run, link);
	return disk;
}

/* Tells everyone of a command's end; no lock is held. */
static void command_ended(struct channel *channel, struct disk *disk, struct list *run, int error)
{
	if (list_empty(run))
		end_flush(disk, error);
	restart(channel->disks[!disk->second]);
	restart(disk);
	if (!list_empty(run))
		block_end_run(&disk->block, run, error);
}

/* Whether the channel's IRQ is about a command of its own; what there was to say no more is said.
 * *status, of the disk; *error: -EIO or 0. */
static bool acknowledge(struct channel *channel, uint8_t *status, int *error)
{
	uint8_t master = MASTER_INTERRUPT;

	if (channel->master) {
		master = inb(channel->master + MASTER_STATUS);
		if (!(master & MASTER_INTERRUPT))
			return false;
		outb(channel->master + MASTER_COMMAND, 0);
		outb(channel->master + MASTER_STATUS, master | MASTER_ERROR | MASTER_INTERRUPT);
	}
	*status = inb(channel->port + REG_STATUS);
	bool failed = *status & (STATUS_ERROR | STATUS_FAULT | STATUS_BUSY) || master & MASTER_ERROR;
	*error = failed ? -EIO : 0;
	if (failed)
		reset(channel);
	return true;
}

/* PIO: the disk asks for the next sector, or has it. Whether more are to come. */
static bool goes_on(struct channel *channel, uint8_t status)
{
	const struct block_request *request = channel->moving;

	if (!request)
		return false;
	if (status & STATUS_DATA)
		move_sector(channel);
	/* The end of a write is told by an IRQ of its own. */
	return request->write || channel->moving;
}

static bool interrupt(void *context)
{
	struct channel *channel = context;
	struct list run = LIST_INIT(run);
	struct disk *disk = NULL;
	uint8_t status;
	int error;

	uint32_t flags = spin_lock_irq(&channel->lock);
	bool ours = acknowledge(channel, &status, &error);
	if (ours && channel->active && (error || !goes_on(channel, status)))
		disk = take_active(channel, &run);
	spin_unlock_irq(&channel->lock, flags);
	if (disk)
		command_ended(channel, disk, &run, error);
	return ours;
}

static void watchdog_expired(struct timer *timer)
{
	struct channel *channel = LIST_ENTRY(timer, struct channel, watchdog);
	struct list run = LIST_INIT(run);
	struct disk *disk = NULL;

	uint32_t flags = spin_lock_irq(&channel->lock);
	if (channel->active && clock_now() >= channel->started + COMMAND_TIME) {
		reset(channel);
		disk = take_active(channel, &run);
	}
	spin_unlock_irq(&channel->lock, flags);
	if (!disk)
		return;
	log_print("%s: no answer; channel reset", disk->block.name);
	command_ended(channel, disk, &run, -EIO);
}

/* --- start-up -------------------------------------------------------------------- */

/* Asks the drive who it is. False: none there, or none that reads and writes by LBA (a CD-ROM drive
 * refuses the command). */
static bool identify(const struct channel *channel, bool second, struct hd_driveid *id)
{
	select_disk(channel, second, 0);
	uint8_t status = status_read(channel);
	if (status == 0 || status == STATUS_FLOATING)
		return false;
	outb(channel->port + REG_COMMAND, WIN_IDENTIFY);
	settle(channel);
	if (status_read(channel) == 0 || !wait_ready(channel, PROBE_TIME))
		return false;
	status = inb(channel->port + REG_STATUS);
	if (!(status & STATUS_DATA) || status & (STATUS_ERROR | STATUS_FAULT))
		return false;
	insw(channel->port + REG_DATA, id, IDENTIFY_WORDS);
	return id->capability & CAPABILITY_LBA;
}

/* An emulator may list the DMA modes that it has and forget the bit that says so. */
static bool has_dma(const struct hd_driveid *id)
{
	return id->capability & CAPABILITY_DMA || id->dma_mword & DMA_MODES_THERE;
}

static void add_disk(struct channel *channel, bool second, const struct hd_driveid *id)
{
	struct disk *disk = kmalloc_zeroed(sizeof(*disk));
	if (!disk) {
		log_print("ata: no memory for a disk");
		return;
	}
	disk->channel = channel;
	disk->second = second;
	disk->lba48 = id->command_set_2 & COMMAND_SET_LBA48;
	disk->pio = !channel->master || !has_dma(id);
	mutex_init(&disk->flush_lock, "ata flush");
	wait_queue_init(&disk->flush_waiters);

	uint64_t sectors = disk->lba48 ? id->lba_capacity_2 : id->lba_capacity;
	struct block_device *block = &disk->block;
	snprintf(block->name, sizeof(block->name), "hd%c",
	         (char)('a' + 2 * (channel - channels) + second));
	block->sectors = sectors > UINT32_MAX ? UINT32_MAX : (uint32_t)sectors;
	block->start = start;
	block->flush = flush;
	block->driver = disk;
	channel->disks[second] = disk;
	if (disk->pio)
		log_print("%s: no DMA, so the processor moves each sector (PIO)", block->name);
	block_register(block);
}

static void probe_channel(struct channel *channel, unsigned irq)
{
	struct hd_driveid *id = kmalloc(sizeof(*id));

	_Static_assert(sizeof(*id) == 2 * IDENTIFY_WORDS, "the answer to IDENTIFY");
	if (!id) {
		log_print("ata: no memory");
		return;
	}
	spinlock_init(&channel->lock, "ata channel");
	list_init(&channel->run);
	timer_init(&channel->watchdog, watchdog_expired);
	outb(channel->control, CONTROL_NO_INTERRUPT);
	for (unsigned second = 0; second < 2; second++)
		if (identify(channel, second, id))
			add_disk(channel, second, id);
	kfree(id);
	if (!channel->disks[0] && !channel->disks[1])
		return;

	/* What the probe left behind is no interrupt of ours. */
	inb(channel->port + REG_STATUS);
	if (channel->master)
		outb(channel->master + MASTER_STATUS, MASTER_ERROR | MASTER_INTERRUPT);
	irq_register(irq, "ata", interrupt, channel);
	outb(channel->control, 0);
}

void ata_init(void)
{
	static const uint16_t ports[2] = {0x1f0, 0x170}, controls[2] = {0x3f6, 0x376};
	static const unsigned irqs[2] = {14, 15};
	const struct pci_device *pci = pci_find_class(CLASS_STORAGE, SUBCLASS_IDE, 0);
	bool master = pci && pci->interface & INTERFACE_BUS_MASTER && pci_io_base(pci, 4);

	if (pci)
		pci_enable(pci);
	for (unsigned i = 0; i < 2; i++) {
		if (pci && pci->interface & INTERFACE_NATIVE(i))
			continue;
		channels[i].port = ports[i];
		channels[i].control = controls[i];
		channels[i].master = master ? (uint16_t)(pci_io_base(pci, 4) + 8 * i) : 0;
		probe_channel(&channels[i], irqs[i]);
	}
}
