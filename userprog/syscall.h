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
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452 /* newer than the headers of Debian 12 */
#endif
#ifndef __NR_mseal
#define __NR_mseal 462     /* the same */
#endif

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
extern const struct system_call transfer_calls[];
extern const struct system_call path_calls[];
extern const struct system_call stat_calls[];
extern const struct system_call poll_calls[];
extern const struct system_call memory_calls[];
extern const struct system_call process_calls[];
extern const struct system_call ldt_calls[];
extern const struct system_call prctl_calls[];
extern const struct system_call schedule_calls[];
extern const struct system_call wait_calls[];
extern const struct system_call identity_calls[];
extern const struct system_call signal_calls[];
extern const struct system_call time_calls[];
extern const struct system_call timer_calls[];
extern const struct system_call timex_calls[];
extern const struct system_call event_calls[];
extern const struct system_call ioprio_calls[];
extern const struct system_call kcmp_calls[];
extern const struct system_call mqueue_calls[];
extern const struct system_call epoll_calls[];
extern const struct system_call inotify_calls[];
extern const struct system_call ipc_calls[];
extern const struct system_call shm_calls[];
extern const struct system_call sem_calls[];
extern const struct system_call msg_calls[];
extern const struct system_call system_calls[];
extern const struct system_call futex_calls[];
extern const struct system_call futex_many_calls[];
extern const struct system_call file_time_calls[];
extern const struct system_call lock_calls[];
extern const struct system_call open_calls[];
extern const struct system_call file_range_calls[];
extern const struct system_call ptrace_calls[];
extern const struct system_call xattr_calls[];
extern const struct system_call socket_calls[];

/* What an interrupted call returns inside the kernel, never to the program. */
#define ERESTARTSYS 512           /* again if the handler has SA_RESTART, else EINTR */
#define ERESTARTNOINTR 513        /* again, whatever the handler has */
#define ERESTARTNOHAND 514        /* again if no handler runs, else EINTR */
#define ERESTART_RESTARTBLOCK 516 /* the same, by restart_syscall(2): keeps its deadline */

/* sys_socket.c: fills the door that tells sockets whose they are. */
void sys_socket_init(void);
/* Registers the door of vector 0x80. */
void syscall_init(void);
/* From now on calls of traced processes stop (ptrace.h); false: there are none. */
void syscall_watch_tracees(bool watch);
/* The call with this number and these words, for restart_syscall(2). */
int32_t syscall_again(int number, const struct trap_frame *);
