/* SPDX-License-Identifier: MIT */
/* Segment and gate descriptors, and the task-state segments: what kernel/cpu keeps to
 * itself. Intel SDM vol. 3A, chapters 3, 6 and 7. */
#pragma once

#include "lib/types.h"
#include "kernel/cpu/trap.h"

/* The GDT's entries. Programs use those that trap.h tells: 6 to 8, 14 and 15. */
enum {
	GDT_NULL, GDT_KERNEL_CODE, GDT_KERNEL_DATA, GDT_TASK, GDT_DOUBLE_FAULT_TASK,
	GDT_LDT, GDT_TLS = TLS_FIRST, GDT_USER_CODE = USER_CODE / 8, GDT_USER_DATA, GDT_ENTRIES
};

#define SELECTOR(entry) ((entry) * 8)

/* The access byte (type, S, DPL, P) and the flags nibble (AVL, L, D/B, G). */
#define SEGMENT_CODE 0x9au
#define SEGMENT_DATA 0x92u
#define SEGMENT_TASK 0x89u
#define SEGMENT_LDT 0x82u
#define SEGMENT_USER 0x60u
#define SEGMENT_32BIT_PAGES 0xcu

#define GATE_TASK 0x85u
#define GATE_INTERRUPT 0x8eu /* interrupts off on entry */
#define GATE_TRAP 0x8fu      /* interrupts as they were */
#define GATE_USER 0x60u      /* programs may enter it by INT */

struct task_state {
	uint32_t link, esp0, ss0, esp1, ss1, esp2, ss2;
	uint32_t cr3, eip, eflags;
	uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
	uint32_t es, cs, ss, ds, fs, gs, ldt;
	uint16_t trap, io_map;
};

/* What the processor runs on: esp0 is the stack of traps from user mode. After a double
 * fault, which is a task switch, it holds the registers of that moment. */
extern struct task_state cpu_task;
extern uint64_t gdt[GDT_ENTRIES];

/* Builds and loads the interrupt descriptor table. */
void idt_init(void);
/* Makes the task that reports a double fault on a stack of its own. */
void double_fault_init(void);
/* A segment descriptor, as the processor wants its bits. */
uint64_t descriptor_make(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags);
