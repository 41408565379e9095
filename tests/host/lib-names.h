/* SPDX-License-Identifier: MIT */
/*
 * Lets Pagoda's lib/string.c and lib/printf.c live in one program with the host's C
 * library: given by -include, this file reads the host's headers first and then renames
 * every shared function. In a test, memcpy is Pagoda's and __builtin_memcpy the host's.
 */
#pragma once

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From glibc 2.43 on these are macros that give back a const where they were given one. */
#undef memchr
#undef strchr
#undef strrchr
#undef strstr
#undef strpbrk
#undef bsearch

#define memcpy   pagoda_memcpy
#define memmove  pagoda_memmove
#define memset   pagoda_memset
#define memcmp   pagoda_memcmp
#define memchr   pagoda_memchr
#define strlen   pagoda_strlen
#define strnlen  pagoda_strnlen
#define strcmp   pagoda_strcmp
#define strncmp  pagoda_strncmp
#define strchr   pagoda_strchr
#define strrchr  pagoda_strrchr
#define strstr   pagoda_strstr
#define strcpy   pagoda_strcpy
#define strncpy  pagoda_strncpy
#define strcat   pagoda_strcat
#define strlcpy  pagoda_strlcpy
#define strtol   pagoda_strtol
#define strtoul  pagoda_strtoul
#define snprintf pagoda_snprintf
#define vsnprintf pagoda_vsnprintf
