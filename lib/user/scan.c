/* SPDX-License-Identifier: MIT */
/*
 * sscanf: reads what printf writes, lines of /proc above all. Conversions %d %i %u %o %x
 * %p, %c, %s, %[...], %n and %%, with * and a width.
 */
#include "lib/number.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct spec {
	bool discard;
	size_t width; /* 0: none given */
	int size;     /* of the integer to store, in bytes */
	char conversion;
	const char *set, *set_end; /* of %[...], without the brackets */
};

static const char *size_read(const char *at, int *size)
{
	*size = sizeof(int);
	for (;; at++) {
		switch (*at) {
		case 'h':
			*size /= 2;
			break;
		case 'l':
			*size = at[1] == 'l' ? sizeof(long long) : sizeof(long);
			if (at[1] == 'l')
				at++;
			break;
		case 'j':
			*size = sizeof(intmax_t);
			break;
		case 'z':
		case 't':
			*size = sizeof(size_t);
			break;
		default:
			return at;
		}
	}
}

/* Reads what follows a '%'; a ']' right after the '[' or the '^' belongs to the set. */
static const char *spec_read(const char *at, struct spec *spec)
{
	*spec = (struct spec){.discard = *at == '*'};
	at += spec->discard;
	for (; isdigit(*at); at++)
		spec->width = spec->width * 10 + (size_t)(*at - '0');
	at = size_read(at, &spec->size);
	spec->conversion = *at;
	if (*at == '[') {
		spec->set = ++at;
		at += *at == '^';
		at += *at == ']';
		spec->set_end = at = strchrnul(at, ']');
	}
	return *at ? at + 1 : at;
}

static bool set_has(const struct spec *spec, char c)
{
	const char *at = spec->set;
	bool inverted = *at == '^';

	for (at += inverted; at < spec->set_end; at++) {
		if (at + 2 < spec->set_end && at[1] == '-') {
			if (c >= at[0] && c <= at[2])
				return !inverted;
			at += 2;
		} else if (*at == c) {
			return !inverted;
		}
	}
	return inverted;
}

static bool wanted(const struct spec *spec, char c)
{
	return spec->conversion == '[' ? set_has(spec, c) : !isspace(c);
}

static void integer_store(void *to, int size, uint64_t value)
{
	switch (size) {
	case 1:
		*(uint8_t *)to = (uint8_t)value;
		break;
	case 2:
		*(uint16_t *)to = (uint16_t)value;
		break;
	case 4:
		*(uint32_t *)to = (uint32_t)value;
		break;
	default:
		*(uint64_t *)to = value;
	}
}

static int conversion_base(char conversion)
{
	switch (conversion) {
	case 'd':
	case 'u':
		return 10;
	case 'o':
		return 8;
	case 'i':
		return 0;
	default:
		return 16;
	}
}

/* Each of the three returns what follows the text it read, or NULL if none fitted. */
static const char *integer_scan(const struct spec *spec, const char *text, void *to)
{
	char piece[72], *end;
	struct number number;

	/* A width is kept by reading from a copy that ends there. */
	strlcpy(piece, text, spec->width && spec->width < sizeof(piece) ? spec->width + 1
	                                                                 : sizeof(piece));
	number = number_parse(piece, &end, conversion_base(spec->conversion));
	if (end == piece)
		return NULL;
	if (to)
		integer_store(to, spec->size,
		              number.negative ? -number.magnitude : number.magnitude);
	return text + (end - piece);
}

static const char *string_scan(const struct spec *spec, const char *text, char *to)
{
	size_t most = spec->width ? spec->width : SIZE_MAX, n = 0;

	while (n < most && text[n] && wanted(spec, text[n]))
		n++;
	if (n == 0)
		return NULL;
	if (to) {
		memcpy(to, text, n);
		to[n] = 0;
	}
	return text + n;
}

static const char *characters_scan(const struct spec *spec, const char *text, char *to)
{
	size_t n = spec->width ? spec->width : 1;

	if (strnlen(text, n) < n)
		return NULL;
	if (to)
		memcpy(to, text, n);
	return text + n;
}

static const char *space_skip(const char *text)
{
	while (isspace(*text))
		text++;
	return text;
}

static const char *conversion_scan(const struct spec *spec, const char *text, void *to)
{
	switch (spec->conversion) {
	case 'd':
	case 'i':
	case 'u':
	case 'o':
	case 'x':
	case 'X':
	case 'p':
		return integer_scan(spec, text, to);
	case 's':
	case '[':
		return string_scan(spec, text, to);
	case 'c':
		return characters_scan(spec, text, to);
	default:
		return NULL;
	}
}

int vsscanf(const char *text, const char *format, va_list list)
{
	const char *begin = text;
	int stored = 0;

	while (*format) {
		struct spec spec;
		void *to;

		if (isspace(*format)) {
			format = space_skip(format);
			text = space_skip(text);
			continue;
		}
		if (*format != '%') {
			if (*text != *format)
				return *text || stored ? stored : EOF;
			text++;
			format++;
			continue;
		}
		format = spec_read(format + 1, &spec);
		if (spec.conversion == 'n') {
			integer_store(va_arg(list, void *), spec.size, (uint64_t)(text - begin));
			continue;
		}
		if (spec.conversion != 'c' && spec.conversion != '[')
			text = space_skip(text);
		if (spec.conversion == '%') {
			if (*text++ != '%')
				return stored;
			continue;
		}
		if (!*text)
			return stored ? stored : EOF;
		to = spec.discard ? NULL : va_arg(list, void *);
		text = conversion_scan(&spec, text, to);
		if (!text)
			return stored;
		stored += !spec.discard;
	}
	return stored;
}

int sscanf(const char *text, const char *format, ...)
{
	va_list list;
	int stored;

	va_start(list, format);
	stored = vsscanf(text, format, list);
	va_end(list);
	return stored;
}
