/* SPDX-License-Identifier: MIT */
/*
 * What a terminal's line has taken and not sent yet: a ring of TTY_UNSENT_MAX bytes. Its owner's
 * lock guards it; how many they are may be asked without.
 */
#pragma once

#include "kernel/dev/tty.h"
#include "lib/types.h"

struct unsent {
	uint8_t *bytes;
	volatile uint32_t sent, written; /* free-running positions */
};

static inline uint32_t unsent_count(const struct unsent *unsent)
{
	return unsent->written - unsent->sent;
}

/* What has no room is lost. */
static inline void unsent_add(struct unsent *unsent, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n && unsent_count(unsent) < TTY_UNSENT_MAX; i++)
		unsent->bytes[unsent->written++ % TTY_UNSENT_MAX] = (uint8_t)bytes[i];
}

/* The next byte, which counts as sent; there is one. */
static inline uint8_t unsent_take(struct unsent *unsent)
{
	return unsent->bytes[unsent->sent++ % TTY_UNSENT_MAX];
}

static inline void unsent_forget(struct unsent *unsent)
{
	unsent->sent = unsent->written;
}
