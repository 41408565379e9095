/* SPDX-License-Identifier: MIT */
/*
 * Ghosts: pages that have left, by identity, each with a number; for policies that ask whether a
 * page was here, and how long ago. A hash table of WAYS to a bucket: a ghost is forgotten when its
 * bucket needs the place. The environment's lock is held.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define WAYS 4

struct ghost {
	uint32_t identity;
	uint32_t number; /* 0: no ghost */
};

struct ghosts {
	struct ghost *table;
	uint32_t buckets;
	uint32_t next; /* number of the next ghost, from 1 */
};

/* None yet; the table has room for so many. */
static inline void ghosts_start(struct ghosts *ghosts, void *table, uint32_t room)
{
	*ghosts = (struct ghosts){.table = table, .buckets = room / WAYS, .next = 1};
	for (uint32_t i = 0; i < ghosts->buckets * WAYS; i++)
		ghosts->table[i].number = 0;
}

/* The bucket of an identity, spread by a multiplication (Knuth, TAOCP vol. 3, 6.4). */
static inline struct ghost *ghosts_bucket(const struct ghosts *ghosts, uint32_t identity)
{
	uint32_t spread = identity * 2654435761u;
	return &ghosts->table[(uint32_t)(((uint64_t)spread * ghosts->buckets) >> 32) * WAYS];
}

/* The page has left: in place of the oldest of its bucket. */
static inline void ghosts_remember(struct ghosts *ghosts, uint32_t identity)
{
	if (!ghosts->buckets)
		return;
	struct ghost *bucket = ghosts_bucket(ghosts, identity), *oldest = bucket;
	for (unsigned i = 1; i < WAYS; i++)
		if (bucket[i].number < oldest->number)
			oldest = &bucket[i];
	*oldest = (struct ghost){.identity = identity, .number = ghosts->next++};
}

/* How many have left since the page did, itself counted, if a ghost remembers it and they are at most
 * `most`; else 0. The ghost then leaves. */
static inline uint32_t ghosts_recall(struct ghosts *ghosts, uint32_t identity, uint32_t most)
{
	struct ghost *bucket = ghosts->buckets ? ghosts_bucket(ghosts, identity) : NULL;
	for (unsigned i = 0; bucket && i < WAYS; i++) {
		if (bucket[i].identity != identity || !bucket[i].number)
			continue;
		uint32_t age = ghosts->next - bucket[i].number;
		bucket[i].number = 0;
		return age <= most ? age : 0;
	}
	return 0;
}
