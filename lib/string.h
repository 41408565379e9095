/* SPDX-License-Identifier: MIT */
/* The memory and string functions of ISO C (7.24) that kernel and programs share. */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);
size_t strlen(const char *);
size_t strnlen(const char *, size_t most);
int strcmp(const char *, const char *);
int strncmp(const char *, const char *, size_t n);
char *strchr(const char *, int c);
char *strrchr(const char *, int c);
char *strstr(const char *haystack, const char *needle);
char *strcpy(char *restrict to, const char *restrict from);
char *strncpy(char *restrict to, const char *restrict from, size_t n);
char *strcat(char *restrict to, const char *restrict from);
/* Copies at most size-1 bytes and always ends with NUL; returns strlen(from) (BSD). */
size_t strlcpy(char *to, const char *from, size_t size);
/* Base 2 to 36, 0 to detect 0x and 0; no errno: saturates. */
long strtol(const char *, char **end, int base);
unsigned long strtoul(const char *, char **end, int base);
