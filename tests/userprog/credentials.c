/* SPDX-License-Identifier: MIT */
/*
 * How ids and capabilities change: setuid(2), setreuid(2), setresuid(2), setfsuid(2), their group
 * kin, the calls with ids of 16 bits, capset(2), prctl(2) PR_SET_KEEPCAPS, PR_CAPBSET_DROP and
 * PR_SET_NO_NEW_PRIVS, and execve(2) of set-id programs. Each row starts as root, or as the user
 * that it says, and tells what is expected: credentials(7), capabilities(7).
 *
 * guest: linux-root
 */
#include "tests/test.h"

#include <linux/capability.h>

#define KEEP UINT32_MAX
#define FILE_CAPABILITY CAP_CHOWN /* one of those that follow the file-system uid */
#define OTHER_CAPABILITY CAP_KILL /* one of the others */

static bool capability(int number, bool permitted)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	CHECK(syscall(__NR_capget, &header, data) == 0, "capget");
	return (permitted ? data[0].permitted : data[0].effective) >> number & 1;
}

/* "real effective saved filesystem, effective capabilities (file, other), permitted (the same)" */
static const char *state(void)
{
	static char text[96];
	unsigned real, effective, saved, fs;

	CHECK(syscall(__NR_getresuid32, &real, &effective, &saved) == 0, "getresuid");
	fs = (unsigned)syscall(__NR_setfsuid32, KEEP);
	snprintf(text, sizeof(text), "%u %u %u %u, %c%c %c%c", real, effective, saved, fs,
	         capability(FILE_CAPABILITY, false) ? 'f' : '-',
	         capability(OTHER_CAPABILITY, false) ? 'o' : '-',
	         capability(FILE_CAPABILITY, true) ? 'f' : '-',
	         capability(OTHER_CAPABILITY, true) ? 'o' : '-');
	return text;
}

enum call { SETUID, SETREUID, SETRESUID, SETFSUID, KEEPCAPS, SETUID16, SETREUID16 };

