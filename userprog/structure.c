/* SPDX-License-Identifier: MIT */
/* Structures of the interface that grow: see structure.h. */
#include "userprog/structure.h"

#include <asm/errno.h>

#include "lib/string.h"
#include "vm/page.h"
#include "vm/usercopy.h"

static int check_zeros(const char *user_from, size_t size)
{
	char later[64];
	for (size_t at = 0; at < size; at += sizeof later) {
		size_t part = size - at < sizeof later ? size - at : sizeof later;
		if (copy_from_user(later, user_from + at, part))
			return -EFAULT;
		for (size_t i = 0; i < part; i++)
			if (later[i])
				return -E2BIG;
	}
	return 0;
}

int structure_from_user(void *to, size_t known, const void *user_from, size_t size)
{
	if (size > PAGE_SIZE)
		return -E2BIG;
	memset(to, 0, known);
	if (copy_from_user(to, user_from, size < known ? size : known))
		return -EFAULT;
	return size > known ? check_zeros((const char *)user_from + known, size - known) : 0;
}
