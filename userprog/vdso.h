/* SPDX-License-Identifier: MIT */
/*
 * The vDSO (vdso(7)): a page of code and a page with the time, above the stack of every program. To
 * the C library it is a shared library that nobody opened: the auxiliary vector says where it is.
 *
 *   VDSO_START + PAGE_SIZE   the time page: the kernel writes it, programs only read
 *   VDSO_START               the code: userprog/vdso, an ELF file
 *   USER_STACK_TOP           the same address
 *
 * To vm/ the two are pages of a file like any other, mapped private, and may be evicted. They cost
 * an area; when one is used, a fault brings both, which are everybody's.
 */
#pragma once

#include "lib/types.h"

struct spt;

void vdso_init(void);
/* The time page follows; until this has returned, programs may still read the old time. May sleep. */
void vdso_clock_was_set(void);
/* Promises it to a new address space, above the stack. 0, -ENOMEM. */
int vdso_map(struct spt *);
/* For AT_SYSINFO: the address of __kernel_vsyscall there. */
uintptr_t vdso_system_call(void);
/* Where a signal handler returns to that brought no way back of its own: __kernel_rt_sigreturn for one
 * that is told (SA_SIGINFO), or __kernel_sigreturn. */
uintptr_t vdso_signal_return(bool tells);
