/* SPDX-License-Identifier: MIT */
/* Jumps out of functions. setjmp does not save the signal mask; sigsetjmp may. */
#pragma once

#include <signal.h>

struct __jump {
	unsigned long registers[6]; /* ebx, esi, edi, ebp, esp, eip: setjmp.S */
	int mask_saved;
	sigset_t mask;
};

typedef struct __jump jmp_buf[1];
typedef struct __jump sigjmp_buf[1];

int setjmp(jmp_buf) __attribute__((returns_twice));
int sigsetjmp(sigjmp_buf, int save_mask) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf, int value);
_Noreturn void siglongjmp(sigjmp_buf, int value);

#define _setjmp  setjmp
#define _longjmp longjmp
