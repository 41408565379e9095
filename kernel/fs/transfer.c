/* SPDX-License-Identifier: MIT */
/* Bytes between a file and memory: the one walk along a vector. */
#include "kernel/fs/transfer.h"

#include <asm/errno.h>

#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "lib/string.h"
#include "vm/page.h"
#include "vm/usercopy.h"

/* 1024 pieces (IOV_MAX) need two pages, and kmalloc gives one at a time. */
#define LIST_PIECES (PAGE_SIZE / sizeof(struct iovec))

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void start(struct transfer *transfer, uint64_t n, bool of_kernel)
{
	transfer->left = n < TRANSFER_MOST ? n : TRANSFER_MOST;
	transfer->place = (struct transfer_place){0};
	transfer->flags = 0;
	transfer->no_wait = false;
	transfer->broken = false;
	transfer->of_kernel = of_kernel;
}

void transfer_user(struct transfer *transfer, const void *address, size_t n)
{
	start(transfer, n, false);
	transfer->place.at = (char *)address;
	transfer->place.room = n;
}

void transfer_kernel(struct transfer *transfer, void *const *pages, size_t n)
{
	ASSERT(n <= TRANSFER_FEW * PAGE_SIZE);
	start(transfer, n, true);
	transfer->lists[0] = transfer->few;
	for (uint32_t i = 0; i * PAGE_SIZE < n; i++)
		transfer->few[i] = (struct iovec){pages[i], PAGE_SIZE};
}

/* Adds the lengths to the sum, which may become more than one transfer moves. */
static int add_lengths(const struct iovec *pieces, uint32_t count, uint64_t *sum)
{
	for (uint32_t i = 0; i < count; i++) {
		if (pieces[i].iov_len > (size_t)INT32_MAX)
			return -EINVAL;
		*sum += pieces[i].iov_len;
	}
	return 0;
}

/* The part of the vector that goes into one list. */
static int read_list(struct transfer *transfer, uint32_t list, uintptr_t user_pieces,
                     uint32_t count, uint64_t *sum)
{
	bool few = list == 0 && count <= TRANSFER_FEW;
	struct iovec *pieces = few ? transfer->few : kmalloc(count * sizeof *pieces);

	transfer->lists[list] = pieces;
	if (!pieces)
		return -ENOMEM;
	if (copy_from_user(pieces, (const void *)user_pieces, count * sizeof *pieces))
		return -EFAULT;
	return add_lengths(pieces, count, sum);
}

int transfer_vector(struct transfer *transfer, const struct iovec *user_vector, uint32_t count)
{
	uint64_t sum = 0;
	int error = 0;

	if (count > TRANSFER_LISTS * LIST_PIECES)
		return -EINVAL;
	transfer->lists[0] = transfer->lists[1] = NULL;
	for (uint32_t list = 0; !error && list * LIST_PIECES < count; list++)
		error = read_list(transfer, list, (uintptr_t)user_vector + list * PAGE_SIZE,
		                  smaller(count - list * LIST_PIECES, LIST_PIECES), &sum);
	if (error)
		transfer_release(transfer);
	else
		start(transfer, sum, false);
	return error;
}

void transfer_release(struct transfer *transfer)
{
	for (uint32_t list = 0; list < TRANSFER_LISTS; list++)
		if (transfer->lists[list] != transfer->few)
			kfree(transfer->lists[list]);
}

/* --- moving ----------------------------------------------------------------------------- */

/* Moves n bytes between a piece of memory and the kernel's `bytes`; how many were moved. */
typedef size_t mover(bool of_kernel, char *piece, char *bytes, size_t n);

static size_t give(bool of_kernel, char *piece, char *bytes, size_t n)
{
	if (!of_kernel)
		return copy_to_user_some(piece, bytes, n);
	memcpy(piece, bytes, n);
	return n;
}

