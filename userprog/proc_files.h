/* SPDX-License-Identifier: MIT */
/* The files of /proc/<pid>, in Linux's formats (proc(5)), for procfs's door. */
#pragma once

#include "lib/types.h"

struct file;
struct process;
struct spt;
struct text;

/* Fills the door of kernel/fs/procfs. */
void proc_files_init(void);

/* The process of that number, or the one of the thread that a number below 0 means; with a reference,
 * or NULL. */
struct process *proc_process(pid_t);

/* In proc_memory.c. The process's space with a reference, or NULL. */
struct spt *proc_space(pid_t);
uintptr_t proc_maps(pid_t, uintptr_t from, struct text *);
uintptr_t proc_smaps(pid_t, uintptr_t from, struct text *);
void proc_smaps_rollup(pid_t, struct text *);
uintptr_t proc_walk(pid_t, uintptr_t from, struct text *);
ssize_t proc_pagemap(pid_t, void *to, size_t n, uint64_t position, bool frames);
int proc_clear_refs(pid_t, const char *text, size_t length);
ssize_t proc_mem_read(pid_t, void *to, size_t n, uint64_t position, bool frames);
ssize_t proc_mem_write(pid_t, const void *from, size_t n, uint64_t position);
/* The list map_files: the key of an area is its start. */
bool proc_area_next(pid_t, uint32_t from, uint32_t *key, char *name, size_t size);
uint32_t proc_area_mode(pid_t, uint32_t key);
struct file *proc_area_file(pid_t, uint32_t key);

/* What of a space is in memory, in pages. */
struct memory_use {
	uint32_t resident;  /* mapped by its page tables, the frame of zeros not counted */
	uint32_t anonymous; /* of these, anonymous; the rest are file pages, */
	uint32_t in_files_of_memory; /* some of files in memory: tmpfs, shared memory */
	uint32_t dirty;
	uint32_t referenced; /* used since the policy last looked */
	uint32_t shared;    /* mapped by others too */
	uint32_t swapped;   /* anonymous and on the swap device only */
	uint32_t fair_bytes; /* each page divided by how many map it */
};
/* Counts [start, end). spt->lock held. */
struct memory_use memory_use_count(struct spt *, uintptr_t start, uintptr_t end);
