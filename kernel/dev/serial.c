/* SPDX-License-Identifier: MIT */
/*
 * COM1 to COM4. The console's output on COM1 is polled, since messages must come out from any
 * context: one look at the line status allows as many bytes as the FIFO holds. Input raises the
 * port's interrupt when the FIFO is nearly full or the line has paused.
 *
 * COM2 to COM4 send by interrupt, from a ring. With CRTSCTS among their settings nothing is lost
 * on the way: a byte is sent only while the other side says CTS, and what the terminal has no
 * room for stays in the chip, which tells the other side by RTS to wait; the tty calls
 * line_go_on() when room was made. The same while no program has the line open. One chip's
 * interrupt may hide that of another at the same line (it comes by edge), so a handler looks at all
 * of its line until none has anything to say.
 *
 * A port's lock (irq) guards its ring and the chip's sending half; it nests inside the tty's, and
 * the queue of the tty's writers inside it.
 * What receives runs with interrupts off and holds no lock.
 * Source: National Semiconductor PC16550D data sheet; register names from the uapi.
 */
#include "kernel/dev/serial.h"

#include <linux/serial_reg.h>

#include "kernel/cpu/io.h"
#include "kernel/cpu/irq.h"
#include "kernel/dev/random.h"
#include "kernel/dev/serial_trace.h"
#include "kernel/dev/tty.h"
#include "kernel/dev/unsent.h"
#include "kernel/mem/slab.h"
#include "kernel/sync/spinlock.h"
#include "lib/types.h"

#define DIVISOR 1u          /* of the 115200 Hz clock */
#define TRANSMIT_FIFO 16u
#define TRANSMIT_POLLS 100000u /* far beyond the time 16 bytes take: a dead line */

struct serial_port {
	uint16_t io;
	unsigned irq;
	const char *name;
	bool present;        /* these two are set at start-up, then read only */
	struct tty *tty;

	struct spinlock lock; /* irq; guards what is below */
	struct unsent unsent; /* of the console: without bytes */
	uint8_t enabled;      /* what the chip interrupts for */
	bool holding;         /* input stays in the chip, and the other side is to wait */
};

static struct serial_port ports[] = {
	{.io = 0x3f8, .irq = 4, .name = "ttyS0", .tty = &console_tty},
	{.io = 0x2f8, .irq = 3, .name = "ttyS1"},
	{.io = 0x3e8, .irq = 4, .name = "ttyS2"},
	{.io = 0x2e8, .irq = 3, .name = "ttyS3"},
};
#define PORTS (sizeof(ports) / sizeof(ports[0]))
#define COM1 (ports[0].io)

/* OUT2 connects the chip's interrupt to the interrupt controller on a PC. */
#define MODEM_ON (UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT2)

static bool port_start(const struct serial_port *port)
{
	/* The scratch register keeps what is written to it, if there is a chip. */
	outb(port->io + UART_SCR, 0x5a);
	if (inb(port->io + UART_SCR) != 0x5a)
		return false;
	outb(port->io + UART_IER, 0);
	outb(port->io + UART_LCR, UART_LCR_DLAB);
	outb(port->io + UART_DLL, DIVISOR & 0xff);
	outb(port->io + UART_DLM, DIVISOR >> 8);
	outb(port->io + UART_LCR, UART_LCR_WLEN8);
	outb(port->io + UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_8);
	outb(port->io + UART_MCR, 0);
	return true;
}

void serial_init(void)
{
	ports[0].present = port_start(&ports[0]);
}

/* --- receiving; interrupts are off ------------------------------------------------- */

static void interrupt_for(struct serial_port *port, uint8_t what, bool on)
{
	port->enabled = on ? port->enabled | what : port->enabled & ~what;
	outb(port->io + UART_IER, port->enabled);
}

/* While it holds, the chip's FIFO fills, and does not interrupt for that. */
static void hold(struct serial_port *port, bool holding)
{
	if (port->holding == holding)
		return;
	port->holding = holding;
	outb(port->io + UART_MCR, holding ? MODEM_ON & ~UART_MCR_RTS : MODEM_ON);
	interrupt_for(port, UART_IER_RDI, !holding);
}

static void receive(struct serial_port *port)
{
	for (;;) {
		hold(port, tty_holds_back(port->tty) && !tty_has_room(port->tty));
		if (port->holding || !(inb(port->io + UART_LSR) & UART_LSR_DR))
			return;
		tty_input(port->tty, inb(port->io + UART_RX));
	}
}

/* --- sending; the port's lock is held ---------------------------------------------- */

static bool may_send(const struct serial_port *port)
{
	return !tty_holds_back(port->tty) || inb(port->io + UART_MSR) & UART_MSR_CTS;
}

