/* SPDX-License-Identifier: MIT */
/* struct user_desc to a segment descriptor and back (SDM vol. 3A, 3.4.5). */
#include "userprog/tls.h"

#include <asm/errno.h>
#include <asm/ldt.h>

#include "kernel/cpu/cpu.h"
#include "kernel/sched/thread.h"

#define TLS_ENTRIES 3u
#define DESCRIPTOR_ACCESSED (1ull << 40)
#define DESCRIPTOR_WRITABLE (1ull << 41)
#define DESCRIPTOR_EXPANDS_DOWN (1ull << 42)
#define DESCRIPTOR_CODE (1ull << 43)
#define DESCRIPTOR_PROGRAM (1ull << 44) /* S: code or data */
#define DESCRIPTOR_USER (3ull << 45)    /* DPL 3 */
#define DESCRIPTOR_32_BIT (1ull << 54)
#define DESCRIPTOR_PAGES (1ull << 55)   /* G: the limit counts pages */

/* The two structures that free an entry: Linux's LDT_empty, and all zeros. */
static bool is_empty(const struct user_desc *d)
{
	return !d->base_addr && !d->limit && !d->contents && !d->seg_32bit && !d->limit_in_pages &&
	       d->read_exec_only == d->seg_not_present && !d->useable;
}

uint64_t tls_descriptor(const struct user_desc *d)
{
	uint64_t base = d->base_addr, limit = d->limit;
	uint64_t descriptor = (limit & 0xffff) | (limit & 0xf0000) << 32 |
	                      (base & 0xffffff) << 16 | (base & 0xff000000) << 32 |
	                      DESCRIPTOR_PROGRAM | DESCRIPTOR_USER | DESCRIPTOR_ACCESSED;
	if (!d->read_exec_only)
		descriptor |= DESCRIPTOR_WRITABLE;
	if (d->contents & 1)
		descriptor |= DESCRIPTOR_EXPANDS_DOWN;
	if (d->contents & 2)
		descriptor |= DESCRIPTOR_CODE;
	if (!d->seg_not_present)
		descriptor |= DESCRIPTOR_PRESENT;
	if (d->useable)
		descriptor |= DESCRIPTOR_AVAILABLE;
	if (d->seg_32bit)
		descriptor |= DESCRIPTOR_32_BIT;
	if (d->limit_in_pages)
		descriptor |= DESCRIPTOR_PAGES;
	return descriptor;
}

int tls_set(struct thread *thread, struct user_desc *d)
{
	uint32_t index = d->entry_number - TLS_FIRST;
	if (d->entry_number == (uint32_t)-1) {
		for (index = 0; index < TLS_ENTRIES && thread->tls[index]; index++)
			;
		if (index == TLS_ENTRIES)
			return -ESRCH;
	}
	/* A 16-bit, executable or absent segment is no use for data, and Linux refuses it too. */
	if (index >= TLS_ENTRIES ||
	    (!is_empty(d) && (!d->seg_32bit || d->contents & 2 || d->seg_not_present)))
		return -EINVAL;
	thread->tls[index] = is_empty(d) ? 0 : tls_descriptor(d);
	d->entry_number = TLS_FIRST + index;
	return 0;
}

int tls_get(const struct thread *thread, struct user_desc *d)
{
	uint32_t number = d->entry_number, index = number - TLS_FIRST;
	if (index >= TLS_ENTRIES)
		return -EINVAL;
	uint64_t descriptor = thread->tls[index];
	*d = (struct user_desc){
		.entry_number = number,
		.base_addr = (uint32_t)(descriptor >> 16 & 0xffffff) |
		             (uint32_t)(descriptor >> 32 & 0xff000000),
		.limit = (uint32_t)(descriptor & 0xffff) | (uint32_t)(descriptor >> 32 & 0xf0000),
		.seg_32bit = !!(descriptor & DESCRIPTOR_32_BIT),
		.contents = descriptor >> 42 & 3,
		.read_exec_only = !(descriptor & DESCRIPTOR_WRITABLE),
		.limit_in_pages = !!(descriptor & DESCRIPTOR_PAGES),
		.seg_not_present = !(descriptor & DESCRIPTOR_PRESENT),
		.useable = !!(descriptor & DESCRIPTOR_AVAILABLE),
	};
	return 0;
}
