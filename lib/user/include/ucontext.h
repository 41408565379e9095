/* SPDX-License-Identifier: MIT */
/*
 * What a signal handler with SA_SIGINFO is given as its third argument: the interrupted
 * program's registers. The layout is the uapi's struct ucontext (asm/ucontext.h); the
 * registers are an array, as in other C libraries, so that programs fit all of them.
 */
#pragma once

#include <signal.h>

enum {
	REG_GS, REG_FS, REG_ES, REG_DS, REG_EDI, REG_ESI, REG_EBP, REG_ESP, REG_EBX, REG_EDX,
	REG_ECX, REG_EAX, REG_TRAPNO, REG_ERR, REG_EIP, REG_CS, REG_EFL, REG_UESP, REG_SS,
	NGREG
};

typedef int greg_t;
typedef greg_t gregset_t[NGREG];

typedef struct {
	gregset_t gregs;
	void *fpregs; /* NULL, or the saved state of the floating-point unit */
	unsigned long oldmask;
	unsigned long cr2;
} mcontext_t;

typedef struct ucontext_t {
	unsigned long uc_flags;
	struct ucontext_t *uc_link;
	stack_t uc_stack;
	mcontext_t uc_mcontext;
	sigset_t uc_sigmask;
} ucontext_t;
