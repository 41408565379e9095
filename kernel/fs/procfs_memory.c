/* SPDX-License-Identifier: MIT */
/*
 * /proc about memory: meminfo, vmstat, swaps, slabinfo, buddyinfo, and the switches of
 * sys/vm. Formats are Linux's (proc(5)), so that free, top and vmstat work; a line whose
 * notion does not exist here says 0.
 */
#include <asm/errno.h>

#include "kernel/cpu/cpu.h"
#include "kernel/dev/block.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/procfs.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/anon.h"
#include "vm/area.h"
#include "vm/audit.h"
#include "vm/commit.h"
#include "vm/evict.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/plant.h"
#include "vm/policy.h"
#include "vm/replace.h"
#include "vm/swap.h"
#include "vm/vm.h"

#define KIB_PER_PAGE 4u
#define SCAN_STEP 256u /* frames looked at before vm_lock is given up for a moment */

/* --- counting frames -------------------------------------------------------------------- */

/* What the frame table holds, in pages. */
struct usage {
	uint32_t anon, swap_cached, file, mapped, dirty, writing, shared, tables, stacks, heap;
};

static void count_file(const struct frame *frame, struct usage *usage)
{
	usage->file++;
	usage->mapped += frame->mappings != 0;
	usage->shared += frame->owner.source->shmem != NULL;
	usage->dirty += !frame->owner.source->shmem && frame_has(frame, FRAME_DIRTY);
}

/* vm_lock held. */
static void count_frame(uint32_t number, struct usage *usage)
{
	const struct frame *frame = &frames[number];

	switch (frame->state) {
	case FRAME_ANON:
		usage->anon++;
		usage->swap_cached += frame->owner.anon->slot != 0;
		break;
	case FRAME_FILE:
		count_file(frame, usage);
		break;
	case FRAME_PAGE_TABLE:
	case FRAME_DIRECTORY:
	case FRAME_ANON_LEAF:
		usage->tables++;
		break;
	default:
		usage->stacks += physmem_holder(number) == PHYSMEM_STACK;
		usage->heap += physmem_holder(number) == PHYSMEM_HEAP;
	}
	usage->writing += frame_has(frame, FRAME_WRITING);
}

static void usage_count(struct usage *usage)
{
	*usage = (struct usage){0};
	for (uint32_t start = 1; start < physmem_end(); start += SCAN_STEP) {
		spin_lock(&vm_lock);
		for (uint32_t i = start; i < start + SCAN_STEP && i < physmem_end(); i++)
			count_frame(i, usage);
		spin_unlock(&vm_lock);
	}
}

/* --- meminfo and vmstat ----------------------------------------------------------------- */

static void line(struct text *text, const char *name, uint32_t pages)
{
	char label[20];

	snprintf(label, sizeof(label), "%s:", name);
	text_print(text, "%-15s %8u kB\n", label, pages * KIB_PER_PAGE);
}

static void meminfo_show(struct text *text)
{
	struct usage usage;
	uint32_t free = physmem_free(), buffers = block_nodes_cached();

	usage_count(&usage);
	uint32_t files = usage.file - usage.shared;
	uint32_t cached = usage.file > buffers ? usage.file - buffers : 0;
	uint32_t clean = files > usage.dirty ? files - usage.dirty : 0;
	uint32_t available = free + clean, kept = evict_low_water();
	line(text, "MemTotal", physmem_total());
	line(text, "MemFree", free);
	line(text, "MemAvailable", available > kept ? available - kept : 0);
	line(text, "Buffers", buffers);
	line(text, "Cached", cached);
	line(text, "SwapCached", usage.swap_cached);
	line(text, "Active", 0);
	line(text, "Inactive", 0);
	line(text, "SwapTotal", swap_total());
	line(text, "SwapFree", swap_total() - swap_used());
	line(text, "Dirty", usage.dirty);
	line(text, "Writeback", usage.writing);
	line(text, "AnonPages", usage.anon);
	line(text, "Mapped", usage.mapped);
	line(text, "Shmem", usage.shared);
	line(text, "Slab", usage.heap);
	line(text, "SReclaimable", 0);
	line(text, "SUnreclaim", usage.heap);
	line(text, "KernelStack", usage.stacks);
	line(text, "PageTables", usage.tables);
	line(text, "CommitLimit", commit_limit());
	line(text, "Committed_AS", commit_count());
}

