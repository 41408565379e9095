/* SPDX-License-Identifier: MIT */
/*
 * Streams: a buffer over a file descriptor. At any time the buffer holds either bytes
 * read ahead, [at, end), or bytes not yet written, [0, at); `writing` says which. Turning
 * from reading to writing takes the file position back over what was not consumed.
 *
 * The first PUSHBACK bytes of the buffer stay free when it is filled, for ungetc.
 */
#include "lib/printf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PUSHBACK 8

enum { BUFFERING_UNDECIDED = -1 }; /* else _IOFBF, _IOLBF or _IONBF */

struct __stream {
	int fd;
	bool readable, writable;
	bool writing;
	bool ended, failed; /* feof, ferror */
	bool allocated;     /* the struct came from malloc */
	int buffering;
	char *buffer;
	size_t size;
	size_t at, end;
	FILE *next; /* in the list of all open streams */
};

void __streams_flush(void);

static char input_buffer[BUFSIZ], output_buffer[BUFSIZ], error_buffer[512];

static FILE input = {.fd = STDIN_FILENO, .readable = true, .buffering = _IOFBF,
                     .buffer = input_buffer, .size = sizeof(input_buffer)};
static FILE output = {.fd = STDOUT_FILENO, .writable = true,
                      .buffering = BUFFERING_UNDECIDED,
                      .buffer = output_buffer, .size = sizeof(output_buffer), .next = &input};
static FILE error = {.fd = STDERR_FILENO, .writable = true, .buffering = _IONBF,
                     .buffer = error_buffer, .size = sizeof(error_buffer), .next = &output};

static FILE *streams = &error;

FILE *const stdin = &input, *const stdout = &output, *const stderr = &error;

/* ---- the buffer ------------------------------------------------------------------- */

static bool write_all(FILE *stream, const char *from, size_t n)
{
	while (n) {
		ssize_t written = write(stream->fd, from, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			stream->failed = true;
			return false;
		}
		from += written;
		n -= (size_t)written;
	}
	return true;
}

/* Writes what is pending. On failure it is dropped, or it would fail for ever. */
static int pending_write(FILE *stream)
{
	size_t n = stream->at;

	if (!stream->writing)
		return 0;
	stream->at = 0;
	return write_all(stream, stream->buffer, n) ? 0 : EOF;
}

/* Forgets what was read ahead, and lets the file position say so. A pipe or a terminal
 * has no position; there, what was read ahead is gone. */
static void ahead_drop(FILE *stream)
{
	int before = errno;

	if (!stream->writing && stream->end > stream->at)
		lseek(stream->fd, -(off_t)(stream->end - stream->at), SEEK_CUR);
	stream->at = stream->end = 0;
	errno = before;
}

static bool writing_begin(FILE *stream)
{
	if (!stream->writable) {
		errno = EBADF;
		stream->failed = true;
		return false;
	}
	if (!stream->writing) {
		ahead_drop(stream);
		stream->writing = true;
	}
	if (stream->buffering == BUFFERING_UNDECIDED) {
		int before = errno;

		stream->buffering = isatty(stream->fd) ? _IOLBF : _IOFBF;
		errno = before;
	}
	return true;
}

static bool reading_begin(FILE *stream)
{
	if (!stream->readable) {
		errno = EBADF;
		stream->failed = true;
		return false;
	}
	if (stream->writing) {
		if (pending_write(stream) < 0)
			return false;
		stream->writing = false;
		stream->at = stream->end = 0;
	}
	return true;
}

/* One read(2), which a signal that was handled does not end. */
static size_t read_some(FILE *stream, char *to, size_t n)
{
	ssize_t got;

	/* A prompt should be seen before its answer is waited for. */
	if (stream == stdin && stdout->buffering == _IOLBF)
		pending_write(stdout);
	do
		got = read(stream->fd, to, n);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		stream->ended = true;
	if (got < 0)
		stream->failed = true;
	return got < 0 ? 0 : (size_t)got;
}

