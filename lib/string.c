/* SPDX-License-Identifier: MIT */
/*
 * Memory and strings. Copying and filling use the processor's string instructions on
 * i386, four bytes at a time; the same functions in plain C run on any other host, for
 * the unit tests.
 *
 * The plain loops of these go through block_step(), or the compiler would recognise them and
 * replace the body of memcpy by a call of memcpy.
 */
#include "lib/string.h"

#include <stdint.h>

#ifdef __i386__

static void copy_up(char *to, const char *from, size_t n)
{
	size_t words = n / 4;

	__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
	n %= 4;
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

/* From the last byte down: first the odd bytes, then words, whose addresses are those
 * of their lowest byte. The direction flag is set meanwhile, so trap entry must clear
 * it, as the ABI has it, before running C. */
static void copy_down(char *to, const char *from, size_t n)
{
	size_t words = n / 4;

	to += n - 1;
	from += n - 1;
	n %= 4;
	__asm__ volatile("std\n\t"
	                 "rep movsb\n\t"
	                 "sub $3, %0\n\t"
	                 "sub $3, %1\n\t"
	                 "mov %3, %2\n\t"
	                 "rep movsl\n\t"
	                 "cld"
	                 : "+D"(to), "+S"(from), "+c"(n)
	                 : "r"(words)
	                 : "memory", "cc");
}

static void fill(char *to, uint8_t byte, size_t n)
{
	uint32_t pattern = byte * UINT32_C(0x01010101);
	size_t words = n / 4;

	__asm__ volatile("rep stosl" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
	n %= 4;
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(pattern) : "memory");
}

#else

static void block_step(void)
{
	__asm__ volatile("" : : : "memory");
}

static void copy_up(char *to, const char *from, size_t n)
{
	for (; n; n--, block_step())
		*to++ = *from++;
}

static void copy_down(char *to, const char *from, size_t n)
{
	for (; n; n--, block_step())
		to[n - 1] = from[n - 1];
}

static void fill(char *to, uint8_t byte, size_t n)
{
	for (; n; n--, block_step())
		*to++ = (char)byte;
}

#endif

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	copy_up(to, from, n);
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	/* Upward is safe unless `to` lies inside [from, from + n). */
	if ((uintptr_t)to - (uintptr_t)from >= n)
		copy_up(to, from, n);
	else
		copy_down(to, from, n);
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	fill(to, (uint8_t)byte, n);
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *left = a, *right = b;

	for (; n; n--, left++, right++)
		if (*left != *right)
			return *left - *right;
	return 0;
}

void *memchr(const void *s, int byte, size_t n)
{
	const uint8_t *at = s;

	for (; n; n--, at++)
		if (*at == (uint8_t)byte)
			return (void *)at;
	return NULL;
}

size_t strnlen(const char *s, size_t most)
{
	size_t length = 0;

	while (length < most && s[length])
		length++;
	return length;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	const uint8_t *left = (const uint8_t *)a, *right = (const uint8_t *)b;

	for (; n; n--, left++, right++)
		if (*left != *right || !*left)
			return *left - *right;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (uint8_t)*a - (uint8_t)*b;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;; s++) {
		if (*s == (char)c)
			last = s;
		if (!*s)
			return (char *)last;
	}
}

char *strstr(const char *haystack, const char *needle)
{
	size_t length = strlen(needle);

	for (;; haystack++) {
		if (strncmp(haystack, needle, length) == 0)
			return (char *)haystack;
		if (!*haystack)
			return NULL;
	}
}

char *strcpy(char *restrict to, const char *restrict from)
{
	return memcpy(to, from, strlen(from) + 1);
}

char *strncpy(char *restrict to, const char *restrict from, size_t n)
{
	size_t length = strnlen(from, n);

	memcpy(to, from, length);
	memset(to + length, 0, n - length);
	return to;
}

char *strcat(char *restrict to, const char *restrict from)
{
	strcpy(to + strlen(to), from);
	return to;
}

size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t length = strlen(from), copied;

	if (size) {
		copied = length < size ? length : size - 1;
		memcpy(to, from, copied);
		to[copied] = 0;
	}
	return length;
}
