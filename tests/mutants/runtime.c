/* SPDX-License-Identifier: MIT */
/*
 * In a kernel with mutants (scripts/mutants): `mutant=N` on the command line chooses one, from the
 * start of vm/ on. When the machine goes off it tells QEMU's debug console, port 0xe9, which
 * places were reached, a byte each. The linker leads calls of power_off and vm_init here.
 */
#include "kernel/boot_args.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/io.h"
#include "vm/start.h"

#define DEBUG_CONSOLE 0xe9

unsigned mutant_chosen;
unsigned char mutant_reached[MUTANTS];

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
		outb(DEBUG_CONSOLE, mutant_reached[number]);
	__real_power_off(status);
}
