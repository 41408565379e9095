/* SPDX-License-Identifier: MIT */
/* Processes: a program that runs, with its address space, descriptors, signals and place in
 * the tree of families. Internals in userprog/; main starts the first one. */
#pragma once

#include "lib/types.h"

/* Registers system calls, fault and signal doors, /proc's process files. */
void process_init(void);
/* Starts process 1: the first that exists of init= on the command line, /sbin/init,
 * /bin/init, /bin/sh, /bin/shell; panics with a clear message if none can be run. */
void process_start_init(void);
