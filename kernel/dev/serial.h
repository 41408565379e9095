/* SPDX-License-Identifier: MIT */
/*
 * The serial ports, 16550s at the four places that a PC has for them. The first, COM1, is the
 * console's: output by polling, input by interrupt. COM2 to COM4, where they are, are terminals of
 * their own, by interrupt in both directions, for programs to talk to another machine.
 */
#pragma once

#include <stddef.h>

struct tty;

#define SERIAL_MINOR 64u /* the minor number of ttyS0, as on Linux */

/* COM1: 115200 baud, 8 bits, FIFOs on. A machine without the port is noticed and left alone. */
void serial_init(void);
/* Hands what arrives to the terminals from now on, and looks for COM2 to COM4; once, at start-up,
 * with heap and interrupt lines ready. */
void serial_listen(void);
/* Writes bytes as they are to COM1; the console's lock is held. */
void serial_write(const char *bytes, size_t n);
/* The terminal ttyS<n>; 0 is the console. NULL: there is no such port. */
struct tty *serial_tty(unsigned n);
