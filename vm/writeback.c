/* SPDX-License-Identifier: MIT */
/* Writing pages out: see writeback.h. */
#include "vm/writeback.h"

#include <asm/errno.h>

#include "kernel/dev/block.h"
#include "kernel/panic.h"
#include "vm/anon.h"
#include "vm/frame.h"
#include "vm/pagedir.h"
#include "vm/source.h"
#include "vm/swap.h"
#include "vm/vm.h"

bool writeback_add(struct writeback *batch, struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	ASSERT(batch->count < WRITEBACK_MAX);
	bool busy = frame_has(frame, FRAME_BUSY);
	if (busy ? !frame_has(frame, FRAME_WRITING) : !frame_has(frame, FRAME_DIRTY))
		return false;

	uint32_t i = batch->count++;
	frame_pin(frame);
	batch->frames[i] = frame;
	batch->started[i] = !busy;
	batch->slots[i] = 0;
	if (busy)
		return true;
	/* Clean first, write then: a store that comes during the transfer dirties it again. */
	frame_write_protect(frame);
	if (frame->state == FRAME_FILE)
		frame_file_clean(frame);
	else
		frame_clear(frame, FRAME_DIRTY);
	frame_set(frame, FRAME_BUSY | FRAME_WRITING);
	if (frame->state == FRAME_ANON) {
		batch->slots[i] = frame->owner.anon->slot;
		ASSERT_SAYING(batch->slots[i], "an anon is written out without a slot");
	}
	return true;
}

/* A busy frame of a file keeps its owner; an anon may go, but its slot was noted. */
static void start_one(struct frame *frame, uint32_t slot)
{
	if (slot) {
		swap_write(slot, frame);
		return;
	}
	struct page_source *source = frame->owner.source;
	vm_count(VM_cache_written);
	source->ops->write(source, frame);
}

void writeback_start(struct writeback *batch)
{
	block_plug_all();
	for (uint32_t i = 0; i < batch->count; i++)
		if (batch->started[i])
			start_one(batch->frames[i], batch->slots[i]);
	block_unplug_all();
}

void writeback_wait(struct writeback *batch)
{
	/* Whoever reads ahead may have to evict, with the device plugged. */
	block_start_all();
	for (uint32_t i = 0; i < batch->count; i++)
		frame_wait(batch->frames[i]);
}

int writeback_finish(struct writeback *batch)
{
	int error = 0;
	while (batch->count > 0) {
		struct writeback again = {0};
		writeback_wait(batch);
		spin_lock(&vm_lock);
		for (uint32_t i = 0; i < batch->count; i++) {
			if (batch->started[i] && frame_has(batch->frames[i], FRAME_ERROR))
				error = -EIO;
			/* Another's write may have begun before the latest change. */
			if (!batch->started[i] && batch->frames[i]->state == FRAME_FILE)
				writeback_add(&again, batch->frames[i]);
			frame_unpin_locked(batch->frames[i]);
		}
		spin_unlock(&vm_lock);
		*batch = again;
		writeback_start(batch);
	}
	return error;
}

int writeback_run(struct writeback *batch)
{
	writeback_start(batch);
	return writeback_finish(batch);
}