/* Whether there is a byte at `at`, reading more if need be. */
static bool ahead_fill(FILE *stream)
{
	if (!reading_begin(stream))
		return false;
	if (stream->at < stream->end)
		return true;
	stream->at = PUSHBACK;
	stream->end = PUSHBACK + read_some(stream, stream->buffer + PUSHBACK,
	                                   stream->buffering == _IONBF
	                                           ? 1
	                                           : stream->size - PUSHBACK);
	return stream->at < stream->end;
}

/* Puts bytes into the buffer, writing it out whenever it is full. */
static bool buffer_put(FILE *stream, const char *from, size_t n)
{
	if (n > stream->size - stream->at) {
		if (pending_write(stream) < 0)
			return false;
		if (n >= stream->size)
			return write_all(stream, from, n);
	}
	memcpy(stream->buffer + stream->at, from, n);
	stream->at += n;
	return true;
}

/* At the end of each call that put bytes: write what the mode does not let wait. */
static bool buffer_settle(FILE *stream)
{
	if (stream->buffering == _IONBF ||
	    (stream->buffering == _IOLBF && memrchr(stream->buffer, '\n', stream->at)))
		return pending_write(stream) == 0;
	return true;
}

/* ---- opening and closing ---------------------------------------------------------- */

/* The flags of open(2) for a mode such as "r", "w+", "ab" or "rx"; -1 if it is none. */
static int mode_flags(const char *mode)
{
	int access = strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;
	int extra = (strchr(mode, 'x') ? O_EXCL : 0) | (strchr(mode, 'e') ? O_CLOEXEC : 0);

	switch (*mode) {
	case 'r':
		return access | extra;
	case 'w':
		return access | extra | O_CREAT | O_TRUNC;
	case 'a':
		return access | extra | O_CREAT | O_APPEND;
	default:
		errno = EINVAL;
		return -1;
	}
}

static void stream_init(FILE *stream, int fd, int flags)
{
	stream->fd = fd;
	stream->readable = (flags & O_ACCMODE) != O_WRONLY;
	stream->writable = (flags & O_ACCMODE) != O_RDONLY;
	stream->writing = stream->ended = stream->failed = false;
	stream->buffering = BUFFERING_UNDECIDED;
	stream->at = stream->end = 0;
}

FILE *fdopen(int fd, const char *mode)
{
	int flags = mode_flags(mode);
	FILE *stream;

	if (flags < 0)
		return NULL;
	stream = malloc(sizeof(*stream) + BUFSIZ);
	if (!stream)
		return NULL;
	stream_init(stream, fd, flags);
	stream->allocated = true;
	stream->buffer = (char *)(stream + 1);
	stream->size = BUFSIZ;
	stream->next = streams;
	streams = stream;
	return stream;
}

FILE *fopen(const char *path, const char *mode)
{
	int flags = mode_flags(mode), fd;
	FILE *stream;

	if (flags < 0)
		return NULL;
	fd = open(path, flags, 0666);
	if (fd < 0)
		return NULL;
	stream = fdopen(fd, mode);
	if (!stream)
		close(fd);
	return stream;
}

/* Opens another file on the same stream; the descriptor's number stays, so that a
 * reopened standard output is still 1. */
FILE *freopen(const char *path, const char *mode, FILE *stream)
{
	int flags = mode_flags(mode), fd;

	if (flags < 0)
		return NULL;
	fflush(stream);
	fd = open(path, flags, 0666);
	if (fd < 0)
		return NULL;
	if (fd != stream->fd) {
		dup2(fd, stream->fd);
		close(fd);
	}
	stream_init(stream, stream->fd, flags);
	return stream;
}

int fclose(FILE *stream)
{
	FILE **place = &streams;
	int result = fflush(stream);

	while (*place && *place != stream)
		place = &(*place)->next;
	if (*place)
		*place = stream->next;
	if (close(stream->fd) < 0)
		result = EOF;
	if (stream->allocated)
		free(stream);
	return result;
}

int fflush(FILE *stream)
{
	int result = 0;

	if (!stream) {
		for (stream = streams; stream; stream = stream->next)
			if (pending_write(stream) < 0)
				result = EOF;
		return result;
	}
	result = pending_write(stream);
	if (!stream->writing)
		ahead_drop(stream);
	return result;
}

/* exit. What was read ahead stays consumed: the file position may be shared with a
 * parent that still reads, and moving it back would make the parent read twice. */