static size_t take(bool of_kernel, char *piece, char *bytes, size_t n)
{
	if (!of_kernel)
		return copy_from_user_some(bytes, piece, n);
	memcpy(bytes, piece, n);
	return n;
}

static size_t clear(bool of_kernel, char *piece, char *bytes, size_t n)
{
	(void)bytes;
	if (!of_kernel)
		return clear_user_some(piece, n);
	memset(piece, 0, n);
	return n;
}

/* One byte of each page is enough to bring it in. */
static size_t look(bool of_kernel, char *piece, char *bytes, size_t n)
{
	char byte;

	(void)bytes;
	for (size_t done = 0; done < n && !of_kernel;
	     done += PAGE_SIZE - page_offset((uintptr_t)piece + done))
		if (!copy_from_user_some(&byte, piece + done, 1))
			return done;
	return n;
}

static size_t pass(bool of_kernel, char *piece, char *bytes, size_t n)
{
	(void)of_kernel, (void)piece, (void)bytes;
	return n;
}

/* To the next piece that is not empty; there are bytes left. */
static void next_piece(struct transfer *transfer)
{
	struct transfer_place *place = &transfer->place;

	while (!place->room) {
		const struct iovec *list = transfer->lists[place->next / LIST_PIECES];
		const struct iovec *piece = &list[place->next++ % LIST_PIECES];
		place->at = piece->iov_base;
		place->room = piece->iov_len;
	}
}

/* Up to n bytes, all in one piece. */
static inline size_t move_piece(struct transfer *transfer, void *bytes, size_t n, mover *mover)
{
	struct transfer_place *place = &transfer->place;
	size_t moved = mover(transfer->of_kernel, place->at, bytes, n);

	place->at += moved;
	place->room -= moved;
	transfer->left -= moved;
	return moved;
}

static inline size_t move(struct transfer *transfer, void *bytes, size_t n, mover *mover)
{
	size_t done = 0, part, moved;

	n = smaller(n, transfer->left);
	if (n <= transfer->place.room)
		return move_piece(transfer, bytes, n, mover);
	do {
		next_piece(transfer);
		part = smaller(n - done, transfer->place.room);
		moved = move_piece(transfer, bytes ? (char *)bytes + done : NULL, part, mover);
		done += moved;
	} while (moved == part && done < n);
	return done;
}

/* As move, and back to where it was, unless `stays` bytes were moved. */
static inline size_t move_and_return(struct transfer *transfer, void *bytes, size_t n,
                                     mover *mover, size_t stays)
{
	struct transfer_place place = transfer->place;
	size_t left = transfer->left, moved = move(transfer, bytes, n, mover);

	if (moved == stays)
		return moved;
	transfer->place = place;
	transfer->left = left;
	return moved;
}

size_t transfer_give(struct transfer *transfer, const void *from, size_t n)
{
	return move(transfer, (void *)from, n, give);
}

size_t transfer_clear(struct transfer *transfer, size_t n)
{
	return move(transfer, NULL, n, clear);
}

size_t transfer_take(struct transfer *transfer, void *to, size_t n)
{
	return move(transfer, to, n, take);
}

bool transfer_take_whole(struct transfer *transfer, void *to, size_t n)
{
	return move_and_return(transfer, to, n, take, n) == n;
}

size_t transfer_peek(struct transfer *transfer, void *to, size_t n)
{
	return move_and_return(transfer, to, n, take, 0);
}

size_t transfer_present(struct transfer *transfer, size_t n)
{
	return move_and_return(transfer, NULL, n, look, 0);
}

void transfer_skip(struct transfer *transfer, size_t n)
{
	ASSERT(n <= transfer->left);
	move(transfer, NULL, n, pass);
}

size_t transfer_in_page(struct transfer *transfer)
{
	next_piece(transfer);
	size_t in_page = PAGE_SIZE - page_offset((uintptr_t)transfer->place.at);
	return smaller(smaller(in_page, transfer->place.room), transfer->left);
}
