/* SPDX-License-Identifier: MIT */
/*
 * Inside of pipes, for pipe.c and splice.c: a ring of buffers, each a page with some bytes in it.
 *
 *        tail                 head         both count buffers for ever
 *         v                    v
 *   ... | page 3 | page 4 | ... |          head - tail: how many there are
 *
 * A write adds to the last buffer if all of it goes in there, and else takes new ones: so one of
 * up to PIPE_BUF bytes lies in one buffer, and is never mixed with another. What a read empties is
 * given back, but for one page.
 *
 * pipe->lock guards the ring and is held while bytes are copied from or to the program. Nobody
 * sleeps for the other side with it. Of two pipes the one with the lower address is locked first.
 */
#pragma once

#include "kernel/sync/condition.h"
#include "lib/types.h"

struct file;
struct transfer;

#define PIPE_PAGES 16u          /* buffers of a new pipe */
#define PIPE_PAGES_LEAST 2u     /* the same of a user who has too many */
#define PIPE_PAGES_MOST 256u    /* and of the largest: what the ring may take of the kernel's memory */

enum pipe_buffer_kind {
	PIPE_FILLING, /* a later write may add to it */
	PIPE_CLOSED,  /* it may not: the bytes came by splice */
	PIPE_PACKET,  /* O_DIRECT: a read takes no more than this, and what it leaves is lost */
};

struct pipe_buffer {
	char *page;
	uint16_t offset, length;
	uint8_t kind;
};

struct pipe {
	struct mutex lock;         /* guards all but users */
	struct pipe_buffer *buffers;
	uint32_t size;             /* of the ring: a power of two */
	uint32_t uid;              /* whose pipes it is counted among */
	char *spare;               /* the page that was emptied last, for the next write; or NULL */
	uint32_t head, tail;
	uint32_t readers, writers; /* open ends */
	uint32_t read_opens, write_opens; /* ever: a fifo's opener waits for the other's */
	uint32_t users;            /* fifo_lock: files that have it open or are opening it */
	struct condition readable, writable; /* there is more to read; more room, or a reader */
	struct list owners;        /* who is told by signals of the same: kernel/owner.h */
};

/* The file's pipe, or NULL: it is none. */
struct pipe *pipe_of(const struct file *);

/* With pipe->lock, all of them. */
uint32_t pipe_count(const struct pipe *); /* of buffers; without the lock: a hint */
static inline struct pipe_buffer *pipe_buffer(struct pipe *pipe, uint32_t number)
{
	return &pipe->buffers[number & (pipe->size - 1)];
}
/* There is more to read, more room: who waits is woken, who wants it is told by a signal. With or
 * without the lock. */
void pipe_tell_readable(struct pipe *);
void pipe_tell_writable(struct pipe *);
/* Waits for a buffer to read, the lock given up meanwhile. 1, 0 at the end (no writer), -EAGAIN,
 * -EINTR. */
int pipe_wait_bytes(struct pipe *, bool nonblock);
/* Waits for room for a buffer. 0, -EPIPE (no reader), -EAGAIN, -EINTR. */
int pipe_wait_room(struct pipe *, bool nonblock);
/* A page for a new buffer, or NULL; and one that became none. */
char *pipe_page_get(struct pipe *);
void pipe_page_put(struct pipe *, char *page);
/* Adds a buffer, for which there is room; the page is the pipe's then. */
void pipe_push(struct pipe *, char *page, uint32_t offset, uint32_t length,
               enum pipe_buffer_kind);
/* Takes n bytes out of the first buffer; one that is empty is given back. */
void pipe_consume(struct pipe *, uint32_t n);
/* Fills a new buffer with up to n bytes of the transfer, which is all of them or an error: their
 * number, -EFAULT, -ENOMEM. */
int pipe_fill(struct pipe *, struct transfer *, uint32_t n, enum pipe_buffer_kind);
