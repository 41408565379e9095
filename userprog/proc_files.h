/* SPDX-License-Identifier: MIT */
/* The files of /proc/<pid>, in Linux's formats (proc(5)), for procfs's door. */
#pragma once

#include "lib/types.h"

struct spt;
struct text;

/* Fills the door of kernel/fs/procfs. */
void proc_files_init(void);

/* In proc_memory.c. */
void proc_maps(pid_t, struct text *);
void proc_smaps(pid_t, struct text *);
void proc_walk(pid_t, struct text *);
ssize_t proc_pagemap(pid_t, void *to, size_t n, uint64_t position);

/* What of a space is in memory, in pages. */
struct memory_use {
	uint32_t resident;  /* mapped by its page tables, the frame of zeros not counted */
	uint32_t anonymous; /* of these, anonymous; the rest are file pages */
	uint32_t dirty;
	uint32_t referenced; /* used since the policy last looked */
	uint32_t shared;    /* mapped by others too */
	uint32_t swapped;   /* anonymous and on the swap device only */
	uint32_t fair_bytes; /* each page divided by how many map it */
};
/* Counts [start, end). spt->lock held. */
struct memory_use memory_use_count(struct spt *, uintptr_t start, uintptr_t end);
