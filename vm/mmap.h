/* SPDX-License-Identifier: MIT */
/*
 * The calls that shape an address space: mmap(2), munmap(2), mprotect(2), brk(2),
 * mremap(2), msync(2), madvise(2), mincore(2), and what exec and fork need. Arguments are
 * checked as Linux documents; errors are negative. They take spt->lock themselves and may
 * sleep, unless said otherwise.
 */
#pragma once

#include "lib/types.h"

struct page_source;
struct spt;

/*
 * Maps `length` bytes at `address` (a hint, or exact with MAP_FIXED); prot and flags are
 * <asm/mman.h>'s. `source` (NULL: anonymous) from page `first_page` on; may_write: the file
 * is open for writing. A shared anonymous mapping gets its source from the hook below.
 * The address, or -EINVAL, -ENOMEM, -EACCES, -EEXIST as an address (IS_ERROR below).
 */
uintptr_t vm_mmap(struct spt *, uintptr_t address, uint32_t length, int prot, int flags,
                  struct page_source *source, uint32_t first_page, bool may_write);
int vm_munmap(struct spt *, uintptr_t address, uint32_t length);
int vm_mprotect(struct spt *, uintptr_t address, uint32_t length, int prot);
uintptr_t vm_mremap(struct spt *, uintptr_t old, uint32_t old_length, uint32_t new_length,
                    int flags, uintptr_t new_address);
/* The new break, or the old one if it cannot be moved (as the system call). */
uintptr_t vm_brk(struct spt *, uintptr_t new_break);
int vm_msync(struct spt *, uintptr_t address, uint32_t length, int flags);
int vm_madvise(struct spt *, uintptr_t address, uint32_t length, int advice);
/* One byte a page into `to` (kernel memory), at most `pages` of them. */
int vm_mincore(struct spt *, uintptr_t address, uint32_t pages, unsigned char *to);

#define IS_ERROR(address) ((uintptr_t)(address) >= (uintptr_t)-4095)

/* mlock(2) and munlock(2) of a range; mlockall(2) with MCL_* flags, munlockall(2) with 0.
 * Locked pages are brought in and not evicted. -ENOMEM: not all mapped, or no memory. */
int vm_mlock(struct spt *, uintptr_t address, uint32_t length, bool lock);
int vm_mlockall(struct spt *, int flags);

/* For exec. Maps a program segment: file bytes [offset, offset + file_bytes) at `address`,
 * then zeros up to memory_bytes; page offsets of address and offset agree. Nothing is
 * read. 0, -ENOEXEC, -ENOMEM. */
int vm_map_segment(struct spt *, uintptr_t address, struct page_source *, uint32_t offset,
                   uint32_t file_bytes, uint32_t memory_bytes, int prot);
/* The stack area below USER_STACK_TOP, one page for a start. 0 or -ENOMEM. */
int vm_map_stack(struct spt *, bool executable);
/* Where the heap starts (page aligned up), after the segments are mapped. */
void vm_set_brk(struct spt *, uintptr_t start);

/* A copy for fork: areas copied, anons shared copy-on-write, by the slot or one by one, so that
 * neither space writes to them unseen (fork.c). NULL if there is no memory (the parent is as
 * before, but for entries that fault in again). */
struct spt *vm_fork(struct spt *parent);
void fork_init(void); /* reads the boot option */

/* The door for kernel/fs: a nameless tmpfs file of this many bytes (one reference), for
 * MAP_SHARED | MAP_ANONYMOUS; NULL if there is no memory. */
void vm_set_shared_memory_hook(struct page_source *(*make)(uint64_t bytes));
