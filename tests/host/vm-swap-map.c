/* SPDX-License-Identifier: MIT */
/* host-test: vm/swap.c vm/swapon.c lib/bitmap.c tests/host/standin/kernel.c */
/* host-cflags: -m32 */
/*
 * Which headers of a swap area are refused; which slots are given out when, of one area and of
 * several; where on the disk the pages of a swap file lie; and how an area is closed.
 */
#include "vm/commit.h"
#include "vm/swap.h"

#include <asm/errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cpu/paging.h"
#include "kernel/dev/block.h"
#include "kernel/sched/thread.h"
#include "tests/host/standin/kernel.h"
#include "tests/host/tap.h"
#include "vm/anon.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/shmem.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/swapon.h"
#include "vm/vm.h"

#define CHUNK 32768u           /* slots of one bitmap */
#define LAST_PAGE (2 * CHUNK + 77)
#define SMALL_LAST 9u
#define STEPS 200000
#define AREA(n) ((uint32_t)(n) << 28)
#define AREAS 8

void commit_set_swap(uint32_t pages)
{
	(void)pages;
}

static unsigned char header[PAGE_SIZE];
static int read_error;
static uint32_t header_sector; /* where it was read from last */
static struct block_device device = {.name = "vdb", .sectors = (LAST_PAGE + 1) * 8};
static struct block_device small = {.name = "vdc", .sectors = (SMALL_LAST + 1) * 8};
static bool used[LAST_PAGE + 1];

int block_transfer(struct block_device *from, bool write, uint32_t sector, void *data,
                   uint32_t sectors)
{
	(void)from;
	header_sector = sector;
	if (read_error)
		return read_error;
	if (!write && sectors == SECTORS_PER_PAGE)
		memcpy(data, header, PAGE_SIZE);
	return 0;
}

static struct block_device *transfer_device;
struct frame *frames;
static struct frame a_frame;
static uint32_t transfer_sector;
static bool transfer_writes;

void frame_io_start(struct frame *frame, struct block_device *to, uint32_t sector, bool write)
{
	(void)frame;
	transfer_device = to;
	transfer_sector = sector;
	transfer_writes = write;
}

size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t length = strlen(from), n = length < size ? length : size - 1;
	memcpy(to, from, n);
	to[n] = '\0';
	return length;
}

/* ---- one address space of four pages, and shared memory of one ---- */

static struct spt space;
static struct anon anons[4];
static uint32_t other_slot;    /* the shared memory's */
static int release_error;
static int releases, pauses;
static uint32_t passing;       /* a slot that somebody gives up at a late pause */
static bool refills;           /* the space swaps out again what was brought in */

struct spt *spt_next(struct spt *previous)
{
	return previous ? NULL : &space;
}

void spt_put(struct spt *spt)
{
	(void)spt;
}

struct anon *spt_next_anon(struct spt *spt, uintptr_t *address)
{
	(void)spt;
	return *address / PAGE_SIZE < 4 ? &anons[*address / PAGE_SIZE] : NULL;
}

int anon_release_slot(struct anon *anon)
{
	releases++;
	if (release_error)
		return release_error;
	spin_lock(&vm_lock);
	swap_slot_free(anon->slot);
	anon->slot = refills ? swap_slot_alloc() : 0;
	spin_unlock(&vm_lock);
	return 0;
}

int shmem_leave_swap(uint32_t area)
{
	spin_lock(&vm_lock);
	if (swap_slot_on(other_slot, area)) {
		swap_slot_free(other_slot);
		other_slot = 0;
	}
	spin_unlock(&vm_lock);
	return 0;
}

#define LATE 5000

uint64_t clock_now(void)
{
	return 0;
}

void thread_sleep_until(uint64_t deadline)
{
	(void)deadline;
	if (++pauses != LATE)
		return;
	spin_lock(&vm_lock);
	swap_slot_free(passing);
	spin_unlock(&vm_lock);
}

/* ---- a file in three pieces ---- */

#define FILE_PAGES 12u

static uint32_t file_sectors[FILE_PAGES]; /* of each page; 0: a hole */
static int references, sync_error;

static bool file_get(struct page_source *source)
{
	(void)source;
	references++;
	return true;
}

static void file_put(struct page_source *source)
{
	(void)source;
	references--;
}

static uint32_t file_sector(struct page_source *source, uint32_t index)
{
	(void)source;
	return file_sectors[index];
}

static const struct page_source_ops file_ops = {.get = file_get, .put = file_put,
                                                .sector = file_sector};
