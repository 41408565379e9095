/* SPDX-License-Identifier: MIT */
/*
 * Streams (ISO C 7.21). Standard output is line buffered to a terminal and fully
 * buffered elsewhere; standard error is written at the end of each call; all are
 * flushed by exit(). Formats are those of lib/printf.h: no floating point.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#define EOF          (-1)
#define BUFSIZ       4096
#define FOPEN_MAX    1024
#define FILENAME_MAX 4096
#define L_tmpnam     32

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

#define _IOFBF 0
#define _IOLBF 1
#define _IONBF 2

typedef struct __stream FILE;

extern FILE *const stdin, *const stdout, *const stderr;
#define stdin  stdin
#define stdout stdout
#define stderr stderr

FILE *fopen(const char *path, const char *mode);
FILE *fdopen(int fd, const char *mode);
FILE *freopen(const char *path, const char *mode, FILE *);
int fclose(FILE *);
int fflush(FILE *); /* NULL: all streams */
int setvbuf(FILE *, char *buffer, int mode, size_t size);
void setbuf(FILE *, char *buffer);
void setlinebuf(FILE *);
int fileno(FILE *);
int feof(FILE *);
int ferror(FILE *);
void clearerr(FILE *);

size_t fread(void *to, size_t size, size_t count, FILE *);
size_t fwrite(const void *from, size_t size, size_t count, FILE *);
int fgetc(FILE *);
int getc(FILE *);
int getchar(void);
int ungetc(int c, FILE *);
char *fgets(char *to, int size, FILE *);
ssize_t getline(char **line, size_t *size, FILE *);
ssize_t getdelim(char **line, size_t *size, int delimiter, FILE *);
int fputc(int c, FILE *);
int putc(int c, FILE *);
int putchar(int c);
int fputs(const char *, FILE *);
int puts(const char *);

int fseek(FILE *, long offset, int whence);
int fseeko(FILE *, off_t offset, int whence);
long ftell(FILE *);
off_t ftello(FILE *);
void rewind(FILE *);

int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fprintf(FILE *, const char *format, ...) __attribute__((format(printf, 2, 3)));
int dprintf(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
int sprintf(char *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
int snprintf(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int asprintf(char **to, const char *format, ...) __attribute__((format(printf, 2, 3)));
int vprintf(const char *format, va_list) __attribute__((format(printf, 1, 0)));
int vfprintf(FILE *, const char *format, va_list) __attribute__((format(printf, 2, 0)));
int vdprintf(int fd, const char *format, va_list) __attribute__((format(printf, 2, 0)));
int vsprintf(char *to, const char *format, va_list) __attribute__((format(printf, 2, 0)));
int vsnprintf(char *to, size_t size, const char *format, va_list)
	__attribute__((format(printf, 3, 0)));
int vasprintf(char **to, const char *format, va_list) __attribute__((format(printf, 2, 0)));

/* Reads %d %i %u %o %x %p (hh h l ll z t j), %c, %s, %[...], %n, %%, with * and width. */
int sscanf(const char *text, const char *format, ...) __attribute__((format(scanf, 2, 3)));
int vsscanf(const char *text, const char *format, va_list)
	__attribute__((format(scanf, 2, 0)));

void perror(const char *prefix);
int remove(const char *path);
int rename(const char *from, const char *to);
