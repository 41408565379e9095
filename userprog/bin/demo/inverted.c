/* SPDX-License-Identifier: MIT */
/*
 * Row 4: an inverted page table, built of what this machine's page tables say at this moment. It is
 * the frame table, a record for each frame: which page of which process it holds; and beside it a
 * hash, from process and page to the frame, since that is what every access asks. What a look-up
 * costs is counted: words read in memory, against two for the directory and the table.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define CHILDREN 3u
#define CHILD_PAGES 200u
#define MAPPINGS_MAX 8192u
#define FRAMES_MAX 16384u
#define CHAIN_SHOWN 5u
#define NONE 0xFFFFFFFFu
#define TWO_LEVELS 2u /* PAE's third is in registers of the processor */

/* One page of one process, and its frame. */
struct mapping {
	unsigned pid, page, frame;
};

static struct mapping mappings[MAPPINGS_MAX];
static unsigned mapping_count;

/* The table: a record for each frame, and more for a frame that holds a second one's page. */
static struct {
	unsigned pid, page, frame, next;
} records[FRAMES_MAX + MAPPINGS_MAX];
static unsigned anchors[FRAMES_MAX]; /* the first record of each chain */
static unsigned frame_count, anchor_count, aliases;

/* ---- what is mapped now ------------------------------------------------------------ */

/* Lines of /proc/PID/walk: `08054000  directory[32] table[84] -> frame 1f3a rw ...`, with one step
 * more in front under PAE. The frame of zeros is left out: it holds nobody's page. */
static void read_walk(unsigned pid, unsigned zeros)
{
	char path[64], line[256];
	unsigned address, frame;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/walk", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		const char *table = strstr(line, "table[");
		if (!table || sscanf(line, "%x", &address) != 1 ||
		    sscanf(table, "table[%*u] -> frame %x", &frame) != 1)
			continue;
		if (frame != zeros && mapping_count < MAPPINGS_MAX)
			mappings[mapping_count++] = (struct mapping){pid, address / PAGE, frame};
	}
	if (file)
		fclose(file);
}

static void read_walks(unsigned zeros)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (isdigit((unsigned char)entry->d_name[0]))
			read_walk((unsigned)atoi(entry->d_name), zeros);
	if (folder)
		closedir(folder);
}

static unsigned count_frames(void)
{
	uint64_t word;
	unsigned count = 0;
	int fd = open("/proc/kpagecount", O_RDONLY);

	while (fd >= 0 && pread(fd, &word, sizeof(word), (off_t)count * 8) == sizeof(word))
		count++;
	if (fd >= 0)
		close(fd);
	return count;
}

/* ---- the table --------------------------------------------------------------------- */

static unsigned hash(unsigned pid, unsigned page)
{
	uint32_t mixed = (page ^ pid << 20) * 2654435761u;

	return (mixed >> 12) & (anchor_count - 1);
}

static void insert(const struct mapping *mapping)
{
	unsigned at = mapping->frame, *anchor = &anchors[hash(mapping->pid, mapping->page)];

	if (records[at].pid)
		at = frame_count + aliases++;
	records[at].pid = mapping->pid;
	records[at].page = mapping->page;
	records[at].frame = mapping->frame;
	records[at].next = *anchor;
	*anchor = at;
}

static void build(void)
{
	for (anchor_count = 1; anchor_count < frame_count; anchor_count *= 2)
		;
	for (unsigned i = 0; i < anchor_count; i++)
		anchors[i] = NONE;
	for (unsigned i = 0; i < mapping_count; i++)
		insert(&mappings[i]);
}

/* The frame, or NONE. *words: so many were read: the anchor, and each record of the chain. */
static unsigned look_up(unsigned pid, unsigned page, unsigned *words)
{
	unsigned at = anchors[hash(pid, page)];

	for (*words = 1; at != NONE; at = records[at].next) {
		++*words;
		if (records[at].pid == pid && records[at].page == page)
			return records[at].frame;
	}
	return NONE;
}

static void show_chains(void)
{
	unsigned chains[CHAIN_SHOWN + 1] = {0};

	for (unsigned i = 0; i < anchor_count; i++) {
		unsigned length = 0;
		for (unsigned at = anchors[i]; at != NONE; at = records[at].next)
			length++;
		chains[length < CHAIN_SHOWN ? length : CHAIN_SHOWN]++;
	}
	say("  %u frames, %u anchors, %u pages in memory. Chains:", frame_count, anchor_count,
	    mapping_count);
	for (unsigned length = 0; length <= CHAIN_SHOWN; length++)
		say("  %6u of %u%s", chains[length], length, length == CHAIN_SHOWN ? " or more" : "");
}

