/* SPDX-License-Identifier: MIT */
/* futex_waitv: a wait for the first of several words. Each has a waiter as futex.c's; all wake one
 * queue. */
#include <linux/futex.h>
#include <linux/time.h>

#include "kernel/mem/slab.h"
#include "kernel/time/clock.h"
#include "userprog/futex_waiters.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

#define SIZE_U32 FUTEX_32 /* the only size there is */

/* One that is waited for. */
struct word {
	struct futex_waiter waiter;
	uintptr_t address;
	uint32_t value;
};

/* Each lies by itself: all of them together are more than kmalloc has in one piece. */
struct words {
	uint32_t count;
	struct wait_queue queue;
	struct word *word[FUTEX_WAITV_MAX];
};

static int read_word(const struct futex_waitv *user_word, struct word *word)
{
	struct futex_waitv told;
	if (copy_from_user(&told, user_word, sizeof told))
		return -EFAULT;
	if (told.__reserved || told.flags & ~(uint32_t)(SIZE_U32 | FUTEX_PRIVATE_FLAG) ||
	    !(told.flags & SIZE_U32) || told.val > UINT32_MAX)
		return -EINVAL;
	if (told.uaddr > UINTPTR_MAX)
		return -EFAULT;
	word->address = (uintptr_t)told.uaddr;
	word->value = (uint32_t)told.val;
	word->waiter = (struct futex_waiter){.bits = FUTEX_BITSET_MATCH_ANY};
	/* The place is made sure of later; until then the key is none of any word. */
	word->waiter.key.place = told.flags & FUTEX_PRIVATE_FLAG;
	return 0;
}

/* As many as could be read are words->count. */
static int read_words(const struct futex_waitv *user_words, uint32_t count, struct words *words)
{
	int error = 0;
	while (!error && words->count < count) {
		struct word *word = kmalloc(sizeof *word);
		if (!word)
			return -ENOMEM;
		words->word[words->count] = word;
		error = read_word(&user_words[words->count++], word);
	}
	return error;
}

static int enter_word(struct word *word, struct wait_queue *queue)
{
	bool private = word->waiter.key.place;
	int error = futex_key_of(word->address, private, &word->waiter.key);
	if (error)
		return error;
	word->waiter.shared_queue = queue;
	futex_enter(&word->waiter);
	return 0;
}

/* The last of those that were woken; -1: none was. */
static int woken_one(const struct words *words)
{
	int found = -1;
	spin_lock(&futex_lock);
	for (uint32_t i = 0; i < words->count; i++)
		if (words->word[i]->waiter.woken)
			found = (int)i;
	spin_unlock(&futex_lock);
	return found;
}

/* Takes back the first `entered` ones. Which of them was woken, or -1. */
static int leave_words(struct words *words, uint32_t entered)
{
	int found = -1;
	for (uint32_t i = 0; i < entered; i++) {
		struct futex_waiter *waiter = &words->word[i]->waiter;
		spin_lock(&futex_lock);
		list_remove(&waiter->link);
		if (waiter->woken)
			found = (int)i;
		spin_unlock(&futex_lock);
		futex_key_put(&waiter->key);
	}
	return found;
}

/* 0 if each word has its value. */
static int compare_words(const struct words *words)
{
	for (uint32_t i = 0; i < words->count; i++) {
		uint32_t now;
		if (copy_from_user(&now, (void *)words->word[i]->address, sizeof now))
			return -EFAULT;
		if (now != words->word[i]->value)
			return -EAGAIN;
	}
	return 0;
}

static int wait_for_words(struct words *words, uint64_t deadline)
{
	uint32_t entered = 0;
	int error = 0;
	while (!error && entered < words->count) {
		error = enter_word(words->word[entered], &words->queue);
		entered += !error;
	}
	if (!error)
		error = compare_words(words);
	if (!error)
		error = WAIT_FOR(&words->queue, woken_one(words) >= 0, true, deadline);
	int found = leave_words(words, entered);
	return found >= 0 && error != -EFAULT ? found : error;
}

/* `clock`: which one the deadline is of. */
static int read_deadline(const void *user_time, int clock, uint64_t *deadline)
{
	uint64_t ns;
	*deadline = WAIT_FOREVER;
	if (!user_time)
		return 0;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return -EINVAL;
	int error = time_from_user64(user_time, &ns);
	if (!error)
		*deadline = clock == CLOCK_REALTIME ? time_of_realtime(ns) : ns;
	return error;
}

static int32_t sys_futex_waitv(const struct futex_waitv *user_words, uint32_t count, uint32_t flags,
                               const void *user_time, int clock)
{
	uint64_t deadline;
	if (flags || !count || count > FUTEX_WAITV_MAX || !user_words)
		return -EINVAL;
	int result = read_deadline(user_time, clock, &deadline);
	if (result)
		return result;
	struct words *words = kmalloc(sizeof *words);
	if (!words)
		return -ENOMEM;
	words->count = 0;
	wait_queue_init(&words->queue);
	result = read_words(user_words, count, words);
	if (!result)
		result = wait_for_words(words, deadline);
	while (words->count)
		kfree(words->word[--words->count]);
	kfree(words);
	return result;
}

const struct system_call futex_many_calls[] = {
	CALL_RESTARTS(futex_waitv, 5),
	CALLS_END,
};
