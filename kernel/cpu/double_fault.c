/* SPDX-License-Identifier: MIT */
/*
 * The double fault: an exception that could not even be entered. In this kernel that
 * means a kernel stack ran over into the hole below it, so there is no stack to report
 * it on. The vector is a task gate: the processor saves all registers in the task state
 * that was current and takes new ones, stack included, from ours. SDM vol. 3A, 7.3.
 */
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/paging.h"
#include "kernel/cpu/trap.h"
#include "kernel/mem/kmap.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"

#define REPORT_STACK_SIZE 4096

static struct task_state report_task;
static char report_stack[REPORT_STACK_SIZE] __attribute__((aligned(16)));

/* The registers at the moment of the fault, as a trap would have saved them. */
static struct trap_frame frame_from_task(const struct task_state *task)
{
	return (struct trap_frame){
		.ebx = task->ebx, .ecx = task->ecx, .edx = task->edx, .esi = task->esi,
		.edi = task->edi, .ebp = task->ebp, .eax = task->eax, .ds = task->ds,
		.es = task->es, .fs = task->fs, .gs = task->gs,
		.vector = TRAP_DOUBLE_FAULT, .eip = task->eip, .cs = task->cs,
		.eflags = task->eflags, .esp = task->esp, .ss = task->ss,
	};
}

static _Noreturn void report(void)
{
	struct trap_frame frame = frame_from_task(&cpu_task);
	uintptr_t address = read_cr2();
	const struct thread *thread = thread_current();
	if (kmap_in_stack_hole(address))
		panic_trap(&frame, "kernel stack overflow: thread %d (%s) used up its %u bytes",
		           thread->id, thread->name, THREAD_STACK_SIZE);
	panic_trap(&frame, "double fault: an exception could not be delivered (CR2 %#lx)",
	           (unsigned long)address);
}

void double_fault_init(void)
{
	report_task = (struct task_state){
		.cr3 = kernel_directory_physical(),
		.eip = (uint32_t)report,
		.eflags = 0x2,
		/* As after a call: the return address that never is, and alignment. */
		.esp = (uint32_t)report_stack + REPORT_STACK_SIZE - 20,
		.cs = KERNEL_CODE,
		.ds = KERNEL_DATA, .es = KERNEL_DATA, .ss = KERNEL_DATA,
		.io_map = sizeof(report_task),
	};
	gdt[GDT_DOUBLE_FAULT_TASK] = descriptor_make((uint32_t)&report_task,
	                                             sizeof(report_task) - 1, SEGMENT_TASK, 0);
}
