/* SPDX-License-Identifier: MIT */
/*
 * The calls that shape an address space. Each changes the areas (what is promised) and drops
 * the pages and entries that no longer fit; the fault handler makes the rest true when it is
 * touched. So mapping costs by the area, not by the page.
 */
#include "vm/mmap.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <linux/mman.h>

#include "kernel/mem/layout.h"
#include "kernel/panic.h"
#include "vm/area.h"
#include "vm/commit.h"
#include "vm/page.h"
#include "vm/range.h"
#include "vm/spt.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

#define PAGES_A_HOLD 256u

static struct backing *(*make_shared_memory)(uint64_t bytes);

void vm_set_shared_memory_hook(struct backing *(*make)(uint64_t bytes))
{
	make_shared_memory = make;
}

/* What a program maps to be read can be executed, too, if it is one of those that expect this
 * (READ_IMPLIES_EXEC, personality(2)), and no file forbids it. */
static uint32_t implied(const struct spt *spt, uint32_t area_flags)
{
	bool executes = spt->read_implies_execute && area_flags & AREA_READ &&
	                !(area_flags & AREA_NEVER_CODE);
	return area_flags | (executes ? AREA_EXECUTE : 0);
}

static uint32_t flags_of(int prot, int flags)
{
	uint32_t result = 0;
	if (prot & PROT_READ)
		result |= AREA_READ;
	if (prot & PROT_WRITE)
		result |= AREA_WRITE;
	if (prot & PROT_EXEC)
		result |= AREA_EXECUTE;
	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		result |= AREA_SHARED;
	if (flags & MAP_GROWSDOWN)
		result |= AREA_GROWS_DOWN;
	return result;
}

/* What vm_mmap was asked for. */
struct request {
	uintptr_t address;
	uint32_t length; /* whole pages */
	int prot, flags;
	const struct mmap_object *object; /* NULL: anonymous memory */
	struct backing *backing;          /* behind the area; NULL: zeros */
	uint32_t first_page;
	uint32_t area_flags;
};

