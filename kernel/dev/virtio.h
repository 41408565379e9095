/* SPDX-License-Identifier: MIT */
/*
 * What virtio devices have in common, through the legacy interface, which transitional
 * devices have in I/O space: bringing one up, and its queues.
 *
 *   descriptors   a pool; a transfer is a chain of them:
 *                 piece of memory -> piece of memory -> ...
 *   available     ring of chain heads for the device; we write, it reads
 *   used          ring of chain heads that are done; it writes, we read
 *
 * The queue's user guards it with a lock of his own.
 * Source: Virtual I/O Device (VIRTIO) 1.1, 2.6 (split virtqueues), 3.1.1 (initialisation),
 * 4.1.4.8 (legacy interface); uapi linux/virtio_*.h.
 */
#pragma once

#include <linux/virtio_ring.h>

#include "lib/types.h"

#define VIRTIO_VENDOR 0x1af4u
#define VIRTIO_MODERN_ID(type) (0x1040u + (type)) /* without the legacy interface */

struct virtqueue {
	uint16_t port, number;           /* of its device; which of its queues */
	struct vring ring;
	uint16_t free_first, free_count; /* descriptors in no chain, linked by `next` */
	uint16_t used_seen;              /* used ring read up to here */
};

/* Starts to bring the device up: returns those of the wanted features that it has, which are
 * then agreed on. */
uint32_t virtio_start(uint16_t port, uint32_t wanted_features);
/* It is up / cannot be used. */
void virtio_ready(uint16_t port);
void virtio_failed(uint16_t port);

/* Gives the device its queue, of the size that it fixes, at least `least` descriptors. False:
 * it has none. During start-up only. */
bool virtqueue_create(struct virtqueue *, uint16_t port, uint16_t number, uint16_t least);

/* Adds a piece of (direct map) memory to the end of a chain, whose last descriptor is
 * `previous`; returns the new one. There is a free one. */
#define VIRTQUEUE_NONE 0xffffu /* previous: a new chain, which has this number */
uint16_t virtqueue_add(struct virtqueue *, uint16_t previous, const void *data, uint32_t bytes,
                       bool device_writes);
/* Puts a chain into the available ring. The device is told later, once for many. */
void virtqueue_offer(struct virtqueue *, uint16_t head);
void virtqueue_notify(struct virtqueue *);
/* The next chain that is done, or VIRTQUEUE_NONE. */
uint16_t virtqueue_take_done(struct virtqueue *);
/* Gives a chain's descriptors back to the pool. */
void virtqueue_free(struct virtqueue *, uint16_t head);
