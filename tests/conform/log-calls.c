/* SPDX-License-Identifier: MIT */
/* syslog(2), as far as it takes nothing from who reads the log, and /proc/sys/kernel/printk; the console's
 * level is as before at the end. */
#include "case.h"

#define LEVELS "/proc/sys/kernel/printk"

static char room[32];

static void tell(void)
{
	int fd = open(LEVELS, O_RDONLY), console, message, least, first;
	char text[64] = "";
	if (read(fd, text, sizeof text - 1) < 0)
		say("cannot be read");
	close(fd);
	int n = sscanf(text, "%d\t%d\t%d\t%d\n", &console, &message, &least, &first);
	say("  %d numbers: %d %d %d", n, console, message, least);
}

static void put(const char *text)
{
	int fd = open(LEVELS, O_WRONLY);
	GIVES(write(fd, text, strlen(text)), "\"%s\"", text);
	close(fd);
	tell();
}

static void levels(void)
{
	put("6 4 1 7\n");
	put("3");
	put("5\t5");
	put("x");
	put("6 4 2\n");
	GIVES(syscall(SYS_syslog, 8, NULL, 4), "level 4");
	tell();
	GIVES(syscall(SYS_syslog, 8, NULL, 1), "level 1");
	tell();
	GIVES(syscall(SYS_syslog, 8, NULL, 0), "level 0");
	GIVES(syscall(SYS_syslog, 8, NULL, 9), "level 9");
	put("6 4 1\n");
	GIVES(syscall(SYS_syslog, 6, NULL, 0), "off");
	tell();
	GIVES(syscall(SYS_syslog, 6, NULL, 0), "off again");
	tell();
	GIVES(syscall(SYS_syslog, 7, NULL, 0), "on");
	tell();
	GIVES(syscall(SYS_syslog, 7, NULL, 0), "on again");
	tell();
	syscall(SYS_syslog, 6, NULL, 0);
	GIVES(syscall(SYS_syslog, 8, NULL, 5), "level 5 while it is off");
	GIVES(syscall(SYS_syslog, 7, NULL, 0), "on");
	tell();
}

static void wrong(void)
{
	for (int type = 2; type <= 4; type++) {
		GIVES(syscall(SYS_syslog, type, NULL, 10), "%d to nowhere", type);
		GIVES(syscall(SYS_syslog, type, room, -1), "%d of -1", type);
		GIVES(syscall(SYS_syslog, type, room, 0), "%d of 0", type);
	}
	GIVES(syscall(SYS_syslog, 11, room, 10), "11");
	GIVES(syscall(SYS_syslog, -1, room, 10), "-1");
	GIVES(syscall(SYS_syslog, 0, NULL, 0), "close");
	GIVES(syscall(SYS_syslog, 1, NULL, 0), "open");
	say("its size %d", syscall(SYS_syslog, 10, NULL, 0) > 4096);
	say("what is unread %d", syscall(SYS_syslog, 9, NULL, 0) >= 0);
}

static void without_right(void)
{
	if (setresuid(4567, 4567, 4567))
		say("no other user");
	for (int type = 4; type <= 9; type++)
		GIVES(syscall(SYS_syslog, type, room, 5), "%d without the right", type);
	SUCCEEDS(open(LEVELS, O_WRONLY), "the file");
}

int main(void)
{
	char before[64] = "";
	int fd = open(LEVELS, O_RDWR);
	int n = read(fd, before, sizeof before - 1);
	levels();
	if (pwrite(fd, before, n, 0) != n)
		say("the levels are not as before");
	wrong();
	without_right();
	return 0;
}
