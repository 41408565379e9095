/* SPDX-License-Identifier: MIT */
/* The end: power off and reset. Whoever calls has written out what must be kept. */
#pragma once

/* Switches the machine off; does not return. Under QEMU with isa-debug-exit at port
 * 0xf4 and the boot flag `exit`, QEMU ends with exit status (status << 1) | 1;
 * otherwise the machine powers off by ACPI, or halts where that is not possible. */
_Noreturn void power_off(unsigned status);
/* Starts the machine afresh; does not return. */
_Noreturn void power_reset(void);
