/* SPDX-License-Identifier: MIT */
/* Anonymous pages: see anon.h for the states. */
#include "vm/anon.h"

#include <asm/errno.h>

#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "vm/frame.h"
#include "vm/replace.h"
#include "vm/swap.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

static struct slab_cache anon_cache = SLAB_CACHE("anon", sizeof(struct anon));
static uint32_t anons; /* vm_lock */

static void attach(struct anon *anon, struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	anon->frame = frame;
	frame->state = FRAME_ANON;
	frame->owner.anon = anon;
	replace_enter(frame);
}

/* The anon lets go of its frame, which is still to be disowned. */
static struct frame *leave_frame(struct anon *anon)
{
	ASSERT(spin_held(&vm_lock));
	struct frame *frame = anon->frame;
	anon->frame = NULL;
	replace_leave(frame);
	return frame;
}

void anon_attach(struct anon *anon, struct frame *frame)
{
	trace_anon_attach(anon, frame);
	attach(anon, frame);
}

void anon_detach(struct anon *anon)
{
	trace_anon_detach(anon, anon->frame);
	frame_disown(leave_frame(anon));
}

struct anon *anon_alloc(void)
{
	return slab_alloc(&anon_cache);
}

uint32_t anons_alloc(struct anon **records, uint32_t count)
{
	return slab_alloc_many(&anon_cache, (void **)records, count);
}

void anon_cancel(struct anon *anon)
{
	slab_free(&anon_cache, anon);
}

void anon_begin(struct anon *anon, struct frame *frame)
{
	anon->references = 1;
	anon->slot = 0;
	anons++;
	frame_set_implied(frame, FRAME_VALID | FRAME_DIRTY);
	attach(anon, frame);
}

/* The slot of an anon to which nobody refers any more. A write to it may be under way, and it
 * must not be given to another page before that ended: the frame takes it along, and evict.c
 * frees it. */
static void end_slot(struct anon *anon)
{
	struct frame *frame = anon->frame;
	if (frame && frame_has(frame, FRAME_WRITING)) {
		frame->block = anon->slot;
		frame_set(frame, FRAME_HAS_SLOT);
	} else {
		swap_slot_free(anon->slot);
	}
}

/* Nobody refers to the anon any more. Its frame comes back, which is still to leave the policy's
 * queue and to be disowned; NULL: it has none. */
static inline struct frame *end(struct anon *anon)
{
	if (anon->slot)
		end_slot(anon);
	return anon->frame;
}

void anon_free(struct anon *anon)
{
	struct frame *frame = end(anon);
	if (frame) {
		replace_leave(frame);
		frame_disown(frame);
	}
	slab_free(&anon_cache, anon);
	anons--;
}

uint32_t anons_put(struct anon **places, uint32_t count)
{
	ASSERT(spin_held(&vm_lock));
	void *ended[FRAMES_AT_ONCE];
	struct frame *left[FRAMES_AT_ONCE];
	uint32_t put = 0, ended_count = 0, left_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct anon *anon = places[i];
		if (!anon)
			continue;
		ASSERT_SAYING(anon->references > 0, "an anon is dropped once too often");
		places[i] = NULL;
		put++;
		if (--anon->references > 0)
			continue;
		ended[ended_count++] = anon;
		left[left_count] = end(anon);
		left_count += left[left_count] != NULL;
	}
	if (ended_count > 0) {
		anons -= ended_count;
		replace_leave_many(left, left_count);
		frames_disown(left, left_count);
		slab_free_many(&anon_cache, ended, ended_count);
	}
	return put;
}

bool anon_give_up_slot(struct anon *anon)
{
	if (frame_has(anon->frame, FRAME_WRITING))
		return false;
	if (anon->slot) {
		swap_slot_free(anon->slot);
		anon->slot = 0;
		frame_set(anon->frame, FRAME_DIRTY);
	}
	return true;
}

int anon_start_reading(struct anon *const *place, struct frame **result)
{
	struct frame *frame = frame_alloc();
	*result = NULL;
	if (!frame)
		return -ENOMEM;
	spin_lock(&vm_lock);
	struct anon *anon = *place;
	if (!anon || anon->frame) {
		frame_unpin_locked(frame);
		spin_unlock(&vm_lock);
		return -EAGAIN;
	}
	uint32_t slot = anon->slot;
	frame_set(frame, FRAME_BUSY);
	anon_attach(anon, frame);
	spin_unlock(&vm_lock);
	swap_read(slot, frame);
	*result = frame;
	return 0;
}

int anon_release_slot(struct anon *anon)
{
	for (;;) {
		spin_lock(&vm_lock);
		struct frame *frame = anon->frame;
		if (frame && frame_has(frame, FRAME_VALID) && anon_give_up_slot(anon)) {
			spin_unlock(&vm_lock);
			return 0;
		}
		if (frame && frame_has(frame, FRAME_ERROR) && !frame_has(frame, FRAME_BUSY)) {
			anon_detach(anon);
			spin_unlock(&vm_lock);
			return -EIO;
		}
		if (frame) { /* on its way in or out */
			frame_wait_unpinned(frame);
			continue;
		}
		spin_unlock(&vm_lock);
		int error = anon_start_reading(&anon, &frame);
		if (error == -ENOMEM)
			return error;
		if (error)
			continue;
		frame_wait(frame);
		frame_unpin(frame);
	}
}

uint32_t anon_count(void)
{
	return anons;
}
