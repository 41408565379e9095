/* SPDX-License-Identifier: MIT */
#pragma once

/* Finds a virtio console and offers it to the trace as its channel; nothing if there is none.
 * During start-up only. */
void virtio_console_init(void);
