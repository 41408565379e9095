/* SPDX-License-Identifier: MIT */
/*
 * Block devices: requests are queued, merged with neighbours, dispatched many at a
 * time and completed by interrupt. A request covers at most one page of memory that
 * does not cross a page frame; the queue joins requests for adjoining sectors into one
 * transfer, so callers that submit page after page get large transfers (block.merge=0 at boot
 * switches that off, to see what it saves).
 *
 * The life of a request: 1 the caller fills it in and submits it; 2 it waits in the
 * device's queue, sorted by sector; 3 the driver takes a run of it; 4 the interrupt
 * calls `done`, after which the request is the caller's again. Nothing here allocates
 * memory: eviction may run when there is none.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"
#include "kernel/sync/spinlock.h"
#include "kernel/sync/wait_queue.h"
#include "kernel/time/clock.h"

#define SECTOR_SIZE 512u
#define SECTORS_PER_PAGE 8u
#define BLOCK_DEPTH_MOST 4u /* of devices that lie on files of each other */

struct block_request {
	struct list_link link;   /* the device's queue, then the driver's list */
	bool write;
	uint32_t sector;         /* first, in units of 512 bytes */
	uint32_t sectors;        /* 1 to 8 */
	void *data;              /* in the direct map (not a kernel stack) */
	/* Called once, in interrupt context or from block_submit: must not sleep. error
	 * is 0 or -EIO. */
	void (*done)(struct block_request *, int error);
	void *context;           /* the caller's */

	/* The queue's: this request goes by itself, since a run with it in it failed. */
	bool alone;
};

/* What /proc/diskstats tells of a direction: what the device was asked for and did, and what
 * went along. */
struct block_counts {
	uint64_t transfers;      /* each a run of requests, however many */
	uint64_t joined;         /* requests that went with another's transfer */
	uint64_t sectors;
};

struct block_device {
	char name[8];            /* "vda", "hda" */
	uint32_t sectors;        /* size */
	uint32_t sector_size;    /* what programs are told that it is; 0: SECTOR_SIZE */
	bool read_only;
	/* 0: it is a machine's. Else its bytes lie in a file, of a disk that is one less deep: to write
	 * to it takes memory, and the locks of that file's file system. */
	uint8_t depth;
	bool gone;               /* it is not to be found: its driver has it in reserve */
	struct list_link link;   /* all devices */
	struct spinlock lock;    /* irq; guards all below and the driver's state */
	struct list queue;       /* waiting requests, by sector */
	uint32_t queued, in_flight;
	bool exclusive;          /* the request in flight goes alone */
	uint32_t plugs;          /* block_plug() calls not yet undone */
	uint32_t head;           /* where the last dispatch ended: the elevator goes on there */
	/* The driver's: take runs with block_take_run() and start them, as many as fit; the
	 * lock is held. Called when something was queued and when a transfer ended. */
	void (*start)(struct block_device *);
	/* Make what was written durable; may sleep; 0 or -EIO. NULL: nothing to do. */
	int (*flush)(struct block_device *);
	/* Nobody has it open or mounted any more. May sleep. NULL: nothing to do. */
	void (*unused)(struct block_device *);
	/* A command of ioctl(2) that not every device has, by who may write to it or not. May sleep.
	 * -ENOTTY. NULL: there is none. */
	int (*command)(struct block_device *, uint32_t command, uintptr_t argument, bool writable);
	void *driver;
	/* Ends a plug that is held too long. Its own lock. */
	struct timer plug_timer;
	struct block_counts read, written; /* since boot */
};

/* Driver side. */
/* Adds a device with name, sectors, read_only, start and, as it has them, the other calls and driver
 * set; logs it, if it has sectors. It stays for ever. One at a time; others may be going through the
 * list of devices meanwhile. */
void block_register(struct block_device *);
/* Takes from the queue the next run of requests for adjoining sectors in one direction,
 * at most `most` of them, into `run`; returns how many (0: nothing can start now).
 * Lock held. */
uint32_t block_take_run(struct block_device *, struct list *run, uint32_t most);
/* Ends every request of a run, which empties it, and starts the next. The driver has
 * forgotten the transfer before. The requests of a run that failed are tried once more
 * one by one, so that only the guilty one fails. Lock not held. */
void block_end_run(struct block_device *, struct list *run, int error);
/* Calls `start`, if anything waits: for a driver that could not start when it was
 * called, since devices share a channel. Lock not held. */
void block_restart(struct block_device *);

/* How many sectors of the page that begins at this one the device has; if none, a page's, which
 * fails. */
static inline uint32_t block_page_sectors(const struct block_device *device, uint32_t sector)
{
	uint32_t sectors = device->sectors;

	return sector < sectors && sectors - sector < SECTORS_PER_PAGE ? sectors - sector
	                                                               : SECTORS_PER_PAGE;
}

/* User side. Requests for the same sector that wait at the same time are done in any
 * order: who cares keeps the second back until the first is done. */
/* Queues the request; never sleeps. One that reaches beyond the end, or writes to a
 * read-only device, is done with -EIO at once. */
void block_submit(struct block_device *, struct block_request *);
/* Holds off dispatch while a caller submits many, so that they merge; nests. A hint:
 * many waiting requests, a tick gone by, or block_transfer() dispatch all the same, so
 * nobody waits for ever on a caller that sleeps in between. */
void block_plug(struct block_device *);
void block_unplug(struct block_device *);
/* The same for every device, for who does not know yet where the pages lie. */
void block_plug_all(void);
void block_unplug_all(void);
/* Starts what waits in spite of plugs: for who is about to wait for some of it, perhaps below a
 * plug of its own. */
void block_start_all(void);
/* Reads or writes any number of sectors and waits. `data` is in the direct map, and no
 * sector of it crosses a page. May sleep. 0 or -EIO (also beyond the end). */
int block_transfer(struct block_device *, bool write, uint32_t sector, void *data,
                   uint32_t sectors);
/* Makes all writes that are done durable; may sleep; 0 or -EIO. */
int block_flush(struct block_device *);
/* By name ("vda"), or the index-th in order of discovery; NULL if there is none. */
struct block_device *block_find(const char *name);
struct block_device *block_at(unsigned index);
