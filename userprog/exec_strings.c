/* SPDX-License-Identifier: MIT */
/* The strings of an execve between two address spaces (exec_strings.h). */
#include "userprog/exec_strings.h"

#include <asm/errno.h>

#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "userprog/process.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define ALL_LEAST (128u << 10)
#define ALL_MOST (6u << 20) /* three quarters of the stack that a process starts with */

struct exec_page {
	struct exec_page *next;
	char bytes[PAGE_SIZE - sizeof(struct exec_page *)];
};

void exec_strings_init(struct exec_strings *strings, uint64_t stack_limit)
{
	uint64_t most = stack_limit / 4;

	*strings = (struct exec_strings){.first = NULL};
	strings->most = most < ALL_LEAST ? ALL_LEAST : most > ALL_MOST ? ALL_MOST : most;
}

/* They count as the process's: its own memory shows nothing of them. */
static void count_pages(int32_t pages)
{
	__atomic_fetch_add(&process_current()->exec_pages, (uint32_t)pages, __ATOMIC_RELAXED);
}

void exec_strings_destroy(struct exec_strings *strings)
{
	while (strings->first) {
		struct exec_page *page = strings->first;
		strings->first = page->next;
		kfree(page);
		count_pages(-1);
	}
}

/* Where the next byte goes, in a page with room; NULL with *error set. */
static char *place(struct exec_strings *strings, int *error)
{
	*error = -E2BIG;
	if (strings->bytes + strings->count * sizeof(uint32_t) >= strings->most)
		return NULL;
	if (!strings->room) {
		struct exec_page *page = kmalloc(sizeof *page);
		*error = -ENOMEM;
		if (!page)
			return NULL;
		count_pages(1);
		page->next = NULL;
		*(strings->last ? &strings->last->next : &strings->first) = page;
		strings->last = page;
		strings->room = sizeof page->bytes;
	}
	return strings->last->bytes + sizeof strings->last->bytes - strings->room;
}

static void advance(struct exec_strings *strings, uint32_t n)
{
	strings->bytes += n;
	strings->room -= n;
}

int exec_strings_add(struct exec_strings *strings, const char *string)
{
	uint32_t left = strlen(string) + 1;
	int error;

	strings->count++;
	while (left > 0) {
		char *to = place(strings, &error);
		if (!to)
			return error;
		uint32_t n = left < strings->room ? left : strings->room;
		memcpy(to, string, n);
		string += n;
		left -= n;
		advance(strings, n);
	}
	return 0;
}

int exec_strings_add_user(struct exec_strings *strings, const char *user_string)
{
	uint32_t start = strings->bytes;
	int error;

	strings->count++;
	for (;;) {
		if (thread_current()->killed)
			return -EINTR;
		char *to = place(strings, &error);
		if (!to)
			return error;
		uint32_t room = strings->room;
		ssize_t n = copy_string_from_user(to, user_string, room);
		if (n >= 0) {
			advance(strings, (uint32_t)n + 1);
			return strings->bytes - start > EXEC_STRING_MAX ? -E2BIG : 0;
		}
		if (n != -ENAMETOOLONG)
			return (int)n;
		/* The page is full; the string goes on in the next one. */
		advance(strings, room);
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
	uint32_t left = strings->bytes;

	for (const struct exec_page *page = strings->first; left; page = page->next) {
		uint32_t n = left < sizeof page->bytes ? left : sizeof page->bytes;
		if (copy_to_user((void *)to, page->bytes, n))
			return -EFAULT;
		to += n;
		left -= n;
	}
	return 0;
}

struct exec_cursor exec_strings_begin(const struct exec_strings *strings)
{
	return (struct exec_cursor){strings->first, 0};
}

uint32_t exec_strings_next(struct exec_cursor *cursor)
{
	uint32_t length = 0;
	bool end;

	do {
		if (cursor->at == sizeof cursor->page->bytes)
			*cursor = (struct exec_cursor){cursor->page->next, 0};
		end = !cursor->page->bytes[cursor->at++];
		length++;
	} while (!end);
	return length;
}
