/* SPDX-License-Identifier: MIT */
/* host-test: tests/host/standin/kernel.c lib/tree.c */
/* host-cflags: -m32 -no-pie -Wl,--unresolved-symbols=ignore-in-object-files */
/*
 * Which row of the page-fault table a fault is: every combination of what a page can have and
 * how it is touched, against the table as the chapter prints it. classify() is taken from
 * the source itself; what the rows then do is not called, so what they need is not linked.
 */
#include "vm/fault.c"

#include "tests/host/standin/kernel.h"
#include "tests/host/tap.h"
#include "vm/source.h"

#define PLACE 0x08048000u /* where the page lies, the middle one of an area of three */

static struct page_source source = {.size = 0x2000};
static struct anon anon_of_page;
static struct area area;
#define SPAN (PLACE >> SPAN_SHIFT)
static pte_t directory[ENTRIES_PER_TABLE] = {[SPAN] = PTE_P};
static struct anon *leaf[ENTRIES_PER_TABLE];
static struct anon **leaves[USER_TABLES] = {[SPAN] = leaf};
static struct spt spt = {
	.stack_limit = 8u << 20, .leaves = {leaves},
	.pagedir = {.root = directory, .spares = (struct mapping *)directory},
};
static bool area_covers;
static uint32_t sharers = 1; /* of the span */

bool commit_allows(uint32_t pages)
{
	return pages < 0x100000;
}

struct area *area_find_slowly(struct areas *space, uintptr_t address)
{
	(void)space;
	return area_covers && address >= area_start(&area) && address < area.end ? &area : NULL;
}

struct area *area_from(const struct areas *space, uintptr_t address)
{
	(void)space;
	return area_covers && address < area.end ? &area : NULL;
}

uint32_t spt_sharers(const struct spt *space, uintptr_t address)
{
	(void)space;
	(void)address;
	return sharers;
}

bool spt_owns(const struct spt *space, uintptr_t address)
{
	(void)space;
	(void)address;
	return sharers == 1;
}

static enum row row_of(uintptr_t address, bool write)
{
	struct fault fault = {.spt = &spt, .page = address, .write = write};
	return classify(&fault);
}

/* --- the table, once more in other words ---------------------------------------------- */

enum behind { NOTHING, FILE_THERE, FILE_ENDS_WITHIN, FILE_ENDED_BEFORE, FILE_TOO_SHORT };

struct page_case {
	uint32_t rights;
	uint32_t references; /* of its anon; 0: none */
	uint32_t sharers;    /* of the leaf that names it */
	enum behind behind;
	bool shared, write;
};

static void build(const struct page_case *page)
{
	area = (struct area){
		.node.key = PLACE - PAGE_SIZE,
		.end = PLACE + 2 * PAGE_SIZE,
		.flags = page->rights | (page->shared ? AREA_SHARED : 0),
		.source = page->behind == NOTHING ? NULL : &source,
		.first_page = page->behind == FILE_TOO_SHORT ? 1 : 0,
		.file_end = UINTPTR_MAX,
	};
	if (page->behind == FILE_ENDS_WITHIN)
		area.file_end = PLACE + 100;
	if (page->behind == FILE_ENDED_BEFORE)
		area.file_end = PLACE - 100;
	area_covers = true;
	anon_of_page.references = page->references;
	leaf[table_index(PLACE)] = page->references ? &anon_of_page : NULL;
	sharers = page->sharers;
	spt.shared_spans = sharers > 1;
}

static enum row expected(const struct page_case *page)
{
	bool readable = page->rights != 0; /* on this processor, whatever the right */
	if (page->write ? !(page->rights & AREA_WRITE) : !readable)
		return FORBIDDEN;
	if (page->sharers > 1 && (page->write || page->references == 0))
		return UNSHARE;
	if (page->references == 1 && page->sharers == 1)
		return ANON_OWN;
	if (page->references > 0)
		return page->write ? ANON_COPY : ANON_SHARED;
	switch (page->behind) {
	case NOTHING:
	case FILE_ENDED_BEFORE:
		return page->write ? ZERO_FILL : ZERO_MAP;
	case FILE_TOO_SHORT:
		return PAST_END;
	case FILE_ENDS_WITHIN:
		return FILE_COPY; /* read or write: the rest of the page is zeros */
	default:
		return page->shared ? FILE_SHARED : page->write ? FILE_COPY : FILE_READ;
	}
}

