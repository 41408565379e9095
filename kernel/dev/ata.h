/* SPDX-License-Identifier: MIT */
/* ATA disks on a PCI IDE controller with bus-master DMA (PIIX): hda and hdb on the
 * primary channel, hdc and hdd on the secondary. */
#pragma once

/* Finds and registers them. Start-up only. */
void ata_init(void);
