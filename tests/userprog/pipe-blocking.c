/* SPDX-License-Identifier: MIT */
/*
 * A reader waits for a writer, and a writer for room: 1 MiB goes through a pipe in pieces of all
 * sizes, with its checksum right at the other end.
 */
#include "tests/test.h"

#define BYTES MIB

static unsigned char byte_at(uint32_t i)
{
	return pattern(3, i / 4) >> i % 4 * 8;
}

int main(void)
{
	static unsigned char buffer[20000];
	uint32_t random = 9, sent = 0, received = 0;
	int ends[2];
	pid_t child;

	CHECK(pipe(ends) == 0, "a pipe");
	child = fork_checked();
	if (!child) {
		close(ends[0]);
		while (sent < BYTES) {
			uint32_t n = next_random(&random) % sizeof(buffer) + 1;

			if (n > BYTES - sent)
				n = BYTES - sent;
			for (uint32_t i = 0; i < n; i++)
				buffer[i] = byte_at(sent + i);
			CHECK(write(ends[1], buffer, n) == (ssize_t)n, "%u bytes are written whole",
			      n);
			sent += n;
		}
		_exit(0);
	}
	close(ends[1]);
	random = 10;
	for (;;) {
		ssize_t n = read(ends[0], buffer, next_random(&random) % sizeof(buffer) + 1);

		CHECK(n >= 0, "read");
		if (!n)
			break;
		for (ssize_t i = 0; i < n; i++)
			CHECK(buffer[i] == byte_at(received + i), "byte %u",
			      received + (uint32_t)i);
		received += n;
	}
	CHECK(received == BYTES, "1 MiB arrived, not %u bytes", received);
	wait_success(child);
	say("1 MiB went through a pipe");
	return 0;
}
