/* SPDX-License-Identifier: MIT */
/*
 * /proc/<pid>/maps, smaps, pagemap, walk, mem and their like: what a program was promised, and
 * what of it is where. Under the space's lock the areas stand still; entries and anons are looked
 * at one page at a time under vm_lock, so that a large space holds nobody up.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "kernel/fs/procfs.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/slab.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "userprog/proc_files.h"
#include "userprog/process.h"
#include "vm/anon.h"
#include "vm/area.h"
#include "vm/frame.h"
#include "vm/peek.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/vm.h"

/* ---- one page, seen from both tables ---- */

struct page_view {
	pte_t entry;       /* the hardware's, or 0 */
	bool anon;         /* the supplemental table has an anon */
	uint32_t references, frame, slot; /* of the anon; frame 0: none */
	uint32_t mappings; /* of the frame that the entry maps */
	bool file_page;    /* the entry maps a page of a file, */
	bool shared_page;  /* of one in memory: shared memory, tmpfs */
	bool dirty, referenced;
};

static struct page_view page_look(struct spt *spt, uintptr_t address)
{
	struct page_view view = {0};
	spin_lock(&vm_lock);
	view.entry = pagedir_entry(&spt->pagedir, address);
	const struct anon *anon = spt_anon(spt, address);
	if (anon) {
		view.anon = true;
		view.references = anon->references + spt_sharers(spt, address) - 1;
		view.frame = anon->frame ? frame_number(anon->frame) : 0;
		view.slot = anon->slot;
	}
	if (view.entry & PTE_P) {
		const struct frame *frame = &frames[entry_frame(view.entry)];
		view.mappings = frame == zero_frame ? 0 : frame_mapping_count(frame);
		view.file_page = frame->state == FRAME_FILE;
		view.shared_page = view.file_page && frame->owner.source->shmem;
		view.dirty = view.entry & PTE_D || frame_has(frame, FRAME_DIRTY);
		view.referenced = view.entry & PTE_A || frame_has(frame, FRAME_TOUCHED);
	}
	spin_unlock(&vm_lock);
	return view;
}

static bool is_zero_page(const struct page_view *view)
{
	return view->entry & PTE_P && entry_frame(view->entry) == frame_number(zero_frame);
}

/* The next address from `address` on where either table can have something: whole missing
 * page tables are stepped over. */
static uintptr_t next_possible(const struct spt *spt, uintptr_t address, uintptr_t end)
{
	while (address < end) {
		uint32_t i = span_index(address);
		if (*spt_leaf(spt, i) || *pagedir_span_at(&spt->pagedir, i) & PTE_P)
			return address;
		address = span_end(address);
	}
	return end;
}

struct memory_use memory_use_count(struct spt *spt, uintptr_t start, uintptr_t end)
{
	struct memory_use use = {0};
	for (uintptr_t at = next_possible(spt, start, end); at < end;
	     at = next_possible(spt, at + PAGE_SIZE, end)) {
		struct page_view view = page_look(spt, at);
		bool resident = view.entry & PTE_P && !is_zero_page(&view);
		use.resident += resident;
		use.anonymous += resident && !view.file_page;
		use.in_files_of_memory += resident && view.shared_page;
		use.dirty += resident && view.dirty;
		use.referenced += resident && view.referenced;
		use.shared += resident && (view.mappings > 1 || view.references > 1);
		use.swapped += view.anon && !view.frame;
		use.fair_bytes += resident && view.mappings ? PAGE_SIZE / view.mappings : 0;
	}
	return use;
}

/* ---- maps ---- */

/* What stands at the end of an area's line; "" if nothing. `path` has room for PATH_SIZE. */
static void describe(const struct spt *spt, const struct area *area, uint32_t *device,
                     uint32_t *inode, char *path)
{
	*device = *inode = 0;
	path[0] = '\0';
	if (area->flags & AREA_HEAP)
		strlcpy(path, "[heap]", PATH_SIZE);
	if (area->flags & AREA_GROWS_DOWN && area->end == spt->stack_top)
		strlcpy(path, "[stack]", PATH_SIZE);
	if (!area->source)
		return;
	area->source->ops->describe(area->source, device, inode, NULL, 0);
	if (area->backing->ops->name(area->backing, path, PATH_SIZE) < 0)
		path[0] = '\0';
}

