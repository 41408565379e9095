/* SPDX-License-Identifier: MIT */
/*
 * Shared memory: an object whose pages many programs may have at a time, and no disk has. A file of
 * tmpfs is one; so are a memfd, a segment of shmget(2) and what mmap(2) maps shared with no file,
 * all three by a file of tmpfs that has no name. tmpfs knows names and sizes, this file pages:
 *
 *   in memory    in the page cache, as those of any source: read(2) and mmap(2) find them there
 *   out          in a swap slot, which is noted here, in a tree of nodes of 32 pages each
 *
 * A page that was read back keeps its slot, and is written to it again. A page that was never
 * written takes no room, and is read as zeros. (Linux has the same under this name; UVM says aobj.)
 *
 * Unless said otherwise vm_lock, which guards the fields marked (v), is not held, and the call does
 * not sleep.
 */
#pragma once

#include "lib/list.h"
#include "lib/tree.h"
#include "lib/types.h"

struct frame;
struct page_source;

/* How many pages several objects may have together, in memory and in swap: those of one mount. */
struct shmem_limit {
	uint32_t most;  /* 0: no limit */
	uint32_t pages; /* (v) now */
	uint32_t reserved; /* (v) and are promised */
	bool closed;    /* (v) swapoff(2) takes no reference to any of them */
};

struct shmem {
	struct page_source *source;  /* whose pages these are; source->held counts them */
	struct shmem_limit *limit;
	struct tree nodes;           /* (v) of 32 pages: what is known of each. A node comes before its
	                                first page is dirtied, so that writing out needs no memory */
	uint32_t slots;              /* (v) how many its pages have: if there are any, ... */
	struct list_link swapped_link; /* (v) ... it is in a list of all such */
	uint32_t reserved;           /* (v) of the limit's: pages that it may still have */
	uint32_t promised;           /* pages that were, as commit.h says */
};

/* The source's pages are shared memory from now on, none yet. It must have the operations below;
 * the limit lives longer than it. */
void shmem_begin(struct shmem *, struct page_source *, struct shmem_limit *);
/* Nobody refers to the source any more: gives up all that it has. May sleep. */
void shmem_end(struct shmem *);
/* So many pages are promised to whoever made it, once. -ENOMEM: more than may be (commit.h). */
int shmem_promise(struct shmem *, uint32_t pages);
/* Another limit: tmpfs(5), "remount". It may be lifted (0), or changed, but not below what is used;
 * and where there is none, none can be set: -EINVAL. */
int shmem_limit_set(struct shmem_limit *, uint32_t most);
/* From now on swapoff leaves these objects alone, or no more: who is about to end them all gives their
 * slots up by itself, and must not find one in use. */
void shmem_limit_close(struct shmem_limit *, bool closed);
static inline bool limit_may_change(uint64_t old, uint64_t new, uint64_t used)
{
	return new == old || new == 0 || (old != 0 && used <= new);
}

/* So many pages of the limit are kept for it, beside those that were: -ENOSPC. And no more. */
int shmem_reserve(struct shmem *, uint32_t pages);
void shmem_reserve_end(struct shmem *);

/* The operations of such a source, as source.h says; prepare_write: -ENOSPC at the limit, -ENOMEM. */
void shmem_read(struct page_source *, struct frame *);
void shmem_write(struct page_source *, struct frame *);
int shmem_prepare_write(struct page_source *, struct frame *);
bool shmem_stored(struct page_source *, uint32_t index);

/* Takes away the pages from `first` on, also from every program: truncate(2). The source's size is no
 * larger, and its owner's lock keeps it so. May sleep. */
void shmem_truncate(struct shmem *, uint32_t first);
/* The pages [first, end) become a hole: fallocate(2). May sleep. -EINTR: the thread was killed, and
 * only some of them are. */
int shmem_punch(struct shmem *, uint32_t first, uint32_t end);
/* Whether the page was ever written, and for how many pages (at least) that holds, from it on. */
bool shmem_run(const struct shmem *, uint32_t index, uint32_t *pages);
/* How many pages a slot has, and memory has not. */
uint32_t shmem_swapped(const struct shmem *);
/* Whether some program has it mapped so that it may write there, now or after mprotect(2): then no
 * seal (F_SEAL_WRITE) can be set. */
bool shmem_mapped_writable(const struct shmem *);

/* For the rest of vm/. Whether the page, of shared memory, has a slot. vm_lock held. */
bool shmem_has_slot(const struct frame *);
/* If it could not be written to its slot the last time, that slot is used no more: true. vm_lock held. */
bool shmem_slot_is_broken(struct frame *);
/* Brings in every page that lies on the swap device, and gives up its slot: swapoff(2). Sleeps, and
 * may take long. 0, -ENOMEM, -EIO, -EINTR. */
int shmem_leave_swap(uint32_t device);
/* Swap slots that shared memory has. vm_lock held. */
uint32_t shmem_slots(void);
