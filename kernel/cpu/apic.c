/* SPDX-License-Identifier: MIT */
/* The local APIC's timer (apic.h). */
#include "kernel/cpu/apic.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/irq.h"
#include "kernel/cpu/trap.h"
#include "kernel/mem/kmap.h"

#define CPUID_MSR (1u << 5) /* leaf 1, EDX */
#define CPUID_APIC (1u << 9)

#define MSR_APIC_BASE 0x1b
#define APIC_BASE_ENABLED 0x800u
#define APIC_BASE_ADDRESS 0xfffff000u
#define APIC_ADDRESS 0xfee00000u /* where it is after a reset */

/* Registers, by their offset. */
#define APIC_EOI 0x0b0
#define APIC_SPURIOUS 0x0f0
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_LINT0 0x350
#define APIC_LVT_LINT1 0x360
#define APIC_INITIAL_COUNT 0x380
#define APIC_CURRENT_COUNT 0x390
#define APIC_DIVIDE 0x3e0

#define SPURIOUS_VECTOR 0xff
#define SPURIOUS_ENABLE 0x100u /* of the whole controller */
#define DELIVER_NMI 0x400u
#define DELIVER_EXTERNAL 0x700u /* the 8259A says which vector */
#define DIVIDE_BY_16 0x3u

static volatile uint32_t *register_at(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(APIC_ADDRESS + offset);
}

static uint32_t features(void)
{
	uint32_t leaf = 1, ebx, ecx, edx;
	__asm__ volatile("cpuid" : "+a"(leaf), "=b"(ebx), "=c"(ecx), "=d"(edx));
	return edx;
}

static uint32_t base_read(void)
{
	uint32_t low, high;
	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_APIC_BASE));
	return high ? 0 : low;
}

/* An interrupt that went away before it was taken: there is nothing to do, or to acknowledge. */
static void spurious(struct trap_frame *frame)
{
	(void)frame;
}

bool apic_init(void)
{
	uint32_t wanted = CPUID_MSR | CPUID_APIC;
	if ((features() & wanted) != wanted || !this_cpu()->has_large_pages)
		return false;
	uint32_t base = base_read();
	if ((base & APIC_BASE_ADDRESS) != APIC_ADDRESS || !(base & APIC_BASE_ENABLED))
		return false;
	kmap_device(APIC_ADDRESS);
	trap_register(SPURIOUS_VECTOR, spurious);
	*register_at(APIC_SPURIOUS) = SPURIOUS_ENABLE | SPURIOUS_VECTOR;
	*register_at(APIC_LVT_LINT0) = DELIVER_EXTERNAL;
	*register_at(APIC_LVT_LINT1) = DELIVER_NMI;
	*register_at(APIC_DIVIDE) = DIVIDE_BY_16;
	*register_at(APIC_LVT_TIMER) = TRAP_IRQ0 + IRQ_LOCAL_TIMER;
	return true;
}

void apic_timer_start(uint32_t count)
{
	*register_at(APIC_INITIAL_COUNT) = count;
}

uint32_t apic_timer_left(void)
{
	return *register_at(APIC_CURRENT_COUNT);
}

void apic_acknowledge(void)
{
	*register_at(APIC_EOI) = 0;
}
