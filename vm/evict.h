/* SPDX-License-Identifier: MIT */
/*
 * Taking frames back. Works from the frame outward: never takes an address-space lock, so
 * a fault that holds one may evict anyone's page, its own included.
 */
#pragma once

#include "lib/types.h"

struct frame;
struct spt;

/* Frees at least `wanted` frames if it can; returns how many. May sleep, unless in a thread
 * that is evicting already (then 0). */
uint32_t evict_frames(uint32_t wanted);
/* Evicts this one, if it is a page's and can go now. Whether it did. As evict_frames. */
bool evict_frame(struct frame *);
/* A page is about to be mapped at this address, in a space with a resident limit: at the limit
 * another one goes for it, chosen by the policy among the space's own (resident.h): its entry is
 * dropped, and if nobody else maps it and it is anonymous it is evicted. The space's lock is held;
 * may sleep. As evict_frames. */
void evict_for(struct spt *, uintptr_t address);
/* The limit was lowered: takes pages out until it holds, as far as any can go. The space's
 * lock is held; may sleep. */
void evict_to_limit(struct spt *);
/* From now on who needs a frame and finds none may have some evicted. */
void evict_init(void);
/* The page-out thread and the shrinker. */
void evict_start(void);

/* How many pages one round of eviction frees, or writes as one batch. */
#define EVICT_CLUSTER 32u

/* How many frames the page-out thread tries to keep free: they are nobody's to count on. -EINVAL:
 * too few, or a quarter of all. */
uint32_t evict_low_water(void);
int evict_set_low_water(uint32_t frames);
uint32_t evict_high_water(void); /* at so many free ones it rests */
/* How readily pages go to swap, beside those of files: at 100 the policy's choice is taken as it
 * is, at 0 no page goes to swap while pages of files can go, at 200 the other way round. -EINVAL:
 * above that. */
uint32_t evict_swappiness(void);
int evict_set_swappiness(uint32_t);
/* How many frames can be had before whoever wants one must evict for it. */
uint32_t evict_room(void);
/* How many free frames are kept for threads that are freeing memory. */
uint32_t evict_reserve(void);

/* The door for userprog, when nothing can be evicted: choose a process and kill it; returns false
 * if the caller's own was chosen (or there is nobody to kill). */
void evict_set_oom_hook(bool (*hook)(void));

/* The door for kernel/fs: called by the page-out thread each time memory is short, before it evicts
 * pages. Gives back a part of what is kept only because nobody else wanted the memory; it writes
 * nothing and waits for nobody. */
void evict_set_shortage_hook(void (*give_back)(void));

/* By name; -EINVAL if unknown: replace_set_policy, and the page-out thread is told. */
int evict_set_policy(const char *name);