#define LINE_BEFORE_PATH 49 /* characters, as Linux pads it for 32-bit programs */

/* The area's line; of one that has grown down past `from` since, what is from there on. */
static void show_area(struct text *text, const struct spt *spt, const struct area *area,
                      uintptr_t from, char *path)
{
	uintptr_t start = area_start(area) > from ? area_start(area) : from;
	uint32_t page = area->first_page + ((start - area_start(area)) >> PAGE_SHIFT);
	uint32_t device, inode;
	char line[80];
	describe(spt, area, &device, &inode, path);
	snprintf(line, sizeof line, "%08x-%08x %c%c%c%c %08x %02x:%02x %u ", start, area->end, area->flags & AREA_READ ? 'r' : '-',
	         area->flags & AREA_WRITE ? 'w' : '-', area->flags & AREA_EXECUTE ? 'x' : '-',
	         area->flags & AREA_SHARED ? 's' : 'p',
	         area->source ? page << PAGE_SHIFT : 0, device >> 8, device & 0xff,
	         inode);
	if (path[0])
		text_print(text, "%-*s%s\n", LINE_BEFORE_PATH, line, path);
	else
		text_print(text, "%s\n", line);
}

/* Shows an area from an address in it on. The address behind what was shown. */
typedef uintptr_t area_shower(struct text *, struct spt *, struct area *, uintptr_t from,
                              char *path);

/* Shows the process's areas from the address on, until the text is full; nothing if it is gone.
 * The address to go on from; 0: that was all. */
static uintptr_t show_areas(pid_t id, uintptr_t from, struct text *text, area_shower *show)
{
	struct spt *spt = proc_space(id);
	char *path = kmalloc(PATH_SIZE);
	struct area *area = NULL;
	if (spt && path) {
		rwlock_write(&spt->lock);
		while ((area = spt_area_from(spt, from)) && !text_is_full(text))
			from = show(text, spt, area, from, path);
		rwlock_write_end(&spt->lock);
	}
	kfree(path);
	if (spt)
		spt_put(spt);
	return area ? from : 0;
}

static uintptr_t maps_line(struct text *text, struct spt *spt, struct area *area, uintptr_t from,
                           char *path)
{
	show_area(text, spt, area, from, path);
	return area->end;
}

uintptr_t proc_maps(pid_t id, uintptr_t from, struct text *text)
{
	return show_areas(id, from, text, maps_line);
}

/* ---- smaps ---- */

#define KIB_PER_PAGE (PAGE_SIZE / 1024)

static void kib(struct text *text, const char *name, uint32_t pages)
{
	text_print(text, "%-15s %8u kB\n", name, pages * KIB_PER_PAGE);
}

/* The lines that are sums over pages. */
static void show_use(struct text *text, const struct memory_use *use)
{
	uint32_t private = use->resident - use->shared;
	uint32_t clean = use->resident - use->dirty;
	uint32_t shared_clean = clean < use->shared ? clean : use->shared;
	uint32_t private_clean = clean - shared_clean;

	kib(text, "Rss:", use->resident);
	text_print(text, "%-15s %8u kB\n", "Pss:", use->fair_bytes / 1024);
	kib(text, "Shared_Clean:", shared_clean);
	kib(text, "Shared_Dirty:", use->shared - shared_clean);
	kib(text, "Private_Clean:", private_clean);
	kib(text, "Private_Dirty:", private - private_clean);
	kib(text, "Referenced:", use->referenced);
	kib(text, "Anonymous:", use->anonymous);
	kib(text, "Swap:", use->swapped);
}

/* As proc_pid_smaps(5) calls them: "sh" of a mapping whose file is open for reading alone is not
 * told, as writes to it can never be. */
