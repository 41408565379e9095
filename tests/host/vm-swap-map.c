/* SPDX-License-Identifier: MIT */
/* host-test: vm/swap.c lib/bitmap.c tests/host/standin/kernel.c */
/* host-cflags: -m32 */
/* Which headers of a swap device are refused, and which slots are given out when. */
#include "vm/swap.h"

#include <asm/errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cpu/paging.h"
#include "kernel/dev/block.h"
#include "tests/host/standin/kernel.h"
#include "tests/host/tap.h"
#include "vm/frame.h"
#include "vm/vm.h"

#define CHUNK 32768u           /* slots of one bitmap */
#define LAST_PAGE (2 * CHUNK + 77)
#define STEPS 200000

static unsigned char header[PAGE_SIZE];
static int read_error;
static struct block_device device = {.name = "vdb", .sectors = (LAST_PAGE + 1) * 8};
static bool used[LAST_PAGE + 1];

int block_transfer(struct block_device *from, bool write, uint32_t sector, void *data,
                   uint32_t sectors)
{
	(void)from;
	if (read_error)
		return read_error;
	if (!write && sector == 0 && sectors == SECTORS_PER_PAGE)
		memcpy(data, header, PAGE_SIZE);
	return 0;
}

static uint32_t transfer_sector;
static bool transfer_writes;

void frame_io_start(struct frame *frame, struct block_device *to, uint32_t sector, bool write)
{
	(void)frame;
	(void)to;
	transfer_sector = sector;
	transfer_writes = write;
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
	check_that(swap_on(&device) == -EINVAL && !swap_available() && !swap_device_name(), name);
}

static void check_headers(void)
{
	check_that(swap_on(&device) == -EINVAL, "no signature is refused");
	check_header(0, LAST_PAGE, 0, "an old version is refused");
	check_header(1, LAST_PAGE, 1, "bad pages are refused");
	check_header(1, 0, 0, "no pages are refused");
	check_header(1, LAST_PAGE + 1, 0, "more pages than the device has are refused");
	check_header(1, UINT32_MAX, 0, "and as many as there can be, too");

	make_header(1, LAST_PAGE, 0);
	read_error = -EIO;
	check_that(swap_on(&device) == -EIO, "a device that cannot be read is refused");
	read_error = 0;
	bool refused = true;
	for (int i = 0; i < 4; i++) {
		standin_allocations_left = i; /* the header, then a bitmap for each chunk */
		refused = refused && swap_on(&device) == -ENOMEM && standin_objects == 0;
	}
	standin_allocations_left = -1;
	check_that(refused, "without memory it is refused, and nothing is left behind");
	CHECK(swap_on(&device) == 0);
	CHECK(swap_on(&device) == -EBUSY);
	CHECK(swap_total() == LAST_PAGE && swap_used() == 0);
	CHECK(strcmp(swap_device_name(), "vdb") == 0);
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
	CHECK(transfer_sector == 8 && transfer_writes);
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
	return tap_done();
}
