/* SPDX-License-Identifier: MIT */
/*
 * Formatted output. A conversion is read into a struct spec, its argument is turned
 * into three pieces (sign or prefix, leading zeros, body), and the pieces are put with
 * the padding that width, precision and flags ask for. No buffer limits any width.
 *
 * A pointer prints as 0x and its digits, a null string as (null). There is no floating
 * point: the kernel may not use it.
 */
#include "lib/printf.h"
#include "lib/string.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct output {
	void (*put)(void *context, const char *bytes, size_t n);
	void *context;
	size_t length; /* bytes put so far */
};

struct spec {
	bool left, zero, plus, space, alternate;
	int width;
	int precision; /* -1 if none was given */
	int size;      /* of the integer argument, in bytes */
	char conversion;
};

static void put_bytes(struct output *output, const char *bytes, size_t n)
{
	if (n)
		output->put(output->context, bytes, n);
	output->length += n;
}

static void put_repeated(struct output *output, char c, int n)
{
	char run[16];

	memset(run, c, sizeof(run));
	for (; n > 0; n -= (int)sizeof(run))
		put_bytes(output, run, n < (int)sizeof(run) ? (size_t)n : sizeof(run));
}

/* One field: spaces, prefix, zeros, body, spaces. */
static void put_field(struct output *output, const struct spec *spec, const char *prefix,
                      int zeros, const char *body, size_t body_length)
{
	int padding = spec->width - (int)strlen(prefix) - zeros - (int)body_length;

	if (!spec->left)
		put_repeated(output, ' ', padding);
	put_bytes(output, prefix, strlen(prefix));
	put_repeated(output, '0', zeros);
	put_bytes(output, body, body_length);
	if (spec->left)
		put_repeated(output, ' ', padding);
}

static unsigned conversion_base(char conversion)
{
	switch (conversion) {
	case 'o':
		return 8;
	case 'x':
	case 'X':
	case 'p':
		return 16;
	default:
		return 10;
	}
}

static const char *integer_prefix(const struct spec *spec, uint64_t value, bool negative)
{
	switch (spec->conversion) {
	case 'd':
	case 'i':
		return negative ? "-" : spec->plus ? "+" : spec->space ? " " : "";
	case 'p':
		return "0x";
	case 'x':
		return spec->alternate && value ? "0x" : "";
	case 'X':
		return spec->alternate && value ? "0X" : "";
	default:
		return "";
	}
}

/* Writes the digits so that they end before `end`; returns where they begin. Zero has
 * no digits. Values that fit a machine word avoid the 64-bit division of i386, which is
 * a library call. */
static char *digits_before(char *end, uint64_t value, unsigned base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned long word;

	for (; value > ULONG_MAX; value /= base)
		*--end = digits[value % base];
	for (word = (unsigned long)value; word; word /= base)
		*--end = digits[word % base];
	return end;
}

static void put_integer(struct output *output, const struct spec *spec, uint64_t value,
                        bool negative)
{
	char buffer[sizeof(value) * CHAR_BIT / 3 + 1], *end = buffer + sizeof(buffer), *body;
	const char *prefix = integer_prefix(spec, value, negative);
	int digits, zeros;

	body = digits_before(end, value, conversion_base(spec->conversion),
	                     spec->conversion == 'X');
	digits = (int)(end - body);
	/* A precision asks for so many digits; without one, zero still shows one, and
	 * the flag 0 fills the width. */
	zeros = (spec->precision < 0 ? 1 : spec->precision) - digits;
	if (spec->precision < 0 && spec->zero && !spec->left)
		zeros = spec->width - (int)strlen(prefix) - digits;
	if (zeros < 1 && digits == 0 && spec->precision != 0)
		zeros = 1;
	if (zeros < 1 && spec->conversion == 'o' && spec->alternate)
		zeros = 1;
	put_field(output, spec, prefix, zeros < 0 ? 0 : zeros, body, (size_t)digits);
}

static void put_string(struct output *output, const struct spec *spec, const char *s)
{
	size_t most = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;

	if (!s)
		s = "(null)";
	put_field(output, spec, "", 0, s, strnlen(s, most));
}

static bool flag_read(struct spec *spec, char c)
{
	switch (c) {
	case '-':
		return spec->left = true;
	case '0':
		return spec->zero = true;
	case '+':
		return spec->plus = true;
	case ' ':
		return spec->space = true;
	case '#':
		return spec->alternate = true;
	default:
		return false;
	}
}

static const char *decimal_read(const char *at, int *value)
{
	for (*value = 0; *at >= '0' && *at <= '9'; at++)
		*value = *value * 10 + (*at - '0');
	return at;
}

