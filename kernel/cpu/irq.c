/* SPDX-License-Identifier: MIT */
/*
 * The two 8259A interrupt controllers, chained on line 2. Their sixteen lines arrive as
 * vectors TRAP_IRQ0 and up. An interrupt is acknowledged after its handlers have run, so
 * that a level-triggered PCI line is quiet again by then. Source: Intel 8259A data sheet.
 */
#include "kernel/cpu/irq.h"

#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/io.h"
#include "kernel/cpu/trap.h"
#include "kernel/panic.h"

#define PIC_FIRST 0x20 /* command ports; data is the next one */
#define PIC_SECOND 0xa0
#define PIC_DATA 1
#define PIC_INIT 0x11  /* ICW1: edge, cascade, ICW4 follows */
#define PIC_8086 0x01  /* ICW4 */
#define PIC_EOI 0x20
#define PIC_READ_IN_SERVICE 0x0b
#define CASCADE_LINE 2
#define HANDLERS_PER_LINE 4

struct irq_handler {
	const char *device;
	bool (*handle)(void *context);
	void *context;
};

/* Written during start-up only. */
static struct irq_handler handlers[IRQ_LINES][HANDLERS_PER_LINE];
static uint16_t masked = 0xffff;
static uint32_t counts[IRQ_LINES], spurious; /* changed with interrupts off */

static void masks_write(void)
{
	outb(PIC_FIRST + PIC_DATA, masked & 0xff);
	outb(PIC_SECOND + PIC_DATA, masked >> 8);
}

void irq_init(void)
{
	outb(PIC_FIRST, PIC_INIT);
	outb(PIC_SECOND, PIC_INIT);
	outb(PIC_FIRST + PIC_DATA, TRAP_IRQ0);
	outb(PIC_SECOND + PIC_DATA, TRAP_IRQ0 + 8);
	outb(PIC_FIRST + PIC_DATA, 1 << CASCADE_LINE);
	outb(PIC_SECOND + PIC_DATA, CASCADE_LINE);
	outb(PIC_FIRST + PIC_DATA, PIC_8086);
	outb(PIC_SECOND + PIC_DATA, PIC_8086);
	masked &= ~(1u << CASCADE_LINE);
	masks_write();
}

void irq_register(unsigned line, const char *device, bool (*handler)(void *context),
                  void *context)
{
	ASSERT(line < IRQ_LINES);
	for (unsigned i = 0; i < HANDLERS_PER_LINE; i++) {
		struct irq_handler *slot = &handlers[line][i];
		if (slot->handle)
			continue;
		uint32_t flags = interrupts_off();
		*slot = (struct irq_handler){device, handler, context};
		if (line < IRQ_PIC_LINES) {
			masked &= ~(1u << line);
			masks_write();
		}
		interrupts_restore(flags);
		return;
	}
	panic("interrupt line %u has more handlers than there is room for", line);
}

uint32_t irq_count(unsigned line)
{
	return counts[line];
}

const char *irq_device(unsigned line, unsigned i)
{
	return i < HANDLERS_PER_LINE ? handlers[line][i].device : NULL;
}

uint32_t irq_spurious(void)
{
	return spurious;
}

/* Noise on a line arrives as the lowest-priority one without being in service. */
static bool is_spurious(unsigned line)
{
	uint16_t port = line < 8 ? PIC_FIRST : PIC_SECOND;
	if (line % 8 != 7)
		return false;
	outb(port, PIC_READ_IN_SERVICE);
	if (inb(port) & 0x80)
		return false;
	if (line >= 8)
		outb(PIC_FIRST, PIC_EOI); /* the cascade line itself was real */
	return true;
}

static void acknowledge(unsigned line)
{
	if (line == IRQ_LOCAL_TIMER) {
		apic_acknowledge();
		return;
	}
	if (line >= 8)
		outb(PIC_SECOND, PIC_EOI);
	outb(PIC_FIRST, PIC_EOI);
}

void irq_dispatch(unsigned line)
{
	if (line < IRQ_PIC_LINES && is_spurious(line)) {
		spurious++;
		return;
	}
	counts[line]++;
	for (unsigned i = 0; i < HANDLERS_PER_LINE && handlers[line][i].handle; i++)
		handlers[line][i].handle(handlers[line][i].context);
	acknowledge(line);
}