void __streams_flush(void)
{
	fflush(NULL);
}

/* Only before the stream is used, as ISO C has it. A buffer too small to be one is
 * replaced by the stream's own. */
int setvbuf(FILE *stream, char *buffer, int mode, size_t size)
{
	if (mode != _IOFBF && mode != _IOLBF && mode != _IONBF) {
		errno = EINVAL;
		return -1;
	}
	fflush(stream);
	stream->buffering = mode;
	if (buffer && size >= 2 * PUSHBACK) {
		stream->buffer = buffer;
		stream->size = size;
	}
	return 0;
}

void setbuf(FILE *stream, char *buffer)
{
	setvbuf(stream, buffer, buffer ? _IOFBF : _IONBF, BUFSIZ);
}

void setlinebuf(FILE *stream)
{
	setvbuf(stream, NULL, _IOLBF, 0);
}

int fileno(FILE *stream)
{
	return stream->fd;
}

int feof(FILE *stream)
{
	return stream->ended;
}

int ferror(FILE *stream)
{
	return stream->failed;
}

void clearerr(FILE *stream)
{
	stream->ended = stream->failed = false;
}

/* ---- position --------------------------------------------------------------------- */

int fseeko(FILE *stream, off_t offset, int whence)
{
	if (fflush(stream) < 0 || lseek(stream->fd, offset, whence) < 0)
		return -1;
	stream->ended = false;
	return 0;
}

off_t ftello(FILE *stream)
{
	off_t position = lseek(stream->fd, 0, SEEK_CUR);

	if (position < 0)
		return -1;
	return stream->writing ? position + (off_t)stream->at
	                       : position - (off_t)(stream->end - stream->at);
}

int fseek(FILE *stream, long offset, int whence)
{
	return fseeko(stream, offset, whence);
}

long ftell(FILE *stream)
{
	return (long)ftello(stream);
}

void rewind(FILE *stream)
{
	fseeko(stream, 0, SEEK_SET);
	clearerr(stream);
}

/* ---- input ------------------------------------------------------------------------ */

int fgetc(FILE *stream)
{
	return ahead_fill(stream) ? (unsigned char)stream->buffer[stream->at++] : EOF;
}

int getc(FILE *stream)
{
	return fgetc(stream);
}

int getchar(void)
{
	return fgetc(stdin);
}

int ungetc(int c, FILE *stream)
{
	if (c == EOF || !reading_begin(stream))
		return EOF;
	if (stream->end == 0)
		stream->at = stream->end = PUSHBACK;
	if (stream->at == 0)
		return EOF;
	stream->buffer[--stream->at] = (char)c;
	stream->ended = false;
	return (unsigned char)c;
}

size_t fread(void *to, size_t size, size_t count, FILE *stream)
{
	size_t total = size * count, left = total;
	char *at = to;

	while (left) {
		size_t n = stream->writing ? 0 : stream->end - stream->at;

		if (n == 0 && left >= stream->size && reading_begin(stream)) {
			n = read_some(stream, at, left); /* a long way round spared */
			if (n == 0)
				break;
		} else {
			if (!ahead_fill(stream))
				break;
			n = stream->end - stream->at;
			n = n < left ? n : left;
			memcpy(at, stream->buffer + stream->at, n);
			stream->at += n;
		}
		at += n;
		left -= n;
	}
	return left == 0 ? count : (total - left) / size;
}

/* Copies up to n bytes, not beyond a delimiter; returns how many. 0 at the end. */
static size_t line_piece(FILE *stream, char *to, size_t n, int delimiter)
{
	char *from, *found;

	if (n == 0 || !ahead_fill(stream))
		return 0;
	from = stream->buffer + stream->at;
	if (n > stream->end - stream->at)
		n = stream->end - stream->at;
	found = memchr(from, delimiter, n);
	if (found)
		n = (size_t)(found - from) + 1;
	memcpy(to, from, n);
	stream->at += n;
	return n;
}

