/* SPDX-License-Identifier: MIT */
/*
 * As lib-names.h, for the modules of lib/user that need nothing of the kernel's: they are
 * compiled against the host's headers, and their functions renamed and declared here.
 */
#pragma once

#define _GNU_SOURCE /* the host's mremap and memmem */

#include "tests/host/lib-names.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/string.h"

/* What a test compares with, where the compiler has no builtin for it. */
static int (*const host_sscanf)(const char *, const char *, ...) __attribute__((unused)) = sscanf;

#define malloc             pagoda_malloc
#define calloc             pagoda_calloc
#define realloc            pagoda_realloc
#define free               pagoda_free
#define memalign           pagoda_memalign
#define aligned_alloc      pagoda_aligned_alloc
#define posix_memalign     pagoda_posix_memalign
#define malloc_usable_size pagoda_malloc_usable_size
#define qsort              pagoda_qsort
#define bsearch            pagoda_bsearch
#define sscanf             pagoda_sscanf
#define vsscanf            pagoda_vsscanf
#define memrchr            pagoda_memrchr
#define memmem             pagoda_memmem
#define strncasecmp        pagoda_strncasecmp
#define strcasecmp         pagoda_strcasecmp
#define strcasestr         pagoda_strcasestr
#define strchrnul          pagoda_strchrnul
#define strspn             pagoda_strspn
#define strcspn            pagoda_strcspn
#define strpbrk            pagoda_strpbrk
#define strtok_r           pagoda_strtok_r
#define strtok             pagoda_strtok
#define strsep             pagoda_strsep
#define strndup            pagoda_strndup
#define strdup             pagoda_strdup
#define stpcpy             pagoda_stpcpy
#define mempcpy            pagoda_mempcpy
#define strncat            pagoda_strncat
#define strlcat            pagoda_strlcat
#define basename           pagoda_basename
#define bzero              pagoda_bzero
#define ffs                pagoda_ffs
#define strcoll            pagoda_strcoll

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void free(void *block);
void *memalign(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);
size_t malloc_usable_size(void *block);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (*compare)(const void *, const void *));
int sscanf(const char *text, const char *format, ...) __attribute__((format(scanf, 2, 3)));
int vsscanf(const char *text, const char *format, va_list);
void *memrchr(const void *s, int byte, size_t n);
void *memmem(const void *haystack, size_t length, const void *needle, size_t needle_length);
int strncasecmp(const char *a, const char *b, size_t n);
int strcasecmp(const char *a, const char *b);
char *strcasestr(const char *haystack, const char *needle);
char *strchrnul(const char *s, int c);
size_t strspn(const char *s, const char *accept);
size_t strcspn(const char *s, const char *reject);
char *strpbrk(const char *s, const char *accept);
char *strtok_r(char *restrict s, const char *restrict delimiters, char **restrict state);
char *strtok(char *restrict s, const char *restrict delimiters);
char *strsep(char **restrict s, const char *restrict delimiters);
char *strndup(const char *s, size_t most);
char *strdup(const char *s);
char *stpcpy(char *restrict to, const char *restrict from);
void *mempcpy(void *restrict to, const void *restrict from, size_t n);
char *strncat(char *restrict to, const char *restrict from, size_t most);
size_t strlcat(char *to, const char *from, size_t size);
char *basename(const char *path);
void bzero(void *to, size_t n);
int ffs(int value);
int strcoll(const char *a, const char *b);
