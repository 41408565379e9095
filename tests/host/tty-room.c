/* SPDX-License-Identifier: MIT */
/* host-test: kernel/dev/tty.c tests/host/standin/kernel.c */
/* host-cflags: -m32 -no-pie -Wl,--unresolved-symbols=ignore-in-object-files */
/*
 * A write to a terminal that does not wait: whenever the line gets room, also in the midst of the
 * write's looks, the write gets it, or the owners of the open terminal are told of it afterwards.
 * (The line got room behind the look and before the mark that says that somebody found none.)
 */
#include "kernel/dev/tty.h"

#include <asm/errno.h>
#include <linux/signal.h>

#include "kernel/owner.h"
#include "tests/host/tap.h"

static uint32_t room_at, looks, unsent, told;
static struct tty *tty;

/* The look of a write, which sees what was so before the line sent all of it. */
static uint32_t line_unsent(struct tty *of)
{
	uint32_t seen = unsent;

	if (looks++ == room_at) {
		unsent = 0;
		tty_wake_writers(of);
	}
	return seen;
}

static void line_write(struct tty *of, const char *bytes, size_t n)
{
	(void)of, (void)bytes;
	unsent += n;
}

static void line_go_on(struct tty *of)
{
	(void)of;
}

static const struct tty_line line = {
	.write = line_write, .unsent = line_unsent, .go_on = line_go_on};

void wait_queue_init(struct wait_queue *queue)
{
	list_init(&queue->waiters);
}

void wait_wake_all(struct wait_queue *queue)
{
	(void)queue;
}

uint32_t spin_lock_irq(struct spinlock *lock)
{
	(void)lock;
	return 0;
}

void spin_unlock_irq(struct spinlock *lock, uint32_t flags)
{
	(void)lock, (void)flags;
}

void spinlock_init(struct spinlock *lock, const char *name)
{
	lock->name = name;
}

void owners_tell_slowly(struct list *owners, int what)
{
	(void)owners;
	told += what == POLL_OUT;
}

int main(void)
{
	struct list_link owner;
	bool written = true, heard = true;

	tty = tty_make(&line, NULL);
	list_link_init(&owner);
	list_append(tty_owners(tty), &owner);
	for (room_at = 0; room_at < 4; room_at++) {
		looks = told = 0;
		unsent = TTY_UNSENT_MAX;
		ssize_t n = tty_write(tty, "a", 1, true);
		while (looks <= room_at)
			(void)tty_writable(tty);
		written = written && (n == 1 || n == -EAGAIN);
		heard = heard && (n == 1 || told == 1);
	}
	check_that(written, "a byte is written, or -EAGAIN");
	check_that(heard, "who got -EAGAIN is told when there is room");
	tty_destroy(tty);
	return tap_done();
}
