/* SPDX-License-Identifier: MIT */
/*
 * Copy-on-write in both directions while both live: the parent's writes after fork(2) do not
 * reach the child, nor the child's the parent, whoever writes first.
 */
#include "tests/test.h"

static void send(int fd)
{
	CHECK(write(fd, "x", 1) == 1, "pass the turn");
}

static void await(int fd)
{
	char byte;

	CHECK(read(fd, &byte, 1) == 1, "get the turn");
}

int main(void)
{
	char *memory = memory_map(3 * PAGE, PROT_READ | PROT_WRITE);
	int to_child[2], to_parent[2];
	pid_t child;

	for (uint32_t i = 0; i < 3; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(pipe(to_child) == 0 && pipe(to_parent) == 0, "two pipes");
	child = fork_checked();
	if (!child) {
		await(to_child[0]);
		CHECK(page_has(memory, 0), "page 0 is old, though the parent wrote it first");
		page_fill(memory, 20);
		page_fill(memory + PAGE, 21);
		send(to_parent[1]);
		await(to_child[0]);
		CHECK(page_has(memory, 20) && page_has(memory + PAGE, 21), "its own pages");
		CHECK(page_has(memory + 2 * PAGE, 2), "page 2 is old");
		_exit(0);
	}
	page_fill(memory, 10);
	send(to_child[1]);
	await(to_parent[0]);
	CHECK(page_has(memory, 10), "the parent's page 0");
	CHECK(page_has(memory + PAGE, 1), "page 1 is old, though the child wrote it first");
	page_fill(memory + PAGE, 11);
	page_fill(memory + 2 * PAGE, 12);
	send(to_child[1]);
	wait_success(child);
	CHECK(page_has(memory, 10) && page_has(memory + PAGE, 11) &&
	      page_has(memory + 2 * PAGE, 12),
	      "all the parent's pages");
	say("each kept its own, whoever wrote first");
	return 0;
}
