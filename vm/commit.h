/* SPDX-License-Identifier: MIT */
/*
 * How much memory programs were promised that only memory or swap can hold: the pages of private
 * areas that may be written, and shared memory. Whether more is promised than there is, the
 * switches of /proc/sys/vm say (proc_sys_vm(5), overcommit_memory). Each function may be called
 * with any lock, or none.
 */
#pragma once

#include "lib/types.h"

enum commit_mode {
	COMMIT_GUESS,  /* all but a single wish that is larger than memory and swap together */
	COMMIT_ALWAYS, /* all: memory is taken when it is touched, and then there may be none */
	COMMIT_NEVER   /* no more than the limit: what was promised can be had */
};

/* Whether so many pages more may be promised now. */
bool commit_allows(uint32_t pages);
/* They are, by areas or as shared memory; or, if less than 0, are no longer. */
void commit_add(int32_t pages);
void commit_add_shared(int32_t pages);
uint32_t commit_of_areas(void); /* for the auditor */
/* Promised by now; and at most, in COMMIT_NEVER: swap, and a share of memory in hundredths. */
uint32_t commit_count(void);
uint32_t commit_limit(void);

uint32_t commit_mode(void);
int commit_set_mode(uint32_t); /* 0 or -EINVAL */
uint32_t commit_ratio(void);
int commit_set_ratio(uint32_t hundredths);
/* What swap has now, in pages. */
void commit_set_swap(uint32_t pages);
