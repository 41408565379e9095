/* SPDX-License-Identifier: MIT */
/* host-test: lib/user/text.c lib/string.c lib/number.c lib/user/malloc.c */
/* host-cflags: -include tests/host/libuser-names.h */
/* The string functions that only programs have. */
#include "tests/host/tap.h"

static void check_searches(void)
{
	char bytes[] = "abcabd", text[] = "one,two";

	CHECK(memmem(bytes, 6, "abd", 3) == bytes + 3 && memmem(bytes, 6, "", 0) == bytes);
	CHECK(!memmem(bytes, 5, "abd", 3) && !memmem(bytes, 2, "abc", 3));
	CHECK(memrchr(bytes, 'a', 6) == bytes + 3 && !memrchr(bytes, 'x', 6));
	CHECK(strchrnul(text, ',') == text + 3 && *strchrnul(text, 'x') == 0);
	CHECK(strcasestr("Hello World", "wOR") && !strcasestr("Hello", "word"));
	CHECK(strspn("aabcd", "ab") == 3 && strspn("", "a") == 0 && strspn("abc", "abc") == 3);
	CHECK(strcspn("abc", "c") == 2 && strcspn("abc", "") == 3 && strcspn("", "x") == 0);
	CHECK(strpbrk(text, "tn") == text + 1 && !strpbrk(text, "xyz"));
	CHECK(strcasecmp("HeLLo", "hEllO") == 0 && strcasecmp("a", "B") < 0);
	CHECK(strncasecmp("abX", "ABy", 2) == 0 && strncasecmp("abX", "ABy", 3) < 0);
	CHECK(ffs(0) == 0 && ffs(1) == 1 && ffs(0x50) == 5);
}

static void check_tokens(void)
{
	char text[] = ",,one, two;", fields[] = "a::b", *state, *rest = fields;

	CHECK(strcmp(strtok(text, ", ;"), "one") == 0);
	CHECK(strcmp(strtok(NULL, ", ;"), "two") == 0 && !strtok(NULL, ", ;"));
	check_that(!strtok(NULL, ", ;"), "strtok at the end stays there");
	CHECK(!strtok_r(strcpy(text, ";;"), ";", &state));
	CHECK(strcmp(strsep(&rest, ":"), "a") == 0 && strcmp(strsep(&rest, ":"), "") == 0);
	CHECK(strcmp(strsep(&rest, ":"), "b") == 0 && !strsep(&rest, ":"));
}

static void check_copies(void)
{
	char buffer[16] = "ab", *copy;

	CHECK(strcmp(strncat(buffer, "cdef", 2), "abcd") == 0);
	CHECK(strlcat(buffer, "0123456789abcdef", sizeof(buffer)) == 20);
	CHECK(strcmp(buffer, "abcd0123456789a") == 0);
	CHECK(*stpcpy(buffer, "xyz") == 0 && stpcpy(buffer, "xyz") == buffer + 3);
	CHECK(mempcpy(buffer, "12", 2) == buffer + 2 && strcmp(buffer, "12z") == 0);
	copy = strndup("hello", 3);
	CHECK(strcmp(copy, "hel") == 0);
	free(copy);
	copy = strdup("hello");
	CHECK(strcmp(copy, "hello") == 0);
	free(copy);
	CHECK(strcmp(basename("/usr/bin/sort"), "sort") == 0 &&
	      strcmp(basename("sort"), "sort") == 0);
}

int main(void)
{
	check_searches();
	check_tokens();
	check_copies();
	return tap_done();
}
