/* SPDX-License-Identifier: MIT */
/*
 * Taking frames back. Works from the frame outward: never takes an address-space lock, so
 * a fault that holds one may evict anyone's page, its own included.
 */
#pragma once

#include "lib/types.h"

struct frame;
struct spt;
struct policy;

/* Frees at least `wanted` frames if it can; returns how many. May sleep, unless in a thread
 * that is evicting already (then 0). */
uint32_t evict_frames(uint32_t wanted);
/* Evicts this one, if it is a page's and can go now. Whether it did. As evict_frames. */
bool evict_frame(struct frame *);
/* Takes so many pages out of one address space, chosen by the policy among its own: their
 * entries are dropped, and a page that nobody else maps is evicted if it is anonymous. For
 * resident limits. The space's lock is held; may sleep. As evict_frames. */
void evict_from(struct spt *, uint32_t pages);
/* The limit was lowered: takes pages out until it holds, as far as any can go. The space's
 * lock is held; may sleep. */
void evict_to_limit(struct spt *);
/* Says that frames were taken: if few are left, the page-out thread runs. May sleep. */
void evict_check(void);
/* Whether so few are left that the page-out thread is at work. */
bool evict_short(void);
/* The frame got an owner / is losing it: enters and leaves the policy's queue. vm_lock
 * held. */
void evict_page_in(struct frame *);
void evict_page_out(struct frame *);
/* The policy begins: before the first page has an owner, while physmem_boot_take works. */
void evict_init(void);
/* The page-out thread and the shrinker. */
void evict_start(void);

/* How many pages one round of eviction frees, or writes as one batch. */
#define EVICT_CLUSTER 32u

/* How many frames the page-out thread tries to keep free: they are nobody's to count on. */
uint32_t evict_low_water(void);
/* How many frames can be had before whoever wants one must evict for it. */
uint32_t evict_room(void);
/* How many free frames are kept for threads that are freeing memory. */
uint32_t evict_reserve(void);

/* Out of memory: nothing can be evicted. Kills the process with most memory (by the door
 * below) and returns true if there is hope: the caller tries again; false if the caller
 * itself must give up. May sleep. */
bool evict_out_of_memory(void);
/* The door for userprog: choose and kill; returns false if the caller's own process was
 * chosen (or there is nobody to kill). */
void evict_set_oom_hook(bool (*hook)(void));

const struct policy *evict_policy(void);
/* By name; -EINVAL if unknown. Moves every page to the new policy's queue, in the order of
 * the frames: what the old one knew is lost. */
int evict_set_policy(const char *name);
