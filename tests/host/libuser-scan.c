/* SPDX-License-Identifier: MIT */
/* host-test: lib/user/scan.c lib/string.c lib/number.c lib/user/text.c lib/user/malloc.c */
/* host-cflags: -include tests/host/libuser-names.h */
/* sscanf against the host's, on the texts that programs read: numbers, words, /proc. */
#include "tests/host/tap.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

/* Up to four results of up to 32 bytes, all alike before the call. */
struct results {
	char bytes[4][32];
};

static bool same(const char *text, const char *format)
{
	struct results ours, theirs;
	int our_count, their_count;

	__builtin_memset(&ours, 'z', sizeof(ours));
	__builtin_memset(&theirs, 'z', sizeof(theirs));
	our_count = sscanf(text, format, ours.bytes[0], ours.bytes[1], ours.bytes[2],
	                   ours.bytes[3]);
	their_count = host_sscanf(text, format, theirs.bytes[0], theirs.bytes[1],
	                          theirs.bytes[2], theirs.bytes[3]);
	if (our_count == their_count &&
	    __builtin_memcmp(&ours, &theirs, sizeof(ours)) == 0)
		return true;
	printf("# \"%s\" by \"%s\": %d results, the host has %d\n", text, format, our_count,
	       their_count);
	return false;
}

#define CHECK_SAME(text, format) check_that(same(text, format), format " on " text)

int main(void)
{
	CHECK_SAME("12 -34 0x56 077", "%d %d %x %o");
	CHECK_SAME("12,34;56", "%d,%d;%d");
	CHECK_SAME("  0x1f 017 9", "%i %i %i");
	CHECK_SAME("300 70000 5 6", "%hhd %hd %ld %lld");
	CHECK_SAME("18446744073709551615 -1", "%llu %lld");
	CHECK_SAME("123456", "%3d%2d%d");
	CHECK_SAME("abc", "%d");
	CHECK_SAME("", "%d");
	CHECK_SAME("   ", "%d");
	CHECK_SAME("5 abc", "%d %d");
	CHECK_SAME("5", "%d %d");
	CHECK_SAME("word another", "%s %s");
	CHECK_SAME("abcdefgh", "%3s%2s%s");
	CHECK_SAME("xyz", "%c%c%c");
	CHECK_SAME("  xyz", "%2c%c");
	CHECK_SAME("key = value # rest", "%[a-z] = %[^#]");
	CHECK_SAME("]]x", "%[]]%c");
	CHECK_SAME("a-b", "%[a-]%c");
	CHECK_SAME("123abc", "%[^0-9]");
	CHECK_SAME("100% 5", "%d%% %d");
	CHECK_SAME("12 34 56", "%*d %d %n%d");
	CHECK_SAME("pid 12 state S", "pid %d state %c");
	CHECK_SAME("pid 12 stale S", "pid %d state %c");
	CHECK_SAME("VmRSS:\t     1234 kB", "VmRSS: %lu kB");
	CHECK_SAME("08048000-080c8000 r-xp 00001000 08:01 42   /bin/sh", "%lx-%lx %4s %lx");
	CHECK_SAME("1234 (a b) S 1 1", "%d (%[^)]) %c %d");
	CHECK_SAME("- 5", "%d");
	return tap_done();
}
