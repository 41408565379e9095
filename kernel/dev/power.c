/* SPDX-License-Identifier: MIT */
/*
 * Power off and reset without an ACPI interpreter: the sleep register of the chipsets
 * that QEMU models (PIIX4's power-management function, found by PCI; ICH9's has the
 * same place and values), whose "off" state is sleep type 0.
 * Source: Intel 82371AB (PIIX4) data sheet, 7.2 and 9; reset: the same, 4.2.2.4.
 */
#include "kernel/dev/power.h"

#include "kernel/boot_args.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/io.h"
#include "kernel/dev/pci.h"
#include "kernel/log.h"
#include "kernel/sync/locktimes.h"
#include "kernel/time/clock.h"
#include "kernel/trace.h"

#define DEBUG_EXIT_PORT 0xf4u

#define PIIX4_VENDOR 0x8086u
#define PIIX4_PM_DEVICE 0x7113u
#define PIIX4_PMBASE 0x40u      /* configuration register: I/O base, bits 15 to 6 */
#define PMBASE_MASK 0xffc0u
#define PMBASE_USUAL 0x600u     /* where the firmware puts it */
#define PM1_CONTROL 4u          /* from the base */
#define PM1_SLEEP_ENABLE 0x2000u /* with sleep type 0 in bits 12 to 10: soft off */

#define RESET_CONTROL 0xcf9u
#define RESET_HARD 0x02u
#define RESET_NOW 0x04u
#define KEYBOARD_COMMAND 0x64u
#define KEYBOARD_PULSE_RESET 0xfeu

static _Noreturn void halt(void)
{
	interrupts_off();
	for (;;)
		__asm__ volatile("hlt");
}

_Noreturn void power_off(unsigned status)
{
	lock_times_tell();
	trace_flush();
	if (boot_flag("exit"))
		outl(DEBUG_EXIT_PORT, status);

	const struct pci_device *pm = pci_find_id(PIIX4_VENDOR, PIIX4_PM_DEVICE, 0);
	uint32_t base = pm ? pci_read(pm, PIIX4_PMBASE, 2) & PMBASE_MASK : 0;
	if (!base)
		base = PMBASE_USUAL;
	outw((uint16_t)(base + PM1_CONTROL), PM1_SLEEP_ENABLE);
	/* The power does not go at once. */
	for (uint64_t deadline = clock_now() + NS_PER_SECOND; clock_now() < deadline;)
		continue;
	log_print("power: the machine may be switched off now");
	halt();
}

_Noreturn void power_reset(void)
{
	trace_flush();
	interrupts_off();
	outb(RESET_CONTROL, RESET_HARD);
	outb(RESET_CONTROL, RESET_HARD | RESET_NOW);
	outb(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
	halt();
}
