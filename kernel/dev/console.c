/* SPDX-License-Identifier: MIT */
/*
 * One console of two devices. The lock keeps two writers (a program, the log, the echo
 * of a key) from mixing inside an escape sequence, and guards both devices' state. It
 * is the innermost of all locks but those of the hardware: writers may hold others.
 */
#include "kernel/dev/console.h"

#include "kernel/dev/serial.h"
#include "kernel/dev/vga.h"
#include "kernel/log.h"
#include "kernel/sync/spinlock.h"

static struct spinlock console_lock = SPINLOCK_INIT("console");

void console_write(const char *bytes, size_t n)
{
	/* Held already: this is a panic's message from inside this very function, and
	 * it matters more than a torn escape sequence. */
	if (spin_held(&console_lock)) {
		serial_write(bytes, n);
		return;
	}
	uint32_t flags = spin_lock_irq(&console_lock);
	serial_write(bytes, n);
	vga_write(bytes, n);
	spin_unlock_irq(&console_lock, flags);
}

void console_init(void)
{
	serial_init();
	vga_init();
	log_set_output(console_write);
}