static const struct page_source_ops no_swap_ops = {.get = file_get, .put = file_put};
static struct page_source file = {.ops = &file_ops, .size = FILE_PAGES * PAGE_SIZE};

int pagecache_make_durable(struct page_source *source, uint32_t first, uint32_t end,
                           bool data_only, uint32_t *told)
{
	(void)source, (void)first, (void)end, (void)data_only, (void)told;
	return sync_error;
}

void pagecache_drop_clean_of(struct page_source *source)
{
	(void)source;
}

static void lay_out_file(void)
{
	for (uint32_t i = 0; i < FILE_PAGES; i++)
		file_sectors[i] = i < 5 ? 800 + 8 * i : i < 6 ? 80 : 160 + 8 * i;
}

/* ---- headers ---- */

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

/* No area is left that was begun. */
static bool nothing_open(void)
{
	struct swap_info info;
	for (uint32_t i = 0; swap_describe(i, &info); i++)
		if (info.name[0])
			return false;
	return !swap_available() && swap_total() == 0 && standin_objects == 0;
}

static void check_header(uint32_t version, uint32_t last_page, uint32_t bad_pages,
                         const char *name)
{
	make_header(version, last_page, bad_pages);
	check_that(swap_on("/dev/vdb", &device, NULL) == -EINVAL && nothing_open(), name);
}

static void check_headers(void)
{
	check_that(swap_on("/dev/vdb", &device, NULL) == -EINVAL, "no signature is refused");
	check_header(0, LAST_PAGE, 0, "an old version is refused");
	check_header(1, LAST_PAGE, 1, "bad pages are refused");
	check_header(1, 0, 0, "no pages are refused");
	check_header(1, LAST_PAGE + 1, 0, "more pages than the device has are refused");
	check_header(1, UINT32_MAX, 0, "and as many as there can be, too");

	make_header(1, LAST_PAGE, 0);
	read_error = -EIO;
	check_that(swap_on("/dev/vdb", &device, NULL) == -EIO, "nor one that cannot be read");
	read_error = 0;
	bool refused = true;
	for (int i = 0; i < 5; i++) {
		/* the header, the extents, then a bitmap for each chunk */
		standin_allocations_left = i;
		refused = refused && swap_on("/dev/vdb", &device, NULL) == -ENOMEM &&
		          nothing_open();
	}
	standin_allocations_left = -1;
	check_that(refused, "without memory it is refused, and nothing is left behind");
	CHECK(swap_off("/dev/vdb") == -EINVAL);

	CHECK(swap_on("/dev/vdb", &device, NULL) == 0);
	CHECK(swap_on("/dev/vdb", &device, NULL) == -EBUSY);
	CHECK(swap_total() == LAST_PAGE && swap_used() == 0);
	struct swap_info info;
	CHECK(swap_describe(0, &info) && strcmp(info.name, "/dev/vdb") == 0 && !info.is_file &&
	      info.slots == LAST_PAGE && info.used == 0);
	CHECK(swap_uses_disk(&device) && !swap_uses_disk(&small));
}

/* ---- the slots of one area ---- */

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
	CHECK(!swap_slot_in_use(AREA(1) | 1) && !swap_slot_in_use(UINT32_MAX));

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
	for (uint32_t slot = 1; slot <= LAST_PAGE; slot++)
		if (used[slot])
			swap_slot_free(slot);
}

static void check_transfers(void)
{
	swap_read(LAST_PAGE, &a_frame);
	CHECK(transfer_device == &device && transfer_sector == LAST_PAGE * 8 && !transfer_writes);
	swap_write(1, &a_frame);
	CHECK(transfer_device == &device && transfer_sector == 8 && transfer_writes);
}

/* ---- files ---- */

static void check_bad_files(void)
{
	lay_out_file();
	make_header(1, FILE_PAGES - 1, 0);
	file_sectors[7] = 0;
	check_that(swap_on("/swapfile", &small, &file) == -EINVAL, "a file with a hole is refused");
	lay_out_file();
	make_header(1, FILE_PAGES, 0);
	CHECK(swap_on("/swapfile", &small, &file) == -EINVAL);
	file.size = 0;
	CHECK(swap_on("/swapfile", &small, &file) == -EINVAL);
	file.size = FILE_PAGES * PAGE_SIZE;
	make_header(1, FILE_PAGES - 1, 0);
	file.ops = &no_swap_ops;
	CHECK(swap_on("/swapfile", &small, &file) == -EINVAL);
	file.ops = &file_ops;
	sync_error = -EIO;
	CHECK(swap_on("/swapfile", &small, &file) == -EIO);
	sync_error = 0;
	check_that(references == 0 && !file.carries_swap, "what is refused is given back");
}

