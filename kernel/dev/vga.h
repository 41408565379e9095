/* SPDX-License-Identifier: MIT */
/* The VGA text screen as a terminal: 80 columns, 25 rows, the ANSI escape sequences
 * that full-screen programs use (a subset of ECMA-48 and of Linux's console). */
#pragma once

#include <stddef.h>

#define VGA_COLUMNS 80u
#define VGA_ROWS 25u

void vga_init(void); /* clears the screen */
/* Writes bytes as a terminal would show them; the console's lock is held. */
void vga_write(const char *bytes, size_t n);
