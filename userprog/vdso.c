/* SPDX-License-Identifier: MIT */
/* The vDSO as a file of two pages, which no file system has (vdso.h). */
#include "userprog/vdso.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <elf.h>

#include "kernel/mem/layout.h"
#include "kernel/panic.h"
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
static bool source_get(struct page_source *source)
{
	(void)source;
	return true;
}

static void source_put(struct page_source *source)
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
	.read = read, .get = source_get, .put = source_put, .describe = describe};

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

static uintptr_t system_call, sigreturn, rt_sigreturn; /* constant after start-up */

static struct page_source source;
static struct backing backing = {&backing_ops, &source};

static const char *image_at(uint32_t offset)
{
	ASSERT_SAYING(offset < vdso_image_size, "the vDSO's tables lie in its page");
	return vdso_image + offset;
}

/* What the dynamic section says under the tag: an offset in the image, which is made for address 0. */
static uint32_t dynamic_value(int32_t tag)
{
	const Elf32_Ehdr *header = (const void *)vdso_image;
	const Elf32_Phdr *segment = (const void *)image_at(header->e_phoff);
	while (segment->p_type != PT_DYNAMIC)
		segment++;
	const Elf32_Dyn *entry = (const void *)image_at(segment->p_offset);
	while (entry->d_tag != tag && entry->d_tag != DT_NULL)
		entry++;
	ASSERT_SAYING(entry->d_tag == tag, "the vDSO has a table of symbols");
	return entry->d_un.d_val;
}

/* Where programs find a function of the vDSO, as their linker would look it up. */
static uintptr_t address_of(const char *name)
{
	const Elf32_Sym *symbols = (const void *)image_at(dynamic_value(DT_SYMTAB));
	const char *names = image_at(dynamic_value(DT_STRTAB));
	uint32_t count = ((const uint32_t *)(const void *)image_at(dynamic_value(DT_HASH)))[1];
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(names + symbols[i].st_name, name) == 0)
			return VDSO_START + symbols[i].st_value;
	panic("the vDSO has no %s", name);
}

void vdso_init(void)
{
	page_source_init(&source, &source_ops, PAGES * PAGE_SIZE);
	system_call = address_of("__kernel_vsyscall");
	sigreturn = address_of("__kernel_sigreturn");
	rt_sigreturn = address_of("__kernel_rt_sigreturn");
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
	return system_call;
}

uintptr_t vdso_signal_return(bool tells)
{
	return tells ? rt_sigreturn : sigreturn;
}
