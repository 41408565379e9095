/* SPDX-License-Identifier: MIT */
/*
 * What is said of a program that did something it could not go on from, and of the program
 * that was running when the kernel panicked.
 *
 * One line on the console always. The report below it (why in words, the row of the fault
 * table, registers, calls, areas around the address, what to type next) comes if
 * /proc/sys/kernel/print-fatal-signals is 1, as the boot flag `explain` makes it.
 */
#pragma once

struct process;
struct signal_info;
struct trap_frame;

/* The current process is about to die of the signal. Silent if another sent it. May sleep. */
void report_death(struct process *, int signal, const struct signal_info *,
                  const struct trap_frame *);
/* The switch in /proc, and the note for panics. */
void report_init(void);
