/* SPDX-License-Identifier: MIT */
/* The first serial port (COM1), a 16550: output by polling, input by interrupt. */
#pragma once

#include <stddef.h>

/* 115200 baud, 8 bits, FIFOs on. A machine without the port is noticed and left alone. */
void serial_init(void);
/* Hands what arrives to the terminal from now on. */
void serial_listen(void);
/* Writes bytes as they are; the console's lock is held. */
void serial_write(const char *bytes, size_t n);
