/* SPDX-License-Identifier: MIT */
/* host-test: vm/swap.c lib/bitmap.c lib/string.c tests/host/standin/kernel.c */
/* host-cflags: -m32 -include tests/host/lib-names.h */
/* Which headers of a swap area are refused, which slots are given out when, and where on the
 * disk they lie. */
#include "vm/swap.h"

#include <asm/errno.h>
#include <stdlib.h>

#include "kernel/cpu/paging.h"
#include "kernel/dev/block.h"
#include "lib/string.h"
#include "tests/host/standin/kernel.h"
#include "tests/host/tap.h"
#include "vm/anon.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/vm.h"

#define CHUNK 32768u           /* slots of one bitmap */
#define LAST_PAGE (2 * CHUNK + 77)
#define PAGE_BITS 28           /* of a slot's number; the area is above */
#define FILE_SECTOR 8000u      /* of the other area, a file: where it begins */
#define STEPS 200000

static unsigned char header[PAGE_SIZE];
static int read_error;
static struct block_device device = {.name = "vdb", .sectors = (LAST_PAGE + 1) * 8};
static bool used[LAST_PAGE + 1];

int block_transfer(struct block_device *from, bool write, uint32_t sector, void *data,
                   uint32_t sectors)
{
	uint32_t first = from == &device ? 0 : FILE_SECTOR;
	if (read_error)
		return read_error;
	if (!write && sector == first && sectors == SECTORS_PER_PAGE)
		memcpy(data, header, PAGE_SIZE);
	return 0;
}

static uint32_t transfer_sector;
static bool transfer_writes;
static struct block_device *transfer_device;

void frame_io_start(struct frame *frame, struct block_device *to, uint32_t sector, bool write)
{
	(void)frame;
	transfer_device = to;
	transfer_sector = sector;
	transfer_writes = write;
}

int pagecache_sync(struct page_source *source, uint32_t first, uint32_t end)
{
	(void)source;
	(void)first;
	(void)end;
	return 0;
}

/* No address space has anything there; the hook for tmpfs is what empties an area here. */
struct spt *spt_next(struct spt *previous)
{
	(void)previous;
	return NULL;
}

void spt_put(struct spt *spt)
{
	(void)spt;
}

struct anon *spt_next_anon(struct spt *spt, uintptr_t *address)
{
	(void)spt;
	(void)address;
	return NULL;
}

int anon_release_slot(struct anon *anon)
{
	(void)anon;
	return 0;
}

void thread_yield(void)
{
}

static void set_word(uint32_t offset, uint32_t value)
{
	memcpy(header + offset, &value, sizeof(value));
}

/* As mkswap(8) writes it: version, last page and bad pages from byte 1024 on, the signature
 * in the last ten bytes. */
static void make_header(uint32_t version, uint32_t last_page, uint32_t bad_pages)
{
	memset(header, 0, sizeof(header));
	memcpy(header + PAGE_SIZE - 10, "SWAPSPACE2", 10);
	set_word(1024, version);
	set_word(1028, last_page);
	set_word(1032, bad_pages);
}

static void check_header(uint32_t version, uint32_t last_page, uint32_t bad_pages,
                         const char *name)
{
	make_header(version, last_page, bad_pages);
	check_that(swap_on("vdb", &device, NULL) == -EINVAL && !swap_available() &&
	           !swap_uses_device(&device), name);
}

static void check_headers(void)
{
	check_that(swap_on("vdb", &device, NULL) == -EINVAL, "no signature is refused");
	check_header(0, LAST_PAGE, 0, "an old version is refused");
	check_header(1, LAST_PAGE, 1, "bad pages are refused");
	check_header(1, 0, 0, "no pages are refused");
	check_header(1, LAST_PAGE + 1, 0, "more pages than the device has are refused");
	check_header(1, UINT32_MAX, 0, "and as many as there can be, too");

	make_header(1, LAST_PAGE, 0);
	read_error = -EIO;
	check_that(swap_on("vdb", &device, NULL) == -EIO, "a device that cannot be read is refused");
	read_error = 0;
	bool refused = true;
	for (int i = 0; i < 5; i++) {
		/* The header, the extents, then a bitmap for each chunk. */
		standin_allocations_left = i;
		refused = refused && swap_on("vdb", &device, NULL) == -ENOMEM &&
		          standin_objects == 0;
	}
	standin_allocations_left = -1;
	check_that(refused, "without memory it is refused, and nothing is left behind");
	CHECK(swap_on("vdb", &device, NULL) == 0);
	CHECK(swap_on("vdb", &device, NULL) == -EBUSY);
	check_that(swap_on("again", &device, NULL) == -EBUSY, "nor under another name");
	CHECK(swap_total() == LAST_PAGE && swap_used() == 0 && swap_uses_device(&device));
}

static void check_filling(void)
{
	bool rising = true;
	for (uint32_t slot = 1; slot <= LAST_PAGE; slot++)
		rising = rising && swap_available() && swap_slot_alloc() == slot;
	check_that(rising, "an empty map gives out rising slots, from 1 to the last");
	check_that(!swap_available() && swap_slot_alloc() == 0, "a full one gives none");
	CHECK(swap_used() == swap_total());

	swap_slot_free(CHUNK + 5);
	CHECK(!swap_slot_in_use(CHUNK + 5) && swap_slot_in_use(CHUNK + 6));
	check_that(swap_slot_alloc() == CHUNK + 5, "the only free slot is found, anywhere");
	CHECK(!swap_slot_in_use(0) && !swap_slot_in_use(LAST_PAGE + 1));

	for (uint32_t slot = 1; slot <= LAST_PAGE; slot++)
		swap_slot_free(slot);
	CHECK(swap_used() == 0);
}

