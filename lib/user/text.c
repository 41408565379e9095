/* SPDX-License-Identifier: MIT */
/* The string functions that only programs use; the rest is in lib/string.c. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *mempcpy(void *restrict to, const void *restrict from, size_t n)
{
	return (char *)memcpy(to, from, n) + n;
}

void *memrchr(const void *s, int byte, size_t n)
{
	const unsigned char *at = s;

	while (n--)
		if (at[n] == (unsigned char)byte)
			return (void *)(at + n);
	return NULL;
}

void *memmem(const void *haystack, size_t length, const void *needle, size_t needle_length)
{
	const char *at = haystack;

	for (; length >= needle_length; at++, length--)
		if (memcmp(at, needle, needle_length) == 0)
			return (void *)at;
	return NULL;
}

void bzero(void *to, size_t n)
{
	memset(to, 0, n);
}

int ffs(int value)
{
	return value ? __builtin_ctz((unsigned)value) + 1 : 0;
}

int strncasecmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		int left = tolower((unsigned char)*a), right = tolower((unsigned char)*b);

		if (left != right || !left)
			return left - right;
	}
	return 0;
}

int strcasecmp(const char *a, const char *b)
{
	return strncasecmp(a, b, SIZE_MAX);
}

int strcoll(const char *a, const char *b)
{
	return strcmp(a, b);
}

char *strcasestr(const char *haystack, const char *needle)
{
	size_t length = strlen(needle);

	for (;; haystack++) {
		if (strncasecmp(haystack, needle, length) == 0)
			return (char *)haystack;
		if (!*haystack)
			return NULL;
	}
}

char *strchrnul(const char *s, int c)
{
	while (*s && *s != (char)c)
		s++;
	return (char *)s;
}

size_t strspn(const char *s, const char *accept)
{
	size_t length = 0;

	while (s[length] && strchr(accept, s[length]))
		length++;
	return length;
}

/* strchr finds the NUL of `reject` too, which ends the count at the end of s. */
size_t strcspn(const char *s, const char *reject)
{
	size_t length = 0;

	while (!strchr(reject, s[length]))
		length++;
	return length;
}

char *strpbrk(const char *s, const char *accept)
{
	s += strcspn(s, accept);
	return *s ? (char *)s : NULL;
}

char *strtok_r(char *restrict s, const char *restrict delimiters, char **restrict state)
{
	char *token = s ? s : *state;

	token += strspn(token, delimiters);
	s = token + strcspn(token, delimiters);
	*state = *s ? s + 1 : s;
	if (s == token)
		return NULL;
	*s = 0;
	return token;
}

char *strtok(char *restrict s, const char *restrict delimiters)
{
	static char *state;

	return strtok_r(s, delimiters, &state);
}

char *strsep(char **restrict s, const char *restrict delimiters)
{
	char *token = *s, *end;

	if (!token)
		return NULL;
	end = token + strcspn(token, delimiters);
	*s = *end ? end + 1 : NULL;
	*end = 0;
	return token;
}

char *strndup(const char *s, size_t most)
{
	size_t length = strnlen(s, most);
	char *copy = malloc(length + 1);

	if (!copy)
		return NULL;
	copy[length] = 0;
	return memcpy(copy, s, length);
}

char *strdup(const char *s)
{
	return strndup(s, SIZE_MAX);
}

char *stpcpy(char *restrict to, const char *restrict from)
{
	size_t length = strlen(from);

	return (char *)memcpy(to, from, length + 1) + length;
}

char *strncat(char *restrict to, const char *restrict from, size_t most)
{
	char *end = mempcpy(to + strlen(to), from, strnlen(from, most));

	*end = 0;
	return to;
}

size_t strlcat(char *to, const char *from, size_t size)
{
	size_t length = strnlen(to, size);

	return length + strlcpy(to + length, from, size - length);
}

/* The part after the last slash, in the path itself. */
char *basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return (char *)(slash ? slash + 1 : path);
}
