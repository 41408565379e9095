/* SPDX-License-Identifier: MIT */
/* The only door to user memory: ranges are checked here, usercopy.S touches it. */
#include "vm/usercopy.h"

#include <asm/errno.h>

#include "kernel/cpu/paging.h"
#include "kernel/cpu/trap.h"
#include "kernel/cpu/wide.h"
#include "kernel/mem/layout.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "vm/page.h"

#define WIDE_LEAST 512u /* bytes for which borrowing the wide registers pays */

/* usercopy.S */
uint32_t user_copy(void *to, const void *from, size_t n);
uint32_t user_copy_wide(void *to, const void *from, size_t n);
uint32_t user_clear(void *to, size_t n);
int user_string(char *to, const char *from, size_t size);
bool user_exchange(uint32_t *user, uint32_t old, uint32_t new, uint32_t *was);
extern char user_wide_start[], user_wide_end[], user_wide_fault[];

bool user_range(const void *address, size_t n)
{
	uintptr_t start = (uintptr_t)address;
	return start <= USER_END && n <= USER_END - start;
}

/* Copies up to a page, with interrupts off; stops where a page is missing. Bytes not copied. */
static uint32_t copy_wide(char *to, const char *from, size_t n)
{
	struct wide_loan loan;
	wide_borrow(&loan);
	uint32_t left = user_copy_wide(to, from, n);
	wide_return(&loan);
	return left;
}

/*
 * As much by the wide registers as goes. They are borrowed with interrupts off, so a fault
 * among them is not answered; the string instructions then copy the next bytes and have the
 * page brought in. Bytes not copied.
 */
static uint32_t copy_much(char *to, const char *from, size_t n)
{
	while (n >= WIDE_LEAST) {
		uint32_t part = n < PAGE_SIZE ? n & ~(WIDE_STEP - 1) : PAGE_SIZE;
		uint32_t left = copy_wide(to, from, part);
		uint32_t missing = 0;
		if (left) {
			part -= left - WIDE_STEP;
			missing = user_copy(to + part - WIDE_STEP, from + part - WIDE_STEP, WIDE_STEP);
		}
		if (missing)
			return n - part + missing;
		to += part;
		from += part;
		n -= part;
	}
	return n ? user_copy(to, from, n) : 0;
}

static inline uint32_t copy(void *to, const void *from, size_t n)
{
	return wide_moves && n > WIDE_LEAST ? copy_much(to, from, n) : user_copy(to, from, n);
}

bool user_wide_stop(struct trap_frame *frame)
{
	if (frame->eip < (uintptr_t)user_wide_start || frame->eip >= (uintptr_t)user_wide_end)
		return false;
	frame->eip = (uintptr_t)user_wide_fault;
	return true;
}

/* How many of n bytes there lie below the kernel. */
static size_t below_kernel(const void *address, size_t n)
{
	uintptr_t start = (uintptr_t)address;
	size_t room = start < USER_END ? USER_END - start : 0;
	return n < room ? n : room;
}

size_t copy_from_user_some(void *to, const void *user_from, size_t n)
{
	ASSERT_MAY_SLEEP();
	size_t possible = below_kernel(user_from, n);
	return possible - copy(to, user_from, possible);
}

size_t copy_to_user_some(void *user_to, const void *from, size_t n)
{
	ASSERT_MAY_SLEEP();
	size_t possible = below_kernel(user_to, n);
	return possible - copy(user_to, from, possible);
}

size_t clear_user_some(void *user_to, size_t n)
{
	ASSERT_MAY_SLEEP();
	size_t possible = below_kernel(user_to, n);
	return possible - user_clear(user_to, possible);
}

int copy_from_user(void *to, const void *user_from, size_t n)
{
	ASSERT_MAY_SLEEP();
	return user_range(user_from, n) && copy(to, user_from, n) == 0 ? 0 : -EFAULT;
}

int copy_to_user(void *user_to, const void *from, size_t n)
{
	ASSERT_MAY_SLEEP();
	return user_range(user_to, n) && copy(user_to, from, n) == 0 ? 0 : -EFAULT;
}

int exchange_user(uint32_t *user_word, uint32_t *old, uint32_t new)
{
	ASSERT_MAY_SLEEP();
	bool bad = !user_range(user_word, sizeof *user_word) ||
	           user_exchange(user_word, *old, new, old);
	return bad ? -EFAULT : 0;
}

ssize_t copy_string_from_user(char *to, const char *user_from, size_t size)
{
	ASSERT_MAY_SLEEP();
	if (!user_range(user_from, 1))
		return -EFAULT;
	size_t room = USER_END - (uintptr_t)user_from;
	size_t most = size < room ? size : room;
	int length = user_string(to, user_from, most);
	if (length < 0 || (length == (int)most && most < size))
		return -EFAULT;
	return length == (int)most ? -ENAMETOOLONG : length;
}
