/* SPDX-License-Identifier: MIT */
/*
 * /proc/<pid>/maps, smaps, pagemap and walk: what a program was promised, and what of it is
 * where. Under the space's lock the areas stand still; entries and anons are looked at one
 * page at a time under vm_lock, so that a large space holds nobody up.
 */
#include <asm/errno.h>

#include "kernel/fs/procfs.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/slab.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "userprog/proc_files.h"
#include "userprog/process.h"
#include "vm/anon.h"
#include "vm/area.h"
#include "vm/frame.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/vm.h"

/* ---- one page, seen from both tables ---- */

struct page_view {
	pte_t entry;       /* the hardware's, or 0 */
	bool anon;         /* the supplemental table has an anon */
	uint32_t references, frame, slot; /* of the anon; frame 0: none */
	uint32_t mappings; /* of the frame that the entry maps */
	bool file_page;    /* the entry maps a page of a file */
	bool dirty, referenced;
};

static struct page_view page_look(struct spt *spt, uintptr_t address)
{
	struct page_view view = {0};
	spin_lock(&vm_lock);
	view.entry = pagedir_entry(&spt->pagedir, address);
	const struct anon *anon = spt_anon(spt, address);
	if (anon) {
		view.anon = true;
		view.references = anon->references + spt_sharers(spt, address) - 1;
		view.frame = anon->frame ? frame_number(anon->frame) : 0;
		view.slot = anon->slot;
	}
	if (view.entry & PTE_P) {
		const struct frame *frame = &frames[view.entry >> PAGE_SHIFT];
		view.mappings = frame == zero_frame ? 0 : frame_mapping_count(frame);
		view.file_page = frame->state == FRAME_FILE;
		view.dirty = view.entry & PTE_D || frame_has(frame, FRAME_DIRTY);
		view.referenced = view.entry & PTE_A || frame_has(frame, FRAME_TOUCHED);
	}
	spin_unlock(&vm_lock);
	return view;
}

static bool is_zero_page(const struct page_view *view)
{
	return view->entry & PTE_P && view->entry >> PAGE_SHIFT == frame_number(zero_frame);
}

/* The next address from `address` on where either table can have something: whole missing
 * page tables are stepped over. */
static uintptr_t next_possible(const struct spt *spt, uintptr_t address, uintptr_t end)
{
	while (address < end) {
		uint32_t i = directory_index(address);
		if (spt->leaves[i] || spt->pagedir.directory[i] & PTE_P)
			return address;
		address = (uintptr_t)(i + 1) << 22;
	}
	return end;
}

struct memory_use memory_use_count(struct spt *spt, uintptr_t start, uintptr_t end)
{
	struct memory_use use = {0};
	for (uintptr_t at = next_possible(spt, start, end); at < end;
	     at = next_possible(spt, at + PAGE_SIZE, end)) {
		struct page_view view = page_look(spt, at);
		bool resident = view.entry & PTE_P && !is_zero_page(&view);
		use.resident += resident;
		use.anonymous += resident && !view.file_page;
		use.dirty += resident && view.dirty;
		use.referenced += resident && view.referenced;
		use.shared += resident && (view.mappings > 1 || view.references > 1);
		use.swapped += view.anon && !view.frame;
		use.fair_bytes += resident && view.mappings ? PAGE_SIZE / view.mappings : 0;
	}
	return use;
}

/* ---- maps ---- */

/* What stands at the end of an area's line; "" if nothing. `path` has room for PATH_SIZE. */
static void describe(const struct spt *spt, const struct area *area, uint32_t *device,
                     uint32_t *inode, char *path)
{
	*device = *inode = 0;
	path[0] = '\0';
	if (area->source)
		area->source->ops->describe(area->source, device, inode, path, PATH_SIZE);
	else if (area->flags & AREA_HEAP)
		strlcpy(path, "[heap]", PATH_SIZE);
	else if (area->flags & AREA_GROWS_DOWN && area->end == spt->stack_top)
		strlcpy(path, "[stack]", PATH_SIZE);
}

#define LINE_BEFORE_PATH 49 /* characters, as Linux pads it for 32-bit programs */

static void show_area(struct text *text, const struct spt *spt, const struct area *area,
                      char *path)
{
	uint32_t device, inode;
	char line[80];
	describe(spt, area, &device, &inode, path);
	snprintf(line, sizeof line, "%08x-%08x %c%c%c%c %08x %02x:%02x %u ", area_start(area),
	         area->end, area->flags & AREA_READ ? 'r' : '-',
	         area->flags & AREA_WRITE ? 'w' : '-', area->flags & AREA_EXECUTE ? 'x' : '-',
	         area->flags & AREA_SHARED ? 's' : 'p',
	         area->source ? area->first_page << PAGE_SHIFT : 0, device >> 8, device & 0xff,
	         inode);
	if (path[0])
		text_print(text, "%-*s%s\n", LINE_BEFORE_PATH, line, path);
	else
		text_print(text, "%s\n", line);
}

typedef void area_shower(struct text *, struct spt *, struct area *, char *path);

/* Shows every area of the process; nothing if it is gone. */
static void show_areas(pid_t id, struct text *text, area_shower *show)
{
	struct process *process = process_find(id);
	struct spt *spt = process ? process_space(process) : NULL;
	char *path = kmalloc(PATH_SIZE);
	if (spt && path) {
		mutex_lock(&spt->lock);
		for (struct area *area = spt_area_from(spt, 0); area; area = spt_area_next(area))
			show(text, spt, area, path);
		mutex_unlock(&spt->lock);
	}
	kfree(path);
	if (spt)
		spt_put(spt);
	if (process)
		process_put(process);
}

static void maps_line(struct text *text, struct spt *spt, struct area *area, char *path)
{
	show_area(text, spt, area, path);
}

