/* SPDX-License-Identifier: MIT */
/*
 * In a kernel with mutants (scripts/mutants): `mutant=N` on the command line chooses one, from the
 * start of vm/ on. When the machine goes off it tells QEMU's debug console, port 0xe9, how
 * often each place was reached, 32 bits each. The linker leads calls of power_off and vm_init here.
 */
#include "kernel/boot_args.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/io.h"
#include "vm/start.h"

#define DEBUG_CONSOLE 0xe9

unsigned mutant_chosen;
unsigned mutant_reached[MUTANTS];

void __real_vm_init(void);
void __wrap_vm_init(void);
_Noreturn void __wrap_power_off(unsigned status);
_Noreturn void __real_power_off(unsigned status);

void __wrap_vm_init(void)
{
	mutant_chosen = boot_arg_number("mutant", 0);
	__real_vm_init();
}

_Noreturn void __wrap_power_off(unsigned status)
{
	interrupts_off();
	for (unsigned number = 0; number < MUTANTS; number++)
		for (unsigned shift = 0; shift < 32; shift += 8)
			outb(DEBUG_CONSOLE, (uint8_t)(mutant_reached[number] >> shift));
	__real_power_off(status);
}
