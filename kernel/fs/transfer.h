/* SPDX-License-Identifier: MIT */
/*
 * Bytes on their way between a file and memory: the one form in which read(2), readv(2),
 * preadv2(2), write(2), sendfile(2), splice(2) and their kin come to a file.
 *
 * A transfer is a list of pieces of memory, gone through once, from the front. The list was looked
 * at as a whole before it starts; whether the memory itself is there shows when bytes move, and a
 * transfer then ends short: the file says how far it came, and -EFAULT only if that is nowhere.
 *
 * The pieces are a program's, or (sendfile, splice) the kernel's. With a program's, a page fault
 * may come in at each move: no lock that it wants is held. May sleep.
 */
#pragma once

#include <linux/uio.h>

#include "lib/types.h"

#define TRANSFER_MOST 0x7ffff000u /* bytes a call, as on Linux: read(2), NOTES */
#define TRANSFER_FEW 8u           /* pieces that need no memory of their own */
#define TRANSFER_LISTS 2u         /* pages that the longest vector takes */

/* How far a transfer has come. */
struct transfer_place {
	char *at;      /* in the piece that is being moved */
	size_t room;   /* bytes of it that are not done */
	uint32_t next; /* the piece after it */
};

struct transfer {
	size_t left;                /* bytes still to move */
	struct transfer_place place;
	uint32_t flags;             /* O_NONBLOCK, O_APPEND, O_DSYNC, __O_SYNC: the file's, and what
	                               this one call adds */
	bool no_wait;               /* a read: what the disk would have to be asked for is left out */
	bool broken;                /* out, of a write: nobody reads any more (SIGPIPE) */
	bool of_kernel;
	struct iovec *lists[TRANSFER_LISTS]; /* the pieces; the first may be `few` */
	struct iovec few[TRANSFER_FEW];
};

/* One piece of a program's memory. */
void transfer_user(struct transfer *, const void *address, size_t n);
/* Pages of the kernel's, up to TRANSFER_FEW of them; n bytes in all. */
void transfer_kernel(struct transfer *, void *const *pages, size_t n);
/* The pieces of a program's vector. -EINVAL: more than 1024, or one too long; -EFAULT, -ENOMEM.
 * What is more than TRANSFER_MOST in all is left out. To be released if it succeeded. */
int transfer_vector(struct transfer *, const struct iovec *user_vector, uint32_t count);
void transfer_release(struct transfer *);

/* Each moves up to n bytes, no more than are left, and returns how many: fewer if a page cannot be
 * had. give: to the memory (a read); clear: zeros; take: from the memory (a write). */
size_t transfer_give(struct transfer *, const void *from, size_t n);
size_t transfer_clear(struct transfer *, size_t n);
size_t transfer_take(struct transfer *, void *to, size_t n);
/* As take, but the transfer stays where it is: the bytes can be taken again. */
size_t transfer_peek(struct transfer *, void *to, size_t n);
/* Takes all n bytes, or none. */
bool transfer_take_whole(struct transfer *, void *to, size_t n);
/* How many of the next n bytes of a write can be had; brings their pages in. */
size_t transfer_present(struct transfer *, size_t n);
void transfer_skip(struct transfer *, size_t n);
/* How many of the next bytes lie in one piece and one page of memory; there are bytes left. */
size_t transfer_in_page(struct transfer *);
