/* SPDX-License-Identifier: MIT */
/* ISO C 7.24 and its common extensions. What the kernel shares is in lib/string.h. */
#pragma once

#include "lib/string.h"

#include <strings.h>

void *mempcpy(void *restrict to, const void *restrict from, size_t n);
void *memrchr(const void *s, int byte, size_t n);
void *memmem(const void *haystack, size_t length, const void *needle, size_t needle_length);
char *strchrnul(const char *, int c);
char *strcasestr(const char *haystack, const char *needle);
size_t strspn(const char *, const char *accept);
size_t strcspn(const char *, const char *reject);
char *strpbrk(const char *, const char *accept);
char *strtok(char *restrict, const char *restrict delimiters);
char *strtok_r(char *restrict, const char *restrict delimiters, char **restrict state);
char *strsep(char **restrict, const char *restrict delimiters);
char *strdup(const char *);
char *strndup(const char *, size_t most);
char *stpcpy(char *restrict to, const char *restrict from);
char *strncat(char *restrict to, const char *restrict from, size_t most);
size_t strlcat(char *to, const char *from, size_t size);
int strcoll(const char *, const char *);
char *basename(const char *path);

/* The string may be overwritten by the next call. */
char *strerror(int error);
char *strsignal(int signal);