static void show_flags(struct text *text, const struct area *area)
{
	static const struct {
		char name[3];
		uint32_t mask, flags;
	} names[] = {
		{"rd", AREA_READ, AREA_READ},
		{"wr", AREA_WRITE, AREA_WRITE},
		{"ex", AREA_EXECUTE, AREA_EXECUTE},
		{"sh", AREA_SHARED | AREA_MAY_WRITE, AREA_SHARED | AREA_MAY_WRITE},
		{"mr", 0, 0},
		{"mw", AREA_MAY_WRITE, AREA_MAY_WRITE},
		{"me", AREA_NEVER_CODE, 0},
		{"ms", AREA_SHARED, AREA_SHARED},
		{"gd", AREA_GROWS_DOWN, AREA_GROWS_DOWN},
		{"lo", AREA_LOCKED, AREA_LOCKED},
		{"sr", AREA_SEQUENTIAL, AREA_SEQUENTIAL},
		{"rr", AREA_RANDOM, AREA_RANDOM},
		{"dc", AREA_NOT_FORKED, AREA_NOT_FORKED},
		{"lf", AREA_LOCK_ON_FAULT, AREA_LOCK_ON_FAULT},
		{"ac", AREA_COMMITTED | AREA_SHARED, AREA_COMMITTED},
		{"wf", AREA_FORKED_EMPTY, AREA_FORKED_EMPTY},
		{"dd", AREA_NOT_DUMPED, AREA_NOT_DUMPED},
		{"sl", AREA_SEALED, AREA_SEALED},
	};

	text_print(text, "VmFlags: ");
	for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if ((area->flags & names[i].mask) == names[i].flags)
			text_print(text, "%s ", names[i].name);
	text_print(text, "\n");
}

static uintptr_t smaps_of_area(struct text *text, struct spt *spt, struct area *area,
                               uintptr_t from, char *path)
{
	uintptr_t start = area_start(area) > from ? area_start(area) : from;
	struct memory_use use = memory_use_count(spt, start, area->end);

	show_area(text, spt, area, from, path);
	kib(text, "Size:", (area->end - start) >> PAGE_SHIFT);
	kib(text, "KernelPageSize:", 1);
	kib(text, "MMUPageSize:", 1);
	show_use(text, &use);
	kib(text, "Locked:", area->flags & AREA_LOCKED ? use.resident : 0);
	show_flags(text, area);
	return area->end;
}

uintptr_t proc_smaps(pid_t id, uintptr_t from, struct text *text)
{
	return show_areas(id, from, text, smaps_of_area);
}

struct spt *proc_space(pid_t id)
{
	struct process *process = proc_process(id);
	struct spt *spt = process ? process_space(process) : NULL;
	if (process)
		process_put(process);
	return spt;
}

/* One line for all areas, from the first's start to the last's end. */
void proc_smaps_rollup(pid_t id, struct text *text)
{
	struct spt *spt = proc_space(id);
	uintptr_t start = 0, end = 0;
	uint32_t locked = 0;
	if (!spt)
		return;
	rwlock_write(&spt->lock);
	for (struct area *area = spt_area_from(spt, 0); area; area = area_next(area)) {
		start = start ? start : area_start(area);
		end = area->end;
		if (area->flags & AREA_LOCKED)
			locked += memory_use_count(spt, area_start(area), end).resident;
	}
	struct memory_use use = memory_use_count(spt, start, end);
	rwlock_write_end(&spt->lock);
	spt_put(spt);
	text_print(text, "%08x-%08x ---p 00000000 00:00 0 %*s[rollup]\n", start, end, 6, "");
	show_use(text, &use);
	kib(text, "Locked:", locked);
}

/* ---- clear_refs: proc_pid_clear_refs(5) ---- */

enum clear { CLEAR_ALL = 1, CLEAR_ANONYMOUS, CLEAR_FILES };

static bool is_meant(const struct area *area, enum clear which)
{
	return which == CLEAR_ALL || (which == CLEAR_FILES) == (area->source != NULL);
}

/* The page counts as not used since, by the processor's bit and by what was gathered of it. */
static void forget_use(struct spt *spt, uintptr_t address)
{
	spin_lock(&vm_lock);
	pte_t entry = pagedir_entry(&spt->pagedir, address);
	struct frame *frame = &frames[entry_frame(entry)];
	if (entry & PTE_P && frame != zero_frame) {
		frame_test_accessed(frame);
		frame_clear(frame, FRAME_TOUCHED);
	}
	spin_unlock(&vm_lock);
}

