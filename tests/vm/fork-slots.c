/* SPDX-License-Identifier: MIT */
/*
 * Two processes that fork made are apart in everything, whatever one of them does to memory of
 * which both still have one page table (on Pagoda, where an area is larger than a few pages):
 * the other one's pages, rights and areas stay as they were. Each change is made once by the
 * child and once by the parent, and looked at by the other.
 *
 * guest: mem=32 swap=16
 */
#include "tests/test.h"

#define COUNT 600u

static char *memory; /* COUNT pages, and as many that are free behind them */
static int go[2], back[2];

static char *page_at(uint32_t page)
{
	return memory + page * PAGE;
}

static void fill(uint32_t seed)
{
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(page_at(i), seed + i);
}

static void check_pages(uint32_t first, uint32_t end, uint32_t seed, const char *whose)
{
	for (uint32_t i = first; i < end; i++)
		CHECK(page_has(page_at(i), seed + i), "%s page %u", whose, i);
}

/* ---- what one of the two does, and then finds ---- */

static void write_one(void)
{
	page_fill(page_at(7), 99);
	check_pages(8, COUNT, 0, "the writer's");
	CHECK(page_has(page_at(7), 99), "what it wrote");
}

static void write_all(void)
{
	fill(5000);
	check_pages(0, COUNT, 5000, "the writer's");
}

static void unmap_some(void)
{
	CHECK(munmap(page_at(100), 50 * PAGE) == 0, "munmap in the middle");
	CHECK(death_of(read_byte, page_at(120)).signal == SIGSEGV, "nothing is there");
	check_pages(150, COUNT, 0, "the other half's");
}

static void unmap_all(void)
{
	CHECK(munmap(memory, COUNT * PAGE) == 0, "munmap");
	CHECK(death_of(read_byte, memory).signal == SIGSEGV, "nothing is there");
}

static void forbid(void)
{
	CHECK(mprotect(page_at(200), 20 * PAGE, PROT_NONE) == 0, "mprotect");
	CHECK(death_of(read_byte, page_at(210)).signal == SIGSEGV, "it may not be read");
	CHECK(mprotect(page_at(200), 20 * PAGE, PROT_READ) == 0, "mprotect");
	CHECK(page_has(page_at(210), 210), "it may be read");
	CHECK(death_of(write_byte, page_at(210)).signal == SIGSEGV, "and not be written");
}

static void map_more(void)
{
	char *more = mmap(page_at(COUNT), COUNT * PAGE, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	CHECK(more == page_at(COUNT), "mmap behind");
	CHECK(all_bytes_are(more, PAGE, 0), "zeros are read");
	page_fill(more + PAGE, 1);
}

static void give_up(void)
{
	CHECK(madvise(page_at(300), 100 * PAGE, MADV_DONTNEED) == 0, "madvise");
	CHECK(all_bytes_are(page_at(350), PAGE, 0), "zeros again");
	check_pages(400, COUNT, 0, "those behind");
}

static void move(void)
{
	CHECK(mremap(page_at(10), 20 * PAGE, 20 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	             page_at(COUNT + 10)) == page_at(COUNT + 10), "mremap");
	CHECK(page_has(page_at(COUNT + 15), 15), "the page has moved");
	CHECK(death_of(read_byte, page_at(15)).signal == SIGSEGV, "from here");
}

static void lock(void)
{
	CHECK(mlock(page_at(50), 10 * PAGE) == 0, "mlock");
	check_pages(50, 60, 0, "the locked");
	CHECK(munlock(page_at(50), 10 * PAGE) == 0, "munlock");
}

static void read_in(void)
{
	char buffer[64];
	int fd = open("/proc/self/status", O_RDONLY);

	CHECK(fd >= 0 && read(fd, page_at(33), 64) == 64 && lseek(fd, 0, SEEK_SET) == 0 &&
	      read(fd, buffer, 64) == 64, "the kernel writes to a page");
	CHECK(memcmp(page_at(33), buffer, 64) == 0, "what was read is there");
	close(fd);
}

static const struct {
	const char *name;
	void (*act)(void);
} acts[] = {
	{"writes a page", write_one}, {"writes all pages", write_all},
	{"unmaps some", unmap_some},  {"unmaps all", unmap_all},
	{"takes rights", forbid},     {"maps more", map_more},
	{"gives pages up", give_up},  {"moves pages", move},
	{"locks pages", lock},        {"reads into a page", read_in},
};

/* Nothing of all that is seen here. */
static void check_untouched(void)
{
	check_pages(0, COUNT, 0, "the other's");
	page_fill(page_at(210), 210); /* and it may still be written */
	check_pages(0, COUNT, 0, "the other's");
	CHECK(death_of(read_byte, page_at(COUNT)).signal == SIGSEGV, "nothing is behind");
}

static void wait_for(int end)
{
	char word;
	CHECK(read(end, &word, 1) == 1, "a word");
}

static void tell(int end)
{
	CHECK(write(end, "g", 1) == 1, "a word");
}

static void child_acts(void (*act)(void))
{
	pid_t child = fork_checked();

	if (!child) {
		act();
		tell(back[1]);
		wait_for(go[0]);
		_exit(0);
	}
	wait_for(back[0]);
	check_untouched();
	tell(go[1]);
	wait_success(child);
	check_untouched();
}

/* The same with the parent acting; a process of its own, as there may be nothing left of it. */
static void parent_acts(void *act)
{
	pid_t child = fork_checked();

	if (!child) {
		wait_for(go[0]);
		check_untouched();
		_exit(0);
	}
	((void (*)(void))act)();
	tell(go[1]);
	wait_success(child);
}

/* A chain of children, each of which changes a page and has a child of its own. */
static void descend(uint32_t depth)
{
	pid_t child;

	if (depth == 0)
		return;
	child = fork_checked();
	if (!child) {
		for (uint32_t i = 0; i < COUNT; i++)
			CHECK(page_has(page_at(i), i % 8 > depth ? 100 * (i % 8) : i),
			      "page %u of generation %u", i, 8 - depth);
		for (uint32_t i = depth; i < COUNT; i += 8)
			page_fill(page_at(i), 100 * depth);
		descend(depth - 1);
		_exit(0);
	}
	wait_success(child);
}

int main(void)
{
	memory = mmap(NULL, 2 * COUNT * PAGE, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED && munmap(page_at(COUNT), COUNT * PAGE) == 0, "memory");
	CHECK(pipe(go) == 0 && pipe(back) == 0, "pipes");
	fill(0);

	for (uint32_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		child_acts(acts[i].act);
		in_child(parent_acts, acts[i].act);
		say("one %s: the other has what it had", acts[i].name);
	}
	descend(7);
	check_pages(0, COUNT, 0, "the first one's");
	say("seven generations, each with what it wrote");
	return 0;
}
