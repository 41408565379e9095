/* SPDX-License-Identifier: MIT */
/*
 * The calls that shape an address space: mmap(2), munmap(2), mprotect(2), brk(2),
 * remap_file_pages(2), and what exec needs (mmap.c); msync(2) (msync.c); mlock(2) and its kin
 * (mlock.c); mremap(2) (mremap.c); madvise(2), mseal(2), mincore(2) (madvise.c); fork (fork.c). Arguments
 * are checked as Linux documents; errors are negative. They take spt->lock themselves and may
 * sleep, unless said otherwise.
 */
#pragma once

#include "lib/types.h"

struct backing;
struct backing_ops;
struct spt;

/* An open file, or a device that is mapped like one. */
struct mmap_object {
	struct backing *backing;    /* NULL: zeros, as /dev/zero */
	bool has_pages;             /* else it cannot be mapped */
	bool may_read, may_write;   /* how it is open */
	bool may_execute;           /* where it lies programs may lie */
};

/*
 * Maps `length` bytes at `address` (a hint, or exact with MAP_FIXED); prot and flags are
 * <asm/mman.h>'s. `object` (NULL: anonymous) from page `first_page` on. Shared memory without a
 * backing gets one from the hook below. The address, or an error as an address (IS_ERROR below),
 * those of mmap(2).
 */
uintptr_t vm_mmap(struct spt *, uintptr_t address, uint32_t length, int prot, int flags,
                  const struct mmap_object *, uint32_t first_page);
int vm_munmap(struct spt *, uintptr_t address, uint32_t length);
/* What is left of a mapping that began at `address` and whose backing is of this kind: shmdt(2).
 * -EINVAL: there is nothing. */
int vm_unmap_backed(struct spt *, uintptr_t address, const struct backing_ops *);
int vm_mprotect(struct spt *, uintptr_t address, uint32_t length, int prot);
uintptr_t vm_mremap(struct spt *, uintptr_t old, uint32_t old_length, uint32_t new_length,
                    int flags, uintptr_t new_address);
/* The new break, or the old one if it cannot be moved (as the system call). */
uintptr_t vm_brk(struct spt *, uintptr_t new_break);
int vm_msync(struct spt *, uintptr_t address, uint32_t length, int flags);
int vm_madvise(struct spt *, uintptr_t address, uint32_t length, int advice);
/* From now on nobody unmaps, moves, replaces or protects these pages, nor drops what may not be written:
 * -EPERM. flags: none. */
int vm_mseal(struct spt *, uintptr_t address, uint32_t length, int flags);
/* One byte a page into `to` (kernel memory), at most `pages` of them. */
int vm_mincore(struct spt *, uintptr_t address, uint32_t pages, unsigned char *to);

#define IS_ERROR(address) ((uintptr_t)(address) >= (uintptr_t)-4095)

/* Makes a range of shared mappings show their file from another page on: as mmap would with
 * MAP_FIXED. Of `flags` MAP_NONBLOCK counts. */
int vm_remap_file_pages(struct spt *, uintptr_t address, uint32_t length, int prot,
                        uint32_t first_page, int flags);

/* mlock2(2) of a range, with MLOCK_* flags, and munlock(2); mlockall(2) with MCL_* flags,
 * munlockall(2) with 0. Locked pages are brought in, now or (MLOCK_ONFAULT) when they are
 * touched, and not evicted. Limited by spt->lock_limit. -ENOMEM: not all mapped, a page that
 * cannot be touched, or over the limit; -EAGAIN: no memory; -EPERM: the limit is 0. */
int vm_mlock(struct spt *, uintptr_t address, uint32_t length, int flags);
int vm_munlock(struct spt *, uintptr_t address, uint32_t length);
int vm_mlockall(struct spt *, int flags);

/* For exec. Maps a program segment: file bytes [offset, offset + file_bytes) at `address`,
 * then zeros up to memory_bytes; page offsets of address and offset agree. Nothing is
 * read. 0, -ENOEXEC, -ENOMEM. */
int vm_map_segment(struct spt *, uintptr_t address, struct backing *, uint32_t offset,
                   uint32_t file_bytes, uint32_t memory_bytes, int prot);
/* Where mmap would put so many bytes of no particular place: the address, or 0. */
uintptr_t vm_find_place(struct spt *, uint32_t length);
/* The stack area below USER_STACK_TOP, one page for a start. 0 or -ENOMEM. */
int vm_map_stack(struct spt *, bool executable);
/* Where the heap starts (page aligned up), after the segments are mapped. */
void vm_set_brk(struct spt *, uintptr_t start);

/* A copy for fork: areas copied, anons shared copy-on-write, by the span or one by one, so that
 * neither space writes to them unseen (fork.c). NULL if there is no memory (the parent is as
 * before, but for entries that fault in again). */
struct spt *vm_fork(struct spt *parent);
void fork_init(void); /* reads the boot option */

/* The door for kernel/fs: a nameless tmpfs file of this many bytes (one reference), for
 * MAP_SHARED | MAP_ANONYMOUS; NULL if there is no memory. */
void vm_set_shared_memory_hook(struct backing *(*make)(uint64_t bytes));