static void vmstat_show(struct text *text)
{
	struct usage usage;

	usage_count(&usage);
	text_print(text, "nr_free_pages %u\n", physmem_free());
	text_print(text, "nr_anon_pages %u\n", usage.anon);
	text_print(text, "nr_anons %u\n", anon_count());
	text_print(text, "nr_mapped %u\n", usage.mapped);
	text_print(text, "nr_file_pages %u\n", usage.file);
	text_print(text, "nr_dirty %u\n", usage.dirty);
	text_print(text, "nr_writeback %u\n", usage.writing);
	text_print(text, "nr_shmem %u\n", usage.shared);
	text_print(text, "nr_page_table_pages %u\n", usage.tables);
	text_print(text, "nr_kernel_stack %u\n", usage.stacks);
	text_print(text, "nr_slab %u\n", usage.heap);
	text_print(text, "nr_swap_slots %u\n", swap_used());
	vm_counters[VM_directory_loads] = (uint32_t)this_cpu()->directory_loads;
	for (uint32_t i = 0; i < VM_COUNTER_COUNT; i++)
		text_print(text, "%s %u\n", vm_counter_names[i], vm_counters[i]);
}

static void swaps_show(struct text *text)
{
	text_print(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	struct swap_info info;
	for (uint32_t i = 0; swap_describe(i, &info); i++)
		if (info.name[0])
			text_print(text, "%-40s%s\t%u\t\t%u\t\t%d\n", info.name,
			           info.is_file ? "file\t" : "partition", info.slots * KIB_PER_PAGE,
			           info.used * KIB_PER_PAGE, -2 - (int)i);
}

/* Memory is taken by single frames: there are no larger blocks to list. */
static void buddyinfo_show(struct text *text)
{
	text_print(text, "Node 0, zone   Normal %6u", physmem_free());
	for (int order = 1; order <= 10; order++)
		text_print(text, " %6u", 0);
	text_print(text, "\n");
}

/* --- the heap --------------------------------------------------------------------------- */

#define CACHES_MAX 64

struct kernel_heap {
	uint32_t count;
	struct {
		const char *name;
		uint32_t objects, size, slabs;
	} caches[CACHES_MAX];
};

/* The list of caches is locked: noted here, printed later, since printing allocates. */
static void note_cache(const struct slab_cache *cache, void *context)
{
	struct kernel_heap *heap = context;

	if (heap->count == CACHES_MAX)
		return;
	heap->caches[heap->count].name = cache->name;
	heap->caches[heap->count].objects = cache->objects;
	heap->caches[heap->count].size = cache->size;
	heap->caches[heap->count++].slabs = cache->slabs;
}

static void slabinfo_show(struct text *text)
{
	struct kernel_heap *heap = kmalloc_zeroed(sizeof(*heap));

	if (!heap)
		return;
	slab_for_each(note_cache, heap);
	text_print(text, "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> "
	                 "<objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> "
	                 "<sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	for (uint32_t i = 0; i < heap->count; i++) {
		uint32_t size = heap->caches[i].size, slabs = heap->caches[i].slabs;
		uint32_t fit = size <= PAGE_SIZE ? PAGE_SIZE / size : 1;

		text_print(text, "%-17s %6u %6u %6u %4u %4u : tunables 0 0 0 : slabdata %u %u 0\n",
		           heap->caches[i].name, heap->caches[i].objects, slabs * fit, size, fit, 1,
		           slabs, slabs);
	}
	kfree(heap);
}

/* --- switches --------------------------------------------------------------------------- */

static char audit_words[256];
static struct mutex audit_lock = MUTEX_INIT(audit_lock, "audit"); /* guards the words */

static void audit_show(struct text *text)
{
	SCOPED_MUTEX(&audit_lock);
	text_print(text, "%s\n", audit_words[0] ? audit_words : "clean");
}

static bool is_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	return !strncmp(text, word, length) && (!text[length] || text[length] == '\n');
}

/* "plant KIND ADDRESS": vm/plant.h. */
static int audit_plant(const char *text)
{
#ifdef PAGODA_DEBUG
	char kind[32];
	const char *address = strchr(text, ' ');
	if (!address || (size_t)(address - text) >= sizeof(kind))
		return -EINVAL;
	strlcpy(kind, text, address - text + 1);
	int result = audit_planted(kind, strtoul(address, NULL, 0), audit_words,
	                           sizeof(audit_words));
	return result < 0 ? result : 0;
#else
	(void)text;
	return -EINVAL;
#endif
}

