/* SPDX-License-Identifier: MIT */
/*
 * How much may be dirty, and how often it is written: vm.dirty_ratio and vm.dirty_bytes, of which the
 * one that was set last counts and the other is 0, and vm.dirty_writeback_centisecs. A program that
 * writes on and on has no more dirty pages than it may; with the flusher at rest what it wrote stays
 * dirty, and is written soon after it has been called.
 *
 * Pagoda only: it changes the whole machine.
 *
 * guest: mem=24 pagoda-only
 */
#include "tests/test.h"

#define BYTES (4 * MIB)
#define SLACK 80 /* pages: metadata, a batch */

static char piece[64 * 1024];

static uint32_t get(const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/sys/vm/%s", name);
	return file_number(path);
}

static bool put(const char *name, const char *value)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/sys/vm/%s", name);
	int fd = open(path, O_WRONLY);
	CHECK(fd >= 0, "%s", name);
	bool done = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	close(fd);
	return done;
}

static uint32_t dirty(void)
{
	return (uint32_t)proc_number("/proc/vmstat", "nr_dirty");
}

/* The most that was dirty while a file was written. */
static uint32_t write_file(void)
{
	uint32_t most = 0;
	int fd = open("file", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0, "a file");
	for (uint32_t done = 0; done < BYTES; done += sizeof piece) {
		CHECK(write(fd, piece, sizeof piece) == sizeof piece, "written");
		if (dirty() > most)
			most = dirty();
	}
	close(fd);
	return most;
}

int main(void)
{
	CHECK(get("dirty_ratio") == 25 && get("dirty_bytes") == 0 &&
	      get("dirty_writeback_centisecs") == 500, "as at the start");
	CHECK(put("dirty_writeback_centisecs", "0"), "the flusher rests");
	sync();
	uint32_t most = write_file();
	CHECK(most >= PAGES(BYTES) || !pages_stay(), "all of it was dirty: %u pages", most);
	CHECK(put("dirty_bytes", "1048576"), "a MiB");
	CHECK(get("dirty_bytes") == MIB && get("dirty_ratio") == 0, "one excludes the other");
	sync();
	most = write_file();
	CHECK(most <= PAGES(MIB) + SLACK, "%u pages were dirty", most);
	CHECK(put("dirty_ratio", "10"), "a tenth");
	CHECK(get("dirty_ratio") == 10 && get("dirty_bytes") == 0, "and back");
	CHECK(!put("dirty_ratio", "101") && errno == EINVAL, "more than all");
	CHECK(!put("dirty_bytes", "5") && errno == EINVAL, "less than two pages");
	uint32_t before = dirty();
	sleep(1);
	CHECK((dirty() >= before && before > 0) || !pages_stay(), "it rests: %u pages, then %u", before, dirty());
	CHECK(put("dirty_writeback_centisecs", "10"), "ten times a second");
	for (int i = 0; i < 100 && dirty() > 0; i++)
		usleep(100000);
	CHECK(dirty() == 0, "all is written");
	say("dirty pages are as many as may be");
	return 0;
}
