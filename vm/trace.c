/* SPDX-License-Identifier: MIT */
/*
 * The trace's beginning and end, and its snapshot.
 *
 * A snapshot is told in the words of the events themselves. All that vm_lock guards is told at
 * one moment, with interrupts off, and from that moment on events are recorded. What other
 * locks guard, processes and areas, follows piece by piece: events in between may say a thing
 * before the snapshot does, which does no harm, as both say the same.
 */
#include "vm/trace.h"

#include <asm/errno.h>

#include "kernel/boot_args.h"
#include "kernel/cpu/cpu.h"
#include "kernel/dev/block.h"
#include "kernel/log.h"
#include "kernel/mem/physmem.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/mutex.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "vm/anon.h"
#include "vm/area.h"
#include "vm/replace.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

static struct mutex control = MUTEX_INIT(control, "trace control");
static void (*tell_processes)(void);

void trace_set_process_hook(void (*tell)(void))
{
	tell_processes = tell;
}

/* ---- the snapshot ---- */

/* vm_lock held, here and down to snapshot_memory(). */
static void tell_entries(const struct spt *spt, uint32_t index)
{
	pte_t directory_entry = *pagedir_span_at(&spt->pagedir, index);
	const pte_t *table = directory_entry ? entry_table(directory_entry) : NULL;

	for (uint32_t i = 0; table && i < ENTRIES_PER_TABLE; i++)
		if (table[i])
			trace_map(&spt->pagedir, span_address(index) + (i << PAGE_SHIFT), 0, table[i],
			          &frames[entry_frame(table[i])]);
}

static void tell_anons(const struct spt *spt, uint32_t index)
{
	struct anon **leaf = *spt_leaf(spt, index);

	for (uint32_t i = 0; leaf && i < ENTRIES_PER_TABLE; i++) {
		if (!leaf[i])
			continue;
		/* One in a frame was told with the frame; one that is shared is told again. */
		if (!leaf[i]->frame)
			trace_anon_told(leaf[i], leaf[i]->frame, leaf[i]->slot);
		trace_page(&spt->pagedir, span_address(index) + (i << PAGE_SHIFT), leaf[i]);
	}
}

static void tell_space(struct spt *spt, void *unused)
{
	(void)unused;
	trace_space_new(&spt->pagedir);
	for (uint32_t i = 0; i < DIRECTORIES; i++)
		trace_frame_table(&spt->pagedir, pagedir_directory(&spt->pagedir, i));
	for (uint32_t index = 0; index < USER_TABLES; index++) {
		if (*pagedir_span_at(&spt->pagedir, index))
			trace_frame_table(&spt->pagedir, frame_of(entry_table(
				*pagedir_span_at(&spt->pagedir, index))));
		if (*spt_leaf(spt, index))
			trace_frame_table(&spt->pagedir, frame_of(*spt_leaf(spt, index)));
		if (spt_sharers(spt, span_address(index)) > 1)
			trace_span_told(&spt->pagedir, span_address(index),
			                pagedir_shared_table(&spt->pagedir, span_address(index)));
		tell_anons(spt, index);
		tell_entries(spt, index);
	}
}

static void tell_frame(const struct frame *frame)
{
	if (frame->state == FRAME_ANON)
		trace_anon_told(frame->owner.anon, frame, frame->owner.anon->slot);
	else if (frame->state == FRAME_FILE)
		trace_cache_insert(frame);
	else if (frame->state == FRAME_ZERO)
		trace_frame_table(NULL, frame);
	if (frame_has(frame, FRAME_DIRTY))
		trace_note(TRACE_WHAT(TRACE_FRAME_DIRTY, true), frame_number(frame), 0);
}

/* Every frame that is not free: who holds it, in runs; then what is in it. */
static void tell_frames(void)
{
	uint32_t end = physmem_end(), next;

	for (uint32_t first = 0; first < end; first = next) {
		enum physmem_holder holder = physmem_holder(first);
		for (next = first + 1; next < end && physmem_holder(next) == holder; next++)
			continue;
		if (holder != PHYSMEM_FREE && tracing(TRACE_BIT(frame)))
			trace_note_3(TRACE_WHAT(TRACE_FRAME_TAKE, holder), first, physmem_free(),
			             next - first);
	}
	for (uint32_t number = 1; number < end; number++)
		tell_frame(&frames[number]);
}

static void tell_slot(uint32_t slot)
{
	trace_swap_take(slot, swap_used());
}

static void tell_disks(void)
{
	const struct block_device *device;

	for (unsigned i = 0; (device = block_at(i)); i++)
		trace_note_text(TRACE_WHAT(TRACE_DISK, swap_uses_disk(device)), device->name,
		                (uintptr_t)device, 0, 0);
}

static void begin_and_tell_memory(uint32_t groups, bool only_chosen)
{
	uint64_t start = clock_tsc_start();
	uint32_t flags = spin_lock_irq(&vm_lock);

	trace_beginnings++;
	trace_note_more(TRACE_BEGIN, TRACE_VERSION, physmem_end(), swap_total(), groups,
	                ENTRIES_PER_TABLE);
	trace_note_3(TRACE_CLOCK, (uint32_t)start, start >> 32, clock_tsc_scale());
	trace_note_text(TRACE_COMMAND_LINE, boot_args_line(), 0, 0, 0);
	trace_begin(groups, only_chosen);
	trace_policy(replace_policy()->name);
	tell_disks();
	trace_note(TRACE_WHAT(TRACE_SNAPSHOT, true), physmem_free(), 0);
	trace_telling(true);
	tell_frames();
	swap_for_each_slot(tell_slot);
	spt_for_each(tell_space, NULL);
	trace_telling(false);
	spin_unlock_irq(&vm_lock, flags);
}