/* "baseline", "compare" (which also checks), or "run"; "plant" as above. */
static int audit_store(const char *text, size_t length)
{
	(void)length;
	SCOPED_MUTEX(&audit_lock);
	audit_words[0] = '\0';
	if (is_word(text, "baseline"))
		audit_baseline();
	else if (is_word(text, "run"))
		audit_run(audit_words, sizeof(audit_words));
	else if (strncmp(text, "plant ", 6) == 0)
		return audit_plant(text + 6);
	else if (!is_word(text, "compare"))
		return -EINVAL;
	else
		audit_compare(audit_words, sizeof(audit_words));
	return 0;
}

static void drop_caches_show(struct text *text)
{
	text_print(text, "0\n");
}

/* 1: pages, 2: names and inodes, 3: both. */
static int drop_caches_store(const char *text, size_t length)
{
	uint32_t what = strtoul(text, NULL, 10);

	(void)length;
	if (what < 1 || what > 3)
		return -EINVAL;
	if (what & 1)
		pagecache_drop_clean();
	if (what & 2)
		caches_shrink();
	return 0;
}

/* The one in use stands in brackets. */
static void policy_show(struct text *text)
{
	for (int i = 0; policies[i]; i++) {
		bool used = policies[i] == replace_policy();
		text_print(text, "%s%s%s%s", i ? " " : "", used ? "[" : "", policies[i]->name,
		           used ? "]" : "");
	}
	text_print(text, "\n");
}

static int policy_store(const char *text, size_t length)
{
	char name[32];

	if (length >= sizeof(name))
		return -EINVAL;
	strcpy(name, text);
	if (length && name[length - 1] == '\n')
		name[length - 1] = '\0';
	return evict_set_policy(name);
}

/* Watermarks and sizes; all memory is one zone. proc_zoneinfo(5) says nothing: the form is that of
 * Linux's lines of these names. */
static void zoneinfo_show(struct text *text)
{
	uint32_t low = evict_low_water();

	text_print(text, "Node 0, zone   Normal\n  pages free     %u\n        boost    0\n",
	           physmem_free());
	text_print(text, "        min      %u\n        low      %u\n        high     %u\n",
	           evict_reserve(), low, evict_high_water());
	text_print(text, "        spanned  %u\n        present  %u\n        managed  %u\n",
	           physmem_end(), physmem_end(), physmem_total());
	text_print(text, "  start_pfn:           0\n");
}

static uint32_t min_free_get(void)
{
	return evict_low_water() * KIB_PER_PAGE;
}

static int min_free_set(uint32_t kib)
{
	return evict_set_low_water(kib / KIB_PER_PAGE);
}

static uint32_t map_count_get(void)
{
	return area_count_max;
}

static int map_count_set(uint32_t areas)
{
	area_count_max = areas;
	return 0;
}

static const struct procfs_number numbers[] = {
	{"sys/vm/overcommit_memory", commit_mode, commit_set_mode},
	{"sys/vm/overcommit_ratio", commit_ratio, commit_set_ratio},
	{"sys/vm/dirty_ratio", pagecache_dirty_ratio, pagecache_set_dirty_ratio},
	{"sys/vm/dirty_bytes", pagecache_dirty_bytes, pagecache_set_dirty_bytes},
	{"sys/vm/dirty_writeback_centisecs", pagecache_flush_interval,
	 pagecache_set_flush_interval},
	{"sys/vm/swappiness", evict_swappiness, evict_set_swappiness},
	{"sys/vm/min_free_kbytes", min_free_get, min_free_set},
	{"sys/vm/max_map_count", map_count_get, map_count_set},
};

void procfs_register_memory(void)
{
	procfs_register_numbers(numbers, sizeof(numbers) / sizeof(numbers[0]));
	procfs_register("zoneinfo", zoneinfo_show, NULL);
	procfs_register("meminfo", meminfo_show, NULL);
	procfs_register("vmstat", vmstat_show, NULL);
	procfs_register("swaps", swaps_show, NULL);
	procfs_register("buddyinfo", buddyinfo_show, NULL);
	procfs_register_secret("slabinfo", slabinfo_show);
	procfs_register("sys/vm/audit", audit_show, audit_store);
	procfs_register("sys/vm/drop_caches", drop_caches_show, drop_caches_store);
	procfs_register("sys/vm/policy", policy_show, policy_store);
}