static long make(enum call call, unsigned a, unsigned b, unsigned c)
{
	switch (call) {
	case SETUID:
		return syscall(__NR_setuid32, a);
	case SETREUID:
		return syscall(__NR_setreuid32, a, b);
	case SETRESUID:
		return syscall(__NR_setresuid32, a, b, c);
	case SETFSUID:
		return syscall(__NR_setfsuid32, a);
	case KEEPCAPS:
		return syscall(__NR_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
	case SETUID16:
		return syscall(__NR_setuid, a);
	default:
		return syscall(__NR_setreuid, a, b);
	}
}

#define STEPS 3

static const struct {
	const char *what;
	struct {
		enum call call;
		unsigned a, b, c;
		int error;
	} steps[STEPS];
	int count;
	const char *after;
} rows[] = {
	{"root", {{SETUID, 0, 0, 0, 0}}, 1, "0 0 0 0, fo fo"},
	{"setuid", {{SETUID, 1, 0, 0, 0}}, 1, "1 1 1 1, -- --"},
	{"setuid to none", {{SETUID, KEEP, 0, 0, EINVAL}}, 1, "0 0 0 0, fo fo"},
	{"setuid and back", {{SETUID, 1, 0, 0, 0}, {SETUID, 0, 0, 0, EPERM}}, 2, "1 1 1 1, -- --"},
	{"effective", {{SETRESUID, KEEP, 1, KEEP, 0}}, 1, "0 1 0 1, -- fo"},
	{"effective and back", {{SETRESUID, KEEP, 1, KEEP, 0}, {SETRESUID, KEEP, 0, KEEP, 0}}, 2,
	 "0 0 0 0, fo fo"},
	{"effective, then another", {{SETRESUID, KEEP, 1, KEEP, 0}, {SETRESUID, 2, KEEP, KEEP, EPERM}},
	 2, "0 1 0 1, -- fo"},
	{"three", {{SETRESUID, 1, 2, 3, 0}}, 1, "1 2 3 2, -- --"},
	{"three, turned", {{SETRESUID, 1, 2, 3, 0}, {SETRESUID, 3, 1, 2, 0}}, 2, "3 1 2 1, -- --"},
	{"setuid to the saved", {{SETRESUID, 1, 2, 3, 0}, {SETUID, 3, 0, 0, 0}}, 2, "1 3 3 3, -- --"},
	{"setuid to the effective", {{SETRESUID, 1, 2, 3, 0}, {SETUID, 2, 0, 0, EPERM}}, 2,
	 "1 2 3 2, -- --"},
	{"setreuid real", {{SETREUID, 1, KEEP, 0, 0}}, 1, "1 0 0 0, fo fo"},
	{"setreuid effective", {{SETREUID, KEEP, 1, 0, 0}}, 1, "0 1 1 1, -- fo"},
	{"setreuid both", {{SETREUID, 1, 2, 0, 0}}, 1, "1 2 2 2, -- --"},
	{"setreuid swapped", {{SETREUID, 1, 2, 0, 0}, {SETREUID, 2, 1, 0, 0}}, 2, "2 1 1 1, -- --"},
	{"setreuid to the saved, real", {{SETRESUID, 1, 2, 3, 0}, {SETREUID, 3, KEEP, 0, EPERM}}, 2,
	 "1 2 3 2, -- --"},
	{"setreuid to the saved", {{SETRESUID, 1, 2, 3, 0}, {SETREUID, KEEP, 3, 0, 0}}, 2,
	 "1 3 3 3, -- --"},
	{"setfsuid", {{SETFSUID, 1, 0, 0, 0}}, 1, "0 0 0 1, -o fo"},
	{"setfsuid and back", {{SETFSUID, 1, 0, 0, 0}, {SETFSUID, 0, 0, 0, 0}}, 2, "0 0 0 0, fo fo"},
	{"setfsuid of a user", {{SETRESUID, 1, 2, 3, 0}, {SETFSUID, 3, 0, 0, 0}}, 2, "1 2 3 3, -- --"},
	{"setfsuid to another", {{SETRESUID, 1, 2, 3, 0}, {SETFSUID, 9, 0, 0, 0}}, 2, "1 2 3 2, -- --"},
	{"keeping", {{KEEPCAPS, 0, 0, 0, 0}, {SETUID, 1, 0, 0, 0}}, 2, "1 1 1 1, -- fo"},
	{"keeping, with one root", {{KEEPCAPS, 0, 0, 0, 0}, {SETRESUID, 1, 1, 0, 0}}, 2,
	 "1 1 0 1, -- fo"},
	{"16 bits", {{SETUID16, 0x10001, 0, 0, 0}}, 1, "1 1 1 1, -- --"},
	{"16 bits, none", {{SETREUID16, 0xffff, 5, 0, 0}}, 1, "0 5 5 5, -- fo"},
	{"large", {{SETUID, 100000, 0, 0, 0}}, 1, "100000 100000 100000 100000, -- --"},
};

static void try_row(void *row)
{
	size_t i = (size_t)(uintptr_t)row;

	for (int step = 0; step < rows[i].count; step++) {
		errno = 0;
		long result = make(rows[i].steps[step].call, rows[i].steps[step].a,
		                   rows[i].steps[step].b, rows[i].steps[step].c);
		CHECK((result == -1 ? errno : 0) == rows[i].steps[step].error,
		      "step %d of %s: %ld, errno %d", step, rows[i].what, result, errno);
	}
	CHECK(!strcmp(state(), rows[i].after), "%s: %s, not %s", rows[i].what, rows[i].after, state());
}

static void short_ids(void *unused)
{
	uint16_t real, effective, saved, list[2];
	const uint32_t groups[] = {7, 100000};

	(void)unused;
	CHECK(syscall(__NR_setgroups32, 2, groups) == 0, "groups");
	CHECK(syscall(__NR_getgroups, 2, list) == 2 && list[0] == 7 && list[1] == 65534,
	      "a large one shows as the overflow id");
	CHECK(syscall(__NR_setgroups, 1, list) == 0 && syscall(__NR_getgroups32, 0, NULL) == 1, "one");
	CHECK(syscall(__NR_setresgid32, 1, 70000, 3) == 0, "group ids");
	CHECK(syscall(__NR_getresgid, &real, &effective, &saved) == 0 && real == 1 &&
	      effective == 65534 && saved == 3, "in 16 bits");
	CHECK(syscall(__NR_getegid) == 65534 && syscall(__NR_getegid32) == 70000, "both ways");
	CHECK(syscall(__NR_setfsgid32, 5) == 70000 && syscall(__NR_setfsgid32, 5) == 5, "setfsgid");
	CHECK(syscall(__NR_setuid32, 9) == 0, "a user");
	CHECK_ERRNO(syscall(__NR_setgroups32, 0, NULL), EPERM);
	CHECK_ERRNO(syscall(__NR_setresgid32, 4, KEEP, KEEP), EPERM);
	CHECK(syscall(__NR_setregid32, 70000, 3) == 0, "from one to the other");
}

static int set_capabilities(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	const struct __user_cap_data_struct data[2] = {
		{(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
		{(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		 (uint32_t)(inheritable >> 32)}};

	return (int)syscall(__NR_capset, &header, data);
}

#define BIT(number) (1ull << (number))

static void sets(void *unused)
{
	struct __user_cap_header_struct header = {0x12345678, 0};
	struct __user_cap_data_struct data[2];

	(void)unused;
	CHECK_ERRNO(syscall(__NR_capget, &header, data), EINVAL);
	CHECK(header.version == _LINUX_CAPABILITY_VERSION_3, "the version is told");
	header.version = 0;
	CHECK(syscall(__NR_capget, &header, NULL) == 0, "that is how one asks for it");
	header.pid = -1;
	CHECK_ERRNO(syscall(__NR_capget, &header, data), EINVAL);
	header.pid = 30000;
	CHECK_ERRNO(syscall(__NR_capget, &header, data), ESRCH);
	header.pid = getppid();
	CHECK_ERRNO(syscall(__NR_capset, &header, data), EPERM);

	CHECK(set_capabilities(BIT(CAP_KILL), BIT(CAP_KILL) | BIT(CAP_CHOWN), 0) == 0, "fewer");
	CHECK(chown(".", 5, 5) == -1 && errno == EPERM, "what is not effective does not help");
	CHECK_ERRNO(set_capabilities(0, BIT(CAP_KILL) | BIT(CAP_MKNOD), 0), EPERM);
	CHECK_ERRNO(set_capabilities(BIT(CAP_MKNOD), BIT(CAP_KILL), 0), EPERM);
	CHECK_ERRNO(set_capabilities(0, 0, BIT(CAP_MKNOD)), EPERM);
	CHECK(set_capabilities(BIT(CAP_CHOWN), BIT(CAP_CHOWN), BIT(CAP_CHOWN)) == 0, "the other");
	CHECK(chown(".", 5, 5) == 0 && chown(".", 0, 0) == 0, "now it helps");
	CHECK_ERRNO(mknod("null", S_IFCHR | 0666, 0x103), EPERM);
	CHECK_ERRNO(syscall(__NR_setuid32, 7), EPERM);
	CHECK(set_capabilities(0, 0, 0) == 0, "none");
	CHECK(open("secret", O_RDONLY) == -1 && errno == EACCES, "root without them is a user");
}

/* ---- execve(2): the program is this one, and says who it is ---- */

static int tell(const char *expected)
{
	unsigned real, effective, saved;
	char text[64];

	syscall(__NR_getresgid32, &real, &effective, &saved);
	snprintf(text, sizeof(text), "%s, %u %u %u", state(), real, effective, saved);
	CHECK(!strcmp(text, expected), "the program is %s, not %s", expected, text);
	return 0;
}

struct execution {
	const char *program, *expected;
	bool no_new, bounded;
};

static void execute(void *argument)
{
	const struct execution *e = argument;

	if (e->bounded)
		CHECK(syscall(__NR_prctl, PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0) == 0 &&
		      syscall(__NR_prctl, PR_CAPBSET_READ, CAP_KILL, 0, 0, 0) == 0, "a bound");
	else
		CHECK(syscall(__NR_setgroups32, 0, NULL) == 0 && setgid(50) == 0 && setuid(5) == 0,
		      "a user");
	if (e->no_new)
		CHECK(syscall(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no more");
	execl(e->program, e->program, e->expected, (char *)NULL);
	_exit(1);
}

static void make_program(const char *name, const unsigned char *image, uint32_t length,
                         unsigned uid, unsigned gid, unsigned mode)
{
	program_make(name, image, length);
	CHECK(chown(name, uid, gid) == 0 && chmod(name, mode) == 0, "%s", name);
}

static void programs(void)
{
	static struct execution executions[] = {
		{"./plain", "5 5 5 5, -- --, 50 50 50", false, false},
		{"./user", "5 1000 1000 1000, -- --, 50 50 50", false, false},
		{"./root", "5 0 0 0, fo fo, 50 50 50", false, false},
		{"./group", "5 5 5 5, -- --, 50 2000 2000", false, false},
		{"./both", "5 0 0 0, fo fo, 50 2000 2000", false, false},
		{"./both", "5 5 5 5, -- --, 50 50 50", true, false},
		{"./plain", "0 0 0 0, f- f-, 0 0 0", false, true},
	};
	uint32_t length;
	unsigned char *image = program_image(&length);

	make_program("plain", image, length, 0, 0, 0755);
	make_program("user", image, length, 1000, 1000, 04755);
	make_program("root", image, length, 0, 0, 04755);
	make_program("group", image, length, 0, 2000, 02755);
	make_program("both", image, length, 0, 2000, 06755);
	for (size_t i = 0; i < sizeof(executions) / sizeof(executions[0]); i++)
		in_child(execute, &executions[i]);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return tell(argv[1]);
	CHECK(chmod(".", 0755) == 0, "the directory may be searched");
	int fd = open("secret", O_CREAT | O_WRONLY, 0600);
	CHECK(fd >= 0 && fchown(fd, 1, 1) == 0 && close(fd) == 0, "a file of another");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		in_child(try_row, (void *)(uintptr_t)i);
	in_child(short_ids, NULL);
	in_child(sets, NULL);
	programs();
	say("%zu sequences of calls", sizeof(rows) / sizeof(rows[0]));
	return 0;
}