static void tell_areas_of(struct spt *spt)
{
	SCOPED_WRITE(&spt->lock);
	for (struct area *area = spt_area_from(spt, 0); area; area = area_next(area)) {
		if (area->source && tracing(TRACE_BIT(area)))
			trace_file(area->source); /* may sleep, and is no part of it */
		uint32_t flags = interrupts_off();
		trace_telling(true);
		trace_area_add(&spt->pagedir, area);
		trace_telling(false);
		interrupts_restore(flags);
	}
}

/* A space that lives and is not told yet, with a reference; NULL if there is none left. */
struct search {
	struct spt *found;
};

static void find_untold(struct spt *spt, void *context)
{
	struct search *search = context;

	if (!search->found && spt->traced != trace_beginnings && spt_try_get(spt)) {
		spt->traced = trace_beginnings;
		search->found = spt;
	}
}

static void tell_areas(void)
{
	for (;;) {
		struct search search = {NULL};
		spin_lock(&vm_lock);
		spt_for_each(find_untold, &search);
		spin_unlock(&vm_lock);
		if (!search.found)
			return;
		tell_areas_of(search.found);
		spt_put(search.found);
	}
}

static void tell_kernel_thread(struct thread *thread, void *unused)
{
	(void)unused;
	if (!thread->process)
		trace_process(thread->id, 0, NULL, thread->name);
}

static void tell_threads(void)
{
	uint32_t flags = interrupts_off();
	trace_telling(true);
	thread_for_each(tell_kernel_thread, NULL);
	if (tell_processes)
		tell_processes();
	trace_telling(false);
	interrupts_restore(flags);
}

static void start(uint32_t groups, bool only_chosen)
{
	begin_and_tell_memory(groups, only_chosen);
	tell_threads();
	tell_areas();
	trace_note(TRACE_WHAT(TRACE_SNAPSHOT, false), physmem_free(), 0);
}

/* ---- control ---- */

struct choice {
	pid_t id;
	bool found;
};

/* Marks one thread as traced, or with id 0 none. */
static void choose(struct thread *thread, void *context)
{
	struct choice *choice = context;

	if (choice->id == 0)
		thread->traced = false;
	else if (thread->id == choice->id)
		choice->found = thread->traced = true;
}

/* How long the word is that begins here; 0 at a separator. */
static size_t word_length(const char *at)
{
	size_t length = 0;
	while (at[length] && !strchr(", \n", at[length]))
		length++;
	return length;
}

/* One word: adds to the groups, or names a process. 0 or -EINVAL. */
static int understand(const char *word, size_t length, uint32_t *groups, pid_t *only)
{
	if (length > 4 && strncmp(word, "pid:", 4) == 0) {
		*only = (pid_t)strtoul(word + 4, NULL, 10);
		return *only > 0 ? 0 : -EINVAL;
	}
	if ((length == 1 && *word == '1') || (length == 3 && strncmp(word, "all", 3) == 0)) {
		*groups = TRACE_ALL;
		return 0;
	}
	for (uint32_t i = 0; i < TRACE_GROUP_COUNT; i++) {
		if (strlen(trace_group_names[i]) != length ||
		    strncmp(word, trace_group_names[i], length) != 0)
			continue;
		*groups |= 1u << i;
		return 0;
	}
	return -EINVAL;
}

static int understand_all(const char *words, uint32_t *groups, pid_t *only)
{
	for (const char *at = words; *at;) {
		size_t length = word_length(at);
		int error = length ? understand(at, length, groups, only) : 0;
		if (error)
			return error;
		at += length;
		at += *at != '\0';
	}
	/* A process alone: everything of it. */
	if (*only && !*groups)
		*groups = TRACE_ALL;
	return 0;
}

static bool means_off(const char *words)
{
	size_t length = word_length(words);
	return (length == 1 && *words == '0') || (length == 3 && strncmp(words, "off", 3) == 0);
}

int trace_control(const char *words)
{
	uint32_t groups = 0;
	struct choice choice = {0, false};

	SCOPED_MUTEX(&control);
	if (!means_off(words)) {
		int error = understand_all(words, &groups, &choice.id);
		if (error || !groups)
			return -EINVAL;
		if (!trace_has_channel())
			return -ENODEV;
	}
	if (trace_on)
		trace_end();
	thread_for_each(choose, &(struct choice){0, false});
	if (choice.id) {
		thread_for_each(choose, &choice);
		if (!choice.found)
			return -ESRCH;
	}
	if (groups)
		start(groups, choice.id != 0);
	return 0;
}

/* A thread: does what the reader at the channel's other end says. Nonsense changes nothing. */
static void obey(void *unused)
{
	char words[TRACE_LINE_MAX];

	(void)unused;
	for (;;) {
		trace_await_words(words);
		trace_control(words);
	}
}

void trace_start_up(void)
{
	const char *words = boot_arg("trace");
	int error = words ? trace_control(words) : 0;

	if (error == -ENODEV)
		log_print("trace=%s: there is no virtio console to send it to", words);
	else if (error)
		log_print("trace=%s: not understood", words);
	if (trace_has_words())
		ASSERT_SAYING(thread_create("tracer", obey, NULL), "no memory for the tracer");
}
