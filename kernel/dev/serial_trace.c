/* SPDX-License-Identifier: MIT */
/*
 * COM2 as the trace's way out and its reader's way in, where there is no virtio console (a PC in a
 * browser has none). Each record is a frame of SLIP (RFC 1055), so that who begins to read in the
 * middle finds the next one. Nothing is lost: a record is sent when it is whole, by polling, and
 * the machine stands still until the line takes it. If the reader has ever said CTS, it stands
 * still as well whenever the reader takes CTS back: this is how the reader stops the machine
 * between two events. The other way come lines of words, as for /proc/sys/kernel/trace.
 *
 * Sending happens with interrupts off, as the trace's rings are written; what has come of a line
 * is the interrupt's until the line is whole, then the reading thread's until it is taken.
 * Source: National Semiconductor PC16550D data sheet; register names from the uapi.
 */
#include "kernel/dev/serial_trace.h"

#include <linux/serial_reg.h>

#include "kernel/boot_args.h"
#include "kernel/cpu/io.h"
#include "kernel/cpu/irq.h"
#include "kernel/sync/wait_queue.h"
#include "kernel/trace.h"
#include "lib/string.h"

#define COM2 0x2f8u
#define COM2_IRQ 3u
#define DIVISOR 1u          /* of the 115200 Hz clock */
#define TRANSMIT_FIFO 16u

/* RFC 1055 */
#define SLIP_END 0xc0u
#define SLIP_ESC 0xdbu
#define SLIP_ESC_END 0xdcu
#define SLIP_ESC_ESC 0xddu

static bool handshake; /* the reader has said CTS */
static uint32_t room;  /* bytes that the chip takes without being asked */

static char line[TRACE_LINE_MAX]; /* of the reader; a whole one ends with NUL */
static size_t line_length;
static volatile bool line_whole;
static struct wait_queue line_waiters = WAIT_QUEUE_INIT(line_waiters);

static void send_byte(uint8_t byte)
{
	if (room == 0) {
		while (!(inb(COM2 + UART_LSR) & UART_LSR_THRE))
			;
		room = TRANSMIT_FIFO;
	}
	room--;
	outb(COM2 + UART_TX, byte);
}

static void await_reader(void)
{
	while (!(inb(COM2 + UART_MSR) & UART_MSR_CTS))
		if (!handshake)
			return;
	handshake = true;
}

static bool send(const void *data, uint32_t bytes)
{
	const uint8_t *from = data;

	await_reader();
	for (uint32_t i = 0; i < bytes; i++) {
		if (from[i] != SLIP_END && from[i] != SLIP_ESC) {
			send_byte(from[i]);
			continue;
		}
		send_byte(SLIP_ESC);
		send_byte(from[i] == SLIP_END ? SLIP_ESC_END : SLIP_ESC_ESC);
	}
	send_byte(SLIP_END);
	return true;
}

/* Bytes of a line that is too long, or that come before the last one was taken, are dropped. */
static void receive(char byte)
{
	if (line_whole)
		return;
	if (byte != '\n') {
		if (line_length < sizeof(line) - 1)
			line[line_length++] = byte;
		return;
	}
	line[line_length] = '\0';
	line_length = 0;
	line_whole = true;
	wait_wake_all(&line_waiters);
}

static bool interrupt(void *context)
{
	bool ours = false;

	(void)context;
	while (!(inb(COM2 + UART_IIR) & UART_IIR_NO_INT)) {
		ours = true;
		while (inb(COM2 + UART_LSR) & UART_LSR_DR)
			receive((char)inb(COM2 + UART_RX));
	}
	return ours;
}

static void await_words(char *words)
{
	WAIT_UNTIL(&line_waiters, line_whole);
	strlcpy(words, line, TRACE_LINE_MAX);
	line_whole = false;
}

static const struct trace_channel channel = {
	.name = "COM2",
	.waits = true,
	.send = send,
	.await_words = await_words,
};

bool serial_trace_wanted(void)
{
	return boot_flag("trace-com2");
}

void serial_trace_init(void)
{
	if (!serial_trace_wanted() || trace_has_channel())
		return;
	/* The scratch register keeps what is written to it, if there is a chip. */
	outb(COM2 + UART_SCR, 0x5a);
	if (inb(COM2 + UART_SCR) != 0x5a)
		return;
	outb(COM2 + UART_IER, 0);
	outb(COM2 + UART_LCR, UART_LCR_DLAB);
	outb(COM2 + UART_DLL, DIVISOR & 0xff);
	outb(COM2 + UART_DLM, DIVISOR >> 8);
	outb(COM2 + UART_LCR, UART_LCR_WLEN8);
	outb(COM2 + UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_8);
	outb(COM2 + UART_MCR, UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT2);
	send_byte(SLIP_END); /* whatever noise came before is no record */
	trace_set_channel(&channel);
	irq_register(COM2_IRQ, "trace", interrupt, NULL);
	outb(COM2 + UART_IER, UART_IER_RDI);
}
