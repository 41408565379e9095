/* SPDX-License-Identifier: MIT */
/*
 * Formatted output for kernel and programs: %d %i %u %x %X %o %p %c %s %%, with
 * flags - 0 + space #, width and precision (also *), and lengths hh h l ll z t.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Calls put(context, bytes, n) for each piece of the output; returns its length. */
int format(void (*put)(void *context, const char *bytes, size_t n), void *context,
           const char *format, va_list) __attribute__((format(printf, 3, 0)));

/* As ISO C: writes at most size-1 bytes and a NUL; returns the length it would have. */
int snprintf(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int vsnprintf(char *to, size_t size, const char *format, va_list)
	__attribute__((format(printf, 3, 0)));
