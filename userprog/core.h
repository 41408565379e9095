/* SPDX-License-Identifier: MIT */
/* What is left of a program that died of its own fault, for a debugger: core(5). */
#pragma once

#include "lib/types.h"

struct trap_frame;

/* What of a process's memory a core has: the bits of /proc/PID/coredump_filter, core(5). Huge pages and
 * memory of devices there are not. */
#define CORE_PRIVATE 0x01u        /* private anonymous memory, and what was written of files */
#define CORE_SHARED 0x02u         /* shared memory, and files without a name */
#define CORE_PRIVATE_FILES 0x04u
#define CORE_SHARED_FILES 0x08u
#define CORE_ELF_HEADERS 0x10u    /* the first page of files, where that is all */
#define CORE_FILTER_BITS 0x1ffu
#define CORE_FILTER_DEFAULT 0x33u /* with the bit for private huge pages */

/* Whether the signal's default is to dump core: signal(7). */
bool core_dumps(int signal);
/* The current process is about to die of the signal: writes a file (core_name.h), an
 * ELF file with its memory and registers, no longer than RLIMIT_CORE allows. Whether it was
 * written. Not if that limit is less than a page, the process is not dumpable, or the name cannot be
 * had. Ends early, with what is written by then, if the process is killed. May sleep. */
bool core_dump(int signal, int code);
