/* SPDX-License-Identifier: MIT */
/*
 * The console: whatever is written here appears on the serial line and on the VGA
 * screen alike. What the user types comes back through tty.h.
 */
#pragma once

#include <stddef.h>

/* Prepares both devices and becomes the output of the kernel's log. */
void console_init(void);
/* Writes bytes as they are (a terminal wants CR before NL). Does not sleep; callable
 * anywhere, also by a panic that interrupted it. */
void console_write(const char *bytes, size_t n);