/* Where the mapping goes; an error as an address. */
static uintptr_t choose_place(struct spt *spt, const struct request *request)
{
	uintptr_t address = request->address;
	if (!(request->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
		uintptr_t place = range_find_place(spt, address, request->length);
		return place ? place : (uintptr_t)-ENOMEM;
	}
	if (address > USER_END - request->length)
		return -ENOMEM;
	if (page_offset(address))
		return -EINVAL;
	if (address < USER_START)
		return -EPERM;
	struct area *area = spt_area_from(spt, address);
	if (request->flags & MAP_FIXED_NOREPLACE && area &&
	    area_start(area) < address + request->length)
		return -EEXIST;
	return address;
}

#define HUGE_SIZE_BITS ((uint32_t)MAP_HUGE_MASK << MAP_HUGE_SHIFT)
/* What mmap(2) has always ignored where it means nothing; MAP_SHARED_VALIDATE refuses others. */
#define FLAGS_KNOWN                                                                          \
	((uint32_t)(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE |   \
	            MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE |             \
	            MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_FIXED_NOREPLACE |           \
	            MAP_UNINITIALIZED) | HUGE_SIZE_BITS)

/* No page is larger than 4 KiB: as if there were others and all were taken. */
static int check_huge(const struct request *request)
{
	uint32_t size = request->flags & HUGE_SIZE_BITS;
	if (!(request->flags & MAP_HUGETLB))
		return 0;
	bool sensible = size == 0 || size == MAP_HUGE_2MB || size == 22u << MAP_HUGE_SHIFT;
	return request->object || !sensible ? -EINVAL : -ENOMEM;
}

/* The checks that need no lock. */
static int check_request(const struct request *request, uint32_t bytes)
{
	if (bytes == 0)
		return -EINVAL;
	int error = check_huge(request);
	if (error)
		return error;
	if (request->length == 0 || request->length > USER_END)
		return -ENOMEM;
	uint32_t end = request->first_page + (request->length >> PAGE_SHIFT);
	return end < request->first_page ? -EOVERFLOW : 0;
}

static int check_anonymous(const struct request *request)
{
	switch (request->flags & MAP_TYPE) {
	case MAP_PRIVATE:
		return 0;
	case MAP_SHARED:
		return request->flags & MAP_GROWSDOWN ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/* Whether it is an active swap file, which nobody else may write. */
static bool carries_swap(const struct mmap_object *object)
{
	return object->backing && object->backing->source->carries_swap;
}

static int refusal_of(const struct mmap_object *object)
{
	int refusal = object->backing ? object->backing->source->ops->refusal : 0;
	return refusal ? refusal : -ENODEV;
}

/* Whether the open file allows it, in mmap(2)'s order. */
static int check_object(const struct request *request)
{
	const struct mmap_object *object = request->object;
	int type = request->flags & MAP_TYPE;
	if (type != MAP_PRIVATE && type != MAP_SHARED && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && request->flags & ~FLAGS_KNOWN)
		return -EOPNOTSUPP;
	if (type != MAP_PRIVATE && request->prot & PROT_WRITE) {
		if (!object->may_write)
			return -EACCES;
		if (carries_swap(object))
			return -ETXTBSY;
	}
	if (!object->may_read)
		return -EACCES;
	if (request->prot & PROT_EXEC && !object->may_execute)
		return -EPERM;
	if (!object->has_pages)
		return refusal_of(object);
	if (request->flags & MAP_GROWSDOWN)
		return -EINVAL;
	return request->flags & MAP_SYNC && object->backing ? -EOPNOTSUPP : 0;
}

/* Whether RLIMIT_MEMLOCK lets the mapping be locked from the start. */
static int check_lock(struct spt *spt, const struct request *request)
{
	if (request->flags & MAP_LOCKED && spt->lock_limit == 0)
		return -EPERM;
	bool over = request->area_flags & AREA_LOCKED &&
	            range_over_lock_limit(spt, request->length);
	return over ? -EAGAIN : 0;
}

/* MAP_NORESERVE: its pages are no promise, unless nothing is given without one. */
static bool is_unreserved(const struct request *request)
{
	return request->flags & MAP_NORESERVE && commit_mode() != COMMIT_NEVER;
}

static bool may_be_promised(const struct request *request)
{
	return is_unreserved(request) || !range_over_commit(request->length, request->area_flags);
}

/* The new area, in place of what was there. */
static uintptr_t map_area(struct spt *spt, const struct request *request, uintptr_t start)
{
	uintptr_t end = start + request->length;
	if (range_over_limit(spt, request->length, request->area_flags) ||
	    spt->areas.count >= area_count_max || !may_be_promised(request))
		return -ENOMEM;
	struct area *area = area_create(start, end, request->area_flags, request->backing,
	                                request->first_page, UINTPTR_MAX);
	if (!area)
		return -ENOMEM;
	/* Without these flags the place was chosen because it is free. */
	int error = request->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)
	                    ? range_unmap(spt, start, end) : 0;
	if (error) {
		area_free(area);
		return error;
	}
	area_insert(&spt->areas, area);
	if (!is_unreserved(request))
		area_commit(&spt->areas, area);
	area_merge(&spt->areas, area);
	return start;
}

static uintptr_t map_request(struct spt *spt, const struct request *request)
{
	SCOPED_WRITE(&spt->lock);
	uintptr_t place = choose_place(spt, request);
	if (IS_ERROR(place))
		return place;
	int error = check_lock(spt, request);
	if (!error)
		error = request->object ? check_object(request) : check_anonymous(request);
	return error ? (uintptr_t)error : map_area(spt, request, place);
}

/* What the new area's flags are to be. */
static uint32_t new_flags(const struct spt *spt, const struct request *request)
{
	uint32_t area_flags = flags_of(request->prot, request->flags) | spt->lock_future;
	const struct mmap_object *object = request->object;
	if (!(area_flags & AREA_SHARED) || !object || (object->may_write && !carries_swap(object)))
		area_flags |= AREA_MAY_WRITE;
	if (object && !object->may_execute)
		area_flags |= AREA_NEVER_CODE;
	if (request->flags & MAP_LOCKED)
		area_flags |= AREA_LOCKED;
	return implied(spt, area_flags);
}

/* Whether its pages are brought in at once. */
static bool wants_pages(uint32_t area_flags, int flags)
{
	if (area_flags & AREA_LOCKED)
		return !(area_flags & AREA_LOCK_ON_FAULT);
	return flags & MAP_POPULATE && !(flags & MAP_NONBLOCK);
}

uintptr_t vm_mmap(struct spt *spt, uintptr_t address, uint32_t length, int prot, int flags,
                  const struct mmap_object *object, uint32_t first_page)
{
	struct request request = {
		.address = address, .length = page_round_up(length), .prot = prot,
		.flags = flags, .object = object, .backing = object ? object->backing : NULL,
		.first_page = first_page,
	};
	int error = check_request(&request, length);
	if (error)
		return error;
	request.area_flags = new_flags(spt, &request);
	struct backing *made = NULL;
	if (!request.backing) {
		request.first_page = 0;
		if (request.area_flags & AREA_SHARED &&
		    !(made = make_shared_memory ? make_shared_memory(request.length) : NULL))
			return -ENOMEM;
		request.backing = made;
	}

	uintptr_t result = map_request(spt, &request);
	if (made)
		made->ops->put(made);
	/* What cannot be had is brought in when it is touched, or ends the program then. */
	if (!IS_ERROR(result) && wants_pages(request.area_flags, flags))
		range_populate(spt, result, result + request.length, POPULATE_AS_ALLOWED);
	return result;
}

int vm_munmap(struct spt *spt, uintptr_t address, uint32_t length)
{
	uintptr_t end = range_end(address, length);
	if (!end || length == 0)
		return -EINVAL;
	SCOPED_WRITE(&spt->lock);
	return range_unmap(spt, address, end);
}

/* Whether the area shows that part of such a backing which a mapping from `address` on would. */
static bool belongs_to(const struct area *area, uintptr_t address, const struct backing_ops *ops)
{
	return area->backing && area->backing->ops == ops &&
	       area_start(area) - address == area->first_page * PAGE_SIZE;
}

int vm_unmap_backed(struct spt *spt, uintptr_t address, const struct backing_ops *ops)
{
	const struct backing *backing = NULL;
	uintptr_t end = USER_END;
	int error = -EINVAL;
	if (page_offset(address))
		return error;
	SCOPED_WRITE(&spt->lock);
	struct area *area = area_from(&spt->areas, address);
	while (area && area_start(area) < end && (!backing || !error)) {
		uintptr_t stop = area->end;
		if (belongs_to(area, address, ops) && (!backing || area->backing == backing)) {
			/* The last of its areas may be what keeps it: it is only compared below. */
			if (!backing)
				end = address + page_round_up(area->source->size);
			backing = area->backing;
			error = range_unmap(spt, area_start(area), stop);
		}
		area = area_from(&spt->areas, stop);
	}
	return error;
}

/* Entries of the range that allow more than the area now does are weakened or dropped. code: it may
 * be executed no longer, and the entries are to say so. */
static void weaken_entries(struct spt *spt, uintptr_t start, uintptr_t end, uint32_t rights,
                           bool code)
{
	if (!(rights & AREA_RIGHTS) || code) {
		pagedir_clear(&spt->pagedir, start, end);
		return;
	}
	while (start < end) {
		uintptr_t stop = start + PAGES_A_HOLD * PAGE_SIZE;
		if (stop > end)
			stop = end;
		spin_lock(&vm_lock);
		pagedir_protect(&spt->pagedir, start, stop);
		spin_unlock(&vm_lock);
		start = stop;
	}
}

/* Pages that are locked are there, and where they may be written they are the program's own. */
#define FILLED_MASK (AREA_WRITE | AREA_SHARED | AREA_LOCKED | AREA_LOCK_ON_FAULT)
#define FILLED (AREA_WRITE | AREA_LOCKED)

static bool becomes_filled(uint32_t old_flags, uint32_t rights)
{
	return (old_flags & FILLED_MASK) == (FILLED & ~AREA_WRITE) && rights & AREA_WRITE;
}

/* One area, or the part of it in [start, end), gets new rights; *next is where it ended. *fill
 * becomes true if pages are to be brought in then. */
static int protect_part(struct spt *spt, uintptr_t start, uintptr_t end, uint32_t rights,
                        uintptr_t *next, bool *fill)
{
	struct area *area = spt_area(spt, start);
	if (!area)
		return -ENOMEM;
	rights = implied(spt, rights | (area->flags & AREA_NEVER_CODE));
	if ((rights & AREA_WRITE && !(area->flags & AREA_MAY_WRITE)) ||
	    (rights & AREA_NEVER_CODE && rights & AREA_EXECUTE))
		return -EACCES;
	if (area->flags & AREA_SEALED)
		return -EPERM;
	rights &= AREA_RIGHTS;
	*next = area->end < end ? area->end : end;
	if ((area->flags & AREA_RIGHTS) == rights)
		return 0;
	if (spt->data_limit != UINT32_MAX && rights & AREA_WRITE &&
	    range_over_limit(spt, *next - start, area->flags | rights) &&
	    !range_over_limit(spt, *next - start, area->flags))
		return -ENOMEM; /* it becomes data */
	if (!(area->flags & AREA_COMMITTED) &&
	    range_over_commit(*next - start, area->flags | rights))
		return -ENOMEM;
	if (range_split(spt, start, *next) != 0 || spt_own_range(spt, start, *next) != 0)
		return -ENOMEM;
	area = spt_area(spt, start);
	uint32_t less = area->flags & AREA_RIGHTS & ~rights;
	bool code = less & AREA_EXECUTE && entry_no_execute();
	*fill |= becomes_filled(area->flags, rights);
	area->flags = (area->flags & ~AREA_RIGHTS) | rights;
	area_commit(&spt->areas, area);
	trace_area_change(&spt->pagedir, area, area_start(area), area->end);
	if (code || (less && !(rights & AREA_WRITE)))
		weaken_entries(spt, start, *next, rights, code);
	area_merge(&spt->areas, area);
	return 0;
}

/* PROT_GROWSDOWN: from the start of a stack on. */
static int start_of_stack(struct spt *spt, uintptr_t *address, uintptr_t end)
{
	struct area *area = spt_area_from(spt, *address);
	if (!area || area_start(area) >= end)
		return -ENOMEM;
	if (!(area->flags & AREA_GROWS_DOWN))
		return -EINVAL;
	*address = area_start(area);
	return 0;
}

/* As start_of_stack, the other way. Nothing grows up here, as on i386 in general. */
static int end_of_heap(struct spt *spt, uintptr_t address)
{
	return spt_area(spt, address) ? -EINVAL : -ENOMEM;
}

/* Moves *address to where the new rights begin, if a flag asks for that. */
static int protect_begin(struct spt *spt, uintptr_t *address, uintptr_t end, int prot)
{
	if (!(prot & (PROT_GROWSDOWN | PROT_GROWSUP)))
		return 0;
	SCOPED_WRITE(&spt->lock);
	if (prot & PROT_GROWSDOWN)
		return start_of_stack(spt, address, end);
	return end_of_heap(spt, *address);
}

/* From *at on, up to and with the next part [*from, *at) whose pages are to be brought in. */
static int protect_parts(struct spt *spt, uintptr_t *at, uintptr_t end, uint32_t rights,
                         uintptr_t *from, bool *fill)
{
	SCOPED_WRITE(&spt->lock);
	int error = 0;
	while (!error && *at < end && !*fill) {
		*from = *at;
		error = protect_part(spt, *at, end, rights, at, fill);
	}
	return error;
}

/* What becomes writable and is locked is brought in, part by part: not what was writable before.
 * What cannot be had (past the end of a file) is left out, as by Linux. */
static int protect_range(struct spt *spt, uintptr_t at, uintptr_t end, int prot)
{
	int error = protect_begin(spt, &at, end, prot);
	while (!error && at < end) {
		uintptr_t from = at;
		bool fill = false;
		error = protect_parts(spt, &at, end, flags_of(prot, MAP_PRIVATE), &from, &fill);
		if (fill)
			range_populate(spt, from, at, POPULATE_AS_ALLOWED);
	}
	return error;
}

int vm_mprotect(struct spt *spt, uintptr_t address, uint32_t length, int prot)
{
	const int grows = PROT_GROWSDOWN | PROT_GROWSUP;
	if ((prot & grows) == grows || page_offset(address))
		return -EINVAL;
	if (length == 0)
		return 0;
	if (address + page_round_up(length) <= address)
		return -ENOMEM;
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | grows))
		return -EINVAL;
	uintptr_t end = address + page_round_up(length);
	return protect_range(spt, address, end, prot);
}