/* What cannot be: a shared area's pages have no anons, and it is a file's all through. */
static bool possible(const struct page_case *page)
{
	return !page->shared || (page->references == 0 && (page->behind == FILE_THERE ||
	                                                   page->behind == FILE_TOO_SHORT));
}

static void check_table(void)
{
	bool right[ROWS], seen[ROWS] = {false};
	uint32_t cases = 0;
	memset(right, true, sizeof(right));
	for (uint32_t bits = 0; bits < 8 * 3 * 5 * 8; bits++) {
		struct page_case page = {
			.rights = bits % 8,
			.references = bits / 8 % 3,
			.behind = bits / 24 % 5,
			.shared = bits / 120 & 1,
			.write = bits / 120 & 2,
			.sharers = bits / 120 & 4 ? 2 : 1,
		};
		if (!possible(&page))
			continue;
		build(&page);
		enum row row = expected(&page);
		right[row] = right[row] && row_of(PLACE, page.write) == row;
		seen[row] = true;
		cases++;
	}
	CHECK(seen[FORBIDDEN] && right[FORBIDDEN]);
	CHECK(seen[ANON_OWN] && right[ANON_OWN]);
	CHECK(seen[ANON_SHARED] && right[ANON_SHARED]);
	CHECK(seen[ANON_COPY] && right[ANON_COPY]);
	CHECK(seen[ZERO_MAP] && right[ZERO_MAP]);
	CHECK(seen[ZERO_FILL] && right[ZERO_FILL]);
	CHECK(seen[FILE_SHARED] && right[FILE_SHARED]);
	CHECK(seen[FILE_READ] && right[FILE_READ]);
	CHECK(seen[FILE_COPY] && right[FILE_COPY]);
	CHECK(seen[PAST_END] && right[PAST_END]);
	CHECK(seen[UNSHARE] && right[UNSHARE]);
	printf("# %u cases\n", cases);
}

static void check_no_area(void)
{
	area_covers = false;
	CHECK(row_of(PLACE, false) == NO_AREA && row_of(PLACE, true) == NO_AREA);
	build(&(struct page_case){.rights = AREA_READ | AREA_WRITE, .sharers = 1});
	check_that(row_of(area.end, true) == NO_AREA, "the first byte behind an area is outside");
	check_that(row_of(area_start(&area), true) == ZERO_FILL, "its first page is inside");
	check_that(row_of(PLACE - 2 * PAGE_SIZE, true) == NO_AREA, "only stacks grow");
	directory[SPAN] = 0;
	check_that(row_of(PLACE, true) == MAKE_TABLES, "a page table is asked for");
	directory[SPAN] = PTE_P;
	leaves[SPAN] = NULL;
	check_that(row_of(PLACE, true) == MAKE_TABLES, "and a leaf");
	leaves[SPAN] = leaf;
}

/* A stack of one page, with `room` bytes free below it. */
static void build_stack(uintptr_t room)
{
	build(&(struct page_case){.rights = AREA_READ | AREA_WRITE});
	area.flags |= AREA_GROWS_DOWN;
	area.end = USER_STACK_TOP;
	area.node.key = USER_STACK_TOP - PAGE_SIZE;
	area.gap_before = room;
}

static void check_stack(void)
{
	uintptr_t lowest = USER_STACK_TOP - spt.stack_limit;
	uintptr_t all = USER_STACK_TOP - PAGE_SIZE; /* nothing at all lies below */
	build_stack(all);
	check_that(row_of(USER_STACK_TOP - 5 * PAGE_SIZE, true) == GROW_STACK &&
	           area_start(&area) == USER_STACK_TOP - PAGE_SIZE,
	           "a stack may grow to the page; the decision does not do it");
	CHECK(row_of(lowest, true) == GROW_STACK);
	check_that(row_of(lowest - PAGE_SIZE, true) == NO_AREA, "not past its limit");
	build_stack(STACK_GUARD_GAP + 3 * PAGE_SIZE);
	CHECK(row_of(USER_STACK_TOP - 4 * PAGE_SIZE, true) == GROW_STACK);
	check_that(row_of(USER_STACK_TOP - 5 * PAGE_SIZE, true) == NO_AREA,
	           "nor into the gap above what lies below");
	spt.stack_limit = UINT32_MAX;
	build_stack(all);
	check_that(row_of(USER_START - PAGE_SIZE, true) == NO_AREA, "nor to the null page");
	CHECK(row_of(USER_START, true) == GROW_STACK);
}

int main(void)
{
	rwlock_write(&spt.lock);
	check_table();
	check_no_area();
	check_stack();
	return tap_done();
}
