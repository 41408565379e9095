/* SPDX-License-Identifier: MIT */
/* The trace by the second serial port, COM2, in frames (RFC 1055). */
#pragma once

#include <stdbool.h>

/* Whether the command line gives COM2 to the trace (trace-com2): then it is no terminal. */
bool serial_trace_wanted(void);
/* Start-up: offers the channel, if it is wanted, COM2 is there and no virtio console is. */
void serial_trace_init(void);
