/* SPDX-License-Identifier: MIT */
/*
 * Switching the trace on and off. It begins with a snapshot, so that whoever plays the events
 * that follow knows at each moment where every page is. The words for what to record:
 *
 *   "0", "off"           stop
 *   "1", "all"           everything
 *   "fault,evict"        these groups (kernel/trace.h)
 *   "pid:7"              with any of these: of what programs do, only what process 7 does, and
 *                        its children from now on. What becomes of memory is always recorded
 */
#pragma once

#include "lib/types.h"

/* Obeys the words, separated by commas or blanks. 0; -EINVAL: not understood; -ESRCH: no such
 * process; -ENODEV: no channel to the host; -ENOMEM. May sleep; no locks held. */
int trace_control(const char *words);
/* Start-up: as trace= on the command line says. */
void trace_start_up(void);

/* The door for userprog: calls trace_process for every process. */
void trace_set_process_hook(void (*tell)(void));
