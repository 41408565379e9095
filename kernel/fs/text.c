/* SPDX-License-Identifier: MIT */
/* A chain of pages, each nearly full of text. Used by one thread at a time. */
#include "kernel/fs/text.h"

#include <asm/errno.h>

#include "kernel/fs/transfer.h"
#include "kernel/mem/slab.h"
#include "lib/list.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/page.h"

struct piece {
	struct list_link link;
	uint32_t used;
	char bytes[];
};
#define PIECE_SIZE (PAGE_SIZE - sizeof(struct piece))
#define LINE_ROOM 160u /* for one line more */

struct text {
	struct list pieces;
	uint32_t length;
	bool failed; /* there was no memory for more */
};

struct text *text_create(void)
{
	struct text *text = kmalloc_zeroed(sizeof(*text));

	if (text)
		list_init(&text->pieces);
	return text;
}

void text_clear(struct text *text)
{
	struct list_link *link;

	while ((link = list_pop(&text->pieces)))
		kfree(LIST_ENTRY(link, struct piece, link));
	text->length = 0;
	text->failed = false;
}

void text_destroy(struct text *text)
{
	text_clear(text);
	kfree(text);
}

uint32_t text_length(const struct text *text)
{
	return text->length;
}

bool text_is_full(const struct text *text)
{
	return text->failed || text->length > PIECE_SIZE - LINE_ROOM;
}

/* The last piece, if it has room, or a new one. */
static struct piece *piece_with_room(struct text *text)
{
	struct piece *last = LIST_ENTRY(text->pieces.head.previous, struct piece, link);

	if (!list_empty(&text->pieces) && last->used < PIECE_SIZE)
		return last;
	struct piece *new = kmalloc(PAGE_SIZE);
	if (!new) {
		text->failed = true;
		return NULL;
	}
	new->used = 0;
	list_append(&text->pieces, &new->link);
	return new;
}

void text_write(struct text *text, const void *bytes, size_t n)
{
	const char *from = bytes;

	while (n && !text->failed) {
		struct piece *piece = piece_with_room(text);
		if (!piece)
			return;
		size_t room = PIECE_SIZE - piece->used, part = n < room ? n : room;
		memcpy(piece->bytes + piece->used, from, part);
		piece->used += part;
		text->length += part;
		from += part;
		n -= part;
	}
}

static void put(void *text, const char *bytes, size_t n)
{
	text_write(text, bytes, n);
}

void text_print(struct text *text, const char *form, ...)
{
	va_list arguments;

	va_start(arguments, form);
	format(put, text, form, arguments);
	va_end(arguments);
}

ssize_t text_read(struct text *text, struct transfer *transfer, loff_t position)
{
	uint32_t start = 0;
	size_t done = 0;

	if (text->failed)
		return -ENOMEM;
	LIST_FOR(&text->pieces, struct piece, piece, link) {
		loff_t from = position + done - start;
		start += piece->used;
		if (from >= piece->used || !transfer->left)
			continue;
		size_t part = piece->used - from;
		if (part > transfer->left)
			part = transfer->left;
		size_t given = transfer_give(transfer, piece->bytes + from, part);
		done += given;
		if (given < part)
			return done ? (ssize_t)done : -EFAULT;
	}
	return done;
}