/* The heap's area, which ends at the page-aligned break, or NULL if it is empty. */
static struct area *heap_of(struct spt *spt)
{
	uintptr_t end = page_round_up(spt->brk);
	struct area *area = end > spt->brk_start ? spt_area(spt, end - PAGE_SIZE) : NULL;
	return area && area->flags & AREA_HEAP ? area : NULL;
}

static int heap_grow(struct spt *spt, uintptr_t old_end, uintptr_t new_end)
{
	const uint32_t flags = implied(spt, AREA_READ | AREA_WRITE | AREA_MAY_WRITE | AREA_HEAP);
	uint32_t more = new_end - old_end;
	/* A page stays free above it, as Linux has it. */
	if (range_over_limit(spt, more, flags) || !range_free(spt, old_end, more + PAGE_SIZE) ||
	    range_over_commit(more, flags) ||
	    (spt->lock_future && range_over_lock_limit(spt, more)))
		return -ENOMEM;
	struct area *heap = heap_of(spt);
	if (heap && heap->end == old_end && heap->flags == (flags | AREA_COMMITTED | spt->lock_future)) {
		area_set_end(&spt->areas, heap, new_end);
		return 0;
	}
	if (spt->areas.count >= area_count_max)
		return -ENOMEM;
	heap = area_create(old_end, new_end, flags | spt->lock_future, NULL, 0, UINTPTR_MAX);
	if (!heap)
		return -ENOMEM;
	area_insert(&spt->areas, heap);
	area_commit(&spt->areas, heap);
	return 0;
}

