/* SPDX-License-Identifier: MIT */
/*
 * What runs in the guest of `make crash` until the power goes: does to files what the console's
 * lines say, one at a time, and answers each when it is done, `= 0` or `= ERRNO`. What it was
 * told and has answered, the host holds it to (scripts/crash).
 *
 *   c PATH                          create          k PATH / K PATH     make, remove a directory
 *   w PATH FILE FIRST COUNT VERSION write pages     s, d                the same by O_SYNC, O_DSYNC
 *   m PATH FILE FIRST COUNT VERSION write them through a shared mapping
 *   M PATH FIRST COUNT              msync           f PATH / F PATH     fsync, fdatasync
 *   t PATH PAGES                    truncate        u PATH              unlink
 *   l PATH TO / r PATH TO           link, rename    h PATH              open it, for good
 *   S                               sync            Y PATH              syncfs
 *
 * Beside it a child keeps memory short and its own files changing: arguments SEED and MIB.
 */
#include "tests/test.h"

#include <dirent.h>
#include <termios.h>

#define WORDS_MOST 6
#define MAGIC 0x70a60da0u /* in each record of a page, so that it is known from any other */

struct record {
	uint32_t file, page, version, magic;
};

static int failure(bool good)
{
	return good ? 0 : errno;
}

/* ---- pages ---- */

static void page_stamp(void *page, uint32_t file, uint32_t index, uint32_t version)
{
	struct record *records = page;

	for (uint32_t i = 0; i < PAGE / sizeof(*records); i++)
		records[i] = (struct record){file, index, version, MAGIC};
}

static int write_pages(char **words, int flags)
{
	static char page[PAGE];
	uint32_t file = atoi(words[2]), first = atoi(words[3]), count = atoi(words[4]);
	int fd = open(words[1], O_WRONLY | flags), error = failure(fd >= 0);

	for (uint32_t i = first; i < first + count && !error; i++) {
		page_stamp(page, file, i, atoi(words[5]));
		error = failure(pwrite(fd, page, PAGE, (off_t)i * PAGE) == (ssize_t)PAGE);
	}
	close(fd);
	return error;
}

/* Pages of a shared mapping: written, or if `version` is NULL brought to the disk. */
static int map_pages(const char *path, uint32_t file, uint32_t first, uint32_t count,
                     const char *version)
{
	int fd = open(path, O_RDWR), error = failure(fd >= 0);
	char *memory = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	                    (off_t)first * PAGE);

	if (memory == MAP_FAILED)
		return error ? error : errno;
	for (uint32_t i = 0; version && i < count; i++)
		page_stamp(memory + i * PAGE, file, first + i, atoi(version));
	if (!version)
		error = failure(msync(memory, count * PAGE, MS_SYNC) == 0);
	munmap(memory, count * PAGE);
	close(fd);
	return error;
}

/* ---- the operations ---- */

static int sync_one(const char *path, char how)
{
	int fd = open(path, O_RDONLY), error = failure(fd >= 0);

	if (error)
		return error;
	error = failure((how == 'f' ? fsync(fd) : how == 'F' ? fdatasync(fd)
	                                                     : syscall(__NR_syncfs, fd)) == 0);
	close(fd);
	return error;
}

static int create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644), error = failure(fd >= 0);

	close(fd);
	return error;
}

static int operate(char **words)
{
	switch (words[0][0]) {
	case 'c':
		return create(words[1]);
	case 'k':
		return failure(mkdir(words[1], 0755) == 0);
	case 'K':
		return failure(rmdir(words[1]) == 0);
	case 'w':
		return write_pages(words, 0);
	case 's':
		return write_pages(words, O_SYNC);
	case 'd':
		return write_pages(words, O_DSYNC);
	case 'm':
		return map_pages(words[1], atoi(words[2]), atoi(words[3]), atoi(words[4]), words[5]);
	case 'M':
		return map_pages(words[1], 0, atoi(words[2]), atoi(words[3]), NULL);
	case 'f':
	case 'F':
	case 'Y':
		return sync_one(words[1], words[0][0]);
	case 't':
		return failure(truncate(words[1], (off_t)atoi(words[2]) * PAGE) == 0);
	case 'u':
		return failure(unlink(words[1]) == 0);
	case 'l':
		return failure(link(words[1], words[2]) == 0);
	case 'r':
		return failure(rename(words[1], words[2]) == 0);
	case 'h':
		return failure(open(words[1], O_RDONLY) >= 0);
	case 'S':
		sync();
		return 0;
	default:
		return EINVAL;
	}
}

/* ---- the noise ---- */

static uint32_t noise_state;

static uint32_t noise(uint32_t below)
{
	noise_state = noise_state * 1664525 + 1013904223;
	return (noise_state >> 8) % below;
}

static void noise_file(void)
{
	static char bytes[3 * PAGE];
	char name[40];

	snprintf(name, sizeof(name), "/root/noise/%u", noise(40));
	if (noise(3) == 0) {
		unlink(name);
		return;
	}
	int fd = open(name, O_WRONLY | O_CREAT, 0600);
	memset(bytes, noise(256), sizeof(bytes));
	if (pwrite(fd, bytes, noise(sizeof(bytes)), noise(60 * PAGE)) < 0 || noise(10) == 0)
		ftruncate(fd, noise(30 * PAGE));
	close(fd);
}

static __attribute__((noreturn)) void make_noise(uint32_t seed, uint32_t bytes)
{
	noise_state = seed;
	mkdir("/root/noise", 0700);
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (;;) {
		for (uint32_t i = 0; i < 200; i++)
			memory[noise(bytes / PAGE) * PAGE] = 1;
		noise_file();
		usleep(noise(20000));
	}
}

/* ---- the console ---- */

static void console_raw(void)
{
	struct termios modes;

	CHECK(tcgetattr(STDIN_FILENO, &modes) == 0, "the console is a terminal");
	modes.c_lflag &= ~(ECHO | ICANON);
	CHECK(tcsetattr(STDIN_FILENO, TCSANOW, &modes) == 0, "without echo");
}

static bool read_line(char *line, size_t size)
{
	size_t length = 0;

	while (length < size - 1 && read(STDIN_FILENO, &line[length], 1) == 1)
		if (line[length++] == '\n') {
			line[length - 1] = '\0';
			return true;
		}
	return false;
}

int main(int argc, char **argv)
{
	char line[256], *words[WORDS_MOST];

	CHECK(argc == 3, "arguments: SEED MIB");
	if (fork() == 0)
		make_noise(atoi(argv[1]), atoi(argv[2]) * MIB);
	console_raw();
	say("= ready");
	while (read_line(line, sizeof(line))) {
		uint32_t count = 0;
		for (char *word = strtok(line, " "); word && count < WORDS_MOST;
		     word = strtok(NULL, " "))
			words[count++] = word;
		say("= %d", count ? operate(words) : EINVAL);
	}
	return 1;
}
