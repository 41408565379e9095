/* SPDX-License-Identifier: MIT */
/* The auditor: checks the promises of virtual memory (README.md) over all of memory and
 * names the first broken one in words. */
#pragma once

#include "lib/types.h"

/* Checks now. 0 if every promise holds; else writes a sentence to `words` and returns how
 * many were broken. May sleep (it waits for transfers under way). */
int audit_run(char *words, size_t size);

/* Leaks: notes how many frames, anons, slots, areas and tables there are; and compares.
 * Call both with no other program running. As audit_run. */
void audit_baseline(void);
int audit_compare(char *words, size_t size);
