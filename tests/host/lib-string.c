/* SPDX-License-Identifier: MIT */
/* host-test: lib/string.c lib/number.c */
/* host-cflags: -include tests/host/lib-names.h */
/*
 * Every shared string function against the host's own, at all alignments and lengths
 * that matter to code which works in words. Only the sign of comparisons is compared.
 */
#include "lib/number.h"
#include "lib/string.h"
#include "tests/host/tap.h"

#include <inttypes.h>

#define SPAN 48

static char ours[4 * SPAN], theirs[4 * SPAN];

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void both_fill(void)
{
	for (unsigned i = 0; i < sizeof(ours); i++)
		ours[i] = theirs[i] = (char)(i * 37 + 11);
}

static bool both_same(void)
{
	return __builtin_memcmp(ours, theirs, sizeof(ours)) == 0;
}

static void check_copies(void)
{
	bool copied = true, moved = true, filled = true;

	for (size_t n = 0; n < SPAN; n++) {
		for (size_t to = 0; to < SPAN; to++) {
			size_t away = 2 * SPAN + to % 5;

			both_fill();
			copied = copied && memcpy(ours + to, ours + away, n) == ours + to;
			__builtin_memcpy(theirs + to, theirs + away, n);
			copied = copied && both_same();

			moved = moved && memmove(ours + to, ours + SPAN / 2, n) == ours + to;
			__builtin_memmove(theirs + to, theirs + SPAN / 2, n);
			moved = moved && both_same();

			filled = filled && memset(ours + to, 0x1a5, n) == ours + to;
			__builtin_memset(theirs + to, 0x1a5, n);
			filled = filled && both_same();
		}
	}
	check_that(copied, "memcpy at all lengths and alignments");
	check_that(moved, "memmove at all overlaps");
	check_that(filled, "memset uses the low byte and stays inside");
}

static void check_memory_searches(void)
{
	char a[] = "abc\xff\0def", b[] = "abc\x01\0def";

	CHECK(memcmp(a, b, 3) == 0 && memcmp(a, b, 0) == 0);
	check_that(memcmp(a, b, 4) > 0 && memcmp(b, a, 9) < 0, "bytes compare unsigned");
	CHECK(memchr(a, 'd', 9) == a + 5 && memchr(a, 'd', 5) == NULL);
	CHECK(memchr(a, 0x1ff, 9) == a + 3 && memchr(a, 0, 9) == a + 4);
}

static const char *const strings[] = {"", "a", "b", "ab", "abc", "abd", "aab", "aaab",
                                      "ababac", "abac", "\xff", "a\xff", "hello, world", "o"};
#define STRINGS (sizeof(strings) / sizeof(strings[0]))

static void check_pair(const char *a, const char *b, bool *compared, bool *found, bool *copied)
{
	size_t length = __builtin_strlen(a) + __builtin_strlen(b);

	*compared = *compared && sign(strcmp(a, b)) == sign(__builtin_strcmp(a, b));
	*found = *found && strstr(a, b) == __builtin_strstr(a, b) &&
	         strchr(a, *b) == __builtin_strchr(a, *b) &&
	         strrchr(a, *b) == __builtin_strrchr(a, *b);
	for (size_t n = 0; n < 16; n++) {
		size_t fits = n && length >= n ? n - 1 : length;

		*compared = *compared &&
		            sign(strncmp(a, b, n)) == sign(__builtin_strncmp(a, b, n));
		both_fill();
		strncpy(ours, a, n);
		__builtin_strncpy(theirs, a, n);
		*copied = *copied && both_same();
		strcat(strcpy(ours, a), b);
		__builtin_strcat(__builtin_strcpy(theirs, a), b);
		*copied = *copied && both_same();
		strcpy(theirs + SPAN, ours);
		*copied = *copied && strlcpy(ours + SPAN, ours, n) == length;
		if (n)
			theirs[SPAN + fits] = 0;
		*copied = *copied && (!n || __builtin_strcmp(ours + SPAN, theirs + SPAN) == 0);
	}
}

static void check_strings(void)
{
	bool compared = true, found = true, copied = true, measured = true;

	for (size_t i = 0; i < STRINGS; i++) {
		size_t length = __builtin_strlen(strings[i]);

		measured = measured && strlen(strings[i]) == length &&
		           strnlen(strings[i], 3) == (length < 3 ? length : 3);
		for (size_t j = 0; j < STRINGS; j++)
			check_pair(strings[i], strings[j], &compared, &found, &copied);
	}
	check_that(measured, "strlen and strnlen");
	check_that(compared, "strcmp and strncmp");
	check_that(found, "strchr, strrchr and strstr");
	check_that(copied, "strcpy, strncpy, strcat and strlcpy");
	CHECK(strnlen("abc", 0) == 0 && strchr("abc", 0) != NULL);
}

static int times_saturated;

static void note_saturated(void)
{
	times_saturated++;
}

static void check_numbers(void)
{
	static const char *const texts[] = {
		"0", "1", "-1", "+7", "  \t\n42xyz", "0x1F", "0X", "0xg", "077", "089", "z", "",
		"-", "+-3", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808", "-9223372036854775809", "18446744073709551615",
		"18446744073709551616", "-18446744073709551615", "99999999999999999999999",
		"-99999999999999999999999", "zZ", "1010102", "- 5", "0x-5", "-0x10", "00x5"};
	static const int bases[] = {0, 2, 8, 10, 16, 36};
	bool good = true;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (size_t j = 0; j < sizeof(bases) / sizeof(bases[0]); j++) {
			char *our_end, *their_end;

			/* On this 64-bit host long is as wide as intmax_t. */
			if (strtol(texts[i], &our_end, bases[j]) !=
			            strtoimax(texts[i], &their_end, bases[j]) ||
			    our_end != their_end ||
			    strtoul(texts[i], &our_end, bases[j]) !=
			            strtoumax(texts[i], &their_end, bases[j]) ||
			    our_end != their_end) {
				printf("# \"%s\" in base %d differs\n", texts[i], bases[j]);
				good = false;
			}
		}
	}
	check_that(good, "strtol and strtoul in six bases, saturating");
	number_saturated = note_saturated;
	CHECK(strtol("9223372036854775807", NULL, 10) == LONG_MAX && times_saturated == 0);
	CHECK(strtol("9223372036854775808", NULL, 10) == LONG_MAX && times_saturated == 1);
	CHECK(strtoul("18446744073709551616", NULL, 0) == ULONG_MAX && times_saturated == 2);
}

int main(void)
{
	check_copies();
	check_memory_searches();
	check_strings();
	check_numbers();
	return tap_done();
}
