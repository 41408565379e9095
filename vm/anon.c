/* SPDX-License-Identifier: MIT */
/* Anonymous pages: see anon.h for the states. */
#include "vm/anon.h"

#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "vm/evict.h"
#include "vm/frame.h"
#include "vm/swap.h"
#include "vm/vm.h"

static struct slab_cache anon_cache = SLAB_CACHE("anon", sizeof(struct anon));

void anon_attach(struct anon *anon, struct frame *frame)
{
	ASSERT(spin_held(&vm_lock));
	anon->frame = frame;
	frame->state = FRAME_ANON;
	frame->owner.anon = anon;
	evict_page_in(frame);
}

struct anon *anon_create(struct frame *frame)
{
	struct anon *anon = slab_alloc(&anon_cache);
	if (!anon)
		return NULL;
	anon->references = 1;
	anon->slot = 0;
	spin_lock(&vm_lock);
	frame_set(frame, FRAME_VALID | FRAME_DIRTY);
	anon_attach(anon, frame);
	spin_unlock(&vm_lock);
	return anon;
}

void anon_get(struct anon *anon)
{
	ASSERT(spin_held(&vm_lock));
	anon->references++;
}

void anon_detach(struct anon *anon)
{
	ASSERT(spin_held(&vm_lock));
	struct frame *frame = anon->frame;
	anon->frame = NULL;
	evict_page_out(frame);
	frame_disown(frame);
}

void anon_put(struct anon *anon)
{
	ASSERT(spin_held(&vm_lock));
	ASSERT_SAYING(anon->references > 0, "an anon is dropped once too often");
	if (--anon->references > 0)
		return;

	struct frame *frame = anon->frame;
	uint32_t slot = anon->slot;
	if (frame) {
		/* A write to the slot may be under way; the slot must not be given to another
		 * page before it ended. The frame takes it along: evict.c frees it. */
		bool writing = frame_has(frame, FRAME_WRITING);
		if (writing) {
			frame->block = slot;
			slot = 0;
		}
		anon_detach(anon);
	}
	if (slot)
		swap_slot_free(slot);
	slab_free(&anon_cache, anon);
}

uint32_t anon_count(void)
{
	return anon_cache.objects;
}
