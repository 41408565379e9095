/* SPDX-License-Identifier: MIT */
/*
 * The owner of an open file: whom a signal tells of what happens to it, as fcntl(2), "Managing
 * signals", has it.
 *
 *   pipe, terminal, socket ...
 *     owners ---- owner of file A ---- owner of file B       those with O_ASYNC
 *
 * What may be waited for has a list of owners. Who makes it ready says so by owners_tell, beside the
 * wake of those who sleep: an owner hears of each time, and not of that it still is. As long as
 * nobody asked for it that costs one look at an empty list.
 *
 * All fields are guarded by one lock, inside of those that may be held at owners_tell and outside of
 * process_lock.
 */
#pragma once

#include <linux/signal.h>

#include "lib/list.h"
#include "lib/types.h"

#define OWNER_READS 1u  /* hears of POLL_IN */
#define OWNER_WRITES 2u /* hears of POLL_OUT */

struct owner {
	struct list_link link;  /* in a list of owners: O_ASYNC is set */
	int number;             /* the descriptor by which it was set */
	uint32_t access;        /* OWNER_... */
	int type;               /* F_OWNER_TID, F_OWNER_PID or F_OWNER_PGRP */
	pid_t id;               /* 0: nobody */
	uint64_t since;         /* clock_now(): who began later has the number from another */
	uint32_t uid, euid;     /* of who named the owner: the signal is sent as by him */
	uint8_t signal;         /* F_SETSIG; 0: SIGIO, which then tells nothing more */
	uint32_t charged;       /* the user whom its memory is charged to */
};

/* One that is nobody, charged to the caller's user: 0, -ENOMEM, -ENOSPC. */
int owner_create(struct owner **);
/* It is in no list. NULL: nothing. */
void owner_destroy(struct owner *);

/* Whom to tell from now on, with the caller's rights. `again`: also if there is one already. */
void owner_set(struct owner *, int type, pid_t id, bool again);
/* F_SETSIG. */
void owner_set_signal(struct owner *, uint8_t signal);
/* Nobody is told, by SIGIO: as if nothing had been set. */
void owner_reset(struct owner *);
/* What it was a moment ago, for a look at who and what. */
struct owner owner_look(struct owner *);

/* From now on it is told what the list is told, as of this descriptor. -ENOSPC: the list has
 * OWNERS_MOST others, who are all told at once, with interrupts off. It leaves the list. */
#define OWNERS_MOST 64u
int owner_join(struct owner *, struct list *owners, int number, uint32_t access);
void owner_leave(struct owner *);

/* Tells all of the list that something has become possible: POLL_IN, POLL_OUT, POLL_HUP ... of
 * siginfo.h. Any context; a lock that is taken with interrupts off may be held. */
void owners_tell_slowly(struct list *owners, int what);
static inline void owners_tell(struct list *owners, int what)
{
	if (__builtin_expect(!list_empty(owners), 0))
		owners_tell_slowly(owners, what);
}

/* Of room to write the owners hear only when somebody found none, and did not wait for it: he leaves a
 * mark, and who makes room takes it away and tells them. Whether there is room, or else the mark is
 * there: it is set before the last look, so that the mark is found, or the room. A mark that was not
 * wanted after all stays, since it may be another's as well; they hear once too often. */
#define ROOM_OR_MARK(mark, has_room) \
	((has_room) || (__atomic_store_n(mark, true, __ATOMIC_SEQ_CST), (has_room)))

/* There is room: tells them if it was missed. */
static inline void owners_tell_room(struct list *owners, bool *mark)
{
	if (__atomic_load_n(mark, __ATOMIC_RELAXED) &&
	    __atomic_exchange_n(mark, false, __ATOMIC_SEQ_CST))
		owners_tell(owners, POLL_OUT);
}

/* The same to one, wherever it is, of this descriptor. */
void owner_tell(struct owner *, int number, int what);

/* The door for userprog: sends the signal, if who named the owner may. */
void owner_set_door(void (*send)(const struct owner *, int number, int what));
