/* SPDX-License-Identifier: MIT */
/*
 * A virtio console as the way out for the trace: its port 0 is a file on the host. Only the
 * transmit queue is used, and without interrupts: the trace asks what was sent when it needs
 * the memory again.
 * Source: Virtual I/O Device (VIRTIO) 1.1, 5.3 (console device).
 */
#include "kernel/dev/virtio_console.h"

#include <linux/virtio_ids.h>

#include "kernel/cpu/paging.h"
#include "kernel/dev/pci.h"
#include "kernel/dev/virtio.h"
#include "kernel/log.h"
#include "kernel/mem/layout.h"
#include "kernel/sync/spinlock.h"
#include "kernel/trace.h"

#define TRANSMIT_QUEUE 1u /* of port 0 */

static struct spinlock lock = SPINLOCK_INIT("virtio console"); /* irq */
static struct virtqueue transmit;                              /* guarded by lock */

static bool console_send(const void *data, uint32_t bytes)
{
	uint32_t flags = spin_lock_irq(&lock);
	bool room = transmit.free_count > 0;
	if (room) {
		virtqueue_offer(&transmit,
		                virtqueue_add(&transmit, VIRTQUEUE_NONE, data, bytes, false));
		virtqueue_notify(&transmit);
	}
	spin_unlock_irq(&lock, flags);
	return room;
}

static void console_reclaim(void)
{
	uint16_t head;
	uint32_t flags = spin_lock_irq(&lock);
	while ((head = virtqueue_take_done(&transmit)) != VIRTQUEUE_NONE) {
		trace_sent(phys_to_virt((physaddr_t)transmit.ring.desc[head].addr));
		virtqueue_free(&transmit, head);
	}
	spin_unlock_irq(&lock, flags);
}

static const struct trace_channel channel = {
	.name = "virtio console",
	.send = console_send,
	.reclaim = console_reclaim,
};

void virtio_console_init(void)
{
	const struct pci_device *pci = pci_find_id(VIRTIO_VENDOR, VIRTIO_TRANS_ID_CONSOLE, 0);
	uint16_t port = pci ? pci_io_base(pci, 0) : 0;
	if (!port)
		return;
	pci_enable(pci);
	virtio_start(port, 0);
	if (!virtqueue_create(&transmit, port, TRANSMIT_QUEUE, 1)) {
		virtio_failed(port);
		log_print("virtio-console: no queue; not used");
		return;
	}
	transmit.ring.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	virtio_ready(port);
	trace_set_channel(&channel);
}
