/* SPDX-License-Identifier: MIT */
/* The page-fault handler. fault.c is the table of README.md, as code. */
#pragma once

#include "lib/types.h"

struct spt;
struct trap_frame;

enum fault_result {
	FAULT_DONE,     /* the instruction may run again */
	FAULT_MAPERR,   /* no area there: SIGSEGV, SEGV_MAPERR */
	FAULT_ACCERR,   /* the area forbids it: SIGSEGV, SEGV_ACCERR */
	FAULT_BUS,      /* past the end of the file, or the device failed: SIGBUS, BUS_ADRERR */
	FAULT_NO_MEMORY, /* neither a frame nor swap left, and nobody else to kill: SIGKILL */
	FAULT_KILLED    /* SIGKILL came while it waited: the page is not there */
};

/* A fetch of an instruction is a read, where the processor does not tell the two apart. Who says
 * `write`, true or false, means one of the first two. */
enum fault_access { FAULT_READ, FAULT_WRITE, FAULT_FETCH };

void fault_init(void);
/* Makes the page of `address` accessible, as a program's access would. No locks held; may
 * sleep. */
enum fault_result fault_resolve(struct spt *, uintptr_t address, enum fault_access);
/* The same for somebody who looks into the program and may change a private page that it may not:
 * the page becomes its own, and its entry stays read-only. */
enum fault_result fault_resolve_for_debugger(struct spt *, uintptr_t address, bool write);

/* For reports of a program's death and for panics: the page fault that the current thread is
 * in, or was in last. */
struct fault_story {
	bool under_way;
	uintptr_t page;    /* only if under way, */
	bool write;        /* as is this */
	const char *row;   /* its name in the table; NULL: none was decided yet */
	const char *words; /* the row's two left columns and what happens, in a sentence */
};
struct fault_story fault_story(void);

/* The door for userprog: a program's access failed. */
void fault_set_signal_hook(void (*hook)(struct trap_frame *, uintptr_t address,
                                        enum fault_result));