/* Looks each page up that is in memory; how many words that took, the most for one of them. */
static unsigned look_all_up(unsigned *most)
{
	unsigned all = 0, words;

	for (unsigned i = 0; i < mapping_count; i++) {
		const struct mapping *mapping = &mappings[i];
		if (look_up(mapping->pid, mapping->page, &words) != mapping->frame)
			return 0;
		all += words;
		if (words > *most)
			*most = words;
	}
	return all;
}

/* The same for as many pages that are nowhere. */
static unsigned look_absent_up(void)
{
	unsigned all = 0, words;

	for (unsigned i = 0; i < mapping_count; i++)
		if (look_up(mappings[i].pid, mappings[i].page + 0x40000, &words) == NONE)
			all += words;
	return all;
}

static void show_cost(void)
{
	unsigned most = 0, all = look_all_up(&most), absent = look_absent_up();
	unsigned tables = (unsigned)vmstat("nr_page_table_pages") * PAGE / KIB;
	unsigned bytes = frame_count * sizeof(records[0]) + anchor_count * sizeof(anchors[0]);

	step("words read for a look-up");
	say("  inverted, a page in memory    %u.%02u on the average, %u at most",
	    all / mapping_count, all % mapping_count * 100 / mapping_count, most);
	say("  inverted, a page that is not  %u.%02u", absent / mapping_count,
	    absent % mapping_count * 100 / mapping_count);
	say("  two levels                    %u, or 1 where there is no table", TWO_LEVELS);
	say("  In memory: %u KiB inverted, however many processes; %u KiB of directories and tables\n"
	    "  (with what Pagoda keeps beside them) for those that run now.",
	    bytes / KIB, tables);
	claim(all >= TWO_LEVELS * mapping_count,
	      "all %u are found; no look-up of the hash is shorter than two levels", mapping_count);
}

static int writer(void *ready)
{
	char *memory = memory_map(CHILD_PAGES * PAGE);

	touch_write(memory, CHILD_PAGES);
	if (write(*(int *)ready, "r", 1) != 1)
		return 1;
	pause();
	return 0;
}

static void start_children(pid_t *children)
{
	int ready[2];
	char word;

	if (pipe(ready))
		give_up("no pipe");
	for (unsigned i = 0; i < CHILDREN; i++) {
		children[i] = child_start(writer, &ready[1]);
		if (read(ready[0], &word, 1) != 1)
			give_up("a child is gone");
	}
}

void demo_inverted(void)
{
	pid_t children[CHILDREN];
	unsigned shared = frame_of(0, (void *)(uintptr_t)demo_inverted), mapped = 0;
	char *zeros = memory_map(PAGE);

	frame_count = count_frames();
	if (frame_count > FRAMES_MAX || frame_count == 0)
		give_up("%u frames; %u are enough to see it (make qemu MEM=16)", frame_count, FRAMES_MAX);
	say("Three children write %u pages each. Then every process's table is read, and an inverted\n"
	    "one built of them: one record a frame, and a hash with an anchor for each.", CHILD_PAGES);
	start_children(children);
	touch_read(zeros, 1);
	read_walks(frame_of(0, zeros));
	build();
	step("the hash");
	show_chains();
	show_cost();

	step("a frame that several have");
	for (unsigned i = 0; i < mapping_count; i++)
		mapped += mappings[i].frame == shared;
	say("  A frame's record has room for one page of one process. %u pages lie in a frame that\n"
	    "  another record has already, and took a record more: sharing is what does not fit.",
	    aliases);
	claim(mapped == CHILDREN + 1 && times_mapped(shared) == mapped,
	      "this function's frame %#x is mapped %u times; /proc/kpagecount says the same", shared,
	      mapped);
	for (unsigned i = 0; i < CHILDREN; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	say("  Pagoda's frame table has this direction only, from a frame to the entries that map it\n"
	    "  (vm/frame.h, vm/rmap.h); the processor wants the two levels for the other one.");
	try_next("  demo tables                   what directories and tables take\n"
	         "  od -A d -t u8 /proc/kpagecount | head    how often each frame is mapped\n");
}