/* Where the program has unmapped all of it, the break stays, as Linux has it. */
static int heap_shrink(struct spt *spt, uintptr_t old_end, uintptr_t new_end)
{
	struct area *area = spt_area_from(spt, new_end);
	if (!area || area_start(area) >= old_end)
		return -EINVAL;
	return range_unmap(spt, new_end, old_end);
}

/* Whether the break could be moved. */
static bool brk_locked(struct spt *spt, uintptr_t new_break)
{
	SCOPED_WRITE(&spt->lock);
	if (new_break < spt->brk_start || new_break > USER_STACK_TOP)
		return false;
	if (spt->data_limit != UINT32_MAX && new_break - spt->brk_start > spt->data_limit)
		return false;
	uintptr_t old_end = page_round_up(spt->brk);
	uintptr_t new_end = page_round_up(new_break);
	if (new_end > old_end && heap_grow(spt, old_end, new_end) != 0)
		return false;
	if (new_end < old_end && heap_shrink(spt, old_end, new_end) != 0)
		return false;
	spt->brk = new_break;
	return true;
}

uintptr_t vm_brk(struct spt *spt, uintptr_t new_break)
{
	uintptr_t old_break = spt->brk;
	if (!brk_locked(spt, new_break))
		return old_break;
	if (wants_pages(spt->lock_future, 0))
		range_populate(spt, page_round_up(old_break), page_round_up(new_break),
		               POPULATE_AS_ALLOWED);
	return new_break;
}

