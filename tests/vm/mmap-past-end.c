/* SPDX-License-Identifier: MIT */
/*
 * A page that lies wholly past the end of the file is SIGBUS with BUS_ADRERR, though it is
 * mapped; the file's last page is fine.
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 2, 30);
	char *shared = file_map(fd, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	char *private = file_map(fd, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	CHECK(page_has(shared + PAGE, 31) && page_has(private + PAGE, 31), "the last page");
	CHECK_DIES(read_byte, shared + 2 * PAGE, SIGBUS, BUS_ADRERR, shared + 2 * PAGE);
	CHECK_DIES(write_byte, shared + 3 * PAGE + 8, SIGBUS, BUS_ADRERR, shared + 3 * PAGE + 8);
	CHECK_DIES(read_byte, private + 2 * PAGE + 1, SIGBUS, BUS_ADRERR, private + 2 * PAGE + 1);
	CHECK_DIES(write_byte, private + 3 * PAGE, SIGBUS, BUS_ADRERR, private + 3 * PAGE);

	CHECK(ftruncate(fd, 3 * PAGE) == 0, "the file grows by a page");
	CHECK(all_bytes_are(shared + 2 * PAGE, PAGE, 0), "which is there now, and zero");
	CHECK_DIES(read_byte, shared + 3 * PAGE, SIGBUS, BUS_ADRERR, shared + 3 * PAGE);
	say("past the end of the file: SIGBUS");
	return 0;
}
