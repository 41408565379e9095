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

#define WIDE_LEAST 512u /* bytes for which borrowing the wide registers pays */

/* usercopy.S */
uint32_t user_copy(void *to, const void *from, size_t n);
uint32_t user_copy_wide(void *to, const void *from, size_t n);
uint32_t user_clear(void *to, size_t n);
int user_string(char *to, const char *from, size_t size);
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
		if (left && user_copy(to + part - left, from + part - left, WIDE_STEP))
			return n;
		part -= left ? left - WIDE_STEP : 0;
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

int clear_user(void *user_to, size_t n)
{
	ASSERT_MAY_SLEEP();
	return user_range(user_to, n) && user_clear(user_to, n) == 0 ? 0 : -EFAULT;
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