/* A reference on the backing of the areas that hold the range, which all map it shared and in one
 * piece, and their flags; or NULL. */
static struct backing *shared_backing(struct spt *spt, uintptr_t start, uintptr_t end,
                                         uint32_t *flags)
{
	SCOPED_WRITE(&spt->lock);
	struct area *first = spt_area(spt, start), *area = first;
	if (!first || !(first->flags & AREA_SHARED))
		return NULL;
	while (area->end < end) {
		struct area *next = area_next(area);
		if (!next || area_start(next) != area->end || next->backing != first->backing ||
		    next->flags != first->flags)
			return NULL;
		area = next;
	}
	*flags = first->flags;
	first->backing->ops->get(first->backing);
	return first->backing;
}

int vm_remap_file_pages(struct spt *spt, uintptr_t address, uint32_t length, int prot,
                        uint32_t first_page, int flags)
{
	uintptr_t start = page_round_down(address), end = start + page_round_down(length);
	uint32_t area_flags;
	if (prot || end <= start || first_page + ((end - start) >> PAGE_SHIFT) < first_page)
		return -EINVAL;
	struct backing *backing = shared_backing(spt, start, end, &area_flags);
	if (!backing)
		return -EINVAL;
	prot = (area_flags & AREA_READ ? PROT_READ : 0) | (area_flags & AREA_WRITE ? PROT_WRITE : 0) |
	       (area_flags & AREA_EXECUTE ? PROT_EXEC : 0);
	flags = (flags & MAP_NONBLOCK) | MAP_SHARED | MAP_FIXED | MAP_POPULATE |
	        (area_flags & AREA_LOCKED ? MAP_LOCKED : 0);
	struct mmap_object object = {backing, true, true, area_flags & AREA_MAY_WRITE, true};
	uintptr_t result = vm_mmap(spt, start, end - start, prot, flags, &object, first_page);
	backing->ops->put(backing);
	return IS_ERROR(result) ? (int)result : 0;
}

