/* SPDX-License-Identifier: MIT */
/*
 * The system-call interface: Linux i386's. Number in EAX, arguments in EBX ECX EDX ESI EDI
 * EBP, result or -errno in EAX (syscall(2)).
 *
 * Each sys_*.c file exports a table of the calls it answers; syscall.c joins them into one
 * array indexed by number. A handler is an ordinary function of its arguments, each a
 * 32-bit word; a 64-bit argument takes two words, as it does on the C stack, so it is
 * simply an int64_t parameter.
 */
#pragma once

#include <asm/errno.h>
#include <asm/unistd_32.h>

#include "lib/types.h"

struct trap_frame;

struct system_call {
	uint16_t number;
	uint8_t words;       /* of arguments, for the trace */
	bool restarts;       /* -EINTR means: again after the signal, if SA_RESTART */
	const char *name;
	const void *handler; /* int32_t (*)(words...) */
};

#define CALL_ENTRY_(name, handler, words, restarts) \
	{__NR_##name, words, restarts, #name, (const void *)(handler)}
#define CALL(name, words) CALL_ENTRY_(name, sys_##name, words, false)
#define CALL_RESTARTS(name, words) CALL_ENTRY_(name, sys_##name, words, true)
/* A call answered by another one's handler. */
#define CALL_AS(name, handler, words) CALL_ENTRY_(name, sys_##handler, words, false)
#define CALLS_END {0, 0, false, NULL, NULL}

extern const struct system_call file_calls[];
extern const struct system_call path_calls[];
extern const struct system_call stat_calls[];
extern const struct system_call poll_calls[];
extern const struct system_call memory_calls[];
extern const struct system_call process_calls[];
extern const struct system_call wait_calls[];
extern const struct system_call identity_calls[];
extern const struct system_call signal_calls[];
extern const struct system_call time_calls[];
extern const struct system_call system_calls[];
extern const struct system_call futex_calls[];

/* What an interrupted call returns inside the kernel, never to the program. */
#define ERESTARTSYS 512           /* again if the handler has SA_RESTART, else EINTR */
#define ERESTARTNOHAND 514        /* again if no handler runs, else EINTR */
#define ERESTART_RESTARTBLOCK 516 /* the same, by restart_syscall(2): keeps its deadline */

/* Registers the door of vector 0x80. */
void syscall_init(void);
/* The call with this number and these words, for restart_syscall(2). */
int32_t syscall_again(int number, const struct trap_frame *);
