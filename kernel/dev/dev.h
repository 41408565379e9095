/* SPDX-License-Identifier: MIT */
/* Start-up of every device driver, in the order in which they need each other. */
#pragma once

/* Console and terminal first, so that later drivers' messages are seen; then the random
 * generator, PCI, and the disks. Before physmem_ready(), since drivers take memory for
 * DMA from physmem_boot_take(); with interrupt lines, heap and clock ready. Absent
 * hardware is found absent by one look, without waiting. */
void dev_init(void);
