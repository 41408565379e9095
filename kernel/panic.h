/* SPDX-License-Identifier: MIT */
/* The end of the kernel's patience: a broken promise inside the kernel itself. */
#pragma once

#include <stdint.h>

struct thread;
struct trap_frame;

/* Says in plain words what was wrong and where, with registers and a symbolised
 * backtrace, and stops the machine. Callable from anywhere. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for a processor exception in the kernel: `frame` has the registers. */
_Noreturn void panic_trap(const struct trap_frame *frame, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same, with words for the exception itself: null pointer, write to a constant,
 * stack overflow... `address` is CR2 for a page fault. */
_Noreturn void panic_exception(const struct trap_frame *frame, uintptr_t address);

/* Upper layers add what they know (the fault's row, the program's own backtrace): `say`
 * is called while panicking, after the kernel's backtrace, and prints with panic_print.
 * At most 5. */
void panic_add_note(void (*say)(void));
void panic_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints one line of a backtrace: address, function and offset. */
void panic_print_place(uintptr_t address);
/* Prints the calls that a thread is in that does not run, innermost first. */
void panic_print_calls_of(const struct thread *);

/* The function in which a thread sleeps, those passed over that only bring the sleep about; NULL if
 * there is none. The thread sleeps, and is kept from waking. */
const char *panic_sleep_place(const struct thread *);

/* States an invariant where it would first be wrong. Always compiled in. */
#define ASSERT(condition)                                                       \
	((condition) ? (void)0                                                  \
	             : panic("%s:%d: expected %s", __FILE__, __LINE__, #condition))
/* The same with words for the reader: ASSERT_SAYING(frame->pins, "unpinned twice"). */
#define ASSERT_SAYING(condition, words)                                         \
	((condition) ? (void)0                                                  \
	             : panic("%s:%d: %s (expected %s)", __FILE__, __LINE__,     \
	                     words, #condition))
