/* SPDX-License-Identifier: MIT */
/*
 * The watchdog: what the machine does when it is asked whether it still works. It is asked by a
 * non-maskable interrupt, which also comes through where interrupts are off and locks are held:
 * `nmi` in QEMU's monitor. scripts/check asks whenever QEMU has used some seconds of processor
 * time, and when it uses none, so the guest's own work is counted and not the host's seconds.
 *
 * The kernel stops, and says what each thread does and waits for, if
 *
 *   nobody runs, and somebody sleeps who will never be woken, twice in a row: for a mutex of one
 *     who has ended or waits for the sleeper himself; for a frame that no transfer will end
 *   LOOKS_MOST questions in a row found a thread in the kernel that had neither slept nor gone
 *     back to its program in between: an endless loop (the checked kernel alone counts that)
 *   the same is asked twice within a second: whoever insists wants to see
 *
 * Else it goes on, as if nothing had been asked. While nobody asks all this costs nothing.
 */
#pragma once

#include "lib/types.h"

struct thread;

/* Takes the vector of the non-maskable interrupt; during start-up. */
void watch_init(void);
/*
 * What vm/ knows, since it alone knows frames. `wait` describes in a few words the frame that
 * the thread waits for (its `awaited`), and returns whether that wait can end. `say` lists busy
 * frames, by panic_print. Both are called with interrupts off and take no lock.
 */
void watch_set_frame_hooks(bool (*wait)(const struct thread *, char *words, size_t size),
                           void (*say)(void));
