/* SPDX-License-Identifier: MIT */
/*
 * The machine's name is one, whoever is asked: uname(2) and /proc/sys/kernel/hostname. So are the
 * system's name and release. On a machine that is the test's own the name is changed both ways.
 *
 * guest: linux-root
 */
#include "tests/test.h"

#include <sys/utsname.h>

/* The file's first line. */
static const char *line_of(const char *path)
{
	static char line[128];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, line, sizeof(line) - 1);

	CHECK(fd >= 0 && n > 0, "%s can be read", path);
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	close(fd);
	return line;
}

static void check_names(const char *expected)
{
	struct utsname names;

	CHECK(uname(&names) == 0, "uname");
	CHECK(!expected || strcmp(names.nodename, expected) == 0, "it is %s, not %s", expected,
	      names.nodename);
	CHECK(strcmp(line_of("/proc/sys/kernel/hostname"), names.nodename) == 0, "one name");
	CHECK(strcmp(line_of("/proc/sys/kernel/ostype"), names.sysname) == 0, "one system");
	CHECK(strcmp(line_of("/proc/sys/kernel/osrelease"), names.release) == 0, "one release");
	CHECK(strcmp(line_of("/proc/sys/kernel/version"), names.version) == 0, "one version");
	CHECK(strcmp(names.machine, "i686") == 0 || !machine_is_ours(), "i686");
}

int main(void)
{
	int fd = open("/proc/sys/kernel/hostname", O_WRONLY);

	check_names(NULL);
	CHECK_ERRNO(syscall(__NR_sethostname, "long", 65), EINVAL);
	if (machine_is_ours()) {
		CHECK(syscall(__NR_sethostname, "teahouse", 8) == 0, "sethostname");
		check_names("teahouse");
		CHECK(write(fd, "garden\n", 7) == 7, "by /proc");
		check_names("garden");
	}
	close(fd);
	say("one name for all who ask");
	return 0;
}