int proc_clear_refs(pid_t id, const char *text, size_t length)
{
	enum clear which = strtoul(text, NULL, 10);
	if (!length || which < CLEAR_ALL || which > CLEAR_FILES)
		return -EINVAL;
	struct spt *spt = proc_space(id);
	if (!spt)
		return -ESRCH;
	rwlock_write(&spt->lock);
	for (struct area *area = spt_area_from(spt, 0); area; area = area_next(area))
		for (uintptr_t at = next_possible(spt, area_start(area), area->end);
		     is_meant(area, which) && at < area->end;
		     at = next_possible(spt, at + PAGE_SIZE, area->end))
			forget_use(spt, at);
	rwlock_write_end(&spt->lock);
	spt_put(spt);
	return 0;
}

/* ---- map_files: a link for each area of a file ---- */

/* The open file that was mapped; NULL: none was. The vDSO and shared memory of shmget(2) have a
 * backing of another kind. */
static struct file *file_of_area(const struct area *area)
{
	return area->backing ? file_of_backing(area->backing) : NULL;
}

/* The first area of a file that starts at `from` or above; spt->lock held. */
static struct area *file_area_from(struct spt *spt, uintptr_t from)
{
	struct area *area = spt_area_from(spt, from);
	while (area && (!file_of_area(area) || area_start(area) < from))
		area = area_next(area);
	return area;
}

bool proc_area_next(pid_t id, uint32_t from, uint32_t *key, char *name, size_t size)
{
	struct spt *spt = proc_space(id);
	if (!spt)
		return false;
	rwlock_write(&spt->lock);
	struct area *area = file_area_from(spt, from);
	if (area) {
		*key = area_start(area);
		snprintf(name, size, "%x-%x", area_start(area), area->end);
	}
	rwlock_write_end(&spt->lock);
	spt_put(spt);
	return area;
}

struct file *proc_area_file(pid_t id, uint32_t key)
{
	struct spt *spt = proc_space(id);
	struct file *file = NULL;
	if (!spt)
		return NULL;
	rwlock_write(&spt->lock);
	struct area *area = spt_area(spt, key);
	if (area && area_start(area) == key && file_of_area(area))
		file = file_get(file_of_area(area));
	rwlock_write_end(&spt->lock);
	spt_put(spt);
	return file;
}

/* The bits say how the file is open. */
uint32_t proc_area_mode(pid_t id, uint32_t key)
{
	uint32_t mode = S_IFLNK;
	struct file *file = proc_area_file(id, key);
	if (!file)
		return mode;
	uint32_t access = file->flags & O_ACCMODE;
	mode |= access != O_WRONLY ? 0400 : 0;
	mode |= access != O_RDONLY ? 0200 : 0;
	file_put(file);
	return mode;
}

/* ---- walk: the two look-ups of each page that is anywhere ---- */

/*
 * 08054000  directory[32] table[84] -> frame 1f3a  rw  accessed dirty | anon x1 frame 1f3a
 * bfffe000  directory[767] table[1022] -> none | anon x2 slot 17
 * With PAE there are three, and an entry that forbids execution says so:
 * 08054000  pointers[0] directory[64] table[84] -> frame 1f3a  rw nx accessed dirty | ...
 */
static void walk_page(struct text *text, uintptr_t address, const struct page_view *view)
{
	text_print(text, "%08x  ", address);
	if (span_index(UINTPTR_MAX) >= ENTRIES_PER_TABLE)
		text_print(text, "pointers[%u] ", span_index(address) / ENTRIES_PER_TABLE);
	text_print(text, "directory[%u] table[%u] -> ", span_index(address) % ENTRIES_PER_TABLE,
	           table_index(address));
	if (view->entry & PTE_P)
		text_print(text, "frame %x r%c%s%s%s", entry_frame(view->entry),
		           view->entry & PTE_W ? 'w' : '-', view->entry & PTE_NX ? " nx" : "",
		           view->entry & PTE_A ? " accessed" : "",
		           view->entry & PTE_D ? " dirty" : "");
	else
		text_print(text, "none");
	if (!view->anon)
		text_print(text, is_zero_page(view) ? " | zeros\n" : " | file page\n");
	else if (view->frame)
		text_print(text, " | anon x%u frame %x%s\n", view->references, view->frame,
		           view->slot ? ", copy in swap" : "");
	else
		text_print(text, " | anon x%u swap slot %u\n", view->references, view->slot);
}

