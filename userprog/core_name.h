/* SPDX-License-Identifier: MIT */
/* What the file of a dead program's memory is called: core(5), /proc/sys/kernel/core_pattern. */
#pragma once

#include "lib/types.h"

#define CORE_NAME_SIZE 512u /* with the NUL */

void core_name_init(void);
/* The running process's, which dies of the signal, from the pattern and core_uses_pid; what does not
 * fit is cut off. May sleep. */
void core_name(int signal, char name[CORE_NAME_SIZE]);
