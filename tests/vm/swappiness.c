/* SPDX-License-Identifier: MIT */
/*
 * The switches of /proc/sys/vm and /proc/sys/kernel take numbers and nothing else; and
 * vm.swappiness does what it says: at 0 no page goes to swap while pages of files can go, at 200
 * pages of files stay as long as others can.
 *
 * Pagoda only: it changes the machine.
 *
 * guest: mem=16 swap=32 pagoda-only
 */
#include "tests/test.h"

#define OWN_PAGES 1024u
#define FILE_PAGES 4500u

static void write_text(const char *path, const char *text, int error)
{
	int fd = open(path, O_WRONLY);

	CHECK(fd >= 0, "%s can be written", path);
	errno = 0;
	ssize_t n = write(fd, text, strlen(text));
	CHECK(error ? n == -1 && errno == error : n == (ssize_t)strlen(text), "%s to %s: %ld, %d",
	      text, path, (long)n, errno);
	close(fd);
}

static unsigned long value_of(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);

	CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 1, "%s can be read", path);
	close(fd);
	CHECK(text[strlen(text) - 1] == '\n', "it is a line");
	return strtoul(text, NULL, 10);
}

static void numbers(void)
{
	static const struct {
		const char *path, *good, *bad;
	} switches[] = {
		{"/proc/sys/vm/swappiness", "42", "201"},
		{"/proc/sys/vm/min_free_kbytes", "1024", "16"},
		{"/proc/sys/vm/max_map_count", "100000", "-1"},
		{"/proc/sys/kernel/pid_max", "400", "300"},
	};

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		char before[32];
		snprintf(before, sizeof(before), "%lu", value_of(switches[i].path));
		write_text(switches[i].path, switches[i].good, 0);
		CHECK(value_of(switches[i].path) == strtoul(switches[i].good, NULL, 10),
		      "%s is what was written", switches[i].path);
		write_text(switches[i].path, switches[i].bad, EINVAL);
		write_text(switches[i].path, "12x", EINVAL);
		write_text(switches[i].path, "many", EINVAL);
		write_text(switches[i].path, before, 0);
	}
	CHECK(value_of("/proc/sys/kernel/tainted") == 0, "the kernel is as it was built");
}

/* Numbers of processes are below pid_max, and used again. */
static void process_numbers(void)
{
	write_text("/proc/sys/kernel/pid_max", "301", 0);
	for (int i = 0; i < 320; i++) {
		pid_t child = fork_checked();
		if (!child)
			_exit(0);
		CHECK(child > 1 && child < 301, "process %d", child);
		wait_success(child);
	}
	write_text("/proc/sys/kernel/pid_max", "32768", 0);
}

/* A map that is full takes no more. */
static void map_count(void)
{
	write_text("/proc/sys/vm/max_map_count", "40", 0);
	char *memory = memory_map(100 * PAGE, PROT_READ);
	int cut = 0;

	while (cut < 50 && mprotect(memory + 2 * cut * PAGE, PAGE, PROT_NONE) == 0)
		cut++;
	CHECK(cut > 5 && cut < 30 && errno == ENOMEM, "%d pieces", cut);
	write_text("/proc/sys/vm/max_map_count", "65530", 0);
	munmap(memory, 100 * PAGE);
}

/* Pages that go to swap while a file that is larger than memory is read twice. */
static long swapped_at(const char *swappiness)
{
	static char bytes[16 * PAGE];
	int fd = open("file", O_RDONLY);
	char *memory = memory_map(OWN_PAGES * PAGE, PROT_READ | PROT_WRITE);

	write_text("/proc/sys/vm/swappiness", swappiness, 0);
	for (uint32_t i = 0; i < OWN_PAGES; i++)
		page_fill(memory + i * PAGE, i);
	long before = proc_number("/proc/vmstat", "pswpout");
	for (int round = 0; round < 2; round++) {
		lseek(fd, 0, SEEK_SET);
		while (read(fd, bytes, sizeof(bytes)) > 0)
			;
	}
	long swapped = proc_number("/proc/vmstat", "pswpout") - before;
	for (uint32_t i = 0; i < OWN_PAGES; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is whole", i);
	munmap(memory, OWN_PAGES * PAGE);
	close(fd);
	return swapped;
}

static void frames(void)
{
	char *memory = memory_map(PAGE, PROT_READ | PROT_WRITE);
	uint64_t entry, count, flags;
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	int counts = open("/proc/kpagecount", O_RDONLY), kinds = open("/proc/kpageflags", O_RDONLY);

	page_fill(memory, 1);
	CHECK(mlock(memory, PAGE) == 0, "it stays where it is");
	CHECK(pread(pagemap, &entry, 8, (uintptr_t)memory / PAGE * 8) == 8 && entry >> 63, "there");
	uint64_t frame = entry & ((1ull << 55) - 1);
	CHECK(pread(counts, &count, 8, frame * 8) == 8 && count == 1, "one maps it");
	CHECK(pread(kinds, &flags, 8, frame * 8) == 8 && flags >> 12 & 1 && flags >> 11 & 1,
	      "it is anonymous, and mapped: %llx", (unsigned long long)flags);
	CHECK_ERRNO(pread(counts, &count, 8, 4), EINVAL);
	CHECK(pread(counts, &count, 8, 1u << 30) == 0, "there are not that many");
	munmap(memory, PAGE);
}

int main(void)
{
	numbers();
	process_numbers();
	map_count();
	close(file_make("file", FILE_PAGES, 1));
	long never = swapped_at("0"), rather = swapped_at("200");
	if (pages_stay()) {
		CHECK(never == 0, "with files to take pages from, none is swapped: %ld", never);
		CHECK(rather > (long)OWN_PAGES / 2, "rather these than files: %ld", rather);
		frames();
	}
	say("pages swapped at 0: %ld, at 200: %ld", never, rather);
	return 0;
}
