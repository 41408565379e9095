/* SPDX-License-Identifier: MIT */
/*
 * The replacement policy is changed while pages are going out and coming in, in every order:
 * no page is lost, and /proc/sys/vm/policy tells which one is in force. Unknown names are
 * refused.
 *
 * Pagoda only: Linux has no such choice.
 *
 * guest: mem=8 swap=32 pagoda-only
 */
#include "tests/test.h"

#define FILE_NAME "/proc/sys/vm/policy"
#define COUNT (12 * MIB / PAGE)

static const char *const policies[] = {"fifo", "clock", "aging", "random", "s3fifo",
                                         "exchange"};
#define POLICIES (sizeof(policies) / sizeof(policies[0]))

static bool choose(const char *name)
{
	int fd = open(FILE_NAME, O_WRONLY);
	bool done = fd >= 0 && write(fd, name, strlen(name)) == (ssize_t)strlen(name);

	close(fd);
	return done;
}

static bool in_force(const char *name)
{
	char text[128] = "", wanted[32];
	int fd = open(FILE_NAME, O_RDONLY);

	CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0, FILE_NAME " can be read");
	close(fd);
	snprintf(wanted, sizeof(wanted), "[%s]", name);
	return strstr(text, wanted);
}

int main(void)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	uint32_t chosen = 0;

	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t from = 0; from < POLICIES; from++) {
		for (uint32_t to = 0; to < POLICIES; to++, chosen++) {
			CHECK(choose(policies[from]) && in_force(policies[from]), "%s",
			      policies[from]);
			for (uint32_t i = 0; i < 64; i++) {
				uint32_t page = (chosen * 64 + i) * 7 % COUNT;

				CHECK(page_has(memory + page * PAGE, page), "page %u", page);
			}
			CHECK(choose(policies[to]) && in_force(policies[to]), "%s", policies[to]);
		}
	}
	CHECK(!choose("oracle"), "an unknown policy is refused");
	CHECK(in_force(policies[POLICIES - 1]), "and the old one stays");
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u", i);
	say("%u changes of policy, and no page was lost", 2 * chosen);
	return 0;
}
