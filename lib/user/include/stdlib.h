/* SPDX-License-Identifier: MIT */
#pragma once

#include <alloca.h>
#include <stddef.h>
#include <sys/types.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX     0x7fffffff

typedef struct {
	int quot, rem;
} div_t;
typedef struct {
	long quot, rem;
} ldiv_t;

/* Blocks are aligned to 16 bytes. Those of 128 KiB and more are mappings of their own. */
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void free(void *block);
void *aligned_alloc(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);
size_t malloc_usable_size(void *block);

_Noreturn void exit(int status);
_Noreturn void _Exit(int status);
_Noreturn void abort(void);
int atexit(void (*function)(void));
int system(const char *command);

char *getenv(const char *name);
int setenv(const char *name, const char *value, int overwrite);
int unsetenv(const char *name);
int putenv(char *assignment);
int clearenv(void);

long strtol(const char *, char **end, int base);
unsigned long strtoul(const char *, char **end, int base);
long long strtoll(const char *, char **end, int base);
unsigned long long strtoull(const char *, char **end, int base);
int atoi(const char *);
long atol(const char *);
long long atoll(const char *);

int abs(int);
long labs(long);
long long llabs(long long);
div_t div(int numerator, int denominator);
ldiv_t ldiv(long numerator, long denominator);

/* In place and not stable, O(n log n) at worst. */
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (*compare)(const void *, const void *));

int rand(void);
void srand(unsigned seed);
int rand_r(unsigned *seed);
long random(void);
void srandom(unsigned seed);

int mkstemp(char *template_);
char *mkdtemp(char *template_);
char *realpath(const char *path, char *resolved);
