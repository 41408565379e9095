/* SPDX-License-Identifier: MIT */
/* Start-up of virtual memory. */
#pragma once

/* The frame table, page cache, policy and fault handler; after physmem is ready. */
void vm_init(void);
/* The threads: page-out and flusher; after the scheduler. */
void vm_start(void);
