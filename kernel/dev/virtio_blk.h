/* SPDX-License-Identifier: MIT */
/* Virtio disks on PCI: vda, vdb, ... in the order of their slots. */
#pragma once

/* Finds and registers them. Start-up only. */
void virtio_blk_init(void);
