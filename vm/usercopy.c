/* SPDX-License-Identifier: MIT */
/* The only door to user memory: ranges are checked here, usercopy.S touches it. */
#include "vm/usercopy.h"

#include <asm/errno.h>

#include "kernel/mem/layout.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"

uint32_t user_copy(void *to, const void *from, size_t n);
uint32_t user_clear(void *to, size_t n);
int user_string(char *to, const char *from, size_t size);

bool user_range(const void *address, size_t n)
{
	uintptr_t start = (uintptr_t)address;
	return start <= USER_END && n <= USER_END - start;
}

int copy_from_user(void *to, const void *user_from, size_t n)
{
	ASSERT_MAY_SLEEP();
	return user_range(user_from, n) && user_copy(to, user_from, n) == 0 ? 0 : -EFAULT;
}

int copy_to_user(void *user_to, const void *from, size_t n)
{
	ASSERT_MAY_SLEEP();
	return user_range(user_to, n) && user_copy(user_to, from, n) == 0 ? 0 : -EFAULT;
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
