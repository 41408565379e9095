/* SPDX-License-Identifier: MIT */
/* Virtio devices and their queues: see virtio.h. */
#include "kernel/dev/virtio.h"

#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

#include "kernel/cpu/io.h"
#include "kernel/cpu/paging.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/physmem.h"
#include "kernel/panic.h"

static void set_status(uint16_t port, uint8_t status)
{
	outb(port + VIRTIO_PCI_STATUS, status);
}

uint32_t virtio_start(uint16_t port, uint32_t wanted_features)
{
	set_status(port, 0);
	set_status(port, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	set_status(port, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	uint32_t features = inl(port + VIRTIO_PCI_HOST_FEATURES) & wanted_features;
	outl(port + VIRTIO_PCI_GUEST_FEATURES, features);
	return features;
}

void virtio_ready(uint16_t port)
{
	set_status(port, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
	                         VIRTIO_CONFIG_S_DRIVER_OK);
}

void virtio_failed(uint16_t port)
{
	set_status(port, VIRTIO_CONFIG_S_FAILED);
}

bool virtqueue_create(struct virtqueue *queue, uint16_t port, uint16_t number, uint16_t least)
{
	outw(port + VIRTIO_PCI_QUEUE_SEL, number);
	uint16_t size = inw(port + VIRTIO_PCI_QUEUE_NUM);
	if (size < least)
		return false;

	uint32_t bytes = vring_size(size, VIRTIO_PCI_VRING_ALIGN);
	void *memory = physmem_boot_take((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
	*queue = (struct virtqueue){.port = port, .number = number, .free_count = size};
	vring_init(&queue->ring, size, memory, VIRTIO_PCI_VRING_ALIGN);
	for (uint16_t i = 0; i < size; i++)
		queue->ring.desc[i].next = (uint16_t)(i + 1);
	outl(port + VIRTIO_PCI_QUEUE_PFN, virt_to_phys(memory) >> VIRTIO_PCI_QUEUE_ADDR_SHIFT);
	return true;
}

static uint16_t descriptor_take(struct virtqueue *queue)
{
	uint16_t index = queue->free_first;

	ASSERT_SAYING(queue->free_count, "a virtio chain longer than the pool");
	queue->free_first = queue->ring.desc[index].next;
	queue->free_count--;
	return index;
}

uint16_t virtqueue_add(struct virtqueue *queue, uint16_t previous, const void *data,
                       uint32_t bytes, bool device_writes)
{
	uint16_t index = descriptor_take(queue);
	struct vring_desc *descriptor = &queue->ring.desc[index];

	descriptor->addr = virt_to_phys(data);
	descriptor->len = bytes;
	descriptor->flags = device_writes ? VRING_DESC_F_WRITE : 0;
	if (previous != VIRTQUEUE_NONE) {
		queue->ring.desc[previous].flags |= VRING_DESC_F_NEXT;
		queue->ring.desc[previous].next = index;
	}
	return index;
}

void virtqueue_offer(struct virtqueue *queue, uint16_t head)
{
	struct vring_avail *available = queue->ring.avail;

	available->ring[available->idx % queue->ring.num] = head;
	/* The chain and its place in the ring must be there before the index says so. */
	__atomic_store_n(&available->idx, (uint16_t)(available->idx + 1), __ATOMIC_RELEASE);
}

void virtqueue_notify(struct virtqueue *queue)
{
	/* Our index must be visible before its flag is read, or both may look away. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(&queue->ring.used->flags, __ATOMIC_RELAXED) & VRING_USED_F_NO_NOTIFY))
		outw(queue->port + VIRTIO_PCI_QUEUE_NOTIFY, queue->number);
}

uint16_t virtqueue_take_done(struct virtqueue *queue)
{
	struct vring_used *used = queue->ring.used;

	if (queue->used_seen == __atomic_load_n(&used->idx, __ATOMIC_ACQUIRE))
		return VIRTQUEUE_NONE;
	uint16_t head = (uint16_t)used->ring[queue->used_seen % queue->ring.num].id;
	queue->used_seen++;
	ASSERT_SAYING(head < queue->ring.num, "the virtio device returned a wrong number");
	return head;
}

void virtqueue_free(struct virtqueue *queue, uint16_t head)
{
	struct vring_desc *descriptors = queue->ring.desc;
	uint16_t last = head, count = 1;

	while (descriptors[last].flags & VRING_DESC_F_NEXT) {
		last = descriptors[last].next;
		count++;
	}
	descriptors[last].next = queue->free_first;
	queue->free_first = head;
	queue->free_count += count;
}
