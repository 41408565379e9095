/* SPDX-License-Identifier: MIT */
/* RLIMIT_FSIZE (getrlimit(2)): what reaches over it is cut, what begins behind it is EFBIG and
 * SIGXFSZ; a file that is longer already; what is no regular file; the signal's details. */
#include "case.h"
#include <sys/sendfile.h>

static volatile int count, code, own;

static void note(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	count++;
	code = info->si_code;
	own = info->si_pid == getpid();
}

#define COUNTED(call, ...) \
	do { \
		count = 0; \
		GIVES(call, __VA_ARGS__); \
		if (count) \
			say("  SIGXFSZ %d code %d own %d", count, code, own); \
	} while (0)

static void limit_to(unsigned long most)
{
	struct rlimit limit = {most, RLIM_INFINITY};
	setrlimit(RLIMIT_FSIZE, &limit);
}

static char bytes[4 * PAGE];

static void writing(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct iovec vector[] = {{bytes, 3000}, {bytes, 3000}, {bytes, 3000}};
	limit_to(10000);
	COUNTED(write(fd, bytes, 8192), "below");
	COUNTED(write(fd, bytes, 8192), "over it");
	COUNTED(write(fd, bytes, 0), "nothing");
	COUNTED(write(fd, bytes, 1), "at it");
	COUNTED(pwrite(fd, bytes, 1, 9999), "its last byte");
	COUNTED(pwrite(fd, bytes, 2, 9999), "and one more");
	COUNTED(pwrite(fd, bytes, 10, 50000), "far behind");
	COUNTED(pwritev(fd, vector, 3, 5000), "a vector over it");
	COUNTED(pwrite(fd, (void *)8, 10, 20000), "behind, from a bad address");
	COUNTED(lseek(fd, 0, SEEK_END), "its end");
	COUNTED(ftruncate(fd, 10001), "ftruncate over it");
	COUNTED(ftruncate(fd, 10000), "ftruncate to it");
	COUNTED(ftruncate(fd, 500), "ftruncate below");
	COUNTED(truncate(name, 1 << 20), "truncate over it");
	COUNTED(fcntl(fd, F_SETFL, O_APPEND), "append");
	COUNTED(write(fd, bytes, 9800), "appended over it");
	COUNTED(write(fd, bytes, 1), "once more");
	limit_to(RLIM_INFINITY);
	COUNTED(write(fd, bytes, 5000), "without a limit");
	limit_to(100);
	COUNTED(pwrite(fd, bytes, 10, 50), "into one that is longer already");
	COUNTED(ftruncate(fd, 12000), "shorter, but over it");
	COUNTED(ftruncate(fd, 12001), "longer");
	struct stat st;
	fstat(fd, &st);
	say("size %lld", (long long)st.st_size);
	limit_to(0);
	COUNTED(ftruncate(fd, 0), "empty");
	COUNTED(write(fd, bytes, 1), "a byte, of none");
	limit_to(RLIM_INFINITY);
	close(fd);
}

static void others(void)
{
	int ends[2], from = new_file("from", 2), to = open("to", O_RDWR | O_CREAT, 0644);
	pipe(ends);
	limit_to(1000);
	COUNTED(write(ends[1], bytes, 5000), "a pipe");
	GIVES(sendfile(to, from, NULL, 5000), "sendfile");
	COUNTED(sendfile(to, from, NULL, 5000), "sendfile again");
	char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	SUCCEEDS(shared, "memory, shared");
	int nameless = memfd_create("x", 0);
	COUNTED(ftruncate(nameless, 1001), "a nameless file");
	int null = open("/dev/null", O_WRONLY);
	COUNTED(write(null, bytes, 5000), "/dev/null");
}

static void ends(void *unused)
{
	(void)unused;
	signal(SIGXFSZ, SIG_DFL);
	limit_to(1);
	write(open("last", O_WRONLY | O_CREAT, 0644), bytes, 1);
	truncate("last", 2);
	say("lived");
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
	sigaction(SIGXFSZ, &action, NULL);
	writing("here");
	others();
	signal(SIGXFSZ, SIG_IGN);
	limit_to(5);
	COUNTED(ftruncate(open("here", O_RDWR), 10), "ignored");
	limit_to(RLIM_INFINITY);
	say("by default: %d", signal_of(ends, NULL));
	return 0;
}
