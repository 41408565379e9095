/* SPDX-License-Identifier: MIT */
/* The strings of an execve between two address spaces (exec_strings.h). */
#include "userprog/exec_strings.h"

#include <asm/errno.h>

#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "vm/page.h"
#include "vm/usercopy.h"

int exec_strings_create(struct exec_strings *strings)
{
	*strings = (struct exec_strings){.pages = NULL};
	strings->pages = kmalloc_zeroed(EXEC_PAGES_MAX * sizeof *strings->pages);
	return strings->pages ? 0 : -ENOMEM;
}

void exec_strings_destroy(struct exec_strings *strings)
{
	uint32_t last = strings->bytes / PAGE_SIZE; /* may have been made, and nothing put there */
	for (uint32_t i = 0; strings->pages && i <= last && i < EXEC_PAGES_MAX; i++)
		kfree(strings->pages[i]);
	kfree(strings->pages);
}

/* Where the next byte goes; NULL with *error set. Each string also counts as a pointer. */
static char *place(struct exec_strings *strings, uint32_t *room, int *error)
{
	uint32_t page = strings->bytes / PAGE_SIZE, offset = strings->bytes % PAGE_SIZE;

	*error = -E2BIG;
	if (strings->bytes + strings->count * sizeof(uint32_t) >= EXEC_PAGES_MAX * PAGE_SIZE)
		return NULL;
	*error = -ENOMEM;
	if (!strings->pages[page])
		strings->pages[page] = kmalloc(PAGE_SIZE);
	if (!strings->pages[page])
		return NULL;
	*room = PAGE_SIZE - offset;
	return strings->pages[page] + offset;
}

int exec_strings_add(struct exec_strings *strings, const char *string)
{
	uint32_t left = strlen(string) + 1, room;
	int error;

	strings->count++;
	while (left > 0) {
		char *to = place(strings, &room, &error);
		if (!to)
			return error;
		uint32_t n = left < room ? left : room;
		memcpy(to, string, n);
		string += n;
		left -= n;
		strings->bytes += n;
	}
	return 0;
}

int exec_strings_add_user(struct exec_strings *strings, const char *user_string)
{
	uint32_t start = strings->bytes, room;
	int error;

	strings->count++;
	for (;;) {
		char *to = place(strings, &room, &error);
		if (!to)
			return error;
		ssize_t n = copy_string_from_user(to, user_string, room);
		if (n >= 0) {
			strings->bytes += (uint32_t)n + 1;
			return strings->bytes - start > EXEC_STRING_MAX ? -E2BIG : 0;
		}
		if (n != -ENAMETOOLONG)
			return (int)n;
		/* The page is full; the string goes on in the next one. */
		strings->bytes += room;
		user_string += room;
		if (strings->bytes - start > EXEC_STRING_MAX)
			return -E2BIG;
	}
}

int exec_strings_add_vector(struct exec_strings *strings, const char *const *vector,
                            uint32_t first)
{
	for (uint32_t i = 0; vector && vector[i]; i++) {
		int error = i < first ? 0 : exec_strings_add(strings, vector[i]);
		if (error)
			return error;
	}
	return 0;
}

int exec_strings_add_user_vector(struct exec_strings *strings, const uint32_t *user_vector,
                                 uint32_t first)
{
	for (uint32_t i = 0; user_vector; i++) {
		uint32_t string;
		if (copy_from_user(&string, &user_vector[i], sizeof string))
			return -EFAULT;
		if (!string)
			break;
		int error = i < first ? 0 : exec_strings_add_user(strings, (const char *)string);
		if (error)
			return error;
	}
	return 0;
}

int exec_strings_copy_out(const struct exec_strings *strings, uintptr_t to)
{
	for (uint32_t done = 0; done < strings->bytes; done += PAGE_SIZE) {
		uint32_t n = strings->bytes - done;
		if (n > PAGE_SIZE)
			n = PAGE_SIZE;
		if (copy_to_user((void *)(to + done), strings->pages[done / PAGE_SIZE], n))
			return -EFAULT;
	}
	return 0;
}

uint32_t exec_strings_length(const struct exec_strings *strings, uint32_t offset)
{
	uint32_t length = 1;
	for (; strings->pages[offset / PAGE_SIZE][offset % PAGE_SIZE]; offset++)
		length++;
	return length;
}