static const char *size_read(const char *at, int *size)
{
	*size = sizeof(int);
	switch (*at) {
	case 'h':
		*size = at[1] == 'h' ? sizeof(char) : sizeof(short);
		return at[1] == 'h' ? at + 2 : at + 1;
	case 'l':
		*size = at[1] == 'l' ? sizeof(long long) : sizeof(long);
		return at[1] == 'l' ? at + 2 : at + 1;
	case 'j':
		*size = sizeof(intmax_t);
		return at + 1;
	case 'z':
		*size = sizeof(size_t);
		return at + 1;
	case 't':
		*size = sizeof(ptrdiff_t);
		return at + 1;
	default:
		return at;
	}
}

/* va_list may be an array type, which a function cannot take by address from another's
 * parameter; inside a struct it can travel. */
struct arguments {
	va_list list;
};

/* Reads what follows a '%', including the conversion character. */
static const char *spec_read(const char *at, struct spec *spec, struct arguments *arguments)
{
	*spec = (struct spec){.precision = -1};
	while (flag_read(spec, *at))
		at++;
	if (*at == '*') {
		spec->width = va_arg(arguments->list, int);
		at++;
		if (spec->width < 0) {
			spec->left = true;
			spec->width = -spec->width;
		}
	} else {
		at = decimal_read(at, &spec->width);
	}
	if (*at == '.') {
		if (*++at == '*') {
			spec->precision = va_arg(arguments->list, int);
			at++;
		} else {
			at = decimal_read(at, &spec->precision);
		}
	}
	at = size_read(at, &spec->size);
	spec->conversion = *at;
	return *at ? at + 1 : at;
}

/* The argument widened with its sign, or without, and cut to the size that was named. */
static int64_t signed_argument(const struct spec *spec, struct arguments *arguments)
{
	switch (spec->size) {
	case sizeof(char):
		return (signed char)va_arg(arguments->list, int);
	case sizeof(short):
		return (short)va_arg(arguments->list, int);
	case sizeof(int):
		return va_arg(arguments->list, int);
	default:
		return va_arg(arguments->list, int64_t);
	}
}

static uint64_t unsigned_argument(const struct spec *spec, struct arguments *arguments)
{
	switch (spec->size) {
	case sizeof(char):
		return (unsigned char)va_arg(arguments->list, unsigned);
	case sizeof(short):
		return (unsigned short)va_arg(arguments->list, unsigned);
	case sizeof(int):
		return va_arg(arguments->list, unsigned);
	default:
		return va_arg(arguments->list, uint64_t);
	}
}

static void put_conversion(struct output *output, const struct spec *spec,
                           struct arguments *arguments)
{
	int64_t value;
	char c;

	switch (spec->conversion) {
	case 'd':
	case 'i':
		value = signed_argument(spec, arguments);
		put_integer(output, spec, value < 0 ? -(uint64_t)value : (uint64_t)value,
		            value < 0);
		break;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		put_integer(output, spec, unsigned_argument(spec, arguments), false);
		break;
	case 'p':
		put_integer(output, spec, (uintptr_t)va_arg(arguments->list, void *), false);
		break;
	case 'c':
		c = (char)va_arg(arguments->list, int);
		put_field(output, spec, "", 0, &c, 1);
		break;
	case 's':
		put_string(output, spec, va_arg(arguments->list, const char *));
		break;
	default: /* '%', or a conversion that does not exist: shown, not hidden */
		put_bytes(output, &spec->conversion, spec->conversion ? 1 : 0);
	}
}

int format(void (*put)(void *context, const char *bytes, size_t n), void *context,
           const char *format, va_list list)
{
	struct output output = {put, context, 0};
	struct arguments arguments;
	struct spec spec;

	va_copy(arguments.list, list);
	while (*format) {
		const char *plain = format;

		while (*format && *format != '%')
			format++;
		put_bytes(&output, plain, (size_t)(format - plain));
		if (*format) {
			format = spec_read(format + 1, &spec, &arguments);
			put_conversion(&output, &spec, &arguments);
		}
	}
	va_end(arguments.list);
	return (int)output.length;
}

struct buffer {
	char *to;
	size_t room; /* bytes left, the NUL not counted */
};

static void buffer_put(void *context, const char *bytes, size_t n)
{
	struct buffer *buffer = context;

	if (n > buffer->room)
		n = buffer->room;
	if (n == 0) /* the buffer may be a null pointer */
		return;
	memcpy(buffer->to, bytes, n);
	buffer->to += n;
	buffer->room -= n;
}

int vsnprintf(char *to, size_t size, const char *text, va_list list)
{
	struct buffer buffer = {to, size ? size - 1 : 0};
	int length = format(buffer_put, &buffer, text, list);

	if (size)
		*buffer.to = 0;
	return length;
}

int snprintf(char *to, size_t size, const char *text, ...)
{
	va_list list;
	int length;

	va_start(list, text);
	length = vsnprintf(to, size, text, list);
	va_end(list);
	return length;
}
