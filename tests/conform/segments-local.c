/* SPDX-License-Identifier: MIT */
/* modify_ldt(2): what it refuses, and what it tells of the table. */
#include "case.h"
#include <asm/ldt.h>

static unsigned char table[64];

static void tell(const char *when, unsigned bytes)
{
	memset(table, 0xee, sizeof table);
	GIVES(syscall(SYS_modify_ldt, 0, table, bytes), "%s: %u bytes of it", when, bytes);
	for (unsigned i = 0; i < sizeof table; i += 8)
		say("  %02x%02x%02x%02x%02x%02x%02x%02x", table[i], table[i + 1], table[i + 2],
		    table[i + 3], table[i + 4], table[i + 5], table[i + 6], table[i + 7]);
}

static void set(const char *what, int function, struct user_desc d)
{
	GIVES(syscall(SYS_modify_ldt, function, &d, sizeof d), "%s by %d", what, function);
}

int main(void)
{
	struct user_desc d = {.base_addr = 0x12345678, .limit = 0xabcde, .seg_32bit = 1};
	tell("without one", sizeof table);
	GIVES(syscall(SYS_modify_ldt, 2, table, 40), "the default");
	say("%d", memcmp(table, (char[40]){0}, 40));
	GIVES(syscall(SYS_modify_ldt, 2, (void *)8, 40), "the default to nowhere");
	GIVES(syscall(SYS_modify_ldt, 3, table, 40), "no function");
	for (int function = 1; function <= 0x11; function += 0x10) {
		GIVES(syscall(SYS_modify_ldt, function, &d, sizeof d - 1), "too short");
		GIVES(syscall(SYS_modify_ldt, function, &d, sizeof d + 1), "too long");
		GIVES(syscall(SYS_modify_ldt, function, NULL, 0), "nothing");
		GIVES(syscall(SYS_modify_ldt, function, (void *)8, sizeof d), "from nowhere");
		d.entry_number = LDT_ENTRIES;
		set("beyond the table", function, d);
		d.entry_number = -1;
		set("any", function, d);
		d.entry_number = 0;
		d.contents = 3;
		set("conforming", function, d);
		d.seg_not_present = 1;
		set("conforming and absent", function, d);
		d.contents = d.seg_not_present = 0;
	}
	d.useable = 1;
	for (unsigned contents = 0; contents < 3; contents++) {
		d.entry_number = contents;
		d.contents = contents;
		d.read_exec_only = contents == 1;
		set("a segment", contents == 2 ? 1 : 0x11, d);
	}
	tell("three", sizeof table);
	tell("three", 12);
	GIVES(syscall(SYS_modify_ldt, 0, (void *)8, 8), "to nowhere");
	d.entry_number = 4;
	d.limit_in_pages = 1;
	d.seg_not_present = 1;
	set("an absent one", 0x11, d);
	tell("five", sizeof table);
	d = (struct user_desc){.read_exec_only = 1, .seg_not_present = 1};
	set("the empty one", 0x11, d);
	d = (struct user_desc){.entry_number = 1, .seg_32bit = 1};
	set("without base and limit", 1, d);
	d.entry_number = 2;
	set("the same", 0x11, d);
	d = (struct user_desc){.entry_number = 3};
	set("zeros", 0x11, d);
	tell("some are gone", sizeof table);
	return 0;
}