void proc_maps(pid_t id, struct text *text)
{
	show_areas(id, text, maps_line);
}

/* ---- smaps ---- */

#define KIB_PER_PAGE (PAGE_SIZE / 1024)

static void kib(struct text *text, const char *name, uint32_t pages)
{
	text_print(text, "%-15s %8u kB\n", name, pages * KIB_PER_PAGE);
}

static void smaps_of_area(struct text *text, struct spt *spt, struct area *area, char *path)
{
	struct memory_use use = memory_use_count(spt, area_start(area), area->end);
	uint32_t private = use.resident - use.shared;
	uint32_t clean = use.resident - use.dirty;
	uint32_t shared_clean = clean < use.shared ? clean : use.shared;
	uint32_t private_clean = clean - shared_clean;

	show_area(text, spt, area, path);
	kib(text, "Size:", (area->end - area_start(area)) >> PAGE_SHIFT);
	kib(text, "KernelPageSize:", 1);
	kib(text, "MMUPageSize:", 1);
	kib(text, "Rss:", use.resident);
	text_print(text, "%-15s %8u kB\n", "Pss:", use.fair_bytes / 1024);
	kib(text, "Shared_Clean:", shared_clean);
	kib(text, "Shared_Dirty:", use.shared - shared_clean);
	kib(text, "Private_Clean:", private_clean);
	kib(text, "Private_Dirty:", private - private_clean);
	kib(text, "Referenced:", use.referenced);
	kib(text, "Anonymous:", use.anonymous);
	kib(text, "Swap:", use.swapped);
	kib(text, "Locked:", area->flags & AREA_LOCKED ? use.resident : 0);
	text_print(text, "VmFlags:%s%s%s%s%s%s%s%s\n", area->flags & AREA_READ ? " rd" : "",
	           area->flags & AREA_WRITE ? " wr" : "", area->flags & AREA_EXECUTE ? " ex" : "",
	           area->flags & AREA_SHARED ? " sh" : "",
	           area->flags & AREA_GROWS_DOWN ? " gd" : "",
	           area->flags & AREA_LOCKED ? " lo" : "",
	           area->flags & AREA_SEQUENTIAL ? " sr" : "",
	           area->flags & AREA_RANDOM ? " rr" : "");
}

void proc_smaps(pid_t id, struct text *text)
{
	show_areas(id, text, smaps_of_area);
}

/* ---- walk: the two look-ups of each page that is anywhere ---- */

/*
 * 08054000  directory[32] table[84] -> frame 1f3a  rw  accessed dirty | anon x1 frame 1f3a
 * bfffe000  directory[767] table[1022] -> none | anon x2 slot 17
 */
static void walk_page(struct text *text, uintptr_t address, const struct page_view *view)
{
	text_print(text, "%08x  directory[%u] table[%u] -> ", address, directory_index(address),
	           table_index(address));
	if (view->entry & PTE_P)
		text_print(text, "frame %x r%c%s%s", view->entry >> PAGE_SHIFT,
		           view->entry & PTE_W ? 'w' : '-',
		           view->entry & PTE_A ? " accessed" : "",
		           view->entry & PTE_D ? " dirty" : "");
	else
		text_print(text, "none");
	if (!view->anon)
		text_print(text, is_zero_page(view) ? " | zeros\n" : " | file page\n");
	else if (view->frame)
		text_print(text, " | anon x%u frame %x%s\n", view->references, view->frame,
		           view->slot ? ", copy in swap" : "");
	else
		text_print(text, " | anon x%u swap slot %u\n", view->references, view->slot);
}

static void walk_area(struct text *text, struct spt *spt, struct area *area, char *path)
{
	show_area(text, spt, area, path);
	for (uintptr_t at = next_possible(spt, area_start(area), area->end); at < area->end;
	     at = next_possible(spt, at + PAGE_SIZE, area->end)) {
		struct page_view view = page_look(spt, at);
		if (view.entry & PTE_P || view.anon)
			walk_page(text, at, &view);
	}
}

void proc_walk(pid_t id, struct text *text)
{
	show_areas(id, text, walk_area);
}

/* ---- pagemap: Documentation/admin-guide/mm/pagemap.rst ---- */

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_FILE (1ull << 61) /* or shared anonymous */
#define PAGEMAP_EXCLUSIVE (1ull << 56)
#define PAGEMAP_SLOT_SHIFT 5

static uint64_t pagemap_entry(struct spt *spt, uintptr_t address)
{
	struct page_view view = page_look(spt, address);
	if (view.entry & PTE_P)
		return PAGEMAP_PRESENT | (view.entry >> PAGE_SHIFT) |
		       (view.file_page ? PAGEMAP_FILE : 0) |
		       (view.mappings == 1 ? PAGEMAP_EXCLUSIVE : 0);
	if (view.anon && !view.frame)
		return PAGEMAP_SWAPPED | (uint64_t)view.slot << PAGEMAP_SLOT_SHIFT;
	return 0;
}

ssize_t proc_pagemap(pid_t id, void *to, size_t n, uint64_t position)
{
	uint64_t *entries = to, page = position / sizeof *entries;
	size_t count = n / sizeof *entries, done;
	if (position % sizeof *entries || n % sizeof *entries)
		return -EINVAL;
	struct process *process = process_find(id);
	if (!process)
		return -ESRCH;
	struct spt *spt = process_space(process);
	process_put(process);
	if (!spt)
		return 0;
	mutex_lock(&spt->lock);
	for (done = 0; done < count && page + done < page_number(USER_END); done++)
		entries[done] = pagemap_entry(spt, (uintptr_t)(page + done) << PAGE_SHIFT);
	mutex_unlock(&spt->lock);
	spt_put(spt);
	return (ssize_t)(done * sizeof *entries);
}
