/* SPDX-License-Identifier: MIT */
/*
 * COM1. Output is polled, since messages must come out from any context: one look at
 * the line status allows as many bytes as the FIFO holds. Input raises IRQ 4 when the
 * FIFO is nearly full or the line has paused.
 * Source: National Semiconductor PC16550D data sheet; register names from the uapi.
 */
#include "kernel/dev/serial.h"

#include <linux/serial_reg.h>

#include "kernel/cpu/io.h"
#include "kernel/cpu/irq.h"
#include "kernel/dev/random.h"
#include "kernel/dev/tty.h"
#include "lib/types.h"

#define COM1 0x3f8u
#define COM1_IRQ 4u
#define DIVISOR 1u          /* of the 115200 Hz clock */
#define TRANSMIT_FIFO 16u
#define TRANSMIT_POLLS 100000u /* far beyond the time 16 bytes take: a dead line */

static bool present; /* set at start-up, then read only */

void serial_init(void)
{
	/* The scratch register keeps what is written to it, if there is a chip. */
	outb(COM1 + UART_SCR, 0x5a);
	present = inb(COM1 + UART_SCR) == 0x5a;
	if (!present)
		return;
	outb(COM1 + UART_IER, 0);
	outb(COM1 + UART_LCR, UART_LCR_DLAB);
	outb(COM1 + UART_DLL, DIVISOR & 0xff);
	outb(COM1 + UART_DLM, DIVISOR >> 8);
	outb(COM1 + UART_LCR, UART_LCR_WLEN8);
	outb(COM1 + UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_8);
	/* OUT2 connects the chip's interrupt to the interrupt controller on a PC. */
	outb(COM1 + UART_MCR, UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT2);
}

static bool serial_interrupt(void *context)
{
	bool ours = false;

	(void)context;
	while (!(inb(COM1 + UART_IIR) & UART_IIR_NO_INT)) {
		ours = true;
		while (inb(COM1 + UART_LSR) & UART_LSR_DR)
			tty_input(&console_tty, inb(COM1 + UART_RX));
	}
	if (ours)
		random_stir();
	return ours;
}

void serial_listen(void)
{
	if (!present)
		return;
	irq_register(COM1_IRQ, serial_interrupt, NULL);
	outb(COM1 + UART_IER, UART_IER_RDI);
}

void serial_write(const char *bytes, size_t n)
{
	if (!present)
		return;
	for (size_t i = 0; i < n; i++) {
		uint32_t polls = i % TRANSMIT_FIFO ? 0 : TRANSMIT_POLLS;

		while (polls && !(inb(COM1 + UART_LSR) & UART_LSR_THRE))
			polls--;
		outb(COM1 + UART_TX, (uint8_t)bytes[i]);
	}
}
