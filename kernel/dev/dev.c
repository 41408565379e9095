/* SPDX-License-Identifier: MIT */
/* The order in which the drivers start. */
#include "kernel/dev/dev.h"

#include "kernel/dev/ata.h"
#include "kernel/dev/console.h"
#include "kernel/dev/keyboard.h"
#include "kernel/dev/pci.h"
#include "kernel/dev/random.h"
#include "kernel/dev/serial.h"
#include "kernel/dev/serial_trace.h"
#include "kernel/dev/tty.h"
#include "kernel/dev/virtio_blk.h"
#include "kernel/dev/virtio_console.h"

void dev_init(void)
{
	console_init();
	tty_init();
	random_init();
	serial_listen();
	keyboard_init();
	pci_init();
	virtio_console_init();
	serial_trace_init();
	virtio_blk_init();
	ata_init();
}
