/* SPDX-License-Identifier: MIT */
/* When memory and swap are both full: who is ended. */
#pragma once

/* Fills the door of vm/evict. */
void oom_init(void);
