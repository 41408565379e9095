/* SPDX-License-Identifier: MIT */
/*
 * The PCI bus: what is plugged in where. Found once at start-up, then read only.
 * Register numbers are those of <linux/pci_regs.h>.
 */
#pragma once

#include "lib/types.h"

#define PCI_BARS 6u

struct pci_device {
	uint8_t bus, slot, function;
	uint16_t vendor, device, subsystem;
	uint8_t class, subclass, interface;
	uint8_t interrupt;        /* the PIC's line, as the firmware routed it; 0xff: none */
	uint32_t bar[PCI_BARS];   /* base address registers as the firmware set them */
};

void pci_init(void);
/* The index-th device in order of bus, slot and function; NULL beyond the last. */
const struct pci_device *pci_at(unsigned index);
/* The index-th of this kind; NULL if there are no more. */
const struct pci_device *pci_find_id(uint16_t vendor, uint16_t device, unsigned index);
const struct pci_device *pci_find_class(uint8_t class, uint8_t subclass, unsigned index);

/* Configuration space: `size` is 1, 2 or 4 bytes, the register aligned to it. */
uint32_t pci_read(const struct pci_device *, uint8_t reg, unsigned size);
void pci_write(const struct pci_device *, uint8_t reg, unsigned size, uint32_t value);

/* The I/O port that the n-th base address register holds; 0 if it holds none. */
uint16_t pci_io_base(const struct pci_device *, unsigned n);
/* Lets the device answer on its ports and memory, master the bus (DMA) and interrupt. */
void pci_enable(const struct pci_device *);