static uint32_t scattered_sector(struct page_source *source, uint32_t index)
{
	(void)source;
	return 16 * index + 8;
}

/* A file in more pieces than there is room for; each is 12 bytes of one page. */
static void check_pieces(void)
{
	uint32_t pages = PAGE_SIZE / 12 + 1;
	struct page_source_ops scattered = file_ops;
	struct page_source broken = {.ops = &scattered, .size = pages * PAGE_SIZE};
	scattered.sector = scattered_sector;
	make_header(1, pages - 1, 0);
	CHECK(swap_on("/broken", &small, &broken) == -EINVAL);
	broken.size -= PAGE_SIZE;
	make_header(1, pages - 2, 0);
	check_that(swap_on("/broken", &small, &broken) == 0, "341 pieces are just not too many");
	bool found = true;
	for (uint32_t page = 1; page < pages - 1; page++) {
		swap_write(AREA(1) | page, &a_frame);
		found = found && transfer_sector == scattered_sector(NULL, page);
	}
	check_that(found, "each page is written where it lies");
	CHECK(swap_off("/broken") == 0);
}

static void check_file(void)
{
	uint32_t objects = standin_objects;
	lay_out_file();
	make_header(1, FILE_PAGES - 1, 0);
	CHECK(swap_on("/swapfile", &small, &file) == 0);
	check_that(header_sector == file_sectors[0], "the header is read where the file lies");
	CHECK(references == 1 && file.carries_swap);
	CHECK(swap_total() == LAST_PAGE + FILE_PAGES - 1);
	check_that(!swap_uses_disk(&small), "a file on a device is not the device");
	struct swap_info info;
	CHECK(swap_describe(1, &info) && strcmp(info.name, "/swapfile") == 0 && info.is_file &&
	      info.slots == FILE_PAGES - 1);
	bool found = true;
	for (uint32_t page = 1; page < FILE_PAGES; page++) {
		swap_read(AREA(1) | page, &a_frame);
		found = found && transfer_device == &small &&
		        transfer_sector == file_sectors[page] && !transfer_writes;
	}
	check_that(found, "each of its pages is read where it lies");
	CHECK(swap_off("/swapfile") == 0);
	CHECK(references == 0 && !file.carries_swap && standin_objects == objects);
	CHECK(swap_describe(1, &info) && !info.name[0] && swap_total() == LAST_PAGE);
}

/* ---- several areas ---- */

static void check_many(void)
{
	static struct block_device devices[AREAS + 1];
	char name[] = "/dev/vd?";
	bool good = true;
	make_header(1, SMALL_LAST, 0);
	for (int i = 1; i < AREAS; i++) {
		name[7] = (char)('b' + i);
		devices[i].sectors = small.sectors;
		good = good && swap_on(name, i == 1 ? &small : &devices[i], NULL) == 0;
	}
	check_that(good && swap_total() == LAST_PAGE + 7 * SMALL_LAST, "eight areas add up");
	CHECK(swap_on("/dev/vdz", &devices[AREAS], NULL) == -EPERM);
	CHECK(swap_on("/dev/vdd", &devices[AREAS], NULL) == -EBUSY);
	CHECK(swap_on("/dev/link-to-vdc", &small, NULL) == -EBUSY);
	struct swap_info info;
	CHECK(swap_describe(7, &info) && !swap_describe(8, &info));
	for (int i = 2; i < AREAS; i++) {
		name[7] = (char)('b' + i);
		good = good && swap_off(name) == 0;
	}
	check_that(good && swap_total() == LAST_PAGE + SMALL_LAST, "and are taken away again");
}

/* Area 0 full, the rest goes to area 1. */
static void check_overflow(void)
{
	spin_lock(&vm_lock);
	for (uint32_t slot = 1; slot <= LAST_PAGE; slot++)
		swap_slot_alloc();
	bool next = true;
	for (uint32_t page = 1; page <= SMALL_LAST; page++)
		next = next && swap_available() && swap_slot_alloc() == (AREA(1) | page);
	check_that(next && !swap_available() && swap_slot_alloc() == 0,
	           "when the first area is full, the second is used");
	swap_slot_free(7);
	check_that(swap_slot_alloc() == 7, "a slot that comes free in the first is used first");
	for (uint32_t page = 1; page <= SMALL_LAST; page++)
		swap_slot_free(AREA(1) | page);
	CHECK(swap_slot_in_use(7) && !swap_slot_in_use(AREA(1) | 7));
	CHECK(swap_slot_on(AREA(1) | 7, 1) && !swap_slot_on(AREA(1) | 7, 0));
	check_that(!swap_slot_on(0, 0), "no slot is in no area");
	for (uint32_t slot = 1; slot <= LAST_PAGE; slot++)
		swap_slot_free(slot);
	spin_unlock(&vm_lock);
}

