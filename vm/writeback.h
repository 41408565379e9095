/* SPDX-License-Identifier: MIT */
/*
 * Writing pages out, many at a time: gathered under vm_lock, then started together so that
 * the block queue joins neighbours, then awaited. Used by eviction, sync and the flusher.
 */
#pragma once

#include "lib/types.h"

struct frame;

#define WRITEBACK_MAX 32u

struct writeback {
	struct frame *frames[WRITEBACK_MAX]; /* pinned */
	bool started[WRITEBACK_MAX];         /* ours to write; else already being written */
	uint32_t slots[WRITEBACK_MAX];       /* of an anon's page: where it goes; or 0 */
	uint32_t count;                      /* 0 makes it empty, also one used before */
};

/* Adds a dirty page of a file or of an anon with a slot (it becomes busy and clean, its
 * entries read-only, D bits harvested), or one that is being written already. Returns false
 * if there was nothing to write. vm_lock held; there is room. */
bool writeback_add(struct writeback *, struct frame *);
/* Starts the writes. May sleep; takes no mutex and no memory. */
void writeback_start(struct writeback *);
/* Waits until all of them ended; the frames stay pinned. */
void writeback_wait(struct writeback *);
/* Waits, and unpins. What was dirty when it was added has been written then, also a
 * page that was dirtied again while another wrote it. 0, or -EIO if a write of ours failed. */
int writeback_finish(struct writeback *);
/* Starts and finishes. */
int writeback_run(struct writeback *);