char *fgets(char *to, int size, FILE *stream)
{
	size_t room = (size_t)size - 1, length = 0, n;

	if (size <= 0)
		return NULL;
	while ((n = line_piece(stream, to + length, room - length, '\n'))) {
		length += n;
		if (to[length - 1] == '\n')
			break;
	}
	if (length == 0 && room)
		return NULL;
	to[length] = 0;
	return to;
}

ssize_t getdelim(char **line, size_t *size, int delimiter, FILE *stream)
{
	size_t length = 0, n, larger;
	char *moved;

	if (!*line)
		*size = 0;
	do {
		if (*size < length + 2) {
			larger = *size < 120 ? 120 : *size * 2;
			moved = realloc(*line, larger);
			if (!moved)
				return -1;
			*line = moved;
			*size = larger;
		}
		n = line_piece(stream, *line + length, *size - length - 1, delimiter);
		length += n;
	} while (n && (*line)[length - 1] != (char)delimiter);
	(*line)[length] = 0;
	return length ? (ssize_t)length : -1;
}

ssize_t getline(char **line, size_t *size, FILE *stream)
{
	return getdelim(line, size, '\n', stream);
}

/* ---- output ----------------------------------------------------------------------- */

size_t fwrite(const void *from, size_t size, size_t count, FILE *stream)
{
	if (size * count == 0)
		return 0;
	if (!writing_begin(stream) || !buffer_put(stream, from, size * count) ||
	    !buffer_settle(stream))
		return 0;
	return count;
}

int fputc(int c, FILE *stream)
{
	char byte = (char)c;

	return fwrite(&byte, 1, 1, stream) ? (unsigned char)byte : EOF;
}

int putc(int c, FILE *stream)
{
	return fputc(c, stream);
}

int putchar(int c)
{
	return fputc(c, stdout);
}

int fputs(const char *s, FILE *stream)
{
	size_t length = strlen(s);

	return fwrite(s, 1, length, stream) == length ? 0 : EOF;
}

/* The line and its end go out together. */
int puts(const char *s)
{
	if (!writing_begin(stdout) || !buffer_put(stdout, s, strlen(s)) ||
	    !buffer_put(stdout, "\n", 1) || !buffer_settle(stdout))
		return EOF;
	return 0;
}

static void format_put(void *stream, const char *bytes, size_t n)
{
	buffer_put(stream, bytes, n);
}

int vfprintf(FILE *stream, const char *text, va_list list)
{
	bool failed_before = stream->failed, good;
	int length;

	if (!writing_begin(stream))
		return -1;
	stream->failed = false;
	length = format(format_put, stream, text, list);
	good = buffer_settle(stream) && !stream->failed;
	stream->failed = stream->failed || failed_before;
	return good ? length : -1;
}

int vprintf(const char *text, va_list list)
{
	return vfprintf(stdout, text, list);
}

int vdprintf(int fd, const char *text, va_list list)
{
	char buffer[256];
	FILE stream = {.fd = fd, .writable = true, .buffering = _IONBF, .buffer = buffer,
	               .size = sizeof(buffer)};

	return vfprintf(&stream, text, list);
}

int vsprintf(char *to, const char *text, va_list list)
{
	return vsnprintf(to, PTRDIFF_MAX, text, list);
}

int vasprintf(char **to, const char *text, va_list list)
{
	va_list again;
	int length;

	va_copy(again, list);
	length = vsnprintf(NULL, 0, text, again);
	va_end(again);
	*to = malloc((size_t)length + 1);
	return *to ? vsnprintf(*to, (size_t)length + 1, text, list) : -1;
}

#define FORWARD(last, call)                     \
	va_list list;                           \
	int length;                             \
	va_start(list, last);                   \
	length = call;                          \
	va_end(list);                           \
	return length

int printf(const char *text, ...)
{
	FORWARD(text, vfprintf(stdout, text, list));
}

int fprintf(FILE *stream, const char *text, ...)
{
	FORWARD(text, vfprintf(stream, text, list));
}

int dprintf(int fd, const char *text, ...)
{
	FORWARD(text, vdprintf(fd, text, list));
}

int sprintf(char *to, const char *text, ...)
{
	FORWARD(text, vsprintf(to, text, list));
}

int asprintf(char **to, const char *text, ...)
{
	FORWARD(text, vasprintf(to, text, list));
}