/* As much as the chip takes now; an interrupt comes when it takes more, or may send again. Whoever
 * calls: what is sent may be the last that somebody waits for, and then no interrupt follows. */
static void send(struct serial_port *port)
{
	bool may = may_send(port);
	uint32_t before = unsent_count(&port->unsent);

	if (may && inb(port->io + UART_LSR) & UART_LSR_THRE)
		for (unsigned i = 0; i < TRANSMIT_FIFO && unsent_count(&port->unsent); i++)
			outb(port->io + UART_TX, unsent_take(&port->unsent));
	bool left = unsent_count(&port->unsent);
	interrupt_for(port, UART_IER_THRI, left && may);
	interrupt_for(port, UART_IER_MSI, left && !may);
	if (unsent_count(&port->unsent) != before)
		tty_wake_writers(port->tty);
}

static void line_listen(struct tty *tty, bool on)
{
	struct serial_port *port = tty_device(tty);

	if (!on)
		unsent_forget(&port->unsent);
	port->holding = false;
	outb(port->io + UART_MCR, on ? MODEM_ON : 0);
	port->enabled = 0;
	interrupt_for(port, UART_IER_RDI, on);
}

static void line_write(struct tty *tty, const char *bytes, size_t n)
{
	struct serial_port *port = tty_device(tty);

	uint32_t flags = spin_lock_irq(&port->lock);
	unsent_add(&port->unsent, bytes, n);
	send(port);
	spin_unlock_irq(&port->lock, flags);
}

static uint32_t line_unsent(struct tty *tty)
{
	const struct serial_port *port = tty_device(tty);

	return unsent_count(&port->unsent);
}

static void line_discard(struct tty *tty)
{
	struct serial_port *port = tty_device(tty);

	uint32_t flags = spin_lock_irq(&port->lock);
	unsent_forget(&port->unsent);
	spin_unlock_irq(&port->lock, flags);
	tty_wake_writers(tty);
}

static void line_go_on(struct tty *tty)
{
	struct serial_port *port = tty_device(tty);

	uint32_t flags = interrupts_off();
	receive(port);
	spin_lock(&port->lock);
	send(port);
	spin_unlock(&port->lock);
	interrupts_restore(flags);
}

static const struct tty_line line = {
	.listen = line_listen,
	.write = line_write,
	.unsent = line_unsent,
	.discard = line_discard,
	.go_on = line_go_on,
	.lingers = true,
};

/* --- interrupts -------------------------------------------------------------------- */

/* Whether the port had something to say. Reading the causes' registers takes them back. */
static bool port_interrupt(struct serial_port *port)
{
	if (!port->tty || inb(port->io + UART_IIR) & UART_IIR_NO_INT)
		return false;
	receive(port);
	if (port->unsent.bytes) {
		spin_lock(&port->lock);
		send(port);
		spin_unlock(&port->lock);
	}
	return true;
}

static bool serial_interrupt(void *context)
{
	unsigned irq = *(const unsigned *)context;
	bool ours = false, again;

	do {
		again = false;
		for (unsigned i = 0; i < PORTS; i++)
			if (ports[i].present && ports[i].irq == irq)
				again |= port_interrupt(&ports[i]);
		ours |= again;
	} while (again);
	if (ours)
		random_stir();
	return ours;
}

/* One of COM2 to COM4, if it is there and not the trace's. */
static void line_start(struct serial_port *port)
{
	if ((port == &ports[1] && serial_trace_wanted()) || !port_start(port))
		return;
	spinlock_init(&port->lock, "serial port");
	port->unsent.bytes = kmalloc(TTY_UNSENT_MAX);
	port->tty = tty_make(&line, port);
	port->present = port->unsent.bytes && port->tty;
}

void serial_listen(void)
{
	for (unsigned i = 0; i < PORTS; i++) {
		if (i > 0)
			line_start(&ports[i]);
		if (!ports[i].present)
			continue;
		irq_register(ports[i].irq, ports[i].name, serial_interrupt, &ports[i].irq);
	}
	if (!ports[0].present)
		return;
	outb(COM1 + UART_MCR, MODEM_ON);
	interrupt_for(&ports[0], UART_IER_RDI, true);
}

struct tty *serial_tty(unsigned n)
{
	return n < PORTS ? ports[n].tty : NULL;
}

/* --- the console's output ---------------------------------------------------------- */

void serial_write(const char *bytes, size_t n)
{
	if (!ports[0].present)
		return;
	for (size_t i = 0; i < n; i++) {
		uint32_t polls = i % TRANSMIT_FIFO ? 0 : TRANSMIT_POLLS;

		while (polls && !(inb(COM1 + UART_LSR) & UART_LSR_THRE))
			polls--;
		outb(COM1 + UART_TX, (uint8_t)bytes[i]);
	}
}
