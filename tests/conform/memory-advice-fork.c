/* SPDX-License-Identifier: MIT */
/* What a forked process has of a mapping, by madvise(2): also its own child, and after exec's
 * cousin, a second advice. */
#include "memory.h"

static void look(void *what)
{
	picture(12, what);
}

/* What the child has, and the child's child. */
static void look_twice(void *what)
{
	char words[100];

	picture(12, what);
	if (*at(1) == '\0' || peek(at(1)) != '!')
		write_byte(at(0));
	snprintf(words, sizeof words, "%s, its child", (char *)what);
	child_status(look, words);
}

static void refill(void)
{
	arena_clear();
	put(0, 6, PROT_READ | PROT_WRITE, MAP_PRIVATE, 'a');
	put(8, 3, PROT_READ | PROT_WRITE, MAP_SHARED, 'q');
}

int main(void)
{
	arena_make();
	refill();
	GIVES(madvise(at(1), 2 * PAGE, MADV_DONTFORK), "DONTFORK");
	child_status(look, "  child");
	GIVES(madvise(at(2), PAGE, MADV_DOFORK), "DOFORK of one");
	child_status(look, "  child");
	picture(12, "  parent");

	refill();
	GIVES(madvise(at(1), 2 * PAGE, MADV_WIPEONFORK), "WIPEONFORK");
	child_status(look_twice, "  child");
	GIVES(madvise(at(2), PAGE, MADV_KEEPONFORK), "KEEPONFORK of one");
	child_status(look_twice, "  child");
	picture(12, "  parent");
	GIVES(madvise(at(1), PAGE, MADV_DONTFORK), "wiped, and DONTFORK");
	child_status(look, "  child");

	refill();
	GIVES(madvise(at(8), 2 * PAGE, MADV_DONTFORK), "DONTFORK, shared");
	child_status(look, "  child");
	GIVES(madvise(at(8), 2 * PAGE, MADV_WIPEONFORK), "WIPEONFORK, shared");

	/* Many pages in one table: what fork shares at once, and what it must not. */
	char *many = pages(900, PROT_READ | PROT_WRITE);
	for (unsigned i = 0; i < 900; i++)
		many[i * PAGE] = 'm';
	GIVES(madvise(many + 300 * PAGE, 100 * PAGE, MADV_WIPEONFORK), "WIPEONFORK among many");
	GIVES(madvise(many + 600 * PAGE, 100 * PAGE, MADV_DONTFORK), "DONTFORK among many");
	fflush(stdout);
	for (int generation = 0; generation < 3; generation++) {
		if (fork() != 0) {
			wait(NULL);
			break;
		}
		unsigned kept = 0, empty = 0, gone = 0;
		for (unsigned i = 0; i < 900; i++) {
			char byte = peek(many + i * PAGE);
			kept += byte == 'm';
			empty += byte == '0';
			gone += byte == '!';
		}
		say("generation %d: %u kept, %u empty, %u gone", generation + 1, kept, empty, gone);
		many[310 * PAGE] = 'm';
	}
	return 0;
}
