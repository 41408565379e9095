/* SPDX-License-Identifier: MIT */
/* Text to integer. One loop serves every width; the callers saturate to theirs. */
#include "lib/number.h"
#include "lib/string.h"

#include <limits.h>

void (*number_saturated)(void);

/* The value of a digit or letter, 36 for any other character. */
static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 36;
}

/* Settles the base and steps over the 0x. A 0x that no digit follows is just the
 * number 0 before an x. */
static const char *skip_prefix(const char *at, int *base)
{
	bool hexadecimal = at[0] == '0' && (at[1] | 0x20) == 'x' && digit_value(at[2]) < 16;

	if (hexadecimal && (*base == 0 || *base == 16)) {
		*base = 16;
		return at + 2;
	}
	if (*base == 0)
		*base = at[0] == '0' ? 8 : 10;
	return at;
}

struct number number_parse(const char *text, char **end, int base)
{
	struct number number = {0, false, false};
	const char *at = text, *digits;
	uint64_t limit;

	while (*at == ' ' || (*at >= '\t' && *at <= '\r'))
		at++;
	if (*at == '+' || *at == '-')
		number.negative = *at++ == '-';
	at = digits = skip_prefix(at, &base);
	limit = UINT64_MAX / (unsigned)base;
	for (; digit_value(*at) < base; at++) {
		uint64_t digit = (uint64_t)digit_value(*at);

		if (number.magnitude > limit ||
		    number.magnitude * (unsigned)base > UINT64_MAX - digit)
			number.too_large = true;
		number.magnitude = number.magnitude * (unsigned)base + digit;
	}
	if (number.too_large)
		number.magnitude = UINT64_MAX;
	if (end)
		*end = (char *)(at == digits ? text : at);
	return number;
}

static void report_saturated(void)
{
	if (number_saturated)
		number_saturated();
}

long strtol(const char *text, char **end, int base)
{
	struct number number = number_parse(text, end, base);
	uint64_t most = (uint64_t)LONG_MAX + number.negative;

	if (number.magnitude > most) {
		report_saturated();
		number.magnitude = most;
	}
	return (long)(number.negative ? -number.magnitude : number.magnitude);
}

unsigned long strtoul(const char *text, char **end, int base)
{
	struct number number = number_parse(text, end, base);

	if (number.too_large || number.magnitude > ULONG_MAX) {
		report_saturated();
		return ULONG_MAX;
	}
	return (unsigned long)(number.negative ? -number.magnitude : number.magnitude);
}
