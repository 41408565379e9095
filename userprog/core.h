/* SPDX-License-Identifier: MIT */
/* What is left of a program that died of its own fault, for a debugger: core(5). */
#pragma once

#include "lib/types.h"

struct trap_frame;

/* Whether the signal's default is to dump core: signal(7). */
bool core_dumps(int signal);
/* The current process is about to die of the signal: writes a file (core_name.h), an
 * ELF file with its memory and registers, no longer than RLIMIT_CORE allows. Whether it was
 * written. Not if that limit is less than a page, the process is not dumpable, or the name cannot be
 * had. Ends early, with what is written by then, if the process is killed. May sleep. */
bool core_dump(int signal, int code);
