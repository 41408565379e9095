/* SPDX-License-Identifier: MIT */
/* host-test: lib/printf.c lib/string.c lib/number.c */
/* host-cflags: -include tests/host/lib-names.h */
/*
 * Formatted output against the host's: every combination of flags, width, precision,
 * length and conversion, on values that are extreme for their type.
 */
#include "lib/printf.h"
#include "tests/host/tap.h"

#include <stdint.h>

/* The formats are made at run time, which is the point of this test. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

static unsigned cases;

static bool same(const char *text, ...)
{
	char ours[256], theirs[256];
	va_list list;
	int our_length, their_length;

	va_start(list, text);
	our_length = vsnprintf(ours, sizeof(ours), text, list);
	va_end(list);
	va_start(list, text);
	their_length = __builtin_vsnprintf(theirs, sizeof(theirs), text, list);
	va_end(list);
	cases++;
	if (our_length == their_length && __builtin_strcmp(ours, theirs) == 0)
		return true;
	printf("# \"%s\": \"%s\" (%d), the host says \"%s\" (%d)\n", text, ours, our_length,
	       theirs, their_length);
	return false;
}

static const char *const widths[] = {"", "1", "5", "12", "40"};
static const char *const precisions[] = {"", ".", ".0", ".1", ".3", ".25"};

/* The flags whose bits are set in `which`, written at `to`. */
static void flags_write(char *to, unsigned which)
{
	static const char all[] = "-0+ #";

	for (unsigned i = 0; i < 5; i++)
		if (which >> i & 1)
			*to++ = all[i];
	*to = 0;
}

static bool value_same(const char *text, const char *length, long long value)
{
	if (length[0] == 'l' && length[1] == 'l')
		return same(text, value);
	if (length[0] == 'l')
		return same(text, (long)value);
	if (length[0] == 'j')
		return same(text, (intmax_t)value);
	if (length[0] == 'z')
		return same(text, (size_t)value);
	if (length[0] == 't')
		return same(text, (ptrdiff_t)value);
	return same(text, (int)value);
}

static void check_integers(const char *length)
{
	static const long long values[] = {0, 1, -1, 9, 10, 127, 128, 255, 32767, -32768, 65536,
		INT32_MAX, INT32_MIN, UINT32_MAX, INT64_MAX, INT64_MIN, 0x123456789abcdef};
	static const char conversions[] = "diuxXo";
	char flags[8], text[64], name[64];
	bool good = true;

	for (unsigned which = 0; which < 32; which++) {
		flags_write(flags, which);
		for (unsigned w = 0; w < 5; w++)
			for (unsigned p = 0; p < 6; p++)
				for (const char *c = conversions; *c; c++) {
					sprintf(text, "[%%%s%s%s%s%c]", flags, widths[w],
					        precisions[p], length, *c);
					for (unsigned v = 0; v < 17; v++)
						good = value_same(text, length, values[v]) && good;
				}
	}
	sprintf(name, "integers of length \"%s\"", length);
	check_that(good, name);
}

static void check_text(void)
{
	static const char *const strings[] = {"", "a", "hello", "a rather long string here"};
	char text[64];
	bool good = true;

	for (unsigned w = 0; w < 5; w++) {
		for (unsigned p = 0; p < 6; p++) {
			for (unsigned left = 0; left < 2; left++) {
				sprintf(text, "[%%%s%s%ss]", left ? "-" : "", widths[w],
				        precisions[p]);
				for (unsigned s = 0; s < 4; s++)
					good = same(text, strings[s]) && good;
			}
		}
		sprintf(text, "[%%%sc|%%-%sc|%%%sp]", widths[w], widths[w], widths[w]);
		good = same(text, 'x', 0, (void *)text) && good;
	}
	check_that(good, "strings, characters and pointers");
	CHECK(same("plain") && same("") && same("100%%") && same("%d%%|%s", 5, "x"));
	CHECK(same("%*d|%-*d|%*d", 6, 42, 6, 42, -6, 42));
	CHECK(same("%.*d|%.*s|%.*d", 4, 7, 2, "abcdef", -1, 7));
	CHECK(same("%s", (char *)NULL));
	CHECK(same("%d %s %lld %c %u", 1, "two", 3LL, '4', 5u));
}

static void check_unterminated(void)
{
	char two[2] = {'a', 'b'};

	check_that(same("%.2s", two), "a precision makes a NUL unnecessary");
}

static void check_bounds(void)
{
	char buffer[8] = "#######";

	CHECK(snprintf(buffer, 4, "%d", 123456) == 6 && __builtin_strcmp(buffer, "123") == 0);
	check_that(buffer[4] == '#', "nothing is written beyond the size");
	CHECK(snprintf(buffer, 0, "%d", 99) == 2 && buffer[0] == '1');
	CHECK(snprintf(NULL, 0, "%s", "abc") == 3);
	CHECK(snprintf(buffer, 1, "abc") == 3 && buffer[0] == 0);
}

struct pieces {
	char text[64];
	size_t length;
};

static void pieces_put(void *context, const char *bytes, size_t n)
{
	struct pieces *pieces = context;

	__builtin_memcpy(pieces->text + pieces->length, bytes, n);
	pieces->length += n;
}

static int pieces_format(struct pieces *pieces, const char *text, ...)
{
	va_list list;
	int length;

	va_start(list, text);
	length = format(pieces_put, pieces, text, list);
	va_end(list);
	return length;
}

int main(void)
{
	static const char *const lengths[] = {"", "hh", "h", "l", "ll", "j", "z", "t"};
	struct pieces pieces = {.length = 0};

	for (unsigned i = 0; i < 8; i++)
		check_integers(lengths[i]);
	check_text();
	check_unterminated();
	check_bounds();
	CHECK(pieces_format(&pieces, "%5s-%02x", "ab", 10) == 8 && pieces.length == 8);
	CHECK(__builtin_memcmp(pieces.text, "   ab-0a", 8) == 0);
	printf("# %u cases compared with the host\n", cases);
	return tap_done();
}
