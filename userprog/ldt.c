/* SPDX-License-Identifier: MIT */
/*
 * modify_ldt(2), and who has which table (ldt.h). A thread's `ldt`, and what the table says, change
 * under process_lock; the thread itself reads without it.
 */
#include "userprog/ldt.h"

#include <asm/ldt.h>

#include "kernel/charge.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/slab.h"
#include "kernel/rights.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "userprog/tls.h"
#include "vm/usercopy.h"

#define DEFAULT_ENTRIES 5u /* what Linux has by default: so many descriptors of zeros */
#define CONTENTS_CONFORMING 3u

_Static_assert(sizeof(struct ldt) <= PAGE_SIZE, "a table is a frame");

static struct ldt *table_create(void)
{
	uint32_t uid = rights_caller()->uid;
	if (charge_user(uid, PAGE_SIZE))
		return NULL;
	struct ldt *ldt = kmalloc_zeroed(sizeof *ldt);
	if (ldt)
		ldt->uid = uid;
	else
		charge_return(uid, PAGE_SIZE);
	return ldt;
}

static void table_free(struct ldt *ldt)
{
	if (!ldt)
		return;
	charge_return(ldt->uid, PAGE_SIZE);
	kfree(ldt);
}

int ldt_copy(struct thread *to, const struct thread *from)
{
	if (!from->ldt)
		return 0;
	struct ldt *ldt = table_create();
	if (!ldt)
		return -ENOMEM;
	uint32_t flags = spin_lock_irq(&process_lock);
	memcpy(ldt->entries, from->ldt->entries, sizeof ldt->entries);
	ldt->count = from->ldt->count;
	spin_unlock_irq(&process_lock, flags);
	ldt->references = 1;
	to->ldt = ldt;
	return 0;
}

void ldt_share_locked(struct thread *thread)
{
	struct ldt *ldt = thread_current()->ldt;
	if (ldt)
		ldt->references++;
	thread->ldt = ldt;
}

void ldt_leave(struct thread *thread)
{
	if (!thread->ldt)
		return;
	uint32_t flags = spin_lock_irq(&process_lock);
	struct ldt *ldt = thread->ldt;
	thread->ldt = NULL;
	if (thread == thread_current())
		cpu_load_ldt(NULL);
	bool last = --ldt->references == 0;
	spin_unlock_irq(&process_lock, flags);
	if (last)
		table_free(ldt);
}

bool ldt_has(uint32_t entry)
{
	const struct ldt *ldt = thread_current()->ldt;
	return ldt && entry < LDT_ROOM && ldt->entries[entry] & DESCRIPTOR_PRESENT;
}

/* All that run in the caller's space have the table from now on. */
static void install_locked(struct ldt *ldt)
{
	const struct spt *spt = process_current()->spt;
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p)) {
		if (p->spt != spt)
			continue;
		LIST_FOR (&p->tasks, struct task, task, link) {
			task->thread->ldt = ldt;
			ldt->references++;
		}
	}
	cpu_load_ldt(ldt);
}

/* The table of the caller's space; one is made if there is none. NULL: no memory. */
static struct ldt *table_of_caller(void)
{
	if (thread_current()->ldt)
		return thread_current()->ldt;
	struct ldt *ldt = table_create();
	if (!ldt)
		return NULL;
	uint32_t flags = spin_lock_irq(&process_lock);
	bool first = !thread_current()->ldt; /* no other thread was faster */
	if (first)
		install_locked(ldt);
	spin_unlock_irq(&process_lock, flags);
	if (!first)
		table_free(ldt);
	return thread_current()->ldt;
}

/* The structures that clear an entry. The old function takes one without base and limit for it, too. */
static bool clears(const struct user_desc *d, bool old)
{
	if (d->base_addr || d->limit)
		return false;
	return old || (!d->contents && d->read_exec_only && !d->seg_32bit && !d->limit_in_pages &&
	               d->seg_not_present && !d->useable);
}

static int32_t write_entry(const void *user, uint32_t bytes, bool old)
{
	struct user_desc d;
	if (bytes != sizeof d)
		return -EINVAL;
	if (copy_from_user(&d, user, sizeof d))
		return -EFAULT;
	if (d.entry_number >= LDT_ROOM)
		return d.entry_number >= LDT_ENTRIES ? -EINVAL : -ENOMEM;
	if (d.contents == CONTENTS_CONFORMING && (old || !d.seg_not_present))
		return -EINVAL;
	/* A stack of 16 bits would have the upper half of ESP left to the kernel's. */
	if (!clears(&d, old) && !d.seg_32bit)
		return -EINVAL;
	uint64_t descriptor = clears(&d, old) ? 0 : tls_descriptor(&d);
	if (old)
		descriptor &= ~DESCRIPTOR_AVAILABLE;

	struct ldt *ldt = table_of_caller();
	if (!ldt)
		return -ENOMEM;
	uint32_t flags = spin_lock_irq(&process_lock);
	ldt->entries[d.entry_number] = descriptor;
	if (ldt->count <= d.entry_number)
		ldt->count = d.entry_number + 1;
	spin_unlock_irq(&process_lock, flags);
	return 0;
}

/* What is behind the entries up to the highest is told as zeros. */
static int32_t read_entries(void *user, uint32_t bytes)
{
	const struct ldt *ldt = thread_current()->ldt;
	if (!ldt)
		return 0;
	uint32_t all = LDT_ENTRIES * LDT_ENTRY_SIZE, some = ldt->count * LDT_ENTRY_SIZE;
	if (bytes > all)
		bytes = all;
	if (some > bytes)
		some = bytes;
	if (copy_to_user(user, ldt->entries, some) ||
	    clear_user_some((char *)user + some, bytes - some) < bytes - some)
		return -EFAULT;
	return (int32_t)bytes;
}

static int32_t read_default(void *user, uint32_t bytes)
{
	if (bytes > DEFAULT_ENTRIES * LDT_ENTRY_SIZE)
		bytes = DEFAULT_ENTRIES * LDT_ENTRY_SIZE;
	return clear_user_some(user, bytes) < bytes ? -EFAULT : (int32_t)bytes;
}

static int32_t sys_modify_ldt(uint32_t function, void *user, uint32_t bytes)
{
	switch (function) {
	case 0:
		return read_entries(user, bytes);
	case 1:
		return write_entry(user, bytes, true);
	case 2:
		return read_default(user, bytes);
	case 0x11:
		return write_entry(user, bytes, false);
	}
	return -ENOSYS;
}

const struct system_call ldt_calls[] = {
	CALL(modify_ldt, 3),
	CALLS_END,
};
