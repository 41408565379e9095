/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration by mechanism 1 (an address port and a data port), and the list of
 * devices. Buses behind bridges are walked where the bridge stands, so the order is
 * that of a depth-first walk. The firmware has assigned addresses and interrupt lines.
 * The lock keeps the two ports together; the list is written at start-up only.
 * Source: PCI Local Bus Specification 3.0, 3.2.2.3.2 and 6.1; uapi pci_regs.h.
 */
#include "kernel/dev/pci.h"

#include <linux/pci_regs.h>

#include "kernel/cpu/io.h"
#include "kernel/log.h"
#include "kernel/sync/spinlock.h"

#define CONFIG_ADDRESS 0xcf8u
#define CONFIG_DATA 0xcfcu
#define CONFIG_ENABLE 0x80000000u

#define SLOTS 32u
#define FUNCTIONS 8u
#define BUSES_DEEP 8u /* nested bridges followed */
#define DEVICES_MAX 64u
#define VENDOR_NONE 0xffffu
#define HEADER_MULTIFUNCTION 0x80u
#define CLASS_BRIDGE 0x06u
#define SUBCLASS_PCI_BRIDGE 0x04u

static struct spinlock config_lock = SPINLOCK_INIT("pci config");
static struct pci_device devices[DEVICES_MAX];
static unsigned device_count;

static void select_register(const struct pci_device *device, uint8_t reg)
{
	outl(CONFIG_ADDRESS, CONFIG_ENABLE | (uint32_t)device->bus << 16 |
	     (uint32_t)device->slot << 11 | (uint32_t)device->function << 8 | (reg & 0xfc));
}

uint32_t pci_read(const struct pci_device *device, uint8_t reg, unsigned size)
{
	uint16_t port = CONFIG_DATA + (reg & 3);
	uint32_t value;

	uint32_t flags = spin_lock_irq(&config_lock);
	select_register(device, reg);
	value = size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
	spin_unlock_irq(&config_lock, flags);
	return value;
}

void pci_write(const struct pci_device *device, uint8_t reg, unsigned size, uint32_t value)
{
	uint16_t port = CONFIG_DATA + (reg & 3);

	uint32_t flags = spin_lock_irq(&config_lock);
	select_register(device, reg);
	if (size == 1)
		outb(port, (uint8_t)value);
	else if (size == 2)
		outw(port, (uint16_t)value);
	else
		outl(port, value);
	spin_unlock_irq(&config_lock, flags);
}

static void scan_bus(uint8_t bus, unsigned depth);

static void add_device(struct pci_device *device, unsigned depth)
{
	uint8_t header = pci_read(device, PCI_HEADER_TYPE, 1) & PCI_HEADER_TYPE_MASK;

	device->device = (uint16_t)pci_read(device, PCI_DEVICE_ID, 2);
	device->interface = (uint8_t)pci_read(device, PCI_CLASS_PROG, 1);
	device->subclass = (uint8_t)pci_read(device, PCI_CLASS_DEVICE, 1);
	device->class = (uint8_t)pci_read(device, PCI_CLASS_DEVICE + 1, 1);
	device->interrupt = (uint8_t)pci_read(device, PCI_INTERRUPT_LINE, 1);
	if (header == PCI_HEADER_TYPE_NORMAL) {
		device->subsystem = (uint16_t)pci_read(device, PCI_SUBSYSTEM_ID, 2);
		for (unsigned i = 0; i < PCI_BARS; i++)
			device->bar[i] =
				pci_read(device, (uint8_t)(PCI_BASE_ADDRESS_0 + 4 * i), 4);
	}
	if (device_count < DEVICES_MAX)
		devices[device_count++] = *device;
	log_quiet("pci: %02x:%02x.%u %04x:%04x class %02x%02x irq %u", device->bus,
	          device->slot, device->function, device->vendor, device->device,
	          device->class, device->subclass, device->interrupt);

	if (device->class == CLASS_BRIDGE && device->subclass == SUBCLASS_PCI_BRIDGE &&
	    header == PCI_HEADER_TYPE_BRIDGE && depth < BUSES_DEEP) {
		uint8_t behind = (uint8_t)pci_read(device, PCI_SECONDARY_BUS, 1);
		if (behind > device->bus)
			scan_bus(behind, depth + 1);
	}
}

static void scan_bus(uint8_t bus, unsigned depth)
{
	for (uint8_t slot = 0; slot < SLOTS; slot++) {
		unsigned functions = 1;

		for (uint8_t function = 0; function < functions; function++) {
			struct pci_device device = {.bus = bus, .slot = slot, .function = function};

			device.vendor = (uint16_t)pci_read(&device, PCI_VENDOR_ID, 2);
			if (device.vendor == VENDOR_NONE)
				continue;
			if (pci_read(&device, PCI_HEADER_TYPE, 1) & HEADER_MULTIFUNCTION)
				functions = FUNCTIONS;
			add_device(&device, depth);
		}
	}
}

void pci_init(void)
{
	outl(CONFIG_ADDRESS, CONFIG_ENABLE);
	if (inl(CONFIG_ADDRESS) != CONFIG_ENABLE) {
		log_print("pci: none on this machine");
		return;
	}
	scan_bus(0, 0);
}

const struct pci_device *pci_at(unsigned index)
{
	return index < device_count ? &devices[index] : NULL;
}

const struct pci_device *pci_find_id(uint16_t vendor, uint16_t device, unsigned index)
{
	for (unsigned i = 0; i < device_count; i++)
		if (devices[i].vendor == vendor && devices[i].device == device && index-- == 0)
			return &devices[i];
	return NULL;
}

const struct pci_device *pci_find_class(uint8_t class, uint8_t subclass, unsigned index)
{
	for (unsigned i = 0; i < device_count; i++)
		if (devices[i].class == class && devices[i].subclass == subclass &&
		    index-- == 0)
			return &devices[i];
	return NULL;
}

uint16_t pci_io_base(const struct pci_device *device, unsigned n)
{
	uint32_t bar = device->bar[n];

	if ((bar & PCI_BASE_ADDRESS_SPACE) != PCI_BASE_ADDRESS_SPACE_IO)
		return 0;
	return (uint16_t)(bar & (uint32_t)PCI_BASE_ADDRESS_IO_MASK);
}

void pci_enable(const struct pci_device *device)
{
	uint32_t command = pci_read(device, PCI_COMMAND, 2);

	command |= PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	command &= ~(uint32_t)PCI_COMMAND_INTX_DISABLE;
	pci_write(device, PCI_COMMAND, 2, command);
}
