/* SPDX-License-Identifier: MIT */
/* The vDSO as a file of two pages, which no file system has (vdso.h). */
#include "userprog/vdso.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <elf.h>

#include "kernel/mem/layout.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "userprog/vdso_image.h"
#include "vm/frame.h"
#include "vm/mmap.h"
#include "vm/page.h"
#include "vm/pagecache.h"

#define CODE_PAGE 0u
#define TIME_PAGE 1u
#define PAGES 2u

_Static_assert(VDSO_START + PAGES * PAGE_SIZE < USER_END, "the last page of all stays empty");

/* Both can be had again at any time, so they are evicted like any file's pages. */
static void read(struct page_source *source, struct frame *frame)
{
	(void)source;
	memset(frame_data(frame), 0, PAGE_SIZE);
	if (frame->index == CODE_PAGE)
		memcpy(frame_data(frame), vdso_image, vdso_image_size);
	else
		clock_fill_page(frame_data(frame));
	frame_io_done(frame, 0);
}

/* It is there for ever, so nobody counts who refers to it. */
static void source_hold(struct page_source *source)
{
	(void)source;
}

static void describe(struct page_source *source, uint32_t *device, uint32_t *inode, char *to,
                     size_t size)
{
	(void)source;
	*device = *inode = 0;
	strlcpy(to, "[vdso]", size);
}

static const struct page_source_ops source_ops = {
	.read = read, .get = source_hold, .put = source_hold, .describe = describe};

static void backing_hold(struct backing *backing)
{
	(void)backing;
}

static int name(struct backing *backing, char *to, size_t size)
{
	(void)backing;
	return (int)strlcpy(to, "[vdso]", size);
}

static int punch(struct backing *backing, uint64_t offset, uint64_t bytes)
{
	(void)backing, (void)offset, (void)bytes;
	return -EOPNOTSUPP;
}

static const struct backing_ops backing_ops = {
	.get = backing_hold, .put = backing_hold, .name = name, .punch = punch};

static struct page_source source;
static struct backing backing = {&backing_ops, &source};

void vdso_init(void)
{
	page_source_init(&source, &source_ops, PAGES * PAGE_SIZE);
}

/* One that is not in memory, and cannot come for lack of it, will be right when it does. */
void vdso_clock_was_set(void)
{
	struct frame *frame;
	if (pagecache_get(&source, TIME_PAGE, &frame))
		return;
	clock_fill_page(frame_data(frame));
	frame_unpin(frame);
}

int vdso_map(struct spt *spt)
{
	return vm_map_segment(spt, VDSO_START, &backing, 0, PAGES * PAGE_SIZE, PAGES * PAGE_SIZE,
	                      PROT_READ | PROT_EXEC);
}

uintptr_t vdso_system_call(void)
{
	return VDSO_START + ((const Elf32_Ehdr *)vdso_image)->e_entry;
}
