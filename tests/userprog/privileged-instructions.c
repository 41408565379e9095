/* SPDX-License-Identifier: MIT */
/*
 * Instructions of the kernel are not for programs: each ends in SIGSEGV.
 */
#include "tests/test.h"

static void halt(void *unused)
{
	(void)unused;
	__asm__ volatile("hlt");
}

static void disable_interrupts(void *unused)
{
	(void)unused;
	__asm__ volatile("cli");
}

static void read_port(void *unused)
{
	(void)unused;
	__asm__ volatile("inb $0x60, %%al" : : : "eax");
}

static void load_page_directory(void *unused)
{
	(void)unused;
	__asm__ volatile("movl %0, %%cr3" : : "r"(0));
}

static void invalidate_page(void *unused)
{
	(void)unused;
	__asm__ volatile("invlpg (%0)" : : "r"(0));
}

static void load_segments(void *unused)
{
	static const char descriptor[6];

	(void)unused;
	__asm__ volatile("lgdt %0" : : "m"(descriptor));
}

static void kernel_gate(void *unused)
{
	(void)unused;
	__asm__ volatile("int $0x0E"); /* the page fault's gate is not for programs to call */
}

int main(void)
{
	void (*const forbidden[])(void *) = {
		halt, disable_interrupts, read_port, load_page_directory, invalidate_page,
		load_segments, kernel_gate,
	};

	for (uint32_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		struct death death = death_of(forbidden[i], NULL);

		CHECK(death.signal == SIGSEGV, "instruction %u: SIGSEGV, not %d", i, death.signal);
	}
	say("7 instructions were refused");
	return 0;
}
