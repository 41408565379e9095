/* SPDX-License-Identifier: MIT */
/*
 * Kernel memory that a user's programs can make last, such as messages in a queue or what an
 * epoll watches, is charged to the user, so that no one user fills the memory of all: what is
 * charged to one is at most a sixteenth of RAM.
 */
#pragma once

#include "lib/types.h"

/* More is about to be allocated for the user: 0, or -ENOMEM, -ENOSPC (it would be too much). Does
 * not sleep. Root's is counted, and has no bound. */
int charge_user(uint32_t uid, uint32_t bytes);
/* The same where it cannot be refused, beyond all bounds, for one to whom something is charged. */
void charge_more(uint32_t uid, uint32_t bytes);
/* How many bytes that are, for whoever is not root. */
uint32_t charge_bound(void);
/* What is charged to the user; locks that are taken with interrupts off may be held. */
uint32_t charge_total(uint32_t uid);
/* So much was freed. */
void charge_return(uint32_t uid, uint32_t bytes);
