/* SPDX-License-Identifier: MIT */
/* The kernel's messages: to the console, and kept in a ring that dmesg reads. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One message (without newline). Callable from anywhere, interrupts included.
 * Printed as "[seconds.micros] message". */
void log_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* As log_print, but usually only into the ring: what a newcomer's screen should not show. */
void log_quiet(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A message of this level, as syslog(2) has them: from 0, the system is unusable, to 7, of interest to
 * who seeks a fault, which is log_quiet's. Below 0: log_print's, which is log_levels.message. */
void log_with_level(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The console shows messages of a level below `console`. The others are for syslog(2) and
 * /proc/sys/kernel/printk: log_print's own, the lowest that `console` gets by syslog(2), and what it was
 * at first. */
struct log_levels {
	int console, message, least, first;
};
struct log_levels log_levels_get(void);
void log_levels_set(const struct log_levels *);
/* As log_print, for what a program or a disk brings about as often as it likes: of one place, which
 * has a static limit of its own, a few messages in some seconds; then how many were left out. */
struct log_limit {
	uint64_t since; /* the log's lock: when the period began */
	uint32_t told, left_out;
};
void log_limited(struct log_limit *, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
#define LOG_SIZE 16384u /* of the ring */
/* Every byte has a number; these are the oldest's that the ring holds, and the next one's. */
uint32_t log_start(void);
uint32_t log_end(void);
/* Copies bytes from the `from`-th on, or the oldest if that is gone; returns how many, and in `from` the
 * number of the first that was copied. */
size_t log_read(uint32_t *from, char *to, size_t size);
/* Where messages go as bytes; the console registers itself. The first writer of all
 * is the bare serial port, so that messages appear from the first instruction on. */
void log_set_output(void (*write)(const char *bytes, size_t n));
/* For panics: to ring and output without taking the lock, as its holder may never run
 * again; if `bare`, to the serial port instead of the output. */
void log_last_words(const char *bytes, size_t n, bool bare);