static void check_broken(void)
{
	spin_lock(&vm_lock);
	for (uint32_t slot = 1; slot <= LAST_PAGE; slot++)
		swap_slot_alloc();
	swap_slot_retire(7);
	swap_slot_retire(LAST_PAGE);
	CHECK(swap_used() == LAST_PAGE - 2 && swap_total() == LAST_PAGE - 2 + SMALL_LAST);
	for (uint32_t page = 1; page <= SMALL_LAST; page++)
		swap_slot_alloc();
	check_that(!swap_available() && swap_slot_alloc() == 0, "a broken slot is not given out");
	for (uint32_t page = 1; page <= SMALL_LAST; page++)
		swap_slot_free(AREA(1) | page);
	for (uint32_t slot = 1; slot < LAST_PAGE; slot++)
		if (slot != 7)
			swap_slot_free(slot);
	spin_unlock(&vm_lock);
	CHECK(swap_used() == 0 && swap_total() == LAST_PAGE - 2 + SMALL_LAST);
}

/* ---- closing ---- */

/* Two pages in area 1, one in area 0, one in memory; the shared memory has one in area 1. */
static void swap_out(void)
{
	CHECK(swap_off("/dev/vdb") == 0);
	CHECK(swap_off("/dev/vdb") == -EINVAL);
	spin_lock(&vm_lock);
	anons[0].slot = swap_slot_alloc();
	anons[3].slot = swap_slot_alloc();
	other_slot = swap_slot_alloc();
	spin_unlock(&vm_lock);
	make_header(1, LAST_PAGE, 0);
	CHECK(swap_on("/dev/vdb", &device, NULL) == 0);
	spin_lock(&vm_lock);
	anons[2].slot = swap_slot_alloc();
	spin_unlock(&vm_lock);
	CHECK(anons[0].slot == (AREA(1) | 1) && other_slot == (AREA(1) | 3) &&
	      anons[2].slot < CHUNK);
	CHECK(swap_used() == 4);
}

static void check_closing(void)
{
	swap_out();

	release_error = -ENOMEM;
	check_that(swap_off("/dev/vdc") == -ENOMEM, "what does not fit into memory stays");
	release_error = -EIO;
	CHECK(swap_off("/dev/vdc") == -EIO);
	check_that(swap_total() == LAST_PAGE + SMALL_LAST && swap_used() == 4 && swap_available(),
	           "and the area goes on being used");
	release_error = 0;

	refills = true; /* as if others swapped out all the time: never into an area that closes */
	releases = 0;
	CHECK(swap_off("/dev/vdc") == 0);
	check_that(releases == 2 && anons[0].slot && anons[3].slot && !other_slot,
	           "every page of the area is brought in, that of shared memory too, and no other");
	check_that(!swap_slot_on(anons[0].slot, 1) && !swap_slot_on(anons[3].slot, 1),
	           "an area that is being closed gives out no slot");
	refills = false;
	CHECK(swap_used() == 3 && swap_total() == LAST_PAGE);
	CHECK(swap_off("/dev/vdb") == 0 && swap_used() == 0 && nothing_open());
}

/* A slot that nobody names (its page was just written for a process that ended). */
static void check_held(void)
{
	make_header(1, SMALL_LAST, 0);
	CHECK(swap_on("/dev/vdc", &small, NULL) == 0);
	spin_lock(&vm_lock);
	passing = swap_slot_alloc();
	spin_unlock(&vm_lock);
	pauses = 0;
	thread_current()->killed = true;
	CHECK(swap_off("/dev/vdc") == -EINTR);
	thread_current()->killed = false;
	check_that(swap_total() == SMALL_LAST && swap_used() == 1, "who is killed lets it be used on");
	check_that(swap_off("/dev/vdc") == 0 && pauses == LATE && nothing_open(),
	           "who closes an area waits for slots in passing, however long it takes");
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
	check_bad_files();
	check_pieces();
	check_file();
	check_many();
	check_overflow();
	check_broken();
	check_closing();
	check_held();
	return tap_done();
}
