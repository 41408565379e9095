/* SPDX-License-Identifier: MIT */
/* Random bytes for programs (getrandom, /dev/urandom, AT_RANDOM) and the kernel. */
#pragma once

#include <stddef.h>

/* Seeds from the processor's generator where there is one, and from its clocks. */
void random_init(void);
/* Fills with unpredictable bytes. Never waits; callable anywhere. */
void random_bytes(void *to, size_t n);
/* Mixes in the moment: drivers call it when something outside happened. Cheap;
 * interrupt context. */
void random_stir(void);