/* Adds an area of a new program, replacing what an earlier segment left there. */
static int add_area(struct spt *spt, uintptr_t start, uintptr_t end, uint32_t flags,
                    struct backing *backing, uint32_t first_page, uintptr_t file_end)
{
	if (start >= end || start < USER_START || end > USER_END)
		return -ENOEXEC;
	if (range_over_commit(end - start, flags))
		return -ENOMEM;
	struct area *area = area_create(start, end, flags, backing, first_page, file_end);
	if (!area)
		return -ENOMEM;
	if (range_unmap(spt, start, end) != 0) {
		area_free(area);
		return -ENOMEM;
	}
	area_insert(&spt->areas, area);
	area_commit(&spt->areas, area);
	return 0;
}

int vm_map_segment(struct spt *spt, uintptr_t address, struct backing *backing,
                   uint32_t offset, uint32_t file_bytes, uint32_t memory_bytes, int prot)
{
	if (page_offset(address) != page_offset(offset) || memory_bytes < file_bytes ||
	    address + memory_bytes < address || address + memory_bytes > USER_END)
		return -ENOEXEC;
	uint32_t flags = implied(spt, flags_of(prot, MAP_PRIVATE) | AREA_MAY_WRITE);
	uintptr_t start = page_round_down(address);
	uintptr_t file_end = address + file_bytes;
	uintptr_t end = page_round_up(address + memory_bytes);
	SCOPED_WRITE(&spt->lock);

	if (file_bytes > 0) {
		uintptr_t middle = page_round_up(file_end);
		bool zeros_follow = memory_bytes > file_bytes && page_offset(file_end);
		int error = add_area(spt, start, middle, flags, backing, offset >> PAGE_SHIFT,
		                     zeros_follow ? file_end : UINTPTR_MAX);
		if (error)
			return error;
		start = middle;
	}
	/* The whole pages of bss: zeros, with nothing behind. */
	return start < end ? add_area(spt, start, end, flags, NULL, 0, UINTPTR_MAX) : 0;
}

uintptr_t vm_find_place(struct spt *spt, uint32_t length)
{
	SCOPED_WRITE(&spt->lock);
	return range_find_place(spt, 0, length);
}

int vm_map_stack(struct spt *spt, bool executable)
{
	uint32_t flags = AREA_READ | AREA_WRITE | AREA_MAY_WRITE | AREA_GROWS_DOWN;
	spt->stack_top = USER_STACK_TOP;
	SCOPED_WRITE(&spt->lock);
	return add_area(spt, USER_STACK_TOP - PAGE_SIZE, USER_STACK_TOP,
	                flags | (executable ? AREA_EXECUTE : 0), NULL, 0, UINTPTR_MAX);
}

void vm_set_brk(struct spt *spt, uintptr_t start)
{
	spt->brk_start = spt->brk = page_round_up(start);
}
