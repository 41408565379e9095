/* SPDX-License-Identifier: MIT */
/* The processor at start-up: features, control registers, segments, task state. */
#include "kernel/cpu/cpu.h"

#include "kernel/boot_args.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/debug_registers.h"
#include "kernel/cpu/fpu.h"
#include "kernel/cpu/paging.h"
#include "kernel/cpu/trap.h"
#include "kernel/cpu/wide.h"
#include "kernel/mem/kmap.h"
#include "kernel/sched/thread.h"

/* CPUID leaf 1, edx: SDM vol. 2A. */
#define CPUID_PSE (1u << 3)
#define CPUID_PGE (1u << 13)
#define CPUID_FXSR (1u << 24)
#define CPUID_SSE (1u << 25)
/* Leaf 0x80000001, edx. */
#define CPUID_NX (1u << 20)

struct cpu boot_cpu = {.current = &boot_thread};
struct task_state cpu_task;
uint64_t gdt[GDT_ENTRIES] __attribute__((aligned(8)));

uint64_t descriptor_make(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags)
{
	uint32_t low = base << 16 | (limit & 0xffff);
	uint32_t high = (base & 0xff000000) | flags << 20 | (limit & 0xf0000) |
		access << 8 | (base >> 16 & 0xff);
	return (uint64_t)high << 32 | low;
}

static uint64_t flat_segment(uint32_t access)
{
	return descriptor_make(0, 0xfffff, access, SEGMENT_32BIT_PAGES);
}

static void gdt_load(void)
{
	struct {
		uint16_t limit;
		uint64_t *base;
	} __attribute__((packed)) pointer = {sizeof(gdt) - 1, gdt};

	__asm__ volatile("lgdt %0\n\t"
	                 "ljmp %1, $1f\n"
	                 "1:\n\t"
	                 "movl %2, %%ds\n\t"
	                 "movl %2, %%es\n\t"
	                 "movl %2, %%ss\n\t"
	                 "movl %3, %%fs\n\t"
	                 "movl %3, %%gs"
	                 : : "m"(pointer), "i"(KERNEL_CODE), "r"(KERNEL_DATA), "r"(0)
	                 : "memory");
}

static void segments_init(void)
{
	gdt[GDT_KERNEL_CODE] = flat_segment(SEGMENT_CODE);
	gdt[GDT_KERNEL_DATA] = flat_segment(SEGMENT_DATA);
	gdt[GDT_USER_CODE] = flat_segment(SEGMENT_CODE | SEGMENT_USER);
	gdt[GDT_USER_DATA] = flat_segment(SEGMENT_DATA | SEGMENT_USER);
	gdt[GDT_TASK] = descriptor_make((uint32_t)&cpu_task, sizeof(cpu_task) - 1,
	                                SEGMENT_TASK, 0);
	gdt_load();

	cpu_task.ss0 = KERNEL_DATA;
	cpu_task.io_map = sizeof(cpu_task); /* beyond the limit: no ports for programs */
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR(GDT_TASK)));
	/* At reset the register names a local table of 64 KiB at address 0 (SDM vol. 3A, table 9-1):
	 * a selector of it would be looked up in the program's memory. */
	cpu_load_ldt(NULL);
}

static void control_registers_init(uint32_t features)
{
	uint32_t cr0, cr4;
	__asm__ volatile("movl %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("movl %%cr4, %0" : "=r"(cr4));
	if (features & CPUID_PSE)
		cr4 |= CR4_PSE;
	if (features & CPUID_PGE)
		cr4 |= CR4_PGE;
	if (features & CPUID_FXSR)
		cr4 |= CR4_OSFXSR;
	if (features & CPUID_SSE)
		cr4 |= CR4_OSXMMEXCPT;
	__asm__ volatile("movl %0, %%cr4" : : "r"(cr4));
	__asm__ volatile("movl %0, %%cr0" : : "r"(cr0 | CR0_WP | CR0_NE | CR0_MP) : "memory");
}

/* What a leaf says in edx; *highest, in eax. */
static uint32_t cpuid(uint32_t leaf, uint32_t *highest)
{
	uint32_t ebx, ecx, edx;
	__asm__ volatile("cpuid" : "+a"(leaf), "=b"(ebx), "=c"(ecx), "=d"(edx));
	*highest = leaf;
	return edx;
}

static uint32_t cpuid_features(void)
{
	uint32_t unused;
	return cpuid(1, &unused);
}

#ifdef PAGODA_PAE
/* Whether pages can be forbidden to be executed; from here on, their entries may say so. */
static bool no_execute_init(void)
{
	uint32_t highest, unused, low, high;
	cpuid(0x80000000, &highest);
	if (highest < 0x80000001 || !(cpuid(0x80000001, &unused) & CPUID_NX))
		return false;
	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_EFER));
	__asm__ volatile("wrmsr" : : "a"(low | EFER_NXE), "d"(high), "c"(MSR_EFER));
	return true;
}
#else
static bool no_execute_init(void)
{
	return false;
}
#endif

void cpu_init(void)
{
	struct cpu *cpu = this_cpu();
	uint32_t features = cpuid_features();

	cpu->has_large_pages = features & CPUID_PSE;
#ifdef PAGODA_PAE
	cpu->has_large_pages = true;
#endif
	cpu->has_no_execute = no_execute_init();
	cpu->has_global_pages = features & CPUID_PGE;
	cpu->has_fxsr = features & CPUID_FXSR;
	cpu->cr3 = kernel_directory_physical();
	segments_init();
	idt_init();
	double_fault_init();
	control_registers_init(features);
	debug_registers_init();
	fpu_init(features & CPUID_SSE);
	wide_moves = cpu->has_fxsr && features & CPUID_SSE && boot_arg_number("cpu.sse", 1);
}

void cpu_load_tls(const uint64_t descriptors[3])
{
	for (int i = 0; i < 3; i++)
		gdt[GDT_TLS + i] = descriptors[i];
}

void cpu_load_ldt(const struct ldt *ldt)
{
	this_cpu()->ldt = ldt;
	if (ldt)
		gdt[GDT_LDT] = descriptor_make((uint32_t)ldt->entries, sizeof ldt->entries - 1,
		                               SEGMENT_LDT, 0);
	__asm__ volatile("lldt %w0" : : "r"(ldt ? SELECTOR(GDT_LDT) : 0) : "memory");
}

void cpu_hide_time(bool hide)
{
	uint32_t cr4;
	this_cpu()->hides_time = hide;
	__asm__ volatile("movl %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("movl %0, %%cr4" : : "r"(hide ? cr4 | CR4_TSD : cr4 & ~CR4_TSD));
}

void cpu_set_kernel_stack(uintptr_t top)
{
	cpu_task.esp0 = top;
}

void cpu_load_directory(physaddr_t directory)
{
	uint32_t flags = interrupts_off();
	struct cpu *cpu = this_cpu();
	if (cpu->cr3 != directory) {
		cpu->cr3 = directory;
		cpu->directory_loads++;
		write_cr3(directory);
	}
	interrupts_restore(flags);
}
