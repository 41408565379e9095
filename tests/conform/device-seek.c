/* SPDX-License-Identifier: MIT */
/* lseek(2) of /dev/null and its like: they have no positions, whatever is asked for. */
#include "case.h"

int main(void)
{
	static const char *const names[] = {"null", "zero", "full", "urandom"};
	static const long long offsets[] = {0, 5, -5, 1ll << 40, -(1ll << 62)};
	char name[32], byte;
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(name, sizeof name, "/dev/%s", names[i]);
		int fd = open(name, O_RDWR);
		for (unsigned k = 0; k < sizeof offsets / sizeof offsets[0]; k++)
			for (int whence = -1; whence <= 5; whence++)
				GIVES(lseek(fd, offsets[k], whence), "%s, %lld from %d", names[i],
				      offsets[k], whence);
		GIVES(read(fd, &byte, 1), "read");
		GIVES(lseek(fd, 0, SEEK_CUR), "where it is then");
		GIVES(pwrite(fd, "x", 1, 1000), "pwrite");
		GIVES(lseek(fd, 0, SEEK_CUR), "and then");
	}
	return 0;
}