static void check_next_fit(void)
{
	uint32_t first = swap_slot_alloc();
	uint32_t second = swap_slot_alloc();
	swap_slot_free(first);
	check_that(second == first + 1 && swap_slot_alloc() == second + 1,
	           "the search goes on behind the last slot, not at one just freed");
	swap_slot_free(second);
	swap_slot_free(second + 1);
	CHECK(swap_used() == 0);
}

/* Random taking and freeing, nearly full and nearly empty by turns. */
static void check_random(void)
{
	uint32_t count = 0;
	bool good = true;
	srand(4);
	for (int step = 0; step < STEPS && good; step++) {
		bool filling = step / 70000 % 2 == 0;
		if (rand() % 8 < (filling ? 7 : 1)) {
			uint32_t slot = swap_slot_alloc();
			good = count == LAST_PAGE ? slot == 0
			                          : slot > 0 && slot <= LAST_PAGE && !used[slot];
			count += slot != 0;
			used[slot] = slot != 0;
		} else {
			uint32_t slot = 1 + rand() % LAST_PAGE;
			good = swap_slot_in_use(slot) == used[slot];
			if (used[slot]) {
				swap_slot_free(slot);
				used[slot] = false;
				count--;
			}
		}
		good = good && swap_used() == count;
	}
	check_that(good, "200000 random steps agree with an array of bool");
}

static void check_transfers(void)
{
	swap_read(LAST_PAGE, NULL);
	CHECK(transfer_sector == LAST_PAGE * 8 && !transfer_writes);
	swap_write(1, NULL);
	CHECK(transfer_sector == 8 && transfer_writes && transfer_device == &device);
}

/* --- a second area, in a file of 21 pages that lies in three pieces ----------------------- */

#define FILE_PAGES 21u

static int file_references;
static uint32_t hole = UINT32_MAX;

static uint32_t file_sector(struct page_source *source, uint32_t page)
{
	(void)source;
	if (page == hole)
		return 0;
	return page < 10 ? FILE_SECTOR + page * 8 : page < 11 ? 160 : 4000 + page * 8;
}

static void file_get(struct page_source *source)
{
	(void)source;
	file_references++;
}

static void file_put(struct page_source *source)
{
	(void)source;
	file_references--;
}

static const struct page_source_ops file_ops = {
	.sector = file_sector, .get = file_get, .put = file_put,
};
static struct page_source file = {.ops = &file_ops, .size = FILE_PAGES * PAGE_SIZE};
static struct block_device other_device = {.name = "vda", .sectors = 100000};

static bool sector_is_right(uint32_t page)
{
	swap_read(1u << PAGE_BITS | page, NULL);
	return transfer_sector == file_sector(&file, page) && transfer_device == &other_device;
}

/* Frees what check_file() took there, as swapoff asks every holder of slots to. */
static int empty_file(uint32_t index)
{
	spin_lock(&vm_lock);
	for (uint32_t page = 1; page < FILE_PAGES; page++)
		if (swap_slot_in_use(index << PAGE_BITS | page))
			swap_slot_free(index << PAGE_BITS | page);
	spin_unlock(&vm_lock);
	return 0;
}

static int empty_not(uint32_t index)
{
	(void)index;
	return -ENOMEM;
}

static void check_file(void)
{
	bool in_order = true, placed = true;
	make_header(1, FILE_PAGES - 1, 0);
	hole = 7;
	check_that(swap_on("/swap", &other_device, &file) == -EINVAL && file_references == 0 &&
	           !file.carries_swap, "a file with a hole is refused");
	hole = UINT32_MAX;
	CHECK(swap_on("/swap", &other_device, &file) == 0 && file_references == 1);
	CHECK(file.carries_swap && !swap_uses_device(&other_device));
	CHECK(swap_total() == LAST_PAGE + FILE_PAGES - 1);

	spin_lock(&vm_lock);
	while (swap_used() < LAST_PAGE)
		swap_slot_alloc();
	for (uint32_t page = 1; page < FILE_PAGES; page++)
		in_order = in_order && swap_slot_alloc() == (1u << PAGE_BITS | page);
	check_that(in_order && swap_slot_alloc() == 0, "the second area is used after the first");
	spin_unlock(&vm_lock);
	for (uint32_t page = 1; page < FILE_PAGES; page++)
		placed = placed && sector_is_right(page);
	check_that(placed, "each slot lies where its page of the file does");

	swap_set_empty_hook(empty_not);
	check_that(swap_off("/swap") == -ENOMEM && swap_total() == LAST_PAGE + FILE_PAGES - 1,
	           "an area that cannot be emptied stays");
	swap_set_empty_hook(empty_file);
	CHECK(swap_off("/swap") == 0 && file_references == 0 && !file.carries_swap);
	check_that(swap_total() == LAST_PAGE && swap_used() == LAST_PAGE && !swap_available(),
	           "one that was emptied is gone, the other one still full");
	CHECK(swap_off("/swap") == -EINVAL);
}

int main(void)
{
	check_headers();
	spin_lock(&vm_lock);
	check_filling();
	check_next_fit();
	check_random();
	spin_unlock(&vm_lock);
	check_transfers();
	check_file();
	return tap_done();
}
