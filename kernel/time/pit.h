/* SPDX-License-Identifier: MIT */
/* The programmable interval timer: ports and commands. Source: Intel 8254 data sheet. */
#pragma once

#define PIT_HZ 1193182u
#define PIT_CHANNEL0 0x40
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_ONCE_0 0x30      /* channel 0, low then high byte, mode 0: once */
#define PIT_RATE_2 0xb4      /* channel 2, low then high byte, mode 2: again and again */
#define PIT_LATCH_2 0x80
#define PIT_GATE_PORT 0x61   /* bit 0 lets channel 2 count, bit 1 is the speaker */
#define PIT_GATE 0x01
#define PIT_SPEAKER 0x02
#define PIT_LINE 0