/* An area of many pages fills more than one text; its line stands before the first of them. */
static uintptr_t walk_area(struct text *text, struct spt *spt, struct area *area, uintptr_t from,
                           char *path)
{
	if (from <= area_start(area)) {
		show_area(text, spt, area, 0, path);
		from = area_start(area);
	}
	do { /* one page at least, so that each part goes further */
		from = next_possible(spt, from, area->end);
		if (from >= area->end)
			return area->end;
		struct page_view view = page_look(spt, from);
		if (view.entry & PTE_P || view.anon)
			walk_page(text, from, &view);
		from += PAGE_SIZE;
	} while (!text_is_full(text));
	return from;
}

uintptr_t proc_walk(pid_t id, uintptr_t from, struct text *text)
{
	return show_areas(id, from, text, walk_area);
}

/* ---- pagemap: Documentation/admin-guide/mm/pagemap.rst ---- */

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_FILE (1ull << 61) /* or shared anonymous */
#define PAGEMAP_EXCLUSIVE (1ull << 56)
#define PAGEMAP_SLOT_SHIFT 5

/* Where the page is, a frame or a slot, is told to those alone who may see `frames`. */
static uint64_t pagemap_entry(struct spt *spt, uintptr_t address, bool frames_shown)
{
	struct page_view view = page_look(spt, address);
	if (view.entry & PTE_P)
		return PAGEMAP_PRESENT | (frames_shown ? entry_frame(view.entry) : 0) |
		       (view.file_page ? PAGEMAP_FILE : 0) |
		       (view.mappings == 1 ? PAGEMAP_EXCLUSIVE : 0);
	if (view.anon && !view.frame)
		return PAGEMAP_SWAPPED |
		       (frames_shown ? (uint64_t)view.slot << PAGEMAP_SLOT_SHIFT : 0);
	return 0;
}

ssize_t proc_pagemap(pid_t id, void *to, size_t n, uint64_t position, bool frames_shown)
{
	uint64_t *entries = to, page = position / sizeof *entries;
	size_t count = n / sizeof *entries, done;
	if (position % sizeof *entries || n % sizeof *entries)
		return -EINVAL;
	struct spt *spt = proc_space(id);
	if (!spt)
		return 0;
	rwlock_write(&spt->lock);
	for (done = 0; done < count && page + done < page_number(USER_END); done++)
		entries[done] = pagemap_entry(spt, (uintptr_t)(page + done) << PAGE_SHIFT,
		                              frames_shown);
	rwlock_write_end(&spt->lock);
	spt_put(spt);
	return (ssize_t)(done * sizeof *entries);
}

/* ---- mem: the memory as the program sees it, or as a debugger may change it ---- */

/* The number of bytes before one that is not there, or -EIO. */
static ssize_t access_memory(pid_t id, void *bytes, size_t n, uint64_t position, bool write)
{
	struct spt *spt = proc_space(id);
	if (!spt)
		return 0;
	enum peek how = write ? PEEK_FORCE : PEEK_READ;
	size_t done = position < USER_END ? peek(spt, (uintptr_t)position, bytes, n, how) : 0;
	spt_put(spt);
	return done || !n ? (ssize_t)done : -EIO;
}

ssize_t proc_mem_read(pid_t id, void *to, size_t n, uint64_t position, bool frames_shown)
{
	(void)frames_shown;
	return access_memory(id, to, n, position, false);
}

ssize_t proc_mem_write(pid_t id, const void *from, size_t n, uint64_t position)
{
	return access_memory(id, (void *)(uintptr_t)from, n, position, true);
}
