/* SPDX-License-Identifier: MIT */
/* The kernel's messages: to the console, and kept in a ring that dmesg reads. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One message (without newline). Callable from anywhere, interrupts included.
 * Printed as "[seconds.micros] message". */
void log_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* As log_print, but only into the ring: what a newcomer's screen should not show. */
void log_quiet(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* As log_print, for what a program or a disk brings about as often as it likes: of one place, which
 * has a static limit of its own, a few messages in some seconds; then how many were left out. */
struct log_limit {
	uint64_t since; /* the log's lock: when the period began */
	uint32_t told, left_out;
};
void log_limited(struct log_limit *, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Copies up to `size` of the newest bytes of the ring to `to`; returns how many. */
size_t log_read(char *to, size_t size);
size_t log_size(void);
/* The same from the `from`-th byte that the ring holds on, the oldest being 0. */
size_t log_read_from(size_t from, char *to, size_t size);
/* Where messages go as bytes; the console registers itself. The first writer of all
 * is the bare serial port, so that messages appear from the first instruction on. */
void log_set_output(void (*write)(const char *bytes, size_t n));
/* For panics: to ring and output without taking the lock, as its holder may never run
 * again; if `bare`, to the serial port instead of the output. */
void log_last_words(const char *bytes, size_t n, bool bare);
