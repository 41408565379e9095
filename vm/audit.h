/* SPDX-License-Identifier: MIT */
/* The auditor: checks the promises of virtual memory (README.md) over all of memory and
 * names the first broken one in words. */
#pragma once

#include "lib/types.h"

/* Checks now. 0 if every promise holds; else writes a sentence to `words` and returns how
 * many were broken. Takes vm_lock and does not sleep: the promises hold at every moment at
 * which nobody has that lock, so a transfer under way (a busy frame, or one whose owner went
 * meanwhile) is counted as what it is and not waited for. */
int audit_run(char *words, size_t size);
int audit_run_locked(char *words, size_t size); /* the same with vm_lock held */

/* Leaks: notes which address spaces and threads there are; and checks and compares, also
 * whether every area and mapping record belongs to an address space that lives. Call both
 * with no other program running. To compare may sleep: it waits a little for threads that
 * have ended to be gone. Else as audit_run. */
void audit_baseline(void);
int audit_compare(char *words, size_t size);
